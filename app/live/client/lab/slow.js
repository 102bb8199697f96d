// One step in slow motion, at the cursor: values go up, flows come down, ρ and λ light up, the weight moves.

import { html, number, subscript, wordedButton } from "../kit/dom.js";
import { calm } from "../kit/transport.js";
import { say } from "../kit/words.js";

const PHASES = ["up", "down", "rates", "move"];
const SECONDS = 2.6; // of one phase

/** What a step does to one weight, from what was recorded: its relative change. */
const change = (now, then) => (now > 0 ? then / now - 1 : 0);

export class SlowMotion {
  /** `network` and `root` are what lights up; `clock` is moved by one step at the end. */
  constructor({ context, clock, network, root }) {
    this.context = context;
    this.clock = clock;
    this.network = network;
    this.root = root;
    this.step = /** @type {any} */ (null);
    this.phase = -1;
    this.timer = 0;
    this.words = html("p", { class: "spn-slow-words", "aria-live": "polite" });
    this.button = wordedButton("slow", () => this.press(), { class: "spn-toggle", "data-act": "slow" });
  }

  /** Begin, or where nothing moves by itself go to the next phase; pressed again while it moves, it ends. */
  press() {
    if (this.phase < 0) return this.begin();
    if (calm()) return this.next();
    this.end();
  }

  /** At a state after which the next one is recorded: the last one has none, so its step is the one before. */
  begin() {
    const context = this.context();
    if (!context) return;
    const { run, choice, frame } = context;
    const at = Math.min(frame, run.length - 2);
    if (run.stride > 1 || at < 0 || !run.layout.has_rates[choice.curve]) {
      this.words.textContent = say(run.stride > 1 || at < 0 ? "slow_none" : "slow_learner");
      return;
    }
    this.clock.seek(at);
    this.step = this.seen(run, choice, at);
    this.next();
  }

  /** The numbers of the step that the words say. */
  seen(run, { curve, component }, at) {
    const of = (part, frame) => run.value(frame, curve, part, component);
    const num = run.layout.sizes[curve].reduce((a, b) => a + b, 0);
    const [now, then] = [at, at + 1].map((frame) => run.values(frame, curve, "weights", num));
    const changes = [...now].map((weight, i) => change(weight, then[i]));
    const [rho, lam, w] = ["rho", "lam", "w"].map((part) => of(part, at));
    return { at, changes, k: component + 1, rho, lam, w, next: of("w", at + 1) };
  }

  next() {
    clearTimeout(this.timer);
    this.phase += 1;
    if (this.phase >= PHASES.length) return this.end();
    const name = PHASES[this.phase];
    this.root.dataset.slow = name;
    if (name === "down") this.network.flow(this.step.changes);
    if (name === "move") this.clock.seek(this.step.at + 1);
    const { k, rho, lam, w, next } = this.step;
    const values = { rho: number(rho), lam: number(lam), w: number(w, 4), next: number(next, 4) };
    this.words.textContent = say(`slow_${name}`, { k: subscript(k), ...values });
    this.button.setAttribute("aria-pressed", "true");
    if (!calm()) this.timer = setTimeout(() => this.next(), 1000 * SECONDS);
  }

  end() {
    clearTimeout(this.timer);
    this.phase = -1;
    delete this.root.dataset.slow;
    this.network.flow(null);
    this.button.removeAttribute("aria-pressed");
  }

  /** Another run is on screen. */
  dropped() {
    this.end();
    this.words.textContent = "";
  }
}

// The cursor in time: play, pause, step, speed, scrub and follow, with a bar of buttons and keys for each.

import { html, icon, keyHint, setIcon } from "./dom.js";
import { say } from "./words.js";

const SECONDS = 10; // a whole run at speed 1
const CATCH_UP = 0.3; // s in which the cursor closes most of its distance to what has arrived
const OPENING = 2.5; // s that following takes at least for a whole run, however fast it arrives
const JUMPS = 12; // steps of a playback under reduced motion
const SPEEDS = [0.5, 1, 2, 4];
const PLAY = "Space"; // the key that plays and pauses

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Where the cursor is and how it moves; `length()` and `total()` are in frames. Nothing here is drawn. */
export class Clock {
  constructor({ length, total, ended, moved }) {
    this.length = length;
    this.total = total;
    this.ended = ended;
    this.moved = moved;
    this.at = 0; // in frames, with what is under way between two
    this.speed = 1;
    this.playing = false;
    this.following = true;
    this.waited = 0; // s since the last jump
  }

  get frame() {
    return Math.max(0, Math.min(Math.round(this.at), this.length() - 1));
  }

  /** Move by the seconds that passed; called for every animation frame, cheap when at rest. */
  tick(seconds) {
    const last = this.length() - 1;
    if (last < 0) return;
    if (this.following) return this.catchUp(last, seconds);
    if (!this.playing) return;
    const jump = calm() ? this.inJumps(seconds) : (seconds * this.speed * this.total()) / SECONDS;
    this.set(this.at + jump);
    if (this.at >= last && this.ended()) this.go(false, false);
  }

  catchUp(last, seconds) {
    if (this.at === last) return;
    const glide = Math.max((last - this.at) * (1 - Math.exp(-seconds / CATCH_UP)), 0.5);
    this.set(calm() ? last : this.at + Math.min(glide, (seconds * this.total()) / OPENING));
  }

  inJumps(seconds) {
    this.waited += seconds * this.speed;
    if (this.waited < 1) return 0;
    this.waited = 0;
    return Math.ceil(this.total() / JUMPS);
  }

  set(at) {
    const before = this.at;
    this.at = Math.max(0, Math.min(at, this.length() - 1));
    if (this.at !== before) this.moved();
  }

  /** Go to a frame and stay there. */
  seek(frame) {
    this.go(false, false);
    this.set(frame);
  }

  /** Change how the cursor moves. */
  go(playing, following) {
    Object.assign(this, { playing, following });
    this.moved();
  }

  /** Pause what moves; else play on, from the start if the cursor is at the end. */
  toggle() {
    const moves = this.playing || (this.following && !this.ended());
    if (!moves && this.frame >= this.length() - 1) this.set(0);
    this.go(!moves, false);
  }

  follow() {
    this.go(false, true);
  }
}

const named = (word, key) => (key ? `${word} ${key}` : word);

/** A button with its icon over its key, or over its word if it has none; its name has the key that is written on it. */
function actButton(name, key, onclick) {
  const word = say(name);
  const below = key ? keyHint(key) : html("span", "spn-word", word);
  const title = key ? `${word} (${key})` : say(`${name}_help`);
  const attributes = { class: "spn-button", "data-act": name, "aria-label": named(word, key), title, onclick };
  return html("button", { type: "button", ...attributes }, icon(name), below);
}

/** The bar; `act` maps each name of a button to what it does. `carried` plays where the bar itself is out of sight. */
export class Transport {
  constructor({ clock, act }) {
    this.clock = clock;
    const button = (name, key) => actButton(name, key, act[name]);
    const move = [button("first", "Home"), button("previous", "←"), button("next", "→"), button("last", "End")];
    this.play = button("play", PLAY);
    this.said = html("span", {});
    this.carried = html("button", { type: "button", onclick: act.play }, icon("play"), this.said);
    this.live = button("live");
    this.stop = button("stop");
    const label = { "aria-label": say("scrub") };
    const oninput = () => clock.seek(Number(this.range.value));
    this.range = html("input", { type: "range", max: 1, value: 0, ...label, oninput });
    this.position = html("output", { class: "spn-position", "aria-live": "off" }); // it changes with every frame
    const speeds = SPEEDS.map((speed) => html("option", { value: speed, text: `${speed}×`, selected: speed === 1 }));
    const onchange = () => (clock.speed = Number(this.speed.value));
    this.speed = html("select", { class: "spn-select", "aria-label": say("speed"), onchange }, ...speeds);
    this.root = html(
      "div",
      { class: "spn-transport", role: "group", ...label },
      html("div", "spn-buttons", this.play, ...move),
      html("div", "spn-scrub", this.range, this.position),
      html("div", "spn-buttons", this.speed, this.live, this.stop),
    );
  }

  /** Bring the bar up to date with a run and the frame that all views show. */
  update(run, shown) {
    const { clock } = this;
    const live = clock.following && !run.final;
    const next = clock.playing || live ? "pause" : "play";
    for (const button of [this.play, this.carried]) setIcon(button, next);
    this.play.setAttribute("aria-label", named(say(next), PLAY));
    this.said.textContent = say(next);
    this.live.setAttribute("aria-pressed", String(live));
    this.live.disabled = run.final;
    this.stop.disabled = !["running", "queued"].includes(run.state);
    const last = Math.max(1, run.layout ? run.total - 1 : 1);
    const frame = Math.max(0, Math.min(shown, run.length - 1));
    this.range.max = String(last);
    this.range.value = String(frame);
    this.range.style.setProperty("--arrived", `${(100 * Math.max(0, run.length - 1)) / last}%`);
    this.range.style.setProperty("--played", `${(100 * frame) / last}%`);
    const t = run.length ? run.iteration(frame) : 0;
    this.position.textContent = say("position", { t, T: run.layout?.iterations ?? "–" });
    this.root.dataset.cursor = String(t);
    this.range.setAttribute("aria-valuetext", this.position.textContent);
  }
}

const FIELDS =
  "input, select, textarea, [contenteditable=true], [role=slider], [role=combobox], [role=listbox], [role=menu], " +
  "[role=dialog], [role=tab], [role=radio], [role=spinbutton]";
const PRESSED = "button, a, summary, [role=button], [role=checkbox], [role=switch]"; // these use Space themselves

/** What a key press means, or null: names of `act`. Keys in fields and dialogs, or with Ctrl and such, are not ours. */
export function meaning(event, letters) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.target.closest?.(FIELDS) || document.querySelector("[role=dialog]")) return null;
  if (event.key === " ") return event.target.closest?.(PRESSED) ? null : "play";
  const named = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last" }[event.key];
  return named ?? (letters ? ({ p: "pin", s: "share" }[event.key.toLowerCase()] ?? null) : null);
}

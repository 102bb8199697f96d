// A tour of a page: a strip that says what its parts are, one after the other, and marks the part it speaks of. It
// covers nothing that it speaks of, is left by Escape or Skip, and is found again behind its button.

import { rememberTour, tourSeen } from "../run/memory.js";
import { html, icon, wordedButton } from "./dom.js";
import { calm } from "./transport.js";
import { say } from "./words.js";

export class Tour {
  /** `stops` are pairs: the id of what is said, and the element that it is said of. */
  constructor(stops) {
    this.stops = stops;
    this.at = -1;
    this.stopper = /** @type {AbortController | null} */ (null);
    const toggle = () => (this.at < 0 ? this.start() : this.end());
    this.button = wordedButton("tour", toggle, { "data-act": "tour", "aria-expanded": "false" }, icon("tour"));
    this.button.toggleAttribute("data-new", !tourSeen());
    this.said = html("p", { class: "spn-tour-said", role: "status" });
    const act = (text, onclick) => html("button", { type: "button", class: "spn-button spn-worded", text, onclick });
    this.back = act(say("tour_back"), () => this.go(this.at - 1));
    this.next = act(say("tour_next"), () => this.go(this.at + 1));
    const buttons = html(
      "div",
      "spn-buttons",
      this.back,
      this.next,
      act(say("tour_skip"), () => this.end()),
    );
    const look = { class: "spn-tour", tabindex: -1, hidden: true, "aria-label": say("tour") };
    this.root = html("section", look, this.said, buttons);
  }

  start() {
    rememberTour();
    this.button.removeAttribute("data-new");
    this.button.setAttribute("aria-expanded", "true");
    this.root.hidden = false;
    this.stopper = new AbortController();
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.stopper.signal });
    this.root.focus({ preventScroll: true });
    this.go(0);
  }

  /** Go to a stop; past the last one the tour ends. */
  go(at) {
    if (at >= this.stops.length) return this.end();
    this.mark(false);
    this.at = at;
    const part = this.mark(true);
    const [word] = this.stops[at];
    this.said.textContent = say("tour_at", { at: at + 1, of: this.stops.length, said: say(word) });
    this.next.textContent = say(at + 1 < this.stops.length ? "tour_next" : "tour_done");
    if (at === 0 && document.activeElement === this.back) this.next.focus();
    this.back.disabled = at === 0;
    part.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }

  end() {
    const inside = this.root.contains(document.activeElement);
    this.mark(false);
    this.at = -1;
    this.stopper?.abort();
    this.root.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (inside) this.button.focus();
  }

  /** Mark or unmark the part of the present stop; gives the part. */
  mark(is) {
    const part = this.stops[this.at]?.[1];
    part?.toggleAttribute("data-toured", is);
    return part;
  }

  key(event) {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("[role=dialog]")) this.end();
  }
}

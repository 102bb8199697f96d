// Edges of the chosen component's path as handles: dragged up or down, or moved by the arrow keys, a weight is set by
// hand; the run is then trained on from the update that the cursor is at.

import { number, set, svg } from "../kit/dom.js";
import { say } from "../kit/words.js";

const DECADE = 60; // pixels in which a weight becomes ten times as large
const STEP = 1.1; // by a press of an arrow key
const STILL = 3; // pixels that are no drag yet
const SETTLED = 600; // ms after the last key until a weight is taken as set
const KEPT = 3000; // ms that a weight is shown as set while its run is on the way
const KEYS = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: 1 / STEP, ArrowLeft: 1 / STEP, PageUp: 10, PageDown: 0.1 };

/** A weight after a factor, with the digits that are sent, within the ends. */
export const within = (weight, factor, [low, high]) =>
  Number(Math.min(high, Math.max(low, weight * factor)).toPrecision(3));

export class Edges {
  /** `hold()` before a weight is moved, `moved()` while it is, `touch(asked)` when it is set. */
  constructor({ hold, moved, touch }) {
    this.hold = hold;
    this.moved = moved;
    this.touch = touch;
    this.ends = /** @type {[number, number]} */ ([0, 0]);
    this.now = /** @type {any} */ (null); // the weight being set: its handle, value and where it began
    this.timer = 0;
  }

  /** The handle of a weight: a shape that is pressed and focused, invisible until then. */
  handle(name, attributes, mark) {
    return svg(name, {
      ...attributes,
      class: "spn-handle",
      role: "slider",
      onpointerdown: (event) => this.press(event, mark),
      onpointermove: (event) => this.drag(event, mark),
      onpointerup: (event) => this.release(event, mark),
      onpointercancel: () => this.forget(),
      onkeydown: (event) => this.key(event, mark),
      ontouchstart: (event) => event.preventDefault(), // touch-action on a shape does not keep Chromium from scrolling
    });
  }

  /** What a weight is shown as: the one that is being set, or as it is. */
  shown(mark, weight) {
    mark.weight = weight;
    return this.now?.mark === mark ? this.now.value : weight;
  }

  /** Whether a handle can be taken, and what it says. */
  update(mark, { taken, layers, ends }) {
    this.ends = ends;
    const { handle, l, i } = mark;
    handle.style.display = taken ? "" : "none";
    if (!taken) return;
    const value = this.shown(mark, mark.weight);
    set(handle, {
      tabindex: 0,
      "aria-label": say("edge_handle", { i: i + 1, l, L: layers }),
      "aria-valuemin": ends[0],
      "aria-valuemax": ends[1],
      "aria-valuenow": value,
      "aria-valuetext": number(value),
    });
  }

  press(event, mark) {
    if (event.button) return;
    event.preventDefault();
    mark.handle.focus({ preventScroll: true });
    mark.handle.setPointerCapture(event.pointerId);
    this.begin(mark);
    Object.assign(this.now, { y: event.clientY, dragged: false });
  }

  begin(mark) {
    clearTimeout(this.timer);
    if (this.now?.mark !== mark) this.hold();
    this.now = { mark, from: this.shown(mark, mark.weight), value: this.shown(mark, mark.weight) };
  }

  drag(event, mark) {
    if (this.now?.mark !== mark || this.now.y === undefined) return;
    const up = this.now.y - event.clientY;
    this.now.dragged ||= Math.abs(up) > STILL;
    if (this.now.dragged) this.move(10 ** (up / DECADE));
  }

  move(factor) {
    this.now.value = within(this.now.from, factor, this.ends);
    this.moved();
  }

  release(event, mark) {
    if (this.now?.mark !== mark) return;
    const { dragged } = this.now;
    this.now.y = undefined;
    if (dragged) this.send();
    else this.forget();
  }

  key(event, mark) {
    if (event.key === "Escape" && this.now) return this.forget();
    if (event.key === "Enter" && this.now) return this.send();
    const factor = KEYS[event.key];
    if (!factor) return;
    event.preventDefault();
    event.stopPropagation();
    this.begin(mark);
    this.move(factor);
    this.timer = setTimeout(() => this.send(), SETTLED);
  }

  /** Ask for the weight, once; it stays shown until its run is here. */
  send() {
    const { mark, value, sent } = this.now;
    if (sent) return;
    clearTimeout(this.timer);
    this.now.sent = true;
    this.touch({ layer: mark.l, weight: mark.i, value });
    this.timer = setTimeout(() => this.forget(), KEPT);
  }

  /** Show what is. */
  forget() {
    clearTimeout(this.timer);
    this.now = null;
    this.moved();
  }

  /** The drawing is made anew, with the marks of another run. */
  dropped() {
    clearTimeout(this.timer);
    this.now = null;
  }
}

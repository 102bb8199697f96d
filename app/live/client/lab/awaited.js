// What is awaited, before a run has a point of its own: the curves that it is to repeat, as they were published.

import { extent } from "../kit/axis.js";
import { html, svg } from "../kit/dom.js";
import { say } from "../kit/words.js";

const EVERY = 5; // of the points of a curve, that many make one of the sketch

/** Curves {x, y} in a square of 100 by 100, the first of x on the left, the largest of y at the top. */
export function sketched(curves) {
  const [left, right] = extent(curves.map(({ x }) => x));
  const [bottom, top] = extent(curves.map(({ y }) => y));
  const place = (value, low, high) => (100 * (value - low)) / (high - low);
  return curves.map(({ x, y }) =>
    x.map((t, i) => [place(t, left, right), 100 - place(y[i], bottom, top)]).filter((_, i) => i % EVERY === 0),
  );
}

export class Awaited {
  constructor() {
    this.root = html("div", { class: "spn-awaited", hidden: true });
    this.shown = /** @type {any[]} */ ([]);
  }

  /** Show these published curves, or none any more. */
  show(curves) {
    this.root.hidden = !curves.length;
    if (!curves.length || curves === this.shown) return;
    this.shown = curves;
    const lines = sketched(curves);
    const drawn = lines.map((line) => svg("polyline", { points: line.map((point) => point.join()).join(" ") }));
    const picture = { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" };
    const named = curves.map(({ depth }, i) => {
      const style = `top: ${lines[i].at(-1)?.[1]}%`;
      return html("span", { text: `L = ${depth}`, style });
    });
    const frame = html("div", {}, svg("svg", picture, ...drawn), ...named);
    this.root.replaceChildren(frame, html("p", { text: say("awaited") }));
  }
}

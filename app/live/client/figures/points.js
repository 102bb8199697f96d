// The points of a figure that can be pressed, by keyboard: one button over the chart, which arrows move from one to the
// next.

import { html } from "../kit/dom.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ASIDE = 4; // so many pixels along weigh as much as one to the side

/** The nearest of these places in a direction from one of them; its own number where there is none. */
export function nearest(places, at, [right, down]) {
  const [x, y] = places[at];
  let [best, least] = [at, Infinity];
  places.forEach(([px, py], number) => {
    const [along, aside] = [(px - x) * right + (py - y) * down, (px - x) * down + (py - y) * right];
    const far = along + ASIDE * Math.abs(aside);
    if (along > 0.5 && far < least) [best, least] = [number, far];
  });
  return best;
}

/** What a point says, of the pseudo-HTML that Plotly takes. */
export const spokenOf = (text) => text.replaceAll("<br>", "; ").replace(/<[^>]*>/g, "");

export class Points {
  /** `press(customdata)` is what a click on a point does. */
  constructor(plot, press) {
    this.plot = plot;
    this.at = -1;
    this.scale = 1; // of the chart on the page
    const onclick = () => press(this.trace.customdata[this.at]);
    this.root = html("button", { type: "button", class: "spn-point", onclick, onkeydown: (event) => this.move(event) });
  }

  get trace() {
    return this.plot.data.find(({ customdata }) => customdata);
  }

  places() {
    const { xaxis, yaxis } = this.plot._fullLayout;
    const { x, y } = this.trace;
    return Array.from(x, (value, i) => [xaxis._offset + xaxis.d2p(value), yaxis._offset + yaxis.d2p(y[i])]);
  }

  /** Stand on a point of the chart as it is drawn now, at a scale; at first in the middle. */
  show(scale = this.scale) {
    this.scale = scale;
    const places = this.places();
    if (!(this.at >= 0 && this.at < places.length)) this.at = Math.floor(places.length / 2);
    const [x, y] = places[this.at].map((pixels) => pixels * scale);
    this.root.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
    this.root.setAttribute("aria-label", spokenOf(this.trace.text[this.at]));
  }

  move(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    this.at = nearest(this.places(), this.at, step);
    this.show();
  }
}

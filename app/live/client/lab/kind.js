// What a node of the network says of the data: the chosen component, or what the pointer is on, as a kind of person or
// as the items that are 1 for most of its rows.

import { html, inWords, number, shorten } from "../kit/dom.js";
import { say } from "../kit/words.js";
import { range } from "../run/series.js";

const NAMED = 3; // items in the sentence, the most probable ones
const MOST = 0.5;
// Of one node or of several together: what to say where some items are 1 for most, and where none is.
const WORDS = {
  people: [
    ["kind_hard", "kind_free"],
    ["kinds_hard", "kinds_free"],
  ],
  rows: [
    ["kind_rows_hard", "kind_rows_free"],
    ["kinds_rows_hard", "kinds_rows_free"],
  ],
};

/** Of a component with these probabilities: which items more than half have, the most probable first. */
export const common = (own) =>
  range(own.length)
    .filter((item) => own[item] > MOST)
    .sort((one, other) => own[other] - own[one]);

/** The probabilities of components together, each as heavy as its weight. */
export function together(values, weights, width) {
  const whole = weights.reduce((a, b) => a + b, 0);
  const of = (k, item) => (weights[k] / whole) * values[k * width + item];
  return range(width).map((item) =>
    range(weights.length).reduce((sum, k) => (weights[k] ? sum + of(k, item) : sum), 0),
  );
}

export class Kind {
  constructor() {
    this.root = html("p", "spn-kind");
    this.under = /** @type {number[] | null} */ (null); // the components under what is pointed at
  }

  /** Say it where the cursor rests; asking for the components at every frame would be a request each. */
  update({ run, choice, frame }, { rests, people }) {
    const under = this.under ?? (people ? [choice.component] : null);
    const found = rests && under && run.components(frame);
    this.root.textContent = found ? this.sentence(run, choice, { under, people, frame, values: found.values }) : "";
  }

  sentence(run, { curve }, { under, people, frame, values }) {
    const { num_components: K, variables } = run.layout;
    const all = [...run.values(frame, curve, "w", K)];
    const weights = all.map((weight, k) => (under.includes(k) ? weight : 0));
    const width = variables.length;
    const own = values.subarray(curve * K * width, (curve + 1) * K * width);
    const most = common(
      under.length > 1 ? together(own, weights, width) : own.subarray(under[0] * width).subarray(0, width),
    );
    const share = number((100 * weights.reduce((a, b) => a + b, 0)) / all.reduce((a, b) => a + b, 0));
    const named = most.slice(0, NAMED).map((item) => shorten(inWords(variables[item]), 40));
    const more = most.length > NAMED ? say("kind_more", { n: most.length - NAMED }) : "";
    const k = under.length > 1 ? `${under[0] + 1}–${under.at(-1) + 1}` : under[0] + 1;
    const word = WORDS[people ? "people" : "rows"][under.length > 1 ? 1 : 0][most.length ? 0 : 1];
    return say(word, { k, share, items: `${named.join(", ")}${more}` });
  }
}

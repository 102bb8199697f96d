// The chosen component as a kind of person: which of the items are 1, so hard, for most of them.

import { html, shorten } from "../kit/dom.js";
import { say } from "../kit/words.js";
import { range } from "../run/series.js";

const NAMED = 3; // items in the sentence, the most probable ones
const MOST = 0.5;

/** Of a component with these probabilities: which items more than half have, the most probable first. */
export const common = (own) =>
  range(own.length)
    .filter((item) => own[item] > MOST)
    .sort((one, other) => own[other] - own[one]);

export class Kind {
  constructor() {
    this.root = html("p", "spn-plain spn-kind");
  }

  /** Say it where the cursor rests; asking for the components at every frame would be a request each. */
  update({ run, choice, frame }, rests) {
    const found = rests && run.components(frame);
    this.root.textContent = found ? this.sentence(run.layout, choice, found.values) : "";
  }

  sentence({ num_components: K, variables }, { curve, component }, values) {
    const first = (curve * K + component) * variables.length;
    const hard = common(values.subarray(first, first + variables.length));
    const k = component + 1;
    if (!hard.length) return say("kind_free", { k });
    const named = hard.slice(0, NAMED).map((item) => shorten(variables[item].replaceAll("_", " "), 40));
    const more = hard.length > NAMED ? say("kind_more", { n: hard.length - NAMED }) : "";
    return say("kind_hard", { k, items: `${named.join(", ")}${more}` });
  }
}

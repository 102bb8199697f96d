// Terms that unfold in place: "[[seed]]" in a text is the term's name to be pressed, "[[seed|of six]]" other words for
// it. Both halves make the same elements of the same marks and sentences (page.css has their look).

import { html } from "./dom.js";
import { say } from "./words.js";

const MARK = /\[\[(\w+)(?:\|([^\]]*))?\]\]/;

function term(name, shown) {
  const means = html("span", { text: say(`term_${name}_is`) });
  const word = html("summary", { text: shown ?? say(`term_${name}`) });
  return html("details", { class: "spn-term", name: "term" }, word, means);
}

/** A text's words and terms, in order. */
export function parts(text) {
  const found = MARK.exec(text);
  if (!found) return [text];
  const [mark, name, shown] = found;
  const rest = text.slice(found.index + mark.length);
  return [text.slice(0, found.index), term(name, shown), ...parts(rest)].filter((part) => part !== "");
}

/** A line in plain words, with terms to unfold. */
export const plainly = (word, look = "spn-plain") => html("div", `spn-terms ${look}`, ...parts(say(word)));

const unfolded = () => [...document.querySelectorAll("details.spn-term[open]")];

/** Fold the terms of the whole page by Escape, or by a press elsewhere, which may be on the sentence. */
export function foldTerms(signal) {
  const fold = (terms) => terms.forEach((one) => one.removeAttribute("open"));
  const elsewhere = (target) => unfolded().filter((one) => !one.firstElementChild?.contains(target));
  document.addEventListener("pointerdown", ({ target }) => fold(elsewhere(target)), { signal });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && fold(unfolded()), { signal });
}

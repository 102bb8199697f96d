import assert from "node:assert/strict";
import { test } from "node:test";

import { parts } from "../../../../../app/live/client/kit/terms.js";
import { learn } from "../../../../../app/live/client/kit/words.js";
import { Element, page } from "./elements.js";

page();
learn({ term_seed: "seed", term_seed_is: "A seed fixes chance." });

const shape = (part) =>
  part instanceof Element ? part.children.map(({ tag, textContent }) => [tag, textContent]) : part;

test("a mark becomes the term, or other words for it, with its sentence; the words around it stay", () => {
  const made = parts("A [[seed]] of [[seed|six]].");
  const sentence = ["span", "A seed fixes chance."];
  assert.deepEqual(made.map(shape), [
    "A ",
    [["summary", "seed"], sentence],
    " of ",
    [["summary", "six"], sentence],
    ".",
  ]);
  assert.deepEqual(
    made.filter((part) => part instanceof Element).map(({ tag, attributes: { name } }) => [tag, name]),
    [
      ["details", "term"],
      ["details", "term"],
    ],
    "one is open at a time",
  );
});

test("a text without marks stays, one that is a mark alone has nothing around it", () => {
  assert.deepEqual(parts("No mark, not [one]."), ["No mark, not [one]."]);
  assert.equal(parts("[[seed]]").length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { common, Kind } from "../../../../../app/live/client/lab/kind.js";
import { learn } from "../../../../../app/live/client/kit/words.js";
import { page } from "../kit/elements.js";

page();
learn({
  kind_hard: "Kind {k}: {items}.",
  kind_more: " and {n} more",
  kind_free: "Kind {k}: nothing.",
  kinds_hard: "Kinds {k}, {share} %: {items}.",
  kind_rows_hard: "Component {k}, {share} %: {items}.",
});
const layout = { num_components: 2, variables: ["eating", "in_bed", "toilet", "laundry"] };
const values = Float32Array.from([0.1, 0.5, 0.2, 0.3, 0.9, 0.6, 0.8, 0.7]);

function said(component, { rests = true, people = true, under = /** @type {any} */ (null) } = {}) {
  const kind = new Kind();
  kind.under = under;
  let asked = 0;
  const weights = Float32Array.from([0.3, 0.1]);
  const run = { layout, components: () => ((asked += 1), { at: 0, values }), values: () => weights };
  kind.update({ run, choice: { curve: 0, component }, frame: 0 }, { rests, people });
  return [kind.root.textContent, asked];
}

test("items that more than half of a kind have are named, the most common first", () => {
  assert.deepEqual(common(Float32Array.from([0.6, 0.5, 0.9])), [2, 0]);
  assert.deepEqual(said(1), ["Kind 2: eating, toilet, laundry and 1 more.", 1]);
  assert.deepEqual(said(0), ["Kind 1: nothing.", 1]);
});

test("nothing is asked of the server while the cursor moves", () => {
  assert.deepEqual(said(1, { rests: false }), ["", 0]);
});

test("what the pointer is on is said of any rows; several components together weigh as their weights", () => {
  assert.deepEqual(said(1, { people: false }), ["", 0]);
  assert.equal(said(0, { people: false, under: [1] })[0], "Component 2, 25 %: eating, toilet, laundry and 1 more.");
  const heavy = Float32Array.from([0.9, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1]);
  values.set(heavy); // (0.3 · 0.9 + 0.1 · 0.1) / 0.4 = 0.7 of them eat with help, 0.3 are in bed
  assert.equal(said(0, { under: [0, 1] })[0], "Kinds 1–2, 100 %: eating.");
});

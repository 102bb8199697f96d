import assert from "node:assert/strict";
import { test } from "node:test";

import { common, Kind } from "../../../../../app/live/client/lab/kind.js";
import { learn } from "../../../../../app/live/client/kit/words.js";
import { page } from "../kit/elements.js";

page();
learn({ kind_hard: "Kind {k}: {items}.", kind_more: " and {n} more", kind_free: "Kind {k}: nothing." });
const layout = { num_components: 2, variables: ["eating", "in_bed", "toilet", "laundry"] };
const values = Float32Array.from([0.1, 0.5, 0.2, 0.3, 0.9, 0.6, 0.8, 0.7]);

function said(component, rests = true) {
  const kind = new Kind();
  let asked = 0;
  const run = { layout, components: () => ((asked += 1), { at: 0, values }) };
  kind.update({ run, choice: { curve: 0, component }, frame: 0 }, rests);
  return [kind.root.textContent, asked];
}

test("items that more than half of a kind have are named, the most common first", () => {
  assert.deepEqual(common(Float32Array.from([0.6, 0.5, 0.9])), [2, 0]);
  assert.deepEqual(said(1), ["Kind 2: eating, toilet, laundry and 1 more.", 1]);
  assert.deepEqual(said(0), ["Kind 1: nothing.", 1]);
});

test("nothing is asked of the server while the cursor moves", () => {
  assert.deepEqual(said(1, false), ["", 0]);
});

// What of a drawing can be touched where settings are locked.

import assert from "node:assert/strict";
import { test } from "node:test";

import { leftFree } from "../../../../../app/live/client/lab/locked.js";

const TOUCH = { weights: true, rate: true, ends: [1e-6, 10], layers: 8 };

test("nothing locked leaves all of it free, also what the run itself has not", () => {
  assert.deepEqual(leftFree(TOUCH, []), TOUCH);
  assert.equal(leftFree({ ...TOUCH, weights: false }, []).weights, false);
});

test("a locked setting takes away what would change it, and no more", () => {
  assert.deepEqual(leftFree(TOUCH, ["learning_rate"]), { ...TOUCH, rate: false });
  assert.deepEqual(leftFree(TOUCH, ["depths", "seed"]), { ...TOUCH, layers: 0 });
  assert.deepEqual(leftFree(TOUCH, ["changes"]), { ...TOUCH, weights: false, rate: false });
});

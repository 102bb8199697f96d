// What is sent for a touch, and what a node of several components says together.

import assert from "node:assert/strict";
import { test } from "node:test";

import { within } from "../../../../../app/live/client/lab/edges.js";
import { common, together } from "../../../../../app/live/client/lab/kind.js";
import { etaAt } from "../../../../../app/live/client/run/series.js";

const ENDS = [1e-6, 10];

test("a weight is sent with three digits and never beyond its ends", () => {
  assert.equal(within(0.12345, 1, ENDS), 0.123);
  assert.equal(within(0.1, 10 ** (30 / 60), ENDS), 0.316);
  assert.equal(within(5, 10, ENDS), 10);
  assert.equal(within(1e-6, 0.1, ENDS), 1e-6);
});

test("η is the experiment's until it is changed, and then the last one that it was changed to", () => {
  const layout = {
    settings: { learning_rate: 0.01 },
    rates: [
      [20, 0.05],
      [30, 0.1],
    ],
  };
  assert.deepEqual(
    [0, 19, 20, 29, 30, 99].map((t) => etaAt(layout, t)),
    [0.01, 0.01, 0.05, 0.05, 0.1, 0.1],
  );
  assert.equal(etaAt({ settings: { learning_rate: 0.01 } }, 7), 0.01);
});

test("components together are as probable as their weighted mean", () => {
  const values = Float64Array.from([0.9, 0.1, 0.2, 0.6, 1, 1]); // three components of two items
  const both = together(values, [3, 1, 0], 2);
  assert.ok(Math.abs(both[0] - 0.725) < 1e-12 && Math.abs(both[1] - 0.225) < 1e-12);
  assert.deepEqual(common(both), [0]);
});

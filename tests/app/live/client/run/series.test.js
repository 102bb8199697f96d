import assert from "node:assert/strict";
import { test } from "node:test";

import { kept, pick, Series, signedLog, spread } from "../../../../../app/live/client/run/series.js";
import { near } from "../fixture.js";

test("the spread is median, lowest and highest of what is finite", () => {
  assert.deepEqual(spread([3, NaN, 1, 2, Infinity]), [2, 1, 3]);
  assert.deepEqual(spread([4, 1, 2, 3]), [2.5, 1, 4]);
  assert.ok(spread([NaN]).every(Number.isNaN));
});

test("what is drawn of a line is spread evenly, begins and ends with it, and is never more than a thousand", () => {
  assert.deepEqual(kept(0), []);
  assert.deepEqual(kept(3), [0, 1, 2]);
  for (const n of [999, 1000, 1001, 5000, 123_457]) {
    const places = kept(n);
    assert.ok(places.length <= 1001 && places[0] === 0 && places.at(-1) === n - 1);
    const steps = new Set(places.slice(1, -1).map((place, i) => place - places[i]));
    assert.equal(steps.size, 1);
  }
});

test("what is not finite, or not positive on a log axis, is a gap", () => {
  assert.deepEqual(pick([1, NaN, 0, -2], [0, 1, 2, 3]), [1, null, 0, -2]);
  assert.deepEqual(pick([1, NaN, 0, -2], [0, 2, 3], true), [1, null, null]);
});

test("the signed scale is odd, keeps zero, and takes a unit per power of ten", () => {
  assert.equal(signedLog(0), 0);
  near(signedLog(-3), -signedLog(3), 1e-12);
  near(signedLog(1e4) - signedLog(1e3), 1, 1e-6);
  for (const x of [1e-5, 0.3, 70]) near(1e-3 * Math.sinh(signedLog(x) * Math.LN10), x, 1e-9);
});

// By frame, curve and seed.
const LLH = [
  [
    [-5, -3],
    [-4, -5],
  ],
  [
    [-4, -3],
    [-2, -1],
  ],
];

test("series over seeds grow with the run; a gap is a seed against the same seed", () => {
  const run = {
    length: 1,
    layout: { num_seeds: 2, names: ["L = 1", "L = 2"] },
    iteration: (frame) => frame,
    values: (frame, curve) => Float32Array.from(LLH[frame][curve]),
    value: (frame, curve, part, i) => LLH[frame][curve][i],
  };
  const series = new Series(run).update();
  assert.deepEqual([series.value[1].median, series.gap[1].median], [[-4.5], [-0.5]]);
  run.length = 2;
  series.update();
  assert.deepEqual(series.x, [0, 1]);
  assert.deepEqual(
    [series.value[0].median, series.value[0].low, series.value[0].high],
    [
      [-4, -3.5],
      [-5, -4],
      [-3, -3],
    ],
  );
  assert.deepEqual(
    [series.gap[1].low, series.gap[1].high],
    [
      [-2, 2],
      [1, 2],
    ],
  );
  assert.equal(series.lowest, -5);
  assert.deepEqual(
    series.line(1, "value", 0, () => 2),
    [-8, -4],
  );
});

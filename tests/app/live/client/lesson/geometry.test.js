// A curve drawn by hand: what a stroke and a key do to its points, and what is told of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  blank,
  drawn,
  filled,
  given,
  keyed,
  namedAt,
  POINTS,
  updatesAt,
} from "../../../../../app/live/client/lesson/geometry.js";

const AXES = { updates: 500, low: -11.5, high: -5.5 };

test("a stroke sets the points that it passes, on the straight line from where it was to where it is", () => {
  assert.deepEqual(drawn(blank(), [1, -10], [3, -8], AXES), [null, -10, -9, -8, null, null, null]);
  assert.deepEqual(drawn(blank(), [3, -8], [1, -10], AXES), [null, -10, -9, -8, null, null, null]);
});

test("a press sets the nearest point, a fast stroke leaves none out", () => {
  assert.deepEqual(drawn(blank(), [2.4, -7], [2.4, -7], AXES), [null, null, -7, null, null, null, null]);
  assert.ok(!drawn(blank(), [-0.3, -11], [6.2, -6], AXES).includes(null));
});

test("nothing is drawn beyond the chart, and other points stay", () => {
  const before = drawn(blank(), [0, -11], [0, -11], AXES);
  const after = drawn(before, [5, -20], [6, 3], AXES);
  assert.deepEqual([after[0], after[5], after[6]], [-11, -11.5, -5.5]);
  assert.deepEqual(before, [-11, null, null, null, null, null, null], "the points before are not changed");
});

test("points that were left out lie between their neighbours, and level at the ends", () => {
  assert.deepEqual(filled([null, -10, null, -8, null, null, null]), [-10, -10, -9, -8, -8, -8, -8]);
  assert.deepEqual(filled([-11, null, null, null, null, null, -5]), [-11, -10, -9, -8, -7, -6, -5]);
  assert.deepEqual(filled(blank()), blank());
});

test("arrows move a point a tenth of a nat, pages half of one, Home and End to the ends; other keys nothing", () => {
  const points = [-11, -10, -9, -8, -7, -7, -7];
  const at = (key) => keyed(points, 2, key, AXES)?.[2];
  assert.deepEqual(["ArrowUp", "ArrowRight", "PageUp", "End"].map(at), [-8.9, -8.9, -8.5, -5.5]);
  assert.deepEqual(["ArrowDown", "ArrowLeft", "PageDown", "Home"].map(at), [-9.1, -9.1, -9.5, -11.5]);
  assert.equal(keyed(points, 2, "Tab", AXES), null);
  assert.deepEqual(keyed(points, 2, "ArrowUp", AXES)?.toSpliced(2, 1), points.toSpliced(2, 1), "others stay");
});

test("a key moves a point on which nothing is drawn from where its line is, else from below", () => {
  assert.equal(keyed([null, -10, null, -8, null, null, null], 2, "ArrowUp", AXES)?.[2], -8.9);
  assert.equal(keyed(blank(), 2, "ArrowUp", AXES)?.[2], -11.4);
  assert.equal(keyed([...blank().slice(1), -5.5], 6, "ArrowUp", AXES)?.[6], -5.5, "no further than the chart");
});

test("points are equally far apart, from the start to the last update", () => {
  const all = Array.from({ length: POINTS }, (_, i) => updatesAt(i, 500));
  assert.deepEqual(all, [0, 83, 167, 250, 333, 417, 500]);
});

test("what is told has every drawn curve with all its points, and no other", () => {
  const told = given({ 1: [null, -10, null, null, null, null, -7.123], 2: blank() });
  assert.deepEqual(Object.keys(told), ["1"]);
  assert.equal(told[1].length, POINTS);
  assert.ok(told[1].every(Number.isFinite) && told[1][6] === -7.12);
});

test("a curve has its name where it is first halfway up, else at its end", () => {
  const line = [
    [0, -11],
    [100, -9],
    [200, -8],
    [300, -7],
  ];
  assert.deepEqual(namedAt(line, AXES), [200, -8]);
  assert.deepEqual(namedAt(line.slice(0, 2), AXES), [100, -9]);
});

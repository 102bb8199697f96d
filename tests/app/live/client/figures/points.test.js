import assert from "node:assert/strict";
import { test } from "node:test";

import { nearest, spokenOf } from "../../../../../app/live/client/figures/points.js";

const [LEFT, RIGHT, UP, DOWN] = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
];

test("an arrow leads to the next point of the same row or column, and nowhere at the edge", () => {
  const places = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => [10 * column, 12 * row]));
  assert.deepEqual(
    [LEFT, RIGHT, UP, DOWN].map((step) => nearest(places, 4, step)),
    [3, 5, 1, 7],
  );
  assert.equal(nearest(places, 0, LEFT), 0);
  assert.equal(nearest(places, 8, DOWN), 8);
});

test("a point in no row is reached, too", () => {
  const places = [
    [0, 0],
    [30, 4],
    [14, 11],
  ];
  assert.equal(nearest(places, 0, RIGHT), 1);
  assert.equal(nearest(places, 0, DOWN), 2);
});

test("what is spoken has no marks of the text that is drawn", () => {
  assert.equal(spokenOf("<b>η = 0.1, w0 = 1</b><br>L = 2: 40 updates"), "η = 0.1, w0 = 1; L = 2: 40 updates");
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { areas, straight } from "../../../../../app/live/client/kit/flatten.js";

test("a path of straight lines is its points, whatever it is written with", () => {
  assert.deepEqual(straight("M0,0L10,5.5H20V-3Z"), {
    lines: [
      [
        [0, 0],
        [10, 5.5],
        [20, 5.5],
        [20, -3],
      ],
    ],
    closed: true,
  });
  const relative = {
    lines: [
      [
        [1, 1],
        [3, 2],
        [4, 2],
        [4, 0],
      ],
    ],
    closed: false,
  };
  assert.deepEqual(straight("m1 1l2 1h1v-2"), relative);
  assert.deepEqual(straight("M1,1L2,2M3,3L4e0,4"), {
    lines: [
      [
        [1, 1],
        [2, 2],
      ],
      [
        [3, 3],
        [4, 4],
      ],
    ],
    closed: false,
  });
});

test("a path with curves is none of straight lines", () => {
  for (const d of ["M0,0C1,1 2,2 3,3", "M5,0A5,5 0 1,1 0,-5Z", "M0,0Q1,1 2,2"]) assert.equal(straight(d), null);
});

test("a picture of cells is one area per cell of a colour", () => {
  const [a, b] = [7, 9];
  const found = areas(Uint32Array.from([a, a, b, a, a, b, b, b, b]), 3, 3);
  assert.deepEqual(found, [
    { x0: 0, x1: 2, y0: 0, y1: 2, colour: a },
    { x0: 2, x1: 3, y0: 0, y1: 2, colour: b },
    { x0: 0, x1: 3, y0: 2, y1: 3, colour: b },
  ]);
  const covered = found.reduce((sum, { x0, x1, y0, y1 }) => sum + (x1 - x0) * (y1 - y0), 0);
  assert.equal(covered, 9);
});

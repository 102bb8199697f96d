import assert from "node:assert/strict";
import { test } from "node:test";

import { sketched } from "../../../../../app/live/client/lab/awaited.js";

test("published curves fill one square together, with every fifth of their points", () => {
  const x = [...Array(11).keys()];
  const [low, high] = sketched([
    { x, y: x.map((t) => t - 10) },
    { x, y: x.map((t) => t) },
  ]);
  assert.deepEqual(low, [
    [0, 100],
    [50, 75],
    [100, 50],
  ]);
  assert.deepEqual(high, [
    [0, 50],
    [50, 25],
    [100, 0],
  ]);
});

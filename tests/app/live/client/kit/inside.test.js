// What a chart shows closer: always as much as was asked for, wherever the cursor is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { scaled } from "../../../../../app/live/client/kit/inside.js";
import { page } from "./elements.js";

page();
const WHOLE = [0, 40];

test("closer is half as long, about the cursor, and within the whole", () => {
  assert.deepEqual(scaled(WHOLE, 40, 0.5, WHOLE), [20, 40]);
  assert.deepEqual(scaled(WHOLE, 10, 0.5, WHOLE), [5, 25]);
  assert.deepEqual(scaled([0, 20], 25, 0.5, WHOLE), [12.5, 22.5]);
});

test("farther is twice as long up to the whole, also where the cursor has left what is shown", () => {
  assert.deepEqual(scaled([0, 20], 25, 2, WHOLE), [0, 40]);
  assert.deepEqual(scaled([0, 10], 39, 2, WHOLE), [0, 20]);
  assert.deepEqual(scaled([30, 40], 0, 2, WHOLE), [20, 40]);
});

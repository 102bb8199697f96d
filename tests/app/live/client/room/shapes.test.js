import assert from "node:assert/strict";
import { test } from "node:test";

import {
  across,
  around,
  bars,
  counts,
  fanOf,
  heights,
  isShown,
  rows,
  ticks,
  wholes,
} from "../../../../../app/live/client/room/shapes.js";

const curve = (name, median, low, high, at_end = /** @type {any} */ (null)) => ({
  name,
  median: [-11, median],
  low: [-11, low],
  high: [-11, high],
  at_end,
  said: [],
});
const ended = (seat, ...ends) => ({ seat, curves: ends.map((end) => ({ end, line: [-11, end] })) });
const ROOM = {
  announced: 3,
  hidden: false,
  results: [ended(1, -7, -6), ended(2, -7.2, -6.1), ended(5, -7.1, null)],
  class: { curves: [curve("L=1", -7.1, -7.2, -7, [-7.2, null, 0.75]), curve("L=2", -6.05, -6.1, -6)] },
};

test("who sits beyond the announced seats does not count, and all count where none are", () => {
  assert.deepEqual(
    ROOM.results.map((each) => counts(ROOM, each)),
    [true, true, false],
  );
  assert.equal(counts({ announced: null }, { seat: 99 }), true);
});

test("hidden results are drawn for the teacher alone, and there is nothing to draw without them", () => {
  const hidden = { ...ROOM, hidden: true };
  assert.deepEqual(
    ["student", "wall", "teacher"].map((who) => isShown(hidden, who)),
    [false, false, true],
  );
  assert.equal(isShown({ ...ROOM, class: null }, "teacher"), false);
});

test("rows of ends are equally wide and hold all that is known of theirs", () => {
  const [first, second] = rows(ROOM);
  const wide = ({ range: [low, high] }) => high - low;
  assert.ok(Math.abs(wide(first) - wide(second)) < 1e-12);
  assert.ok(first.range[0] < -7.2 && first.range[1] > -7);
  assert.ok(second.range[0] < -6.1 && second.range[1] > -6);
  assert.deepEqual(first.atEnd, { low: -7.2, high: null });
  assert.equal(second.atEnd, null);
  assert.deepEqual(
    second.dots.map(({ seat }) => seat),
    [1, 2],
    "a run beyond all numbers has no place",
  );
});

test("one start alone, or none that has a number, has a row with room", () => {
  const one = { ...ROOM, results: [ended(1, -7)], class: { curves: [curve("L=1", -7, -7, -7)] } };
  assert.ok(rows(one)[0].range[1] > rows(one)[0].range[0]);
  const none = { ...ROOM, results: [ended(1, null)], class: { curves: [curve("L=1", null, null, null)] } };
  assert.equal(rows(none)[0].isEmpty, true);
});

test("the curves' axis is the chart's own, and lower where the middle goes there", () => {
  const axes = { updates: 10, low: -11.5, high: -5.5 };
  assert.deepEqual(heights(ROOM, axes, true), [-11.5, -5.5]);
  const low = { ...ROOM, class: { curves: [{ median: [-20.2, null], low: [], high: [] }] } };
  assert.deepEqual(heights(low, axes, true), [-20.5, -5.5]);
  assert.deepEqual(heights(low, axes, false), [-11.5, -5.5]);
  assert.deepEqual(wholes([-11.5, -5.5]), [-11, -10, -9, -8, -7, -6]);
});

test("ticks are round and told apart by their decimals", () => {
  const { values, decimals } = ticks([-7.2413, -7.2371]);
  assert.ok(values.length >= 2 && values.every((value) => value >= -7.2413 && value <= -7.2371 + 1e-9));
  assert.equal(new Set(values.map((value) => value.toFixed(decimals))).size, values.length);
});

test("dots stand within their row, at the same place each time", () => {
  for (let seat = 1; seat < 300; seat++) assert.ok(Math.abs(across(seat)) <= 1 && across(seat) === across(seat));
});

test("bars of votes are shares of the largest", () => {
  assert.deepEqual(
    bars([2, 0, 4]).map(({ share }) => share),
    [0.5, 0, 1],
  );
  assert.deepEqual(
    bars([0, 0]).map(({ share }) => share),
    [0, 0],
  );
});

test("guesses are their middle and the middle half, along the updates", () => {
  const fan = [
    [-12, -11, -10, -9, -8],
    [-8, -7, -6, -5, -4],
  ];
  const found = fanOf({ number: 4, fan }, 100);
  assert.deepEqual(found?.middle, [
    [0, -10],
    [100, -6],
  ]);
  assert.deepEqual(around(found?.low ?? [], found?.high ?? []), [
    [0, -11],
    [100, -7],
    [100, -5],
    [0, -9],
  ]);
  assert.equal(fanOf(undefined, 100), null);
});

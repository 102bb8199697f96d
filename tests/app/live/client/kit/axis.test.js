import assert from "node:assert/strict";
import { test } from "node:test";

import {
  closed,
  extent,
  fitted,
  outside,
  placed,
  resting,
  updatesAxis,
  whole,
} from "../../../../../app/live/client/kit/axis.js";
import { near } from "../fixture.js";

const x = [...Array(301).keys()];
const rising = (start, gain, rate) => x.map((t) => start + gain * (1 - Math.exp(-t * rate)));
const height = ([low, high]) => high - low;
const share = (lines, range) => height(extent(lines)) / height(range);
const holds = ([bottom, top], [low, high]) => bottom <= low && high <= top;

test("the extent is that of finite numbers, and that of nothing is empty", () => {
  assert.deepEqual(extent([[3, NaN, -1], [Infinity, 2], []]), [-1, 3]);
  assert.deepEqual(extent([[9, 1, 2]], 1), [1, 2]);
  assert.deepEqual(extent([]), [Infinity, -Infinity]);
});

test("curves of any size take most of the height, however far the bounds are", () => {
  for (const gain of [0.01, 0.15, 2, 40]) {
    const lines = [rising(-6.28, gain, 0.03), rising(-6.28, gain, 0.05)];
    for (const ended of [false, true]) {
      const range = fitted(lines, x, 300, ended);
      assert.ok(holds(range, extent(lines)));
      assert.ok(share(lines, range) > (ended ? 0.9 : 0.4), `${gain} ${share(lines, range)}`);
    }
  }
});

test("a run too short for an opening shows its start", () => {
  for (const updates of [1, 2, 19]) {
    const [times, line] = [x.slice(0, updates + 1), [-11.09, ...Array(updates).fill(-11.08)]];
    assert.ok(holds(fitted([line], times, updates, true), extent([line])), `${updates}`);
  }
});

test("while numbers go on coming a range only extends, in few steps", () => {
  const lines = [rising(-11.09, 4, 0.02), rising(-11.09, 4, 0.03).map((v, t) => v - (t === 80 ? 1 : 0))];
  let before = fitted(
    lines.map((line) => line.slice(0, 1)),
    x,
    300,
    false,
  );
  let changes = 0;
  for (let n = 2; n <= 300; n += 1) {
    const now = fitted(
      lines.map((line) => line.slice(0, n)),
      x,
      300,
      false,
    );
    assert.ok(holds(now, before), `at ${n}`);
    changes += Number(String(now) !== String(before));
    before = now;
  }
  assert.ok(changes > 3 && changes < 30, changes);
});

test("a range that holds more never begins higher nor ends lower", () => {
  for (let i = 0; i < 2000; i += 1) {
    const [low, high] = [-20 * Math.random(), 20 * Math.random()];
    const [less, more] = [low * Math.random(), high * Math.random()];
    assert.ok(holds(resting([low, high]), resting([less, more])));
  }
});

test("first steps that would squeeze all that follows are left out at the end; those of Figure 3 are not", () => {
  const steep = rising(-37, 27, 0.9);
  const [low] = fitted([steep], x, 300, true);
  assert.ok(low > -11 && fitted([steep], x, 300, false)[0] < -37);
  const figure3 = rising(-11.09, 4.04, 0.012);
  assert.ok(fitted([figure3], x, 300, true)[0] < -11.09);
});

test("curves that are one flat line, one state, or nothing at all have an axis or none", () => {
  near(height(closed([-9, -9])), 2e-3 * 1.08, 1e-9);
  assert.equal(fitted([[NaN, NaN]], [0, 1], 1, true), null);
  assert.equal(whole([Infinity, -Infinity], []), null);
  assert.ok(holds(fitted([[-3]], [0], 300, false), [-3, -3]));
  assert.ok(holds(fitted([[-3]], [0], 300, true), [-3, -3]));
});

test("the whole range holds everything", () => {
  const range = whole([-8, -7], [-9.27, -5.735, -12]);
  assert.ok(holds(range, [-12, -5.735]) && height(range) < 8);
});

test("what lies outside is told by its edge, the nearest first", () => {
  const items = [5, -1, 2, -4, 9].map((y) => ({ y, text: String(y) }));
  assert.deepEqual(outside([0, 3], items), { over: ["5", "9"], under: ["-1", "-4"] });
  assert.deepEqual(outside([-9, 9], items), { over: [], under: [] });
});

test("an axis of updates has the start at its left end and the last update at its right one", () => {
  for (const log of [false, true])
    for (const T of [0, 1, 2, 200, 5000]) {
      const { range, tickvals, ticktext } = updatesAxis(T, log);
      const [start, end] = [0, Math.max(1, T)].map((t) => (log ? Math.log10(placed(t, log)) : placed(t, log)));
      assert.deepEqual(range, [start, end], `${T}`);
      if (!log) continue;
      assert.ok(tickvals.length < 12 && tickvals.every((t) => Math.log10(t) >= start && Math.log10(t) <= end));
      assert.deepEqual(ticktext, ["0", ...tickvals.slice(1).map(String)]);
    }
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { beyondArea, beyondFirstOrder, beyondWords } from "../../../../../app/live/client/kit/firstorder.js";
import { learn } from "../../../../../app/live/client/kit/words.js";

learn(JSON.parse(readFileSync(new URL("../../../../../app/text/kit.json", import.meta.url), "utf8")));

/** A run whose frames are `stride` updates apart; `passed[curve][t]` says whether the step from t passes the bound. */
function runOf(passed, { stride = 1, depths = passed.map(() => 3), parametrisation = "linear", rates = true } = {}) {
  const T = passed[0].length;
  const length = Math.ceil(T / stride) + 1;
  const iteration = (frame) => Math.min(frame * stride, T);
  const layout = {
    depths,
    names: depths.map((depth) => `L = ${depth}`),
    has_rates: depths.map(() => rates),
    settings: { parametrisation },
  };
  const value = (frame, curve) =>
    frame ? passed[curve].slice(iteration(frame - 1), iteration(frame)).filter(Boolean).length : 0;
  return { layout, length, iteration, value };
}

const some = (n, share) => [...Array(n)].map(() => Math.random() < share);

test("every marked step lies in a span, no other does, and they are counted one by one", () => {
  for (const share of [0, 0.1, 0.6, 1])
    for (let trial = 0; trial < 20; trial += 1) {
      const passed = some(40, share);
      const { spans, many, steps } = beyondFirstOrder(runOf([passed]), 0);
      assert.deepEqual([many, steps], [passed.filter(Boolean).length, 40]);
      const inside = (t) => spans.some(([from, to]) => from <= t && t < to);
      assert.deepEqual(
        passed.map((_, t) => inside(t)),
        passed,
      );
      assert.ok(
        spans.every(([from], i) => !i || from > spans[i - 1][1]),
        "spans are apart",
      );
    }
});

test("with frames of many updates the count is of updates and the spans hold all that are marked", () => {
  for (let trial = 0; trial < 20; trial += 1) {
    const passed = some(43, 0.2);
    const { spans, many, steps } = beyondFirstOrder(runOf([passed], { stride: 5 }), 0);
    assert.deepEqual([many, steps], [passed.filter(Boolean).length, 43]);
    passed.forEach((is, t) => assert.ok(!is || spans.some(([from, to]) => from <= t && t < to)));
  }
});

test("up to a frame only the steps before it count", () => {
  const run = runOf([[true, false, true, true]]);
  assert.deepEqual(beyondFirstOrder(run, 0, 3), { spans: [[0, 1]], many: 1, steps: 2 });
  assert.deepEqual(beyondFirstOrder(run, 0, 1), { spans: [], many: 0, steps: 0 });
});

test("one layer of linear weights is first order by itself, of logarithms not; other learners are not asked", () => {
  const passed = [[true, true]];
  assert.equal(beyondFirstOrder(runOf(passed, { depths: [1] }), 0)?.many, 0);
  assert.equal(beyondFirstOrder(runOf(passed, { depths: [1], parametrisation: "log" }), 0)?.many, 2);
  assert.equal(beyondFirstOrder(runOf(passed, { rates: false }), 0), null);
});

test("the words count every curve that has such steps and name the one that is shaded", () => {
  const run = runOf([some(9, 0), [true, ...some(8, 0)], some(9, 1)], { depths: [2, 3, 4] });
  const words = beyondWords(run, [0, 1, 2], 2);
  assert.match(words, /1 of 9 steps \(L = 3\); 9 of 9 steps \(L = 4\)\. Shaded: those of L = 4\.$/);
  assert.doesNotMatch(beyondWords(run, [0, 1, 2], 0), /Shaded/);
  assert.equal(beyondWords(run, [0], 0), "");
});

test("the mark is one filled line over the whole height, and its entry says what it means and how often", () => {
  const run = runOf([[false, true, true, false, true]]);
  const c = { run, theme: { picked: "#f00" } };
  const { x, y, name, yaxis } = beyondArea(c, beyondFirstOrder(run, 0), 0);
  assert.deepEqual(x, [1, 1, 3, 3, null, 4, 4, 5, 5, null]);
  assert.deepEqual(y, [0, 1, 1, 0, null, 0, 1, 1, 0, null]);
  assert.match(name, /relative step above 0\.1: first order does not describe this step, 3 of 5 steps \(L = 3\)/);
  assert.equal(yaxis, "y3");
});

// The figures of the maths page: their numbers are those of steps taken one by one, at every end of every slider.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { IDEAS } from "../../../../../app/live/client/ideas/ideas.js";
import { entry } from "../../../../../app/live/client/ideas/many.js";
import { climb, norm, scalar } from "../../../../../app/live/client/ideas/scale.js";
import { left, pull } from "../../../../../app/live/client/ideas/step.js";
import { learn } from "../../../../../app/live/client/kit/words.js";
import { near } from "../fixture.js";

const words = JSON.parse(readFileSync(new URL("../../../../../app/text/ideas.json", import.meta.url), "utf8"));
learn(words);

/** All combinations of the ends and the middle of an idea's sliders. */
function* settings([first, ...rest]) {
  if (!first) return yield {};
  const { name, low, high, step = 0.01, log } = first;
  const middle = log ? Math.sqrt(low * high) : low + step * Math.round((high - low) / 2 / step);
  for (const value of [low, middle, high]) for (const more of settings(rest)) yield { [name]: value, ...more };
}

const every = (visit) =>
  Object.entries(IDEAS).forEach(([name, idea]) => [...settings(idea.controls)].forEach((at) => visit(name, idea, at)));

test("every figure says a whole sentence and writes finite numbers wherever its sliders stand", () => {
  let seen = 0;
  every((name, idea, at) => {
    const told = [idea.said(at), ...idea.formulas(at)].join(" ");
    assert.ok(!/NaN|Infinity|undefined|–(?! )|idea_/.test(told), `${name} at ${JSON.stringify(at)}: ${told}`);
    assert.ok(!/\{\w+\}/.test(idea.said(at)), told);
    seen += 1;
  });
  assert.ok(seen > 80);
});

test("every figure and every slider has its words, and begins between its ends", () => {
  for (const [name, { controls }] of Object.entries(IDEAS)) {
    assert.ok(words[`idea_${name}_title`], name);
    for (const { name: slider, value, low, high } of controls)
      assert.ok(words[`set_${slider}`] && low <= value && value <= high, `${name}: ${slider}`);
  }
});

test("half the rate leaves a quarter with the product form and a half with the printed one", () => {
  const [whole, half] = [left(1e-4), left(5e-5)];
  near(whole.product / half.product, 4, 1e-3);
  near(whole.printed / half.printed, 2, 1e-2);
});

test("the pull is what two layers of weights do in one step", () => {
  for (const [own, sibling] of [
    [0.05, 0.2],
    [-0.3, 0.1],
  ]) {
    const [eta, above, weight] = [0.1, 0.6, 0.8];
    const moved = (above + (eta * (own + sibling)) / above) * (weight + (eta * own) / weight);
    near(pull.parts({ own, sibling }).whole, moved / (above * weight) - 1, 1e-12);
  }
});

test("a step stands at a right angle to the weights, so the squares add up, and its gradient is one", () => {
  for (const at of settings(norm.controls)) {
    const { before, gradient, after } = norm.step(at);
    const square = ([a, b]) => a * a + b * b;
    near(square(after) / (square(before) + at.eta ** 2 * square(gradient)), 1, 1e-12);
    const h = 1e-6;
    const difference = (climb([before[0] + h, before[1]]).llh - climb([before[0] - h, before[1]]).llh) / (2 * h);
    near(difference, gradient[0], 1e-4 * (1 + Math.abs(gradient[0])));
  }
});

test("a factor of all weights changes nothing in a network, and the linear model's loss", () => {
  const { network, linear } = scalar.at(0.5);
  near(scalar.at(2.5).network, network, 1e-12);
  assert.ok(Math.abs(scalar.at(2).linear - linear) > 0.1);
});

test("M times the flows is the step of the logarithms of eight weights in a tree of three layers", () => {
  const [eta, start, K] = [1e-6, 0.6, 8];
  const flows = [0.1, -0.05, 0.2, -0.1, -0.15, 0.05, -0.1, 0.05];
  const sizes = [2, 4];
  const group = (k, size) => Math.floor((k * size) / K);
  for (let k = 0; k < K; k += 1) {
    const sums = sizes.map((size) =>
      flows.filter((_, j) => group(j, size) === group(k, size)).reduce((a, b) => a + b, 0),
    );
    const factors = [...sums.map((A) => 1 + (eta * A) / start ** 2), 1 + eta * flows[k]];
    const step = factors.reduce((all, factor) => all + Math.log(factor), 0);
    near(
      flows.reduce((all, a, j) => all + entry(k, j, 3, start) * a, 0),
      step / eta,
      1e-5,
    );
  }
});

test("the eight trees weigh as much as the circuit: one, where its sums are normalised", () => {
  const all = Array.from({ length: 8 }, (_, tree) => IDEAS.trees.weight(tree));
  near(
    all.reduce((a, b) => a + b, 0),
    1,
    1e-12,
  );
});

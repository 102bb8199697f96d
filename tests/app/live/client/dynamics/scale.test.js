// No sentence about scale, norms or steps says of log-weights what holds for linear weights only, nor the reverse.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { normsChart, scaleTable, trueStepChart } from "../../../../../app/live/client/dynamics/normsview.js";
import { residualChart } from "../../../../../app/live/client/dynamics/residualview.js";
import { layersTable } from "../../../../../app/live/client/dynamics/stepview.js";
import { usePalette } from "../../../../../app/live/client/kit/theme.js";
import { learn } from "../../../../../app/live/client/kit/words.js";
import { rhoChart } from "../../../../../app/live/client/lab/charts.js";

const TEXT = new URL("../../../../../app/text/", import.meta.url);
for (const name of ["kit", "lab", "dynamics"]) learn(JSON.parse(readFileSync(new URL(`${name}.json`, TEXT), "utf8")));

usePalette(/** @type {any} */ ({ dashes: ["solid", "dash"] }));

/** Just enough of a page to read its text. */
class FakeNode {
  constructor() {
    this.children = [];
    this.own = "";
  }
  append(...children) {
    this.children.push(...children);
  }
  setAttribute() {}
  addEventListener() {}
  set textContent(text) {
    this.own = text;
  }
  get textContent() {
    return this.own + this.children.map((child) => child.textContent ?? child).join(" ");
  }
}
globalThis.Node = /** @type {any} */ (FakeNode);
globalThis.document = /** @type {any} */ ({ createElement: () => new FakeNode() });

const LINEAR_ONLY = [
  /only the ratios of weights matter/i,
  /∕ w²/,
  /1 ∕ c²/,
  /as (its|large as its) weight/,
  /the law holds/,
  /how far a step of η really goes/,
  /brake/,
  /added up from the start/,
];
const LOG_ONLY = [/log-weights/, /logarithm/];

const theme = {
  depth: ["#000", "#000"],
  layer: ["#000"],
  dashes: ["solid"],
  muted: "#777",
  text: "#000",
  line: "#777",
  picked: "#f00",
  rho: "#0f0",
  lineScale: 1,
  textScale: 1,
  mode: "light",
};

/** A run of two layers and two frames, all of whose numbers are made up. */
function context(parametrisation, objective = "generative", optimiser = "gradient_ascent") {
  const settings = { parametrisation, objective, optimiser, learning_rate: 0.1 };
  const plain = parametrisation === "linear" && objective !== "unnormalised" && optimiser === "gradient_ascent";
  const fields = { norm_0: 1, norm_1: 2, law_0: 1, law_1: 2, off_0: 1e-9, cuts_0: 0, weight_0: 1, weight_1: 2 };
  const row = { ...fields, flow_0: 0.1, flow_1: 0.1, step_0: 0.2, step_1: 0.1, cut_0: 0, cut_1: 0 };
  const rows = {
    length: 2,
    header: { fields: Object.keys(row), exact: plain ? [0, 1] : [], cuts: [null, null] },
    line: (field) => [row[field], row[field]],
    get: (_, field) => row[field],
    row: () => row,
  };
  const layout = {
    settings,
    depths: [2],
    names: ["L = 2"],
    has_rates: [true],
    num_components: 1,
    iterations: 1,
    learners: [optimiser],
    num_depths: 1,
  };
  const run = { layout, length: 2, iteration: (frame) => frame, value: () => 0.5 };
  const residual = { at: 1, now: 0.1, at_now: [0.01, 0.2], slopes: [2, 1], limit: 3 };
  const answers = {
    scale: { header: { at: 1, c: 2, check: null }, values: [0.1, 0.2, 0.3, 0.4] },
    residual: { header: residual, values: Float32Array.from([0.1, 0.2, 0.01, 0.02, 0.2, 0.3]) },
  };
  return {
    ...{ run, layout, theme, frame: 1, count: 2, k: 0, L: 2, factor: 2, options: {} },
    series: { x: [0, 1], line: () => [0.5, 0.5] },
    choice: { curve: 0, component: 0 },
    rows: () => rows,
    answer: (view) => answers[view],
  };
}

/** All that the views about scale say of a run. */
function said(c) {
  const charts = [normsChart, trueStepChart, residualChart].map((chart) => chart(c));
  const words = charts.flatMap((spec) => [spec.sentence(1), spec.note ?? ""]);
  const nodes = [...scaleTable(c), ...layersTable(c)].map((node) => node.textContent);
  return [...words, ...nodes, rhoChart({ ...c, options: { log_y: true } }).note].join("\n");
}

test("of log-weights nothing is said that holds for linear weights only", () => {
  for (const objective of ["generative", "discriminative", "unnormalised"]) {
    const text = said(context("log", objective));
    for (const claim of LINEAR_ONLY) assert.doesNotMatch(text, claim, objective);
    assert.match(text, /whatever ‖w‖² is/);
  }
});

test("of linear weights nothing is said that holds for log-weights only", () => {
  for (const objective of ["generative", "discriminative", "unnormalised"]) {
    const text = said(context("linear", objective));
    for (const claim of LOG_ONLY) assert.doesNotMatch(text, claim, objective);
  }
});

test("only the objective that changes with the weights' scale is said to", () => {
  for (const [objective, changes] of /** @type {[string, boolean][]} */ ([
    ["generative", false],
    ["hybrid", false],
    ["discriminative", false],
    ["unnormalised", true],
  ])) {
    const text = said(context("linear", objective));
    assert.equal(/This objective changes with the scale/.test(text), changes, objective);
    assert.equal(/the law holds/.test(text), !changes, objective);
    assert.equal(/1 ∕ c²/.test(text), !changes, objective);
  }
  const other = said(context("linear", "generative", "momentum"));
  assert.match(other, /this learner takes others/);
  assert.doesNotMatch(other, /This objective changes|the law holds/);
});

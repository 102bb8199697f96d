// What the scale of the weights does: a step at a right angle to them, and a common factor that changes nothing.

import { number, tabular } from "../kit/dom.js";
import { say } from "../kit/words.js";

const DATA = 0.8; // share of the rows that the first of two components explains; the second has the rest

/** 𝓛 and its gradient for two components that never explain the same row, less what no weight can change. */
export function climb(/** @type {number[]} */ [a, b]) {
  const sum = a + b;
  return {
    llh: DATA * Math.log(a / sum) + (1 - DATA) * Math.log(b / sum),
    gradient: [DATA / a - 1 / sum, (1 - DATA) / b - 1 / sum],
  };
}

const square = (/** @type {number[]} */ [a, b]) => a * a + b * b;

/** One step in the plane of two weights, with the circle it leaves. */
export const norm = {
  tall: true,
  controls: [
    { name: "angle", value: 55, low: 10, high: 80, step: 1, shown: (angle) => `${angle}°` },
    { name: "length", value: 1, low: 0.4, high: 1.6, step: 0.05, shown: (length) => number(length, 2) },
    { name: "eta", value: 0.3, low: 0.01, high: 0.5, step: 0.01, shown: (eta) => number(eta, 2) },
  ],
  step({ angle, length, eta }) {
    const turn = (angle * Math.PI) / 180;
    const before = [length * Math.cos(turn), length * Math.sin(turn)];
    const { gradient } = climb(before);
    const after = before.map((w, i) => w + eta * gradient[i]);
    return { before, gradient, after };
  },
  touch: (x, y) => ({ angle: Math.round((Math.atan2(y, x) * 180) / Math.PI), length: Math.hypot(x, y) }),
  draw(sheet, values) {
    const { text, muted, rho, picked } = sheet.theme;
    sheet.shape = 1.4; // so that circles are round
    const ticks = [0, 0.5, 1, 1.5, 2, 2.5];
    sheet.axes({ range: [0, 2.52], title: "w₁", ticks }, { range: [0, 1.8], title: "w₂", ticks: ticks.slice(0, 4) });
    const { before, after } = norm.step(values);
    const circle = (radius, colour, more) =>
      sheet.line(
        Array.from({ length: 61 }, (_, i) => (i * Math.PI) / 120).map((t) => [
          radius * Math.cos(t),
          radius * Math.sin(t),
        ]),
        colour,
        { "stroke-width": 1.2, ...more },
      );
    circle(Math.sqrt(square(before)), muted);
    circle(Math.sqrt(square(after)), picked, { "stroke-dasharray": "4 3" });
    sheet.arrow([0, 0], before, text);
    sheet.arrow(before, after, rho);
    sheet.note(before[0] / 2, before[1] / 2, "w", [-12, -4], { "font-style": "italic" });
    sheet.note((before[0] + after[0]) / 2, (before[1] + after[1]) / 2, "η∇", [8, -8], { fill: rho });
    sheet.dot(after[0], after[1], picked, 4.5);
  },
  formulas(values) {
    const { before, gradient } = norm.step(values);
    const [now, more] = [square(before), values.eta ** 2 * square(gradient)];
    return [`{‖ w ( t + 1 ) ‖}^2 = ${tabular(now, 3)} + ${tabular(more, 3)} = @w ${tabular(now + more, 3)}`];
  },
  said(values) {
    const { before, gradient, after } = norm.step(values);
    const turned = Math.abs(Math.atan2(after[1], after[0]) - Math.atan2(before[1], before[0])) * (180 / Math.PI);
    const right = before[0] * gradient[0] + before[1] * gradient[1];
    const said = { inner: number(Math.abs(right) < 1e-12 ? 0 : right, 2), turned: number(turned, 2) };
    return say("idea_norm_said", said);
  },
};

const TRUTH = 1.5; // what the scalar of the linear model should be

/** A factor that all components share, in a network and in a linear model. */
export const scalar = {
  controls: [{ name: "factor", value: 0.6, low: 0.1, high: 3, step: 0.05, shown: (c) => number(c, 2) }],
  touch: (factor) => ({ factor }),
  at: (c) => ({ network: climb([0.6 * c, 0.4 * c]).llh, linear: -((c - TRUTH) ** 2) / 2 - 0.8 }),
  draw(sheet, { factor }) {
    const { rho, text, muted, picked } = sheet.theme;
    const x = { range: [0, 3], title: say("common_factor"), ticks: [0, 0.5, 1, 1.5, 2, 2.5, 3] };
    sheet.axes(x, { range: [-2.2, -0.2], title: say("what_is_climbed"), ticks: [-2, -1.5, -1, -0.5] });
    const factors = Array.from({ length: 59 }, (_, i) => 0.1 + i * 0.05);
    sheet.line(
      factors.map((c) => [c, scalar.at(c).network]),
      rho,
    );
    sheet.line(
      factors.map((c) => [c, scalar.at(c).linear]),
      text,
      { "stroke-dasharray": "6 4" },
    );
    sheet.note(2.95, scalar.at(1).network, say("in_a_network"), [0, -12], { "text-anchor": "end", fill: rho });
    sheet.note(2.95, -1.75, say("in_a_linear_model"), [-26, 14], { "text-anchor": "end", fill: muted });
    const { network, linear } = scalar.at(factor);
    const slope = TRUTH - factor;
    sheet.arrow([factor, linear], [factor + 0.35 * Math.sign(slope), linear + 0.35 * Math.abs(slope)], picked);
    sheet.dot(factor, network, picked);
    sheet.dot(factor, linear, picked);
  },
  formulas({ factor }) {
    const [c, slope] = [number(factor, 2), tabular(TRUTH - factor, 3)];
    return [
      `@over {∂ 𝓛} {∂ c} = @over {∑_k @mean r_k − ∑_k z_k} c = @over {1 − 1} ${c} = @rho 0`,
      `− @over {∂ ℓ} {∂ c} = ${slope}`,
    ];
  },
  said({ factor }) {
    return say("idea_scalar_said", { c: number(factor, 2), slope: number(TRUTH - factor, 2) });
  },
};

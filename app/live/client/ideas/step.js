// What is climbed and what one step does: shares and flows, the product of layers, ρ, λ, and what both leave out.

import { number, tabular } from "../kit/dom.js";
import { say } from "../kit/words.js";

const DEEPEST = 6;
const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const signed = (x) => (x < 0 ? `{( ${tabular(x, 3)} )}` : tabular(x, 3));
const percent = (share) => `${number(100 * share, 2)} %`;

/** Two components that never explain the same row: what the data give each, what each claims, and the difference. */
export const flow = {
  controls: [
    { name: "explains", value: 0.7, low: 0.05, high: 0.95, shown: percent },
    { name: "claims", value: 0.4, low: 0.05, high: 0.95, shown: percent },
  ],
  touch: (share, row) => ({ [row % 1 > 0.6 ? "claims" : "explains"]: row > 1.1 ? share : 1 - share }),
  draw(sheet, { explains, claims }) {
    const { rho, text, picked } = sheet.theme;
    const rows = [
      [1.35, say("k_th", { k: 1 }), explains, claims],
      [0.35, say("k_th", { k: 2 }), 1 - explains, 1 - claims],
    ];
    const y = { range: [0, 2], title: "", ticks: rows.map(([at, name]) => [at + 0.12, name]) };
    sheet.axes({ range: [0, 1], title: say("share_of_rows"), ticks: [0, 0.25, 0.5, 0.75, 1] }, y);
    for (const [at, , data, claim] of rows) {
      sheet.bar([0, at], [data, at + 0.24], rho);
      sheet.bar([0, at + 0.28], [claim, at + 0.52], text, { "fill-opacity": 0.35 });
      sheet.note(data, at + 0.12, "r̄", [7, 0]);
      sheet.note(claim, at + 0.4, "z", [7, 0]);
      sheet.arrow([claim, at - 0.12], [data, at - 0.12], picked);
    }
  },
  formulas({ explains, claims }) {
    return [
      `a_1 = @mean r_1 − z_1 = ${tabular(explains, 2)} − ${tabular(claims, 2)} = @w ${signed(explains - claims)}`,
    ];
  },
  said({ explains, claims }) {
    const a = explains - claims;
    if (Math.abs(a) < 0.005) return say("idea_flow_rest", { share: percent(claims) });
    const word = a > 0 ? "idea_flow_grows" : "idea_flow_shrinks";
    return say(word, { data: percent(explains), claim: percent(claims), a: number(Math.abs(a), 2) });
  },
};

/** A component's weight as the product along its path, layer by layer. */
export const product = {
  controls: [
    { name: "layers", value: 3, low: 1, high: DEEPEST, step: 1 },
    { name: "start", value: 0.1, low: 0.01, high: 3, log: true, step: 0.05, shown: (s) => number(s, 2) },
  ],
  touch: (layer) => ({ layers: Math.round(layer) }),
  draw(sheet, { layers, start }) {
    const { depth, muted, picked } = sheet.theme;
    const x = { range: [0, DEEPEST], title: say("layers_passed"), ticks: [0, ...upTo(DEEPEST)] };
    sheet.axes(x, { range: [1e-12, 1e3], log: true, title: say("product_so_far") });
    const path = (to) => Array.from({ length: to + 1 }, (_, l) => [l, start ** l]);
    sheet.line(path(DEEPEST), muted, { "stroke-dasharray": "2 4" });
    sheet.line(path(layers), depth[layers - 1]);
    path(layers).forEach(([l, w]) => sheet.dot(l, w, l === layers ? picked : depth[layers - 1]));
    const low = start < 1;
    sheet.note(layers, start ** layers, `w = ${number(start ** layers)}`, [low ? -8 : 8, low ? 16 : 14], {
      fill: picked,
      "font-weight": 600,
      "text-anchor": layers > 3 || low ? "end" : "start",
    });
  },
  formulas({ layers, start }) {
    const factors = upTo(layers).map(() => number(start, 2));
    return [`w_k = ∏_{l < L} w_k^{[ l ]} = ${factors.join(" · ")} = @w ${tabular(start ** layers, 3)}`];
  },
  said({ layers, start }) {
    const values = { w: number(start ** layers), start: number(start, 2) };
    return layers === 1 ? say("idea_product_one", values) : say("idea_product_said", { ...values, L: layers });
  },
};

/** ρ over η against the weight in each layer above, for four depths. */
export const rate = {
  controls: [
    { name: "depth", value: 3, low: 1, high: 4, step: 1 },
    { name: "above", value: 0.1, low: 0.01, high: 10, log: true, step: 0.05, shown: (w) => number(w, 2) },
  ],
  touch: (above) => ({ above }),
  draw(sheet, { depth: L, above }) {
    const { depth, muted, line, rho } = sheet.theme;
    const x = { range: [0.01, 10], log: true, title: say("weight_above") };
    sheet.axes(x, { range: [1e-12, 1e6], log: true, title: say("rate_over_eta") });
    sheet.line(
      [
        [0.01, 1],
        [10, 1],
      ],
      line,
      { "stroke-dasharray": "4 4" },
    );
    const weights = Array.from({ length: 41 }, (_, i) => 10 ** (-2 + (3 * i) / 40));
    for (const l of upTo(4)) {
      const faint = l === L ? {} : { "stroke-opacity": 0.35 };
      const points = weights.map((w) => [w, w ** (2 * (l - 1))]);
      sheet.line(points, depth[l - 1], faint);
      const name = { "text-anchor": "end", "font-weight": l === L ? 700 : 400 };
      sheet.note(10, 10 ** (2 * (l - 1)), `L = ${l}`, [-4, 12], name);
    }
    sheet.note(0.012, 1e5, say("faster"), [0, 0], { fill: muted });
    sheet.note(9, 1e-11, say("braked"), [0, 0], { fill: muted, "text-anchor": "end" });
    sheet.dot(above, above ** (2 * (L - 1)), rho);
  },
  formulas({ depth: L, above }) {
    const squares = upTo(L - 1).map(() => `{${number(above, 2)}}^2`);
    const product = squares.length ? ` = η · ${squares.join(" · ")}` : "";
    return [
      `@rho ρ_k = η ∏_{l < L − 1} {( w_k^{[ l ]} )}^2${product} = @rho ${tabular(above ** (2 * (L - 1)), 3)} · η`,
    ];
  },
  said({ depth: L, above }) {
    const times = above ** (2 * (L - 1));
    if (L === 1) return say("idea_rate_shallow");
    const word = times < 0.999 ? "idea_rate_brake" : times > 1.001 ? "idea_rate_faster" : "idea_rate_equal";
    return say(word, { L, above: number(above, 2), times: number(times < 1 ? 1 / times : times) });
  },
};

const [PULLED_ETA, PULLED_ABOVE, PULLED_OWN] = [0.1, 0.6, 0.8]; // of the figure of λ

/** Two siblings under one weight: each asks for a change of it, both get the sum. */
export const pull = {
  controls: [
    { name: "own", value: 0.05, low: -0.3, high: 0.3, shown: (a) => number(a, 2) },
    { name: "sibling", value: 0.2, low: -0.3, high: 0.3, shown: (a) => number(a, 2) },
  ],
  parts({ own, sibling }) {
    const step = (PULLED_ETA * own) / PULLED_OWN ** 2;
    const lam = (PULLED_ETA * (own + sibling)) / PULLED_ABOVE ** 2;
    return { step, lam, whole: (1 + step) * (1 + lam) - 1 };
  },
  draw(sheet, values) {
    const { rho, lam: violet, picked, line } = sheet.theme;
    const { step, lam, whole } = pull.parts(values);
    const bars = [
      [say("bar_own"), step, rho],
      [say("bar_pull"), lam, violet],
      [say("bar_both"), whole, picked],
    ];
    const y = { range: [0, 3], title: "", ticks: bars.map(([name], i) => [2.5 - i, name]) };
    sheet.axes({ range: [-0.25, 0.25], title: say("relative_change"), ticks: [-0.2, -0.1, 0, 0.1, 0.2] }, y);
    bars.forEach(([, value, colour], i) => {
      sheet.bar([0, 2.25 - i], [value, 2.75 - i], colour);
      const beside = value < 0 ? [-6, "end"] : [6, "start"];
      sheet.note(value, 2.5 - i, number(value, 2), [beside[0], 0], { "text-anchor": beside[1] });
    });
    sheet.line(
      [
        [0, 0],
        [0, 3],
      ],
      line,
    );
  },
  formulas(values) {
    const { lam } = pull.parts(values);
    const [a, b] = [values.own, values.sibling].map(signed);
    const numbers = `@over {${number(PULLED_ETA)} · {( ${a} + ${b} )}} {${PULLED_ABOVE}}^2`;
    return [`@lam λ_1 = @over {η {( a_1 + a_2 )}} {( w^{[ 0 ]} )}^2 = ${numbers} = @lam ${signed(lam)}`];
  },
  said(values) {
    const { step, lam } = pull.parts(values);
    const word = Math.abs(lam) < 5e-4 ? "idea_pull_none" : lam > 0 ? "idea_pull_lifts" : "idea_pull_holds";
    return `${say(word)}${step * lam < 0 ? ` ${say("idea_pull_against")}` : ""}`;
  },
};

const [LAYERS, FLOWS] = [
  [0.5, 0.8, 0.6],
  [0.3, 0.2, 0.25],
];

/** What first order leaves of one step of three layers, with ρ as the product and as the paper prints it. */
export function left(eta) {
  const s = LAYERS.map((w, l) => (eta * FLOWS[l]) / w ** 2);
  const exact = s.reduce((all, one) => all * (1 + one), 1) - 1;
  const lam = s[0] + s[1];
  return { product: exact - lam - s[2], printed: exact - lam - s[2] / LAYERS[1] ** 2 };
}

/** Both residuals against η on axes of powers of ten. */
export const residual = {
  controls: [{ name: "eta", value: 0.01, low: 1e-4, high: 0.3, log: true, step: 0.05, shown: (eta) => number(eta, 2) }],
  touch: (eta) => ({ eta }),
  draw(sheet, { eta }) {
    const { rho, text, picked } = sheet.theme;
    const x = { range: [1e-4, 1], log: true, title: say("eta_of_step") };
    sheet.axes(x, { range: [1e-8, 1], log: true, title: say("left_of_step") });
    const rates = Array.from({ length: 41 }, (_, i) => 10 ** (-4 + i / 10));
    sheet.line(
      rates.map((at) => [at, left(at).product]),
      rho,
    );
    sheet.line(
      rates.map((at) => [at, Math.abs(left(at).printed)]),
      text,
      { "stroke-dasharray": "6 4" },
    );
    sheet.note(1.5e-3, left(1.5e-3).product, say("slope_product"), [10, 12], { fill: rho });
    sheet.note(1.5e-3, Math.abs(left(1.5e-3).printed), say("slope_printed"), [-6, -14], { "text-anchor": "end" });
    sheet.dot(eta, left(eta).product, picked);
    sheet.dot(eta, Math.abs(left(eta).printed), picked);
  },
  formulas({ eta }) {
    const [now, half] = [eta, eta / 2].map((at) => left(at).product);
    const numbers = `@over {${tabular(now, 3)}} {${tabular(half, 3)}}`;
    return [`@over {r ( η )} {r ( η ∕ 2 )} = ${numbers} = @rho ${tabular(now / half, 3)}`];
  },
  said({ eta }) {
    const [{ product: now, printed }, half] = [left(eta), left(eta / 2)];
    const times = { a: number(now / half.product), b: number(printed / half.printed) };
    return say("idea_residual_said", { eta: number(eta, 2), ...times });
  },
};

// Views of one step: equations 3 to 13 with the numbers of the step at the cursor, and its parts as bars.

import { html, number, plotlyText, subscript } from "./dom.js";
import { both, coloured, formula, over, row, sub, sup, under, value } from "./maths.js";

const PARTS = [
  { name: "own", word: "part_own", colour: "rho" }, { name: "pull", word: "part_pull", colour: "lam" },
  { name: "second", word: "part_second", colour: "muted" }, { name: "higher", word: "part_higher", colour: "muted" },
  { name: "floor", word: "part_floor", colour: "picked" },
];
export const SYMBOLS = { light: { rho: "#0b6e5b", lam: "#6d28d9" }, dark: { rho: "#5eead4", lam: "#c4a5ff" } };

/** The step from the cursor's iteration as the server took it apart, or null; the last iteration has no next one. */
export function stepAt(c) {
  const rows = c.derived.series("step", { depth: c.L, k: c.k });
  if (!rows?.length || !c.run.length) return null;
  const frame = Math.min(c.frame, rows.length - 1);
  const get = (field) => rows.at(frame, field);
  const layers = (field) => Array.from({ length: c.L }, (_, l) => get(`${field}_${l}`));
  const named = ["w", "gradient", "rho", "rho_printed", "lam", "own", "pull", "second", "higher", "floor", "next", "change"];
  return {
    ...Object.fromEntries(named.map((name) => [name, get(name)])), frame, t: c.run.iteration(frame),
    weights: layers("weight"), flows: layers("flow"), steps: layers("step"), cut: layers("cut").map((x) => x > 0),
    eta: c.run.layout.settings.learning_rate, log: c.run.layout.settings.parametrisation === "log",
  };
}

/** What first order, w + ρ∇ + λw, says of the next weight. */
export const firstOrder = (s) => s.w + s.own + s.pull;
export const exactStep = (s) => firstOrder(s) + s.second + s.higher;

/** The parts of the change of w_k as horizontal bars on one linear scale. */
export function stepChart(c) {
  const s = stepAt(c);
  if (!s) return null;
  const colours = { ...c.theme, ...SYMBOLS[c.theme.mode] };
  const rows = [...PARTS.map(({ name, word, colour }) => ({ name: c.say(word), value: s[name], colour: colours[colour] })), { name: c.say("part_change"), value: s.change, colour: c.theme.text }];
  const largest = Math.max(...rows.map(({ value: v }) => Math.abs(v)).filter(Number.isFinite), 1e-300);
  return {
    moves: true, at: s.t, revision: `${c.L}-${c.k}-${s.t}`,
    data: [{
      type: "bar", orientation: "h", y: rows.map(({ name }) => plotlyText(name)), x: rows.map(({ value: v }) => (Number.isFinite(v) ? v : 0)),
      marker: { color: rows.map(({ colour }) => colour) }, text: rows.map(({ value: v }) => number(v)), textposition: "outside", cliponaxis: false,
      textfont: { size: 12 * c.theme.textScale }, hovertemplate: "%{text}<extra></extra>", width: 0.62,
    }],
    x: { title: { text: c.say("change_axis", { k: c.k + 1 }) }, range: [-1.45 * largest, 1.45 * largest], zeroline: true, zerolinecolor: c.theme.line, nticks: 5 },
    y: { autorange: "reversed", gridcolor: "rgba(0,0,0,0)" },
    margin: { l: 132 * c.theme.textScale },
    sentence: () => stepSentence(c, s),
    table: () => ({ head: [c.say("part"), c.say("value")], rows: rows.map(({ name, value: v }) => [name, v]) }),
  };
}

function stepSentence(c, s) {
  const { say } = c;
  const where = say("step_where", { t: s.t, k: c.k + 1, w: number(s.w, 6), next: number(s.next, 6) });
  const sizes = PARTS.map(({ name, word }) => ({ word, name, size: Math.abs(s[name]) })).filter(({ size }) => size > 0).sort((a, b) => b.size - a.size);
  if (!Number.isFinite(s.next) || !sizes.length) return where;
  const largest = say("step_largest", { part: say(sizes[0].word) });
  const first = Math.abs(s.own + s.pull);
  const left = Math.abs(s.second + s.higher);
  const trust = s.cut.some(Boolean) ? say("step_cut", { layers: s.cut.flatMap((cut, l) => (cut ? [layerName(c, l)] : [])).join(", ") })
    : left === 0 ? say("step_exact") : left < first ? say("step_small", { share: number((100 * left) / first, 2) }) : say("step_large", { times: number(left / first, 2) });
  return `${where} ${largest} ${trust}`;
}

/** What a layer of sums is called: root first, the components' own last. */
export const layerName = (c, l) => (c.L === 1 ? c.say("layer_only") : l === 0 ? c.say("layer_root") : l === c.L - 1 ? c.say("layer_last") : c.say("layer_inner", { l: l + 1 }));

/** Equations 3 to 13 of the paper, each in symbols and then in the numbers of this step. */
export function equationsOf(c) {
  const s = stepAt(c);
  if (!s) return [];
  const k = String(c.k + 1);
  const wk = () => sub("w", k);
  const wl = (l) => both("w", k, row("[", String(l), "]"));
  const v = (x, kind) => value(number(x, 4), kind);
  const times = (parts) => parts.flatMap((part, i) => (i ? ["·", part] : [part]));
  const plus = (parts) => parts.flatMap((part, i) => (i ? ["+", part] : [part]));
  const signed = (x, kind) => (x < 0 ? row("(", v(x, kind), ")") : v(x, kind));
  const above = s.weights.slice(0, -1);
  const grad = () => sub("∇", wk());
  const lines = [
    ["eq_product", [wk(), "=", under("∏", "l"), both("w", k, row("(", "l", ")")), "=", ...(c.L > 1 ? [...times(s.weights.map((w) => v(w))), "="] : []), v(s.w, "w")]],
    ["eq_gradient", [grad(), "=", over(sub("a", k), wk()), "=", v(s.gradient)]],
    ["eq_exact", s.log
      ? [both("w", k, "exact"), "=", wk(), "·", sup("e", row(under("∑", "l"), sub("s", "l"))), "=", v(exactStep(s))]
      : [both("w", k, "exact"), "=", wk(), under("∏", "l"), row("(", "1", "+", sub("s", "l"), ")"), "=", v(s.w), ...s.steps.flatMap((x) => ["·", row("(", "1", x < 0 ? "−" : "+", v(Math.abs(x)), ")")]), "=", v(exactStep(s))]],
    ["eq_rho", s.log
      ? [coloured("rho", sub("ρ", k)), "=", "η", both("w", k, "2"), "=", v(s.eta), "·", sup(v(s.w), "2"), "=", v(s.rho, "rho")]
      : [coloured("rho", sub("ρ", k)), "=", "η", ...(c.L > 1 ? [under("∏", row("l", "<", "L", "−", "1")), sup(row("(", both("w", k, row("[", "l", "]")), ")"), "2"), "=", v(s.eta), ...above.flatMap((w) => ["·", sup(v(w), "2")])] : []), "=", v(s.rho, "rho")]],
    ["eq_lam", c.L > 1
      ? [coloured("lam", sub("λ", k)), "=", under("∑", row("l", "<", "L", "−", "1")), sub("s", "l"), "=", ...(c.L > 2 ? [...plus(s.steps.slice(0, -1).map((x) => signed(x))), "="] : []), v(s.lam, "lam")]
      : [coloured("lam", sub("λ", k)), "=", v(0, "lam")]],
    ["eq_first", [row(sub("w", k), "(", "t", "+", "1", ")"), "≈", wk(), "+", coloured("rho", sub("ρ", k)), grad(), "+", coloured("lam", sub("λ", k)), wk(), "=", v(s.w), "+", signed(s.own, "rho"), "+", signed(s.pull, "lam"), "=", v(firstOrder(s), "w")]],
  ];
  if (!s.log && c.L >= 3) lines.splice(4, 0, ["eq_printed", [coloured("rho", both("ρ", k, "printed")), "=", "η", sup(row("(", wl(0), ")"), "2"), "=", v(s.rho_printed)]]);
  if (Number.isFinite(s.next)) lines.push(["eq_recorded", [row(sub("w", k), "(", "t", "+", "1", ")"), "=", v(s.next, "w")]]);
  return lines.map(([word, parts]) => html("div", { class: "spn-formula", "data-equation": word.slice(3) }, html("span", { class: "spn-eq-name", text: c.say(word) }), html("span", { class: "spn-eq-body" }, ...formula(parts))));
}

/** A small table beside the equations: weight, flow and relative step of every layer on the component's path. */
export function layersTable(c) {
  const s = stepAt(c);
  if (!s) return [];
  const head = ["layer", "weight", "flow_symbol", "step_symbol"].map((word) => html("th", { text: c.say(word), scope: "col" }));
  const rows = s.weights.map((w, l) => html("tr", { class: s.cut[l] ? "spn-cut" : undefined },
    html("th", { text: layerName(c, l), scope: "row" }), html("td", { text: number(w, 4) }), html("td", { text: number(s.flows[l], 4) }),
    html("td", { text: number(s.steps[l], 4) + (s.cut[l] ? ` · ${c.say("cut_here")}` : "") })));
  return [html("table", {}, html("caption", { text: c.say("path_caption", { k: subscript(c.k + 1) }) }), html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...rows))];
}

// One induced tree in numbers, as the server took it apart: its weight, its step, and eq. 7 for one of its edges.

import { llhChart } from "../lab/charts.js";
import { html, number } from "../kit/dom.js";
import { formula, over, row, sub, under, value } from "../kit/maths.js";
import { powerOfTen, timed } from "../kit/plot.js";
import { cividis, curveStyle } from "../kit/theme.js";

const SCALE = [0, 0.25, 0.5, 0.75, 1].map((at) => [at, cividis(at)]);
const MOST_FACTORS = 6;

const line = (name, key, parts, said) => html("div", { class: "spn-formula", "data-equation": key },
  html("span", { class: "spn-eq-name", text: name }), html("span", { class: "spn-eq-body" }, ...formula(parts), said ? html("span", { class: "spn-aside", text: said }) : null));

const times = (values) => {
  const shown = values.slice(0, MOST_FACTORS).flatMap((v, i) => (i ? ["·", value(number(v))] : [value(number(v))]));
  return values.length > MOST_FACTORS ? [...shown, "·", "…"] : shown;
};

const weightOf = (name) => sub("w", name);
const stepOf = () => row(over(row(weightOf("T"), "(", "t", "+", "1", ")"), row(weightOf("T"), "(", "t", ")")), "−", "1"); // a node has one place: made anew
const relative = () => over(sub("∇", "e"), weightOf("e"));
const change = (factor) => (factor === null ? "–" : number(factor - 1, 5));

/** w_T as the product of its edges, and its step: exact, to first order, recorded. */
export function treeFormulas({ say }, tree) {
  const share = say("tree_share", { share: number(100 * tree.share) });
  const lines = [line(say("eq_weight"), "weight", [weightOf("T"), "=", under("∏", row("e", "∈", "T")), weightOf("e"), "=", ...times(tree.weights), "=", value(number(tree.weight), "w")], share)];
  if (tree.plain) {
    lines.push(line(say("eq_exact"), "exact", [stepOf(), "=", under("∏", row("e", "∈", "T")), row("(", "1", "+", "η", relative(), ")"), "−", "1", "=", value(change(tree.exact))]));
    lines.push(line(say("eq_first"), "first", [stepOf(), "≈", "η", under("∑", row("e", "∈", "T")), relative(), "=", value(change(tree.first_order))], say("eq_first_note")));
  }
  const floor = tree.cut.some(Boolean) ? say("tree_cut") : "";
  lines.push(line(say("eq_recorded"), "recorded", [stepOf(), "=", value(change(tree.measured), "w")], floor || (tree.measured === null ? say("not_yet") : "")));
  return lines;
}

/** The edges of the tree, one row each; a press on a row chooses the edge for eq. 7. */
export function edgesTable({ say }, tree, chosen, pick) {
  const head = [say("edge"), say("edge_from"), say("edge_to"), "wₑ", "aₑ", say("edge_factor")];
  const rows = tree.edges.map((e, i) => html("tr", { "data-edge": e, "aria-selected": String(e === chosen) },
    html("th", { scope: "row" }, html("button", { type: "button", class: "spn-link", text: `${e}`, title: say("edge_choose"), onclick: () => pick(e) })),
    ...[`⊕ ${tree.from[i]}`, `${tree.to[i]}`, number(tree.weights[i]), number(tree.flows[i]), change(tree.factors[i]) + (tree.cut[i] ? " ▾" : "")].map((text) => html("td", { text }))));
  return html("table", {}, html("caption", { text: say("edges_of", { number: tree.number }) }), html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col", text })))), html("tbody", {}, ...rows));
}

/** Eq. 7: the gradient of an edge is what all trees through it ask for; here as flows, weight times gradient. */
export function edgeFormulas({ say, run }, found) {
  const gradient = () => over(row("∂", "𝓛"), row("∂", weightOf("e")));
  const sum = [gradient(), "=", under("∑", row("T", "∋", "e")), over(weightOf("T"), weightOf("e")), sub("∇", "T")];
  if (found.kept === null || found.kept === undefined) return [line(say("eq_seven"), "seven", sum, say("eq_seven_many", { n: found.through }))];
  const { flow, sum: all, weight } = found;
  const t = found.kept + 1;
  return [
    line(say("eq_seven"), "seven", [...sum, "=", value(number(all / weight, 6))], say("eq_seven_trees", { n: found.through, t })),
    line(say("eq_backward"), "backward", [gradient(), "=", over(sub("a", "e"), weightOf("e")), "=", value(number(flow / weight, 6))], say("eq_difference", { d: number(Math.abs(flow - all) / weight, 2) })),
    html("p", { class: "spn-note", text: say("eq_terms", { terms: found.terms.map(([name, a]) => `${name}: ${number(a / weight)}`).join(", ") }) }),
  ];
}

/** The curves, with the range that they take up: the bounds of the lab's chart are far away here. */
export function circuitChart(c) {
  const spec = llhChart(c);
  const { series, run } = c;
  const seen = series.llh.flatMap(({ low, high }) => [low[0], high[0], low[c.count - 1], high[c.count - 1], series.lowest]).filter(Number.isFinite);
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  const unit = high - low > 3 ? 2 : 10;
  spec.y.range = [Math.floor(unit * low - 0.4) / unit, Math.ceil(unit * high + 0.8) / unit];
  spec.shapes = spec.shapes.filter(({ y0 }) => y0 > spec.y.range[0] && y0 < spec.y.range[1]);
  spec.ends = spec.ends.map((end) => (end.d < run.layout.num_depths ? end : { ...end, text: c.say("mixture") }));
  return spec;
}

/** The share of the chosen tree over iterations, in the circuit and in the mixture of trees. */
export function shareChart(c) {
  if (!c.tree) return null;
  const rows = c.derived.series("treecurve", { depth: c.L, tree: c.tree.number });
  if (!rows) return null;
  const last = c.run.layout.names.length - 1;
  const own = curveStyle(c.run, c.view.depth, c.theme);
  const lines = [{ name: c.run.layout.names[c.view.depth], values: rows.line("circuit"), colour: own.color }];
  if (last >= c.run.layout.num_depths) lines.push({ name: c.run.layout.names[last], label: c.say("mixture"), values: rows.line("mixture"), colour: curveStyle(c.run, last, c.theme).color, dash: "dash" });
  const log = c.options.log_y;
  const at = (i) => lines.map(({ name, values }) => `${name}: ${number(100 * values[Math.min(i, values.length - 1)])} %`).join("; ");
  return timed(c, lines, (frame) => c.say("share_said", { number: c.tree.number, t: c.run.iteration(frame), shares: at(frame) }), {
    positive: log, drawn: (v) => v, legend: false, revision: `${c.tree.number}-${log}`,
    y: { title: { text: c.say("share_axis") }, type: log ? "log" : "linear", rangemode: log ? undefined : "tozero", exponentformat: "power" },
  });
}

/** M over trees: who moves with whom. */
export function treeMatrixChart(c) {
  const answer = c.derived.point("treematrix", { depth: c.L, t: c.t });
  if (!answer || answer.header.at === null) return null;
  const { header, values } = answer;
  const n = header.numbers.length;
  const rows = Array.from({ length: n }, (_, i) => Array.from(values.subarray(i * n, (i + 1) * n)));
  const present = Array.from(values).filter((v) => v > 0 && Number.isFinite(v));
  if (!present.length) return null;
  const log = c.options.log_y;
  const shown = (v) => (v > 0 ? (log ? Math.log10(v) : v) : null);
  const [low, high] = [log ? Math.log10(Math.min(...present)) : 0, shown(Math.max(...present))];
  const names = header.numbers.map((text, i) => (text.length > 6 ? `#${i + 1}` : text));
  const marked = [low, (low + high) / 2, high];
  const chosen = c.tree ? header.numbers.indexOf(c.tree.number) : -1;
  const box = { type: "rect", x0: -0.5, x1: n - 0.5, y0: chosen - 0.5, y1: chosen + 0.5, line: { color: c.theme.picked, width: 2 } };
  const axis = { tickmode: "array", tickvals: names.flatMap((_, i) => (i % Math.ceil(n / 12) ? [] : [i])), ticktext: names.filter((_, i) => !(i % Math.ceil(n / 12))), gridcolor: "rgba(0,0,0,0)", constrain: "domain" };
  return {
    moves: true, at: header.at + 1, revision: `${c.L}`,
    data: [{
      type: "heatmap", z: rows.map((r) => r.map(shown)), zmin: low, zmax: high - low < 1e-9 ? low + 1 : high, colorscale: SCALE, hoverongaps: false,
      customdata: rows.map((r) => r.map((v) => number(v))), hovertemplate: "%{customdata}<extra></extra>",
      colorbar: { title: { text: "M", side: "top" }, thickness: 10, outlinewidth: 0, len: 1, tickvals: marked, ticktext: marked.map((v) => (log ? powerOfTen(10 ** v) : number(v))), tickfont: { size: 10 * c.theme.textScale } },
    }],
    x: { ...axis, title: { text: c.say("tree_u") }, range: [-0.5, n - 0.5] }, y: { ...axis, title: { text: c.say("tree_t") }, range: [n - 0.5, -0.5], scaleanchor: "x" },
    shapes: chosen < 0 ? [] : [box], margin: { r: 70 * c.theme.textScale },
    sentence: () => matrixSentence(c, header, rows),
    table: () => ({ head: [c.say("tree_t"), ...header.numbers], rows: rows.map((r, i) => [header.numbers[i], ...r]) }),
  };
}

function matrixSentence(c, { at, eigenvalues, all, numbers }, rows) {
  if (!eigenvalues.length) return "";
  const apart = rows.flatMap((r, i) => r.filter((v, j) => j > i && v > 0)).length;
  const pairs = (numbers.length * (numbers.length - 1)) / 2;
  const rank = eigenvalues.filter((v) => v > 1e-9 * eigenvalues[0]).length;
  return c.say(all ? "matrix_all" : "matrix_some", { t: at + 1, n: numbers.length, top: number(eigenvalues[0]), rank, shared: pairs ? number((100 * apart) / pairs) : "0" });
}

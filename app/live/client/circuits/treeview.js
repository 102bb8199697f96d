// One induced tree in numbers, as the server took it apart: its weight, its step, and eq. 7 for one of its edges.

import { llhChart } from "../kit/curves.js";
import { html, number, table, tr } from "../kit/dom.js";
import { formulaLine } from "../kit/maths.js";
import { matrixSpec, powerOfTen, timed } from "../kit/spec.js";
import { curveStyle } from "../kit/theme.js";
import { say } from "../kit/words.js";
import { range, rowsOf } from "../run/series.js";

const MOST_FACTORS = 6;

const times = (values) => {
  const shown = values.slice(0, MOST_FACTORS).map((v) => number(v));
  return shown.join(" · ") + (values.length > MOST_FACTORS ? " · …" : "");
};

const STEP = "{@over {w_T ( t + 1 )} {w_T ( t )} − 1}";
const RELATIVE = "@over ∇_e w_e";
const change = (factor) => (factor === null ? "–" : number(factor - 1, 5));

/** w_T as the product of its edges, and its step: exact, to first order, recorded. */
export function treeFormulas(tree) {
  const late = tree.cut.some(Boolean) ? say("tree_cut") : tree.measured === null ? say("not_yet") : "";
  const step = (key, text, said = "") => formulaLine(say(`tree_step_${key}`), key, `${STEP} ${text}`, said);
  const share = say("tree_share", { share: number(100 * tree.share) });
  const weight = `w_T = ∏_{e ∈ T} w_e = ${times(tree.weights)} = @w ${number(tree.weight)}`;
  const plain = [
    step("exact", `= ∏_{e ∈ T} {( 1 + η ${RELATIVE} )} − 1 = ${change(tree.exact)}`),
    step("first", `≈ η ∑_{e ∈ T} ${RELATIVE} = ${change(tree.first_order)}`, say("eq_first_note")),
  ];
  return [
    formulaLine(say("eq_weight"), "weight", weight, share),
    ...(tree.plain ? plain : []),
    step("recorded", `= @w ${change(tree.measured)}`, late),
  ];
}

/** The edges of the tree, one row each; a press on a row chooses the edge for eq. 7. */
export function edgesTable(tree, chosen, pick) {
  const head = [say("edge"), say("edge_from"), say("edge_to"), "wₑ", "aₑ", say("edge_factor")];
  const rows = tree.edges.map((e, i) => {
    const button = { type: "button", class: "spn-link", text: e, title: say("edge_choose"), onclick: () => pick(e) };
    const step = change(tree.factors[i]) + (tree.cut[i] ? " ▾" : "");
    const cells = [`⊕ ${tree.from[i]}`, tree.to[i], number(tree.weights[i]), number(tree.flows[i]), step];
    return tr([html("button", button), ...cells], { "data-edge": e, "aria-selected": String(e === chosen) });
  });
  return table(say("edges_of", { number: tree.number }), head, rows);
}

/** Eq. 7: the gradient of an edge is what all trees through it ask for; here as flows, weight times gradient. */
export function edgeFormulas({ kept, through, flow, sum: all, weight, terms }) {
  const gradient = "@over {∂ 𝓛} {∂ w_e}";
  const sum = `${gradient} = ∑_{T ∋ e} @over w_T w_e ∇_T`;
  if (kept === null) return [formulaLine(say("eq_seven"), "seven", sum, say("eq_seven_many", { n: through }))];
  const result = (a) => `= ${number(a / weight, 6)}`;
  const listed = say("eq_seven_trees", { n: through, t: kept });
  const off = say("eq_difference", { d: number(Math.abs(flow - all) / weight, 2) });
  const backward = `${gradient} = @over a_e w_e ${result(flow)}`;
  const largest = terms.map(([name, a]) => `${name}: ${number(a / weight)}`).join(", ");
  return [
    formulaLine(say("eq_seven"), "seven", `${sum} ${result(all)}`, listed),
    formulaLine(say("eq_backward"), "backward", backward, off),
    html("p", { class: "spn-note", text: say("eq_terms", { terms: largest }) }),
  ];
}

/** The curves; the mixture's, which has a long name, is called so at its end. */
export function circuitChart(c) {
  const spec = llhChart(c);
  const isMixture = ({ curve }) => curve >= c.layout.num_depths;
  return { ...spec, ends: spec.ends.map((end) => (isMixture(end) ? { ...end, text: say("mixture") } : end)) };
}

/** The share of the chosen tree over iterations, in the circuit and in the mixture of trees. */
export function shareChart(c) {
  if (!c.tree) return null;
  const { number: tree } = c.tree;
  const rows = c.rows("treecurve", { tree });
  if (!rows) return null;
  const { names, num_depths } = c.layout;
  const last = names.length - 1;
  const line = (curve, field, more = {}) => ({
    name: names[curve],
    values: rows.line(field),
    colour: curveStyle(c.run, curve, c.theme).color,
    ...more,
  });
  const mixture = last >= num_depths ? [line(last, "mixture", { label: say("mixture"), dash: "dash" })] : [];
  const lines = [line(c.choice.curve, "circuit"), ...mixture];
  const log = c.options.log_y;
  const shares = (frame) => lines.map(({ name, values }) => `${name}: ${number(100 * values[frame])} %`).join("; ");
  const sentence = (frame) => say("share_said", { number: tree, t: c.run.iteration(frame), shares: shares(frame) });
  const axis = log ? { type: "log" } : { type: "linear", rangemode: "tozero" };
  return timed(c, lines, sentence, {
    positive: log,
    revision: `${tree}-${log}`,
    y: { title: say("tree_share_axis"), ...axis },
  });
}

/** M over trees: who moves with whom. */
export function treeMatrixChart(c) {
  const answer = c.answer("treematrix");
  if (!answer) return null;
  const { numbers } = answer.header;
  const rows = rowsOf(answer.values, numbers.length);
  if (!rows.flat().some((v) => v > 0 && Number.isFinite(v))) return null;
  const marks = (low, high) => {
    const tickvals = [low, (low + high) / 2, high];
    return { tickvals, ticktext: tickvals.map((v) => (c.options.log_y ? powerOfTen(10 ** v) : number(v))) };
  };
  const look = {
    chosen: c.tree ? numbers.indexOf(c.tree.number) : -1,
    x: "tree_u",
    y: "tree_t",
    axis: treeAxis(numbers),
    cells: { hovertemplate: "%{customdata}<extra></extra>" },
    marks,
    room: 70,
  };
  return {
    ...matrixSpec(c, answer, rows, look),
    sentence: () => matrixSentence(answer.header, rows),
    table: () => ({ head: [say("tree_t"), ...numbers], rows: rows.map((row, i) => [numbers[i], ...row]) }),
  };
}

/** An axis of trees by their numbers, or by their places where those are long. */
function treeAxis(numbers) {
  const every = Math.ceil(numbers.length / 12);
  const places = range(numbers.length).filter((i) => i % every === 0);
  const ticktext = places.map((i) => (numbers[i].length > 6 ? `#${i + 1}` : numbers[i]));
  return { tickmode: "array", tickvals: places.map((i) => i + 1), ticktext };
}

function matrixSentence({ at, eigenvalues, all, numbers }, rows) {
  if (!eigenvalues.length) return "";
  const n = numbers.length;
  const sharing = rows.flatMap((r, i) => r.filter((v, j) => j > i && v > 0)).length;
  const shared = n > 1 ? number((200 * sharing) / (n * (n - 1))) : "0";
  const rank = eigenvalues.filter((v) => v > 1e-9 * eigenvalues[0]).length;
  return say(all ? "matrix_all" : "matrix_some", { t: at, n, top: number(eigenvalues[0]), rank, shared });
}

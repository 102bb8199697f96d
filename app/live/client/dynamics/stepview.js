// Views of one step: equations 3 to 13 with the numbers of the step at the cursor, and its parts as bars.

import { number, plotlyText, subscript, table, tabular, tr } from "../kit/dom.js";
import { formulaLine } from "../kit/maths.js";
import { CLEAR, largestOf } from "../kit/spec.js";
import { say } from "../kit/words.js";
import { etaAt, range } from "../run/series.js";

const PARTS = { own: "rho", pull: "lam", second: "muted", higher: "muted", floor: "picked" }; // and their colours

/**
 * The step from the cursor's iteration as the server took it apart, or null; the last iteration has no next one.
 * @returns {any}
 */
function stepAt(c) {
  const rows = c.rows("step", { k: c.k });
  if (!rows) return null;
  const frame = Math.min(c.frame, rows.length - 1);
  const row = rows.row(frame);
  const layers = (field) => range(c.L).map((l) => row[`${field}_${l}`]);
  return {
    ...row,
    t: c.run.iteration(frame),
    weights: layers("weight"),
    flows: layers("flow"),
    steps: layers("step"),
    cut: layers("cut").map((x) => x > 0),
    eta: etaAt(c.layout, c.run.iteration(frame)),
    log: c.layout.settings.parametrisation === "log",
  };
}

/** What first order, w + ρ∇ + λw, says of the next weight. */
const firstOrder = (s) => s.w + s.own + s.pull;

/** The parts of the change of w_k as horizontal bars on one linear scale. */
export function stepChart(c) {
  const s = stepAt(c);
  if (!s) return null;
  const bars = Object.entries({ ...PARTS, change: "text" });
  const names = bars.map(([name]) => say(`part_${name}`));
  const values = bars.map(([name]) => s[name]);
  const largest = largestOf(values) || 1e-300;
  const written = { text: values.map((v) => number(v)), textposition: "outside", cliponaxis: false };
  return {
    at: s.t,
    revision: `${c.L}-${c.k}-${s.t}`,
    data: [
      {
        type: "bar",
        orientation: "h",
        y: names.map(plotlyText),
        width: 0.62,
        ...written,
        x: values.map((v) => (Number.isFinite(v) ? v : 0)),
        marker: { color: bars.map(([, colour]) => c.theme[colour]) },
        textfont: { size: 12 * c.theme.textScale },
        hovertemplate: "%{text}<extra></extra>",
      },
    ],
    x: {
      title: say("change_axis", { k: c.k + 1 }),
      range: [-1.45 * largest, 1.45 * largest],
      zeroline: true,
      zerolinecolor: c.theme.line,
      nticks: 5,
    },
    y: { autorange: "reversed", gridcolor: CLEAR },
    margin: { l: 132 * c.theme.textScale },
    sentence: () => stepSentence(c, s),
    table: () => ({ head: [say("part"), say("value")], rows: names.map((name, i) => [name, values[i]]) }),
  };
}

function stepSentence(c, s) {
  if (!Number.isFinite(s.next)) return say("step_end", { t: s.t, k: c.k + 1, w: number(s.w, 6) });
  const where = say("step_where", { t: s.t, k: c.k + 1, w: number(s.w, 6), next: number(s.next, 6) });
  const size = (name) => Math.abs(s[name]);
  const [largest] = Object.keys(PARTS)
    .filter((name) => size(name) > 0)
    .sort((a, b) => size(b) - size(a));
  if (!largest) return where;
  return `${where} ${say("step_largest", { part: say(`part_${largest}`) })} ${trust(c, s)}`;
}

/** How far first order can be trusted in a step. */
function trust(c, s) {
  const cut = s.cut.flatMap((is, l) => (is ? [layerName(c, l)] : []));
  if (cut.length) return say("step_cut", { layers: cut.join(", ") });
  const [first, left] = [Math.abs(s.own + s.pull), Math.abs(s.second + s.higher)];
  if (left === 0) return say("step_exact");
  if (left < first) return say("step_small", { share: number((100 * left) / first, 2) });
  return say("step_large", { times: number(left / first, 2) });
}

/** What a layer of sums is called: root first, the components' own last. */
export function layerName({ L }, l) {
  if (L === 1) return say("layer_only");
  if (l === 0) return say("layer_root");
  return l === L - 1 ? say("layer_last") : say("layer_inner", { l: l + 1 });
}

const v = (x) => tabular(x, 4);
const signed = (x, colour = "") => (x < 0 ? `{( ${colour} ${v(x)} )}` : `${colour} ${v(x)}`);
const timesSquares = (weights) => weights.map((w) => ` · {${v(w)}}^2`).join("");

/** Equation 8–10, the exact step: one factor per layer, on logarithms one exponent. */
function exactStepOf(s, k) {
  const start = `w_${k}^${say("exact_mark")} = w_${k}`;
  const result = `= ${v(firstOrder(s) + s.second + s.higher)}`;
  if (s.log) return `${start} · e^{∑_l s_l} ${result}`;
  const factors = s.steps.map((x) => ` · {( 1 ${x < 0 ? "−" : "+"} ${v(Math.abs(x))} )}`);
  return `${start} ∏_l {( 1 + s_l )} = ${v(s.w)}${factors.join("")} ${result}`;
}

/** Equation 13 with the product over the layers above; on logarithms η w². */
function rateOf(s, k, L) {
  const [rate, result] = [`@rho ρ_${k} = η`, `= @rho ${v(s.rho)}`];
  if (s.log) return `${rate} w_${k}^2 = ${v(s.eta)}${timesSquares([s.w])} ${result}`;
  if (L === 1) return `${rate} ${result}`;
  const squares = timesSquares(s.weights.slice(0, -1));
  return `${rate} ∏_{l < L − 1} {( w_${k}^{[ l ]} )}^2 = ${v(s.eta)}${squares} ${result}`;
}

function pullOf(s, k, L) {
  const pull = `@lam λ_${k} =`;
  if (L === 1) return `${pull} @lam 0`;
  const terms =
    L > 2
      ? `${s.steps
          .slice(0, -1)
          .map((x) => signed(x))
          .join(" + ")} =`
      : "";
  return `${pull} ∑_{l < L − 1} s_l = ${terms} @lam ${v(s.lam)}`;
}

/** Equations 3 to 13 of the paper, each in symbols and then in the numbers of this step. */
export function equationsOf(c) {
  const s = stepAt(c);
  if (!s) return [];
  const k = c.k + 1;
  const w = `w_${k}`;
  const gradient = `∇_{${w}}`;
  const factors = c.L > 1 ? `${s.weights.map(v).join(" · ")} =` : "";
  const printed = `@rho ρ_${k}^${say("printed_mark")} = η {( w_${k}^{[ 0 ]} )}^2 = ${v(s.rho_printed)}`;
  const terms = `${w} + @rho ρ_${k} ${gradient} + @lam λ_${k} ${w}`;
  const numbers = `${v(s.w)} + ${signed(s.own, "@rho")} + ${signed(s.pull, "@lam")} = @w ${v(firstOrder(s))}`;
  const lines = [
    ["product", `${w} = ∏_l w_${k}^{[ l ]} = ${factors} @w ${v(s.w)}`],
    ["gradient", `${gradient} = @over a_${k} ${w} = ${v(s.gradient)}`],
    ["exact", exactStepOf(s, k)],
    ["rho", rateOf(s, k, c.L)],
    ...(!s.log && c.L >= 3 ? [["printed", printed]] : []),
    ["lam", pullOf(s, k, c.L)],
    ["first", `{${w} ( t + 1 )} ≈ ${terms} = ${numbers}`],
    ...(Number.isFinite(s.next) ? [["recorded", `{${w} ( t + 1 )} = @w ${v(s.next)}`]] : []),
  ];
  return lines.map(([key, text]) => formulaLine(say(`eq_${key}`), key, text));
}

/** A small table beside the equations: weight, flow and relative step of every layer on the component's path. */
export function layersTable(c) {
  const s = stepAt(c);
  if (!s) return [];
  const head = ["layer", "weight", "flow_symbol", s.log ? "step_symbol_log" : "step_symbol"].map((word) => say(word));
  const rows = s.weights.map((w, l) => {
    const step = number(s.steps[l], 4) + (s.cut[l] ? ` · ${say("cut_here")}` : "");
    return tr([layerName(c, l), number(w, 4), number(s.flows[l], 4), step], { class: s.cut[l] && "spn-cut" });
  });
  return [table(say("path_caption", { k: subscript(c.k + 1) }), head, rows)];
}

// The preconditioner M(t): the matrix at the cursor, and its eigenvalues over time.

import { number } from "../kit/dom.js";
import { powerOfTen, timed } from "../kit/plot.js";
import { cividis } from "../kit/theme.js";

const SCALE = [0, 0.25, 0.5, 0.75, 1].map((at) => [at, cividis(at)]);

export function matrixChart(c) {
  const answer = c.derived.point("matrix", { depth: c.L, t: c.t });
  if (!answer || answer.header.at === null) return null;
  const { header, values } = answer;
  const K = c.run.layout.num_components;
  const rows = Array.from({ length: K }, (_, i) => Array.from(values.subarray(i * K, (i + 1) * K)));
  const present = Array.from(values).filter((v) => v > 0 && Number.isFinite(v));
  const log = c.options.log_y;
  const z = rows.map((row) => row.map((v) => (v > 0 ? (log ? Math.log10(v) : v) : null)));
  const [least, most] = [Math.min(...present), Math.max(...present)];
  const [low, high] = log ? [Math.log10(least), Math.log10(most)] : [0, most];
  const powers = Array.from({ length: Math.max(0, Math.floor(high) - Math.ceil(low) + 1) }, (_, i) => Math.ceil(low) + i);
  const marked = powers.length > 2 ? powers.filter((_, i, all) => i % Math.ceil(all.length / 5) === 0) : [low, high];
  const names = Array.from({ length: K }, (_, i) => i + 1);
  const box = (x0, x1, y0, y1) => ({ type: "rect", x0: x0 - 0.5, x1: x1 + 0.5, y0: y0 - 0.5, y1: y1 + 0.5, line: { color: c.theme.picked, width: 2 } });
  return {
    moves: true, at: header.at + 1, revision: `${c.L}`,
    data: [{
      type: "heatmap", x: names, y: names, z, zmin: low, zmax: high - low < 1e-9 ? low + 1 : high, colorscale: SCALE, hoverongaps: false, xgap: 1, ygap: 1,
      customdata: rows.map((row) => row.map((v) => number(v))), hovertemplate: "k = %{y}, j = %{x}: M = %{customdata}<extra></extra>",
      colorbar: { title: { text: "M", side: "top" }, thickness: 10, outlinewidth: 0, len: 1, tickfont: { size: 10 * c.theme.textScale }, ...(log ? { tickvals: marked, ticktext: marked.map((p) => powerOfTen(10 ** p)) } : { exponentformat: "power" }) },
    }],
    x: { title: { text: c.say("component_j") }, dtick: K > 16 ? 8 : 1, range: [0.5, K + 0.5], constrain: "domain", gridcolor: "rgba(0,0,0,0)" },
    y: { title: { text: c.say("component_k") }, dtick: K > 16 ? 8 : 1, range: [K + 0.5, 0.5], scaleanchor: "x", constrain: "domain", gridcolor: "rgba(0,0,0,0)" },
    shapes: [box(1, K, c.k + 1, c.k + 1)], margin: { r: 64 * c.theme.textScale },
    sentence: () => matrixSentence(c, header, rows),
    table: () => ({ head: ["k", ...names.map((j) => `j = ${j}`)], rows: rows.map((row, i) => [i + 1, ...row]) }),
  };
}

/** Components that carry most of a direction: those within half of its largest entry. */
const carriers = (vector) => vector.flatMap((v, i) => (Math.abs(v) > 0.5 * Math.max(...vector.map(Math.abs)) ? [i + 1] : []));

/** Numbers in rising order with runs drawn together: 1–4, 7. */
function inRuns(numbers) {
  const runs = [];
  for (const n of numbers) n === runs.at(-1)?.[1] + 1 ? (runs.at(-1)[1] = n) : runs.push([n, n]);
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
}

function matrixSentence(c, { at, eigenvalues, largest }, rows) {
  if (!eigenvalues.length) return "";
  const ratio = eigenvalues[0] / eigenvalues.at(-1);
  const shared = rows[c.k].filter((v, j) => j !== c.k && v > 0).length;
  const fast = eigenvalues.filter((value) => value > 0.999 * eigenvalues[0]).length;
  const who = carriers(largest);
  const values = { t: at + 1, top: number(eigenvalues[0]), low: number(eigenvalues.at(-1)), ratio: number(ratio), k: c.k + 1, who: who.length === rows.length ? c.say("all_components_agree") : inRuns(who), n: fast };
  return `${c.say(fast === rows.length ? "matrix_equal" : fast > 1 ? "matrix_several" : "matrix_said", values)} ${c.say(shared ? "matrix_shared" : "matrix_alone", { ...values, n: shared })}`;
}

export function eigenvalueChart(c) {
  const rows = c.derived.series("eigenvalues", { depth: c.L });
  if (!rows?.length) return null;
  const K = c.run.layout.num_components;
  const log = c.options.log_y;
  const lines = Array.from({ length: K }, (_, i) => ({
    name: c.say("eigenvalue", { i: i + 1 }), label: i === 0 ? c.say("largest") : i === K - 1 ? c.say("smallest") : "", values: rows.line(String(i)),
    colour: cividis(c.theme.mode === "dark" ? 0.25 + (0.75 * (K - 1 - i)) / Math.max(1, K - 1) : (0.8 * i) / Math.max(1, K - 1)), width: i === 0 || i === K - 1 ? 2.2 : 1,
  }));
  const sentence = (frame) => {
    const at = Math.min(frame, rows.length - 1);
    const [top, low] = [rows.at(at, "0"), rows.at(at, String(K - 1))];
    return c.say("eigen_said", { t: c.run.iteration(at), top: number(top), low: number(low), ratio: number(top / low), first: number(rows.at(0, "0") / rows.at(0, String(K - 1))) });
  };
  return timed(c, lines, sentence, { positive: log, margin: { r: 76 }, y: { type: log ? "log" : "linear", title: { text: c.say("eigen_axis") }, nticks: 7, autorange: true } });
}

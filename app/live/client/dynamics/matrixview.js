// The preconditioner M(t): the matrix at the cursor, and its eigenvalues over time.

import { number } from "../kit/dom.js";
import { matrixTrace, powerOfTen, scaled, timed } from "../kit/spec.js";
import { cividis } from "../kit/theme.js";
import { say } from "../kit/words.js";

const clear = "rgba(0,0,0,0)";

/** Ticks of the colours: whole powers of ten if there are three, else both ends. */
function powers(low, high) {
  const all = Array.from({ length: Math.max(0, Math.floor(high) - Math.ceil(low) + 1) }, (_, i) => Math.ceil(low) + i);
  const shown = all.length > 2 ? all.filter((_, i) => i % Math.ceil(all.length / 5) === 0) : [low, high];
  return { tickvals: shown, ticktext: shown.map((p) => powerOfTen(10 ** p)) };
}

export function matrixChart(c) {
  const answer = c.derived.point("matrix", { depth: c.L, t: c.t });
  if (!answer) return null;
  const { header, values } = answer;
  const K = c.run.layout.num_components;
  const rows = Array.from({ length: K }, (_, i) => Array.from(values.subarray(i * K, (i + 1) * K)));
  const log = c.options.log_y;
  const names = rows.map((_, i) => i + 1);
  const outline = {
    type: "rect",
    x0: 0.5,
    x1: K + 0.5,
    y0: c.k + 0.5,
    y1: c.k + 1.5,
    line: { color: c.theme.picked, width: 2 },
  };
  const axis = (word, more) => ({
    title: { text: say(word) },
    dtick: K > 16 ? 8 : 1,
    constrain: "domain",
    gridcolor: clear,
    ...more,
  });
  const marks = (low, high) => (log ? powers(low, high) : { exponentformat: "power" });
  const hover = "k = %{y}, j = %{x}: M = %{customdata}<extra></extra>";
  return {
    moves: true,
    at: header.at + 1,
    revision: `${c.L}`,
    data: [matrixTrace(c, rows, log, marks, { x: names, y: names, xgap: 1, ygap: 1, hovertemplate: hover })],
    x: axis("component_j", { range: [0.5, K + 0.5] }),
    y: axis("component_k", { range: [K + 0.5, 0.5], scaleanchor: "x" }),
    shapes: [outline],
    margin: { r: 64 * c.theme.textScale },
    sentence: () => matrixSentence(c, header, rows),
    table: () => ({ head: ["k", ...names.map((j) => `j = ${j}`)], rows: rows.map((row, i) => [i + 1, ...row]) }),
  };
}

/** Components that carry most of a direction: those within half of its largest entry. */
const carriers = (vector) =>
  vector.flatMap((v, i) => (Math.abs(v) > 0.5 * Math.max(...vector.map(Math.abs)) ? [i + 1] : []));

/** Numbers in rising order with runs drawn together: 1–4, 7. */
function inRuns(numbers) {
  /** @type {number[][]} */
  const runs = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last && n === last[1] + 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
}

function matrixSentence(c, { at, eigenvalues, largest }, rows) {
  if (!eigenvalues.length) return "";
  const [top, low] = [eigenvalues[0], eigenvalues.at(-1)];
  const shared = rows[c.k].filter((v, j) => j !== c.k && v > 0).length;
  const fast = eigenvalues.filter((value) => value > 0.999 * top).length;
  const carried = carriers(largest);
  const who = carried.length === rows.length ? say("all_components_agree") : inRuns(carried);
  const values = { t: at + 1, top: number(top), low: number(low), ratio: number(top / low), who, n: fast };
  const speed = say(fast === rows.length ? "matrix_equal" : fast > 1 ? "matrix_several" : "matrix_said", values);
  return `${speed} ${say(shared ? "matrix_shared" : "matrix_alone", { k: c.k + 1, n: shared })}`;
}

export function eigenvalueChart(c) {
  const rows = c.derived.series("eigenvalues", { depth: c.L });
  if (!rows) return null;
  const K = c.run.layout.num_components;
  const log = c.options.log_y;
  const share = (i) => i / Math.max(1, K - 1);
  const colour = (i) => cividis(c.theme.mode === "dark" ? 0.25 + 0.75 * share(K - 1 - i) : 0.8 * share(i));
  const label = (i) => (i === 0 ? say("largest") : i === K - 1 ? say("smallest") : "");
  const lines = Array.from({ length: K }, (_, i) => ({
    name: say("eigenvalue", { i: i + 1 }),
    label: label(i),
    values: rows.line(String(i)),
    colour: colour(i),
    width: i === 0 || i === K - 1 ? 2.2 : 1,
  }));
  const sentence = (frame) => {
    const at = Math.min(frame, rows.length - 1);
    const [top, low] = [lines[0].values[at], lines[K - 1].values[at]];
    const first = lines[0].values[0] / lines[K - 1].values[0];
    const values = { top: number(top), low: number(low), ratio: number(top / low), first: number(first) };
    return say("eigen_said", { t: c.run.iteration(at), ...values });
  };
  return timed(c, lines, sentence, { positive: log, margin: { r: 76 }, y: scaled("eigen_axis", log) });
}

// The preconditioner M(t): the matrix at the cursor, and its eigenvalues over time.

import { number } from "../kit/dom.js";
import { matrixSpec, powerOfTen, scaled, timed } from "../kit/spec.js";
import { cividis } from "../kit/theme.js";
import { say } from "../kit/words.js";
import { range, rowsOf } from "../run/series.js";

/** Ticks of the colours: whole powers of ten if there are three, else both ends. */
function powers(low, high) {
  const lowest = Math.ceil(low);
  const all = range(Math.max(0, Math.floor(high) - lowest + 1)).map((i) => lowest + i);
  const shown = all.length > 2 ? all.filter((_, i) => i % Math.ceil(all.length / 5) === 0) : [low, high];
  return { tickvals: shown, ticktext: shown.map((p) => powerOfTen(10 ** p)) };
}

export function matrixChart(c) {
  const answer = c.answer("matrix");
  if (!answer) return null;
  const rows = rowsOf(answer.values, c.layout.num_components);
  const hovertemplate = "k = %{y}, j = %{x}: M = %{customdata}<extra></extra>";
  const look = {
    chosen: c.k,
    x: "component_j",
    y: "component_k",
    axis: { dtick: rows.length > 16 ? 8 : 1 },
    cells: { xgap: 1, ygap: 1, hovertemplate },
    marks: c.options.log_y ? powers : () => ({ exponentformat: "power" }),
    room: 64,
  };
  return {
    ...matrixSpec(c, answer, rows, look),
    sentence: () => matrixSentence(c, answer.header, rows),
    table: () => ({ head: ["k", ...rows.map((_, j) => `j = ${j + 1}`)], rows: rows.map((row, i) => [i + 1, ...row]) }),
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
  const values = { t: at, top: number(top), low: number(low), ratio: number(top / low), who, n: fast };
  const speed = say(fast === rows.length ? "matrix_equal" : fast > 1 ? "matrix_several" : "matrix_said", values);
  return `${speed} ${say(shared ? "matrix_shared" : "matrix_alone", { k: c.k + 1, n: shared })}`;
}

export function eigenvalueChart(c) {
  const rows = c.rows("eigenvalues");
  if (!rows) return null;
  const last = c.layout.num_components - 1;
  const colour = (share) => cividis(c.theme.mode === "dark" ? 1 - 0.75 * share : 0.8 * share);
  const label = (i) => (i === 0 ? say("largest") : i === last ? say("smallest") : "");
  const lines = range(last + 1).map((i) => ({
    name: say("eigenvalue", { i: i + 1 }),
    label: label(i),
    values: rows.line(String(i)),
    colour: colour(i / Math.max(1, last)),
    width: label(i) ? 2.2 : 1,
  }));
  const sentence = (at) => {
    const [top, low] = [0, last].map((i) => lines[i].values[at]);
    const first = number(lines[0].values[0] / lines[last].values[0]);
    const t = c.run.iteration(at);
    return say("eigen_said", { t, top: number(top), low: number(low), ratio: number(top / low), first });
  };
  return timed(c, lines, sentence, { first_order: true, margin: { r: 76 }, ...scaled("eigen_axis", c.options.log_y) });
}

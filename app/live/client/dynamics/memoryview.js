// View 4: μ(t,τ) of a component as a picture, one row as stems beside a classical momentum, and the start's share.

import { number } from "../kit/dom.js";
import { beyondArea, beyondFirstOrder } from "../kit/firstorder.js";
import { colourbar, diverging, largestOf, level, signedScale, timed } from "../kit/spec.js";
import { say } from "../kit/words.js";
import { range, rowsOf } from "../run/series.js";

const percent = (part, whole) => Math.round((100 * part) / Math.max(1, whole));

/** The picture: row t, column τ; drawn below the diagonal only, since a step has no future gradients. */
function kernelTrace(c, x, values, largest) {
  const n = x.length;
  const { drawn, ticks } = c.options.log_y
    ? signedScale(largest * 1e-4, largest, c.small ? 2 : 4)
    : { drawn: (v) => v, ticks: { exponentformat: "power" } };
  const square = (cell) => x.map((_, i) => x.map((_, j) => cell(values[i * n + j], j < i)));
  const top = drawn(largest);
  return {
    type: "heatmap",
    x,
    y: x,
    z: square((v, past) => (past && Number.isFinite(v) ? drawn(v) : null)),
    zmin: -top,
    zmax: top,
    colorscale: diverging(c.theme),
    colorbar: colourbar(c, "μ", { len: 1, ...ticks }),
    customdata: square((v) => number(v)),
    hovertemplate: "t = %{y}, τ = %{x}: μ = %{customdata}<extra></extra>",
  };
}

export function kernelChart(c) {
  const answer = c.picture("kernel", { k: c.k });
  if (!answer?.header.iterations) return null;
  const { header, values } = answer;
  const x = header.iterations;
  const end = x.at(-1) + 0.5;
  const largest = largestOf(values);
  const here = { type: "line", x0: -0.5, x1: c.t, y0: c.t, y1: c.t };
  const beyond = rowsBeyond(c, end);
  const pairs = () => x.flatMap((t, i) => x.slice(0, i).map((tau, j) => [t, tau, values[i * x.length + j]]));
  return {
    at: header.at,
    revision: `${c.L}-${c.k}`,
    legend: beyond.length > 0 && largest > 0,
    data: largest === 0 ? [] : [kernelTrace(c, x, values, largest), ...beyond],
    x: { title: say("tau_axis"), range: [-0.5, end], constrain: "domain" },
    y: { title: say("t_axis"), range: [end, -0.5] },
    shapes: [{ ...here, line: { color: c.theme.picked, width: 1.5 } }],
    margin: { r: 64 * c.theme.textScale },
    sentence: () => kernelSentence(c, x.length, values, largest),
    table: () => ({ head: ["t", "τ", "μ"], rows: pairs() }),
  };
}

/** The rows of steps that first order does not describe, marked where the picture is empty: a step has no future. */
function rowsBeyond(c, end) {
  const found = beyondFirstOrder(c.run, c.choice.curve);
  if (!found?.many) return [];
  const corners = {
    x: found.spans.flatMap(([from]) => [from, end, end, from, null]),
    y: found.spans.flatMap(([from, to]) => [from - 0.5, from - 0.5, to - 0.5, to - 0.5, null]),
  };
  return [beyondArea(c, found, c.choice.curve, corners)];
}

/** How many coefficients are negative, and in how many steps the older half of the past acts like the newer. */
function kernelSentence(c, n, values, largest) {
  if (c.L === 1 || largest === 0) return say("kernel_none");
  const pasts = rowsOf(values, n).flatMap((row, i) => (i < 2 ? [] : [row.slice(0, i)]));
  const acting = pasts.flat().filter((v) => v < 0 || v > 0);
  const lasting = pasts.filter((past) => {
    const [oldest, newest] = [largestOf(past.slice(0, past.length / 2)), largestOf(past.slice(past.length / 2))];
    return newest > 0 && oldest >= newest / 2;
  });
  const negative = percent(acting.filter((v) => v < 0).length, acting.length);
  const kept = percent(lasting.length, pasts.length);
  return say(kept > 10 ? "kernel_lasts" : "kernel_fades", { negative, kept, largest: number(largest) });
}

export function rowChart(c) {
  const answer = c.answer("row", { k: c.k });
  if (!answer) return null;
  const { header, values } = answer;
  const n = values.length;
  const every = Math.max(1, Math.ceil(n / 400));
  const at = range(n).filter((i) => (n - 1 - i) % every === 0);
  const x = at;
  const y = at.map((i) => values[i]);
  const stems = {
    x: x.flatMap((tau) => [tau, tau, null]),
    y: y.flatMap((v) => [0, Number.isFinite(v) ? v : null, null]),
  };
  const decay = (i) => values[n - 1] * c.beta ** (n - 1 - i);
  const classical = say("classical", { beta: number(c.beta) });
  const hoverinfo = "skip";
  const marker = { size: n > 120 ? 3 : 5, color: c.theme.lam };
  const hovertemplate = "τ = %{x}: %{y:.3g}<extra>μ</extra>";
  const dashed = { color: c.theme.picked, dash: "6px,3px", width: 1.8 * c.theme.lineScale };
  return {
    at: header.at,
    legend: true,
    revision: `${c.L}-${c.k}-${header.at}`,
    data: [
      ...gradientsBeyond(c, n),
      { ...stems, hoverinfo, line: { color: c.theme.lam, width: 1 }, showlegend: false },
      { mode: "markers", name: "μ(t,τ)", x, y, marker, hovertemplate },
      { name: classical, x, y: at.map(decay), hoverinfo, line: dashed },
    ],
    x: { title: say("tau_axis"), range: [-0.5, Math.max(1, n - 0.5)] },
    y: { title: say("row_axis"), zeroline: true, zerolinecolor: c.theme.line, nticks: 5 },
    sentence: () => rowSentence(c, answer, x, y),
    table: () => ({ head: ["τ", "μ(t,τ)", classical], rows: Array.from(values, (v, i) => [i, v, decay(i)]) }),
  };
}

/** The gradients of steps that first order does not describe. */
function gradientsBeyond(c, n) {
  const found = beyondFirstOrder(c.run, c.choice.curve, Math.min(c.run.length, Math.floor(n / c.run.stride) + 1));
  return found?.many ? [beyondArea(c, found, c.choice.curve)] : [];
}

function rowSentence(c, { header, values }, x, y) {
  if (!values.length) return say("row_first");
  const largest = largestOf(y);
  if (c.L === 1 || largest === 0) return say("kernel_none");
  const place = y.findIndex((v) => Math.abs(v) === largest);
  const strongest = { tau: x[place], largest: number(y[place]) };
  const now = { t: header.at, lam: number(header.lam ?? NaN), latest: number(values.at(-1)) };
  return say("row_said", { ...now, ...strongest, fitted: fittedBeta(values) });
}

/** The β whose decay is nearest over the last ten gradients, in words. */
function fittedBeta(values) {
  const last = Array.from(values.subarray(-10), Math.abs).filter((v) => v > 0 && Number.isFinite(v));
  const n = last.length - 1;
  return n < 1 ? "–" : number((last[0] / last[n]) ** (1 / n), 4);
}

export function startChart(c) {
  const rows = c.rows("memory", { k: c.k });
  if (!rows) return null;
  const whole = rows.line("w");
  const [start, sum] = ["start", "sum"].map((field) => rows.line(field).map((v, i) => v / whole[i]));
  const total = start.map((v, i) => v + sum[i]);
  const largest = Math.max(largestOf(start), largestOf(sum), 1);
  const { drawn, ticks } = largest > 3 ? signedScale(0.1, largest) : { drawn: (v) => v, ticks: {} };
  const part = (word, values, look) => ({ name: say(word), label: say(`${word}_short`), values, ...look });
  const together = { colour: c.theme.muted, dash: "2px,2px", width: 1.2 };
  const lines = [
    part("from_start", start, { colour: c.theme.picked }),
    part("from_gradients", sum, { colour: c.theme.rho, dash: "8px,4px" }),
    { name: say("unrolled"), label: "", values: total, ...together },
  ];
  return timed(c, lines, (at) => startSentence(c, at, start, total), {
    first_order: true,
    drawn,
    legend: true,
    y: { title: say("share_axis"), ...ticks, autorange: true },
    shapes: [level(c, drawn(1))],
  });
}

function startSentence(c, at, start, total) {
  const where = { t: c.run.iteration(at), k: c.k + 1 };
  if (!Number.isFinite(start[at]) || !Number.isFinite(total[at])) return say("start_broken", where);
  const ratios = { ratio: number(total[at]), start: number(start[at]) };
  if (Math.abs(total[at] - 1) > 0.1) return say("start_apart", { ...where, ...ratios });
  const word = start[at] > 1.005 ? "start_more" : start[at] > 0.5 ? "start_much" : "start_little";
  return say(word, { ...where, share: number(100 * start[at]) });
}

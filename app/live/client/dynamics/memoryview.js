// View 4: μ(t,τ) of a component as a picture, one row of it as stems beside a classical momentum, and the start's share.

import { number } from "../kit/dom.js";
import { diverging, signedScale, timed } from "../kit/plot.js";
import { SYMBOLS } from "./stepview.js";

const largestOf = (values) => values.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);

export function kernelChart(c) {
  const answer = c.derived.picture("kernel", { depth: c.L, k: c.k });
  if (!answer?.header.iterations) return null;
  const { header: { iterations }, values } = answer;
  const n = iterations.length;
  const largest = largestOf(values);
  const unit = (largest || 1) * (c.options.log_y ? 1e-4 : 1);
  const { drawn, ticks } = c.options.log_y ? signedScale(unit, largest || 1, c.narrow ? 2 : 4) : { drawn: (v) => v, ticks: { exponentformat: "power" } };
  const x = iterations.map((t) => t + 1);
  const z = x.map((_, i) => Array.from({ length: n }, (_, j) => (j < i && Number.isFinite(values[i * n + j]) ? drawn(values[i * n + j]) : null)));
  const top = drawn(largest || 1);
  const here = c.t + 1;
  return {
    moves: true, at: answer.header.at + 1, revision: `${c.L}-${c.k}`,
    data: largest === 0 ? [] : [{
      type: "heatmap", x, y: x, z, zmin: -top, zmax: top, colorscale: diverging(c.theme), hoverongaps: false, customdata: x.map((_, i) => Array.from({ length: n }, (_, j) => number(values[i * n + j]))),
      hovertemplate: "t = %{y}, τ = %{x}: μ = %{customdata}<extra></extra>",
      colorbar: { title: { text: "μ", side: "top" }, thickness: 10, outlinewidth: 0, len: 1, ...ticks, tickfont: { size: 10 * c.theme.textScale } },
    }],
    x: { title: { text: c.say("tau_axis") }, range: [0.5, x.at(-1) + 0.5], constrain: "domain" }, y: { title: { text: c.say("t_axis") }, range: [x.at(-1) + 0.5, 0.5] },
    shapes: [{ type: "line", x0: 0.5, x1: here, y0: here, y1: here, line: { color: c.theme.picked, width: 1.5 } }],
    margin: { r: 64 * c.theme.textScale },
    sentence: () => kernelSentence(c, iterations, values, largest),
    table: () => ({ head: ["t", "τ", "μ"], rows: x.flatMap((t, i) => x.slice(0, i).map((tau, j) => [t, tau, values[i * n + j]])) }),
  };
}

function kernelSentence(c, iterations, values, largest) {
  if (c.L === 1 || largest === 0) return c.say("kernel_none");
  const n = iterations.length;
  let [positive, negative, lasting, rows] = [0, 0, 0, 0];
  for (let i = 2; i < n; i += 1) {
    const row = values.subarray(i * n, i * n + i);
    for (const v of row) v > 0 ? (positive += 1) : v < 0 && (negative += 1);
    const sizes = Array.from(row, Math.abs);
    const oldest = largestOf(sizes.slice(0, i / 2)), newest = largestOf(sizes.slice(i / 2));
    rows += 1;
    if (newest > 0 && oldest >= newest / 2) lasting += 1;
  }
  const share = Math.round((100 * negative) / Math.max(1, positive + negative));
  const kept = Math.round((100 * lasting) / Math.max(1, rows));
  return c.say(kept > 10 ? "kernel_lasts" : "kernel_fades", { negative: share, kept, largest: number(largest) });
}

export function rowChart(c) {
  const answer = c.derived.point("row", { depth: c.L, k: c.k, t: c.t });
  if (!answer || answer.header.at === null) return null;
  const { header, values } = answer;
  const n = values.length;
  const every = Math.max(1, Math.ceil(n / 400));
  const at = Array.from({ length: Math.ceil(n / every) }, (_, i) => n - 1 - i * every).reverse();
  const y = at.map((i) => values[i]);
  const stems = { x: [], y: [] };
  at.forEach((i, j) => (stems.x.push(i + 1, i + 1, null), stems.y.push(0, Number.isFinite(y[j]) ? y[j] : null, null)));
  const largest = largestOf(y);
  const latest = values[n - 1];
  const beta = c.beta;
  const classical = at.map((i) => latest * beta ** (n - 1 - i));
  return {
    moves: true, at: header.at + 1, legend: true, revision: `${c.L}-${c.k}-${header.at}`,
    data: [
      { type: "scatter", mode: "lines", ...stems, line: { color: SYMBOLS[c.theme.mode].lam, width: 1 }, showlegend: false, hoverinfo: "skip" },
      { type: "scatter", mode: "markers", name: "μ(t,τ)", x: at.map((i) => i + 1), y, marker: { size: n > 120 ? 3 : 5, color: SYMBOLS[c.theme.mode].lam }, hovertemplate: "τ = %{x}: %{y:.3g}<extra>μ</extra>" },
      { type: "scatter", mode: "lines", name: c.say("classical", { beta: number(beta) }), x: at.map((i) => i + 1), y: classical, line: { color: c.theme.picked, dash: "6px,3px", width: 1.8 * c.theme.lineScale }, hoverinfo: "skip" },
    ],
    x: { title: { text: c.say("tau_axis") }, range: [0.5, Math.max(2, n + 0.5)] },
    y: { title: { text: c.say("row_axis") }, zeroline: true, zerolinecolor: c.theme.line, nticks: 5 },
    sentence: () => (n === 0 ? c.say("row_first") : c.L === 1 || largest === 0 ? c.say("kernel_none") : c.say("row_said", { t: header.at + 1, lam: number(header.lam ?? NaN), latest: number(latest), tau: at[y.findIndex((v) => Math.abs(v) === largest)] + 1, largest: number(y.find((v) => Math.abs(v) === largest)), fitted: fittedBeta(values) })),
    table: () => ({ head: ["τ", "μ(t,τ)", c.say("classical", { beta: number(beta) })], rows: Array.from(values, (v, i) => [i + 1, v, latest * beta ** (n - 1 - i)]) }),
  };
}

/** The β whose decay is nearest over the last ten gradients, in words. */
function fittedBeta(values) {
  const last = Array.from(values.subarray(Math.max(0, values.length - 10)), Math.abs).filter((v) => v > 0 && Number.isFinite(v));
  return last.length < 2 ? "–" : number((last[0] / last.at(-1)) ** (1 / (last.length - 1)), 4);
}

export function startChart(c) {
  const rows = c.derived.series("memory", { depth: c.L, k: c.k });
  if (!rows?.length) return null;
  const ratio = (field) => Array.from({ length: rows.length }, (_, i) => rows.at(i, field) / rows.at(i, "w"));
  const [start, sum] = [ratio("start"), ratio("sum")];
  const largest = Math.max(largestOf(start), largestOf(sum), 1);
  const wide = largest > 3;
  const { drawn, ticks } = wide ? signedScale(0.1, largest) : { drawn: (v) => v, ticks: {} };
  const colours = SYMBOLS[c.theme.mode];
  const total = start.map((v, i) => v + sum[i]);
  return timed(c, [
    { name: c.say("from_start"), label: c.say("from_start_short"), values: start, colour: c.theme.picked },
    { name: c.say("from_gradients"), label: c.say("from_gradients_short"), values: sum, colour: colours.rho, dash: "8px,4px" },
    { name: c.say("unrolled"), label: "", values: total, colour: c.theme.muted, dash: "2px,2px", width: 1.2 },
  ], (frame) => startSentence(c, frame, start, total), {
    drawn, legend: true, y: { title: { text: c.say("share_axis") }, ...ticks, autorange: true },
    shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: drawn(1), y1: drawn(1), layer: "below", line: { color: c.theme.line, width: 1 } }],
  });
}

function startSentence(c, frame, start, total) {
  const at = Math.min(frame, start.length - 1);
  const values = { t: c.run.iteration(at), k: c.k + 1, share: number(100 * start[at], 3), ratio: number(total[at], 3), start: number(start[at], 3) };
  if (!Number.isFinite(start[at]) || !Number.isFinite(total[at])) return c.say("start_broken", values);
  if (Math.abs(total[at] - 1) > 0.1) return c.say("start_apart", values);
  return c.say(start[at] > 1.005 ? "start_more" : start[at] > 0.5 ? "start_much" : "start_little", values);
}

// What charts are made of: lines over iterations, matrices, axes and their ticks, as Plotly takes them.

import { number, plotlyText, superscript } from "./dom.js";
import { kept, pick } from "../run/series.js";
import { cividisScale } from "./theme.js";
import { say } from "./words.js";

/** Blue for positive, orange for negative, the page's ground between them. */
export const diverging = ({ negative, ground, positive }) => [
  [0, negative],
  [0.5, ground],
  [1, positive],
];

/** What a chart over iterations has besides its lines; `lines` are {name, values, colour, label?, dash?, width?}. */
export function timed(c, lines, sentence, /** @type {any} */ { drawn = (v) => v, positive = false, ...more } = {}) {
  const { x } = c.series;
  const count = Math.min(x.length, ...lines.map(({ values }) => values.length));
  const last = count - 1;
  const height = (v) => (Number.isFinite(v) && (!positive || v > 0) ? drawn(v) : NaN);
  const known = lines.map((line, i) => ({ uid: `${i}-line`, ...line }));
  const labelled = known.filter(({ label }) => label !== "");
  const dots = (frame) => labelled.map(({ uid, values, colour }) => ({ uid, colour, y: height(values[frame]) }));
  return {
    over: true,
    sentence,
    data: known.map((line) => trace(c, line, drawn, positive)),
    dots,
    ends: dots(last)
      .map((dot, i) => ({ ...dot, x: x[last], text: labelled[i].label ?? labelled[i].name }))
      .filter(({ y }) => Number.isFinite(y)),
    table: () => ({
      head: [say("iteration"), ...lines.map(({ name }) => name)],
      rows: x.slice(0, count).map((t, i) => [t, ...lines.map(({ values }) => values[i])]),
    }),
    ...more,
  };
}

/** A line over iterations, thinned to what can be drawn. */
function trace(c, { name, label, values, colour, dash, width = 2, ...more }, drawn, positive) {
  const places = kept(Math.min(values.length, c.series.x.length));
  return {
    type: "scatter",
    mode: "lines",
    name: plotlyText(name),
    x: pick(c.series.x, places),
    y: pick(values.map(drawn), places, positive),
    customdata: places.map((i) => number(values[i], 4)),
    hovertemplate: `%{customdata}<extra>${plotlyText(name)}</extra>`,
    line: { color: colour, dash, width: width * c.theme.lineScale },
    ...more,
  };
}

/** A chart over iterations while there is nothing to draw but a sentence. */
export const untold = (sentence) => ({
  over: true,
  data: [],
  ends: [],
  dots: () => [],
  sentence: () => sentence,
  y: { visible: false },
  table: () => ({ head: [say("iteration")], rows: [] }),
});

/** The vertical axis of lines on a linear or a log scale. */
export const scaled = (word, log) => ({
  type: log ? "log" : "linear",
  title: { text: say(word) },
  nticks: 7,
  autorange: true,
});

/** The key of a heat map's colours. */
export const colourbar = ({ theme }, text, more) => ({
  title: { text, side: "top" },
  thickness: 10,
  outlinewidth: 0,
  tickfont: { size: 10 * theme.textScale },
  ...more,
});

/** A square matrix of what is positive in it, on a linear or log scale, with the ticks that `marks` gives. */
export function matrixTrace(c, rows, log, marks, more) {
  const present = rows.flat().filter((v) => v > 0 && Number.isFinite(v));
  const shown = (v) => (v > 0 ? (log ? Math.log10(v) : v) : null);
  const [low, high] = [log ? Math.log10(Math.min(...present)) : 0, shown(Math.max(...present))];
  return {
    type: "heatmap",
    z: rows.map((row) => row.map(shown)),
    zmin: low,
    zmax: high - low < 1e-9 ? low + 1 : high,
    colorscale: cividisScale(),
    hoverongaps: false,
    customdata: rows.map((row) => row.map((v) => number(v))),
    colorbar: colourbar(c, "M", { len: 1, ...marks(low, high) }),
    ...more,
  };
}

/** A vertical line at an iteration with a word. */
export function mark({ theme, run }, iteration, text) {
  const xanchor = iteration > run.layout.iterations * 0.7 ? "right" : "left";
  const font = { size: 11 * theme.textScale, color: theme.picked };
  return {
    type: "line",
    yref: "paper",
    y0: 0,
    y1: 1,
    x0: iteration,
    x1: iteration,
    layer: "below",
    line: { color: theme.picked, width: 1, dash: "dot" },
    label: { text: plotlyText(text), textposition: "end", textangle: 0, xanchor, yanchor: "top", padding: 3, font },
  };
}

/** A power of ten as such, anything else as a number. */
export function powerOfTen(value) {
  const power = Math.log10(Math.abs(value));
  const whole = Math.abs(power - Math.round(power)) < 1e-9 && Math.abs(Math.round(power)) > 2;
  return whole ? `${value < 0 ? "−" : ""}10${superscript(Math.round(power))}` : number(value);
}

/** Ticks of a signed scale that is logarithmic above `unit` and linear below it. */
export function signedScale(unit, largest, most = 4) {
  const drawn = (value) => Math.asinh(value / unit) / Math.LN10;
  const powers = [];
  const top = Math.ceil(Math.log10(Math.max(largest, unit)));
  const low = Math.ceil(Math.log10(unit));
  const step = Math.max(1, Math.ceil((top - low) / most));
  for (let p = top; p >= low; p -= step) powers.push(10 ** p);
  const values = [...powers.map((p) => -p), 0, ...powers];
  return { drawn, ticks: { tickvals: values.map(drawn), ticktext: values.map(powerOfTen) } };
}

// What charts are made of: lines over iterations, matrices, axes and their ticks, as Plotly takes them.

import { kept, pick, range } from "../run/series.js";
import { number, plotlyText, superscript } from "./dom.js";
import { beyondArea, beyondFirstOrder } from "./firstorder.js";
import { cividisScale } from "./theme.js";
import { say } from "./words.js";

export const CLEAR = "rgba(0,0,0,0)";

/** The largest size of the finite numbers, 0 if there are none. */
export const largestOf = (values) => Math.max(0, ...values.filter(Number.isFinite).map(Math.abs));

/** Blue for positive, orange for negative, the page's ground between them. */
export const diverging = ({ negative, ground, positive }) => [
  [0, negative],
  [0.5, ground],
  [1, positive],
];

/**
 * A chart over iterations; `lines` are {name, values, colour, label?, dash?, width?}. The sentence is asked for a frame
 * that all of them have. Of a chart that rests on first order, the updates that it does not describe are marked.
 */
export function timed(c, lines, sentence, /** @type {any} */ { drawn = (v) => v, positive = false, ...more } = {}) {
  const spec = overTime(c, lines, sentence, drawn, positive);
  return { ...spec, ...more, ...(more.first_order ? marked(c, spec.data, more.legend) : {}) };
}

/** The lines with the mark under them; a chart without a legend has one of the mark alone. */
function marked(c, data, legend) {
  const { curve } = c.choice;
  const found = beyondFirstOrder(c.run, curve);
  if (!found?.many || !data.length) return { data };
  const lines = legend ? data : data.map((line) => ({ ...line, showlegend: false }));
  return { data: [beyondArea(c, found, curve), ...lines], legend: true };
}

function overTime(c, lines, sentence, drawn, positive) {
  const { x } = c.series;
  const count = Math.min(x.length, ...lines.map(({ values }) => values.length));
  const last = count - 1;
  const height = (v) => (Number.isFinite(v) && (!positive || v > 0) ? drawn(v) : NaN);
  const known = lines.map((line, i) => ({ uid: `${i}-line`, ...line }));
  const labelled = known.filter(({ label }) => label !== "");
  const dots = (frame) => labelled.map(({ uid, values, colour }) => ({ uid, colour, y: height(values[frame]) }));
  return {
    over: true,
    sentence: (frame) => sentence(Math.min(frame, last)),
    data: known.map((line) => trace(c, line, drawn, positive)),
    dots,
    ends: dots(last)
      .map((dot, i) => ({ ...dot, x: x[last], text: labelled[i].label ?? labelled[i].name }))
      .filter(({ y }) => Number.isFinite(y)),
    table: () => ({
      head: [say("iteration"), ...lines.map(({ name }) => name)],
      rows: x.slice(0, count).map((t, i) => [t, ...lines.map(({ values }) => values[i])]),
    }),
  };
}

/** A line over iterations, thinned to what can be drawn. */
function trace(c, { name, label, values, colour, dash, width = 2, ...more }, drawn, positive) {
  const places = kept(Math.min(values.length, c.series.x.length));
  return {
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
export const untold = (word, values = {}) => ({
  over: true,
  data: [],
  ends: [],
  dots: () => [],
  sentence: () => say(word, values),
  y: { visible: false },
  table: () => ({ head: [say("iteration")], rows: [] }),
});

/** The vertical axis of lines on a linear or a log scale, and whether it takes positive numbers only. */
export const scaled = (word, log) => ({
  positive: log,
  y: { type: log ? "log" : "linear", title: say(word), nticks: 7, autorange: true },
});

/** The key of a heat map's colours. */
export const colourbar = ({ theme }, text, more) => ({
  title: { text, side: "top" },
  thickness: 10,
  outlinewidth: 0,
  tickfont: { size: 10 * theme.textScale },
  ...more,
});

/**
 * The answer's square matrix of what is positive in it, on a linear or log scale with the ticks that `marks` gives, and
 * the row of what is chosen outlined; `axis` and `cells` are the looks of what they name.
 */
export function matrixSpec(c, { header }, rows, { chosen, x, y, axis, cells, marks, room }) {
  const log = c.options.log_y;
  const present = rows.flat().filter((v) => v > 0 && Number.isFinite(v));
  const shown = (v) => (v > 0 ? (log ? Math.log10(v) : v) : null);
  const [low, high] = [log ? Math.log10(Math.min(...present)) : 0, shown(Math.max(...present))];
  const places = range(rows.length).map((i) => i + 1);
  const end = rows.length + 0.5;
  const look = { constrain: "domain", gridcolor: CLEAR, ...axis };
  const outline = { type: "rect", x0: 0.5, x1: end, y0: chosen + 0.5, y1: chosen + 1.5 };
  const trace = {
    type: "heatmap",
    x: places,
    y: places,
    z: rows.map((row) => row.map(shown)),
    zmin: low,
    zmax: high - low < 1e-9 ? low + 1 : high,
    colorscale: cividisScale(),
    customdata: rows.map((row) => row.map((v) => number(v))),
    colorbar: colourbar(c, "M", { len: 1, ...marks(low, high) }),
    ...cells,
  };
  return {
    at: header.at,
    revision: `${c.L}`,
    data: [trace],
    x: { ...look, title: say(x), range: [0.5, end] },
    y: { ...look, title: say(y), range: [end, 0.5], scaleanchor: "x" },
    shapes: chosen < 0 ? [] : [{ ...outline, line: { color: c.theme.picked, width: 2 } }],
    margin: { r: room * c.theme.textScale },
  };
}

/** A horizontal line with a word. */
export const level = ({ theme }, y, text = "", dash = "solid", look = {}) => ({
  type: "line",
  xref: "paper",
  x0: 0,
  x1: 1,
  y0: y,
  y1: y,
  layer: "below",
  line: { color: theme.line, width: 1, dash },
  label: { ...word(theme, text, theme.muted), textposition: "end", yanchor: "bottom", ...look },
});

/** A vertical line with a word. */
export const upright = ({ theme }, x, text, line, look, colour = line.color) => ({
  type: "line",
  yref: "paper",
  y0: 0,
  y1: 1,
  x0: x,
  x1: x,
  layer: "below",
  line: { width: 1, ...line },
  label: { ...word(theme, text, colour), textangle: 0, ...look },
});

const word = ({ textScale }, text, color) => ({ text, padding: 3, font: { size: 11 * textScale, color } });

/** An iteration where something happened. */
export function mark(c, iteration, text) {
  const xanchor = iteration > c.layout.iterations * 0.7 ? "right" : "left";
  const look = { textposition: "end", xanchor, yanchor: "top" };
  return upright(c, iteration, plotlyText(text), { color: c.theme.picked, dash: "dot" }, look);
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
  const [top, low] = [Math.max(largest, unit), unit].map((v) => Math.ceil(Math.log10(v)));
  const step = Math.max(1, Math.ceil((top - low) / most));
  const powers = range(Math.floor((top - low) / step) + 1).map((i) => 10 ** (top - i * step));
  const values = [...powers.map((p) => -p), 0, ...powers];
  return { drawn, ticks: { tickvals: values.map(drawn), ticktext: values.map(powerOfTen) } };
}

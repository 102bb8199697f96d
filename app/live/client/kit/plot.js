// A Figure with axes of its own, a takeaway in a sentence, and its data as a file; what such charts are made of.

import { downloadText, html, number, plotlyText, superscript, svg } from "./dom.js";
import { Figure } from "./figure.js";
import { kept, pick } from "../run/series.js";
import { cividisScale } from "./theme.js";
import { say } from "./words.js";

const MOST_ROWS = 14; // of the table under a chart; the file has them all
const STROKES = { dot: "2,3", dash: "6,4", dashdot: "8,3,2,3" };

/** Blue for positive, orange for negative, the page's ground between them. */
export const diverging = ({ negative, ground, positive }) => [
  [0, negative],
  [0.5, ground],
  [1, positive],
];

export class Plot extends Figure {
  /** `sight()` is called when it comes into sight or leaves it. */
  constructor(/** @type {any} */ { sight, ...settings }) {
    super({ note: say(`${settings.key}_note`), title: say(`${settings.key}_title`), ...settings });
    this.inSight = false;
    this.legendOf = "";
    this.root.classList.add("spn-plotted");
    this.summary.classList.add("spn-takeaway");
    this.legend = html("div", { class: "spn-legend", hidden: true });
    this.frame.before(this.legend);
    const seen = (entries) => {
      this.inSight = entries[0].isIntersecting;
      if (this.inSight) this.request();
      sight();
    };
    new IntersectionObserver(seen, { rootMargin: "160px" }).observe(this.root);
  }

  get visible() {
    return this.inSight && super.visible;
  }

  layout(context, forFile = false) {
    const { theme } = context;
    const { x = {}, y = {}, shapes = [], annotations = [], legend = false, margin = {}, barmode, over } = this.spec;
    const scaled = (pixels) => pixels * theme.textScale;
    const T = context.run.layout.iterations;
    const time = over ? { title: { text: say("iteration") }, range: [1, Math.max(2, T)] } : {};
    const size = scaled(12);
    const axis = ({ title, ...own }) =>
      this.axis(context, {
        automargin: forFile,
        exponentformat: "power",
        ...own,
        title: { standoff: 6, ...title, font: { size } },
      });
    const [l, r, t, b] = [this.narrow ? 54 : 64, over ? 62 : 14, legend && forFile ? 30 : 10, 40].map(scaled);
    return {
      ...this.base(context, forFile),
      barmode,
      margin: { l, r, t, b, ...margin },
      hovermode: over ? "x unified" : "closest",
      showlegend: legend && forFile,
      uirevision: this.spec.revision ?? `${T}-${JSON.stringify(this.options)}`,
      xaxis: axis({ ...time, ...x }),
      yaxis: axis(y),
      shapes,
      annotations,
    };
  }

  place() {
    if (this.spec?.over) return super.place();
    this.overlay.replaceChildren();
    const context = this.context();
    if (context && this.spec) this.summarise(context);
  }

  /** The takeaway: words and numbers of what is drawn at the cursor. */
  summarise(context) {
    const text = this.spec.sentence(context.frame);
    if (this.summary.textContent !== text) this.summary.textContent = text;
    if (this.spec.note !== undefined) this.note.textContent = this.spec.note;
    this.plot.dataset.cursor = String(context.run.iteration(context.frame));
    if (this.spec.at !== undefined) this.plot.dataset.at = String(this.spec.at);
  }

  fillTable() {
    super.fillTable();
    this.fillLegend();
  }

  /** What the lines are, as words that wrap; a file has Plotly's own legend instead. */
  fillLegend() {
    this.legend.hidden = !this.spec.legend;
    const named = this.spec.legend ? this.spec.data.filter(({ name, showlegend }) => name && showlegend !== false) : [];
    const entries = named.map(({ name, line, marker, mode, meta }) => {
      const stroke = line?.color ?? marker?.color;
      return { text: meta ?? unescaped(name), stroke, dash: line?.dash, width: line?.width, point: mode === "markers" };
    });
    const id = JSON.stringify(entries);
    if (id === this.legendOf) return;
    this.legendOf = id;
    this.legend.replaceChildren(
      ...entries.map(({ text, ...look }) => html("span", {}, sample(look), html("span", { text }))),
    );
  }

  /** Numbers in words; of many rows some, and the cursor's. */
  shownRows(rows) {
    const frame = this.context()?.frame;
    const last = rows.length - 1;
    const words = (row) => row.map((cell) => (typeof cell === "number" ? number(cell, 4) : cell));
    if (rows.length <= MOST_ROWS + 2) return rows.map(words);
    const spread = Array.from({ length: MOST_ROWS }, (_, i) => Math.round((i * last) / (MOST_ROWS - 1)));
    const places = new Set([...spread, ...(this.spec.over && frame <= last ? [frame] : [])]);
    return [...places].sort((a, b) => a - b).map((i) => words(rows[i]));
  }

  /** Every number of the chart as CSV; a first line says which run it is of. */
  saveData() {
    const context = this.context();
    if (!context || !this.spec) return;
    const { head, rows } = this.spec.table();
    const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
    const cell = (value) => (typeof value !== "number" ? quoted(value) : Number.isFinite(value) ? String(value) : "");
    const lines = [head, ...rows].map((line) => line.map(cell).join(","));
    const first = `# ${this.title}. ${context.caption}`.replace(/[\r\n]+/g, " ");
    downloadText([[first, ...lines].join("\n"), "\n"], "text/csv", `spnlab-${this.key}.csv`);
  }
}

/** A line of the chart in the legend. */
function sample(/** @type {any} */ { stroke, dash = "solid", width = 2, point }) {
  const dashes = dash === "solid" ? undefined : (STROKES[dash] ?? dash.replaceAll("px", ""));
  const line = { x1: 0, x2: 28, y1: 5, y2: 5, stroke, "stroke-width": Math.min(4, width), "stroke-dasharray": dashes };
  const drawn = point ? svg("circle", { cx: 14, cy: 5, r: 3, fill: stroke }) : svg("line", line);
  return svg("svg", { width: 28, height: 10, "aria-hidden": "true" }, drawn);
}

const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A line over iterations, thinned to what can be drawn. */
export function timeLine(c, name, values, colour, more = {}) {
  const { positive = false, drawn = (v) => v, dash, width = 2, ...rest } = more;
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
    ...rest,
  };
}

/** What a chart over iterations has besides its lines; `lines` are {name, values, colour, label?}. */
export function timed(c, lines, sentence, /** @type {any} */ { drawn = (v) => v, positive = false, ...more } = {}) {
  const { x } = c.series;
  const count = Math.min(x.length, ...lines.map(({ values }) => values.length));
  const last = count - 1;
  const ok = (v) => Number.isFinite(v) && (!positive || v > 0);
  const known = lines.map((line, i) => ({ uid: `${i}-line`, ...line }));
  const labelled = known.filter(({ label }) => label !== "");
  return {
    over: true,
    sentence,
    data: known.map(({ name, values, colour, label, ...rest }) =>
      timeLine(c, name, values, colour, { drawn, positive, ...rest }),
    ),
    ends: labelled
      .filter(({ values }) => last >= 0 && ok(values[last]))
      .map(({ uid, name, label, values, colour }) => ({
        uid,
        x: x[last],
        y: drawn(values[last]),
        text: label ?? name,
        colour,
      })),
    dots: (frame) =>
      labelled.map(({ uid, values, colour }) => ({ uid, y: ok(values[frame]) ? drawn(values[frame]) : NaN, colour })),
    table: () => ({
      head: [say("iteration"), ...lines.map(({ name }) => name)],
      rows: Array.from({ length: count }, (_, i) => [x[i], ...lines.map(({ values }) => values[i])]),
    }),
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
export const scaled = (word, log, more = {}) => ({
  type: log ? "log" : "linear",
  title: { text: say(word) },
  nticks: 7,
  autorange: true,
  ...more,
});

/** The key of a heat map's colours. */
export const colourbar = (c, text, more) => ({
  ...{
    title: { text, side: "top" },
    thickness: 10,
    outlinewidth: 0,
    tickfont: { size: 10 * c.theme.textScale },
    ...more,
  },
});

/** A square matrix of what is positive in it, on a linear or log scale, with about as many ticks as `marks` gives. */
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

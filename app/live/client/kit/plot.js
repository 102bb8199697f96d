// A chart of the Dynamics page: a Figure with axes of its own, a takeaway in a sentence, and its data as a file.

import { html, number, plotlyText, superscript, svg } from "./dom.js";
import { Figure } from "./figure.js";
import { menu } from "./menu.js";
import { kept, pick } from "../run/series.js";

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset", scrollZoom: false, displaylogo: false };
const MOST_ROWS = 14; // of the table under a chart; the file has them all

/** Colours of the sum layers, root first: other ones than those of depths. */
export const LAYERS = {
  light: ["#1d4ed8", "#b45309", "#0f766e", "#be185d", "#6d28d9", "#4d7c0f", "#0e7490", "#78716c"],
  dark: ["#7aa7ff", "#ffb35c", "#5eead4", "#f9a8d4", "#c4a5ff", "#bef264", "#67e8f9", "#d6d3d1"],
};

/** Blue for positive, orange for negative, the page's ground between them. */
export const diverging = ({ negative, ground, positive }) => [[0, negative], [0.5, ground], [1, positive]];

export class Plot extends Figure {
  constructor(settings) {
    super({ note: "", options: {}, ...settings });
    this.sight = settings.sight;
    this.root.classList.add("spn-plotted");
    this.legend = html("div", { class: "spn-legend", hidden: true });
    this.frame.before(this.legend);
    this.heading.id = `spn-title-${this.key}`;
    this.inSight = false;
    new IntersectionObserver(([entry]) => {
      this.inSight = entry.isIntersecting;
      if (this.inSight) this.request();
      this.sight?.();
    }, { rootMargin: "160px" }).observe(this.root);
  }

  get visible() {
    return this.inSight && this.frame.isConnected && this.frame.clientWidth > 40;
  }

  menu() {
    const toggles = Object.keys(this.options).map((word) => ({
      label: this.say(word), checked: () => this.options[word], act: () => ((this.options[word] = !this.options[word]), this.request()),
    }));
    return menu(this.say("options"), this.title, [
      ...toggles,
      { label: this.say("table"), checked: () => !this.grid.hidden, act: () => ((this.grid.hidden = !this.grid.hidden), this.request()) },
      { label: this.say("csv"), act: () => this.saveData() },
      { label: this.say("png"), act: () => this.save("png") },
      { label: this.say("svg"), act: () => this.save("svg") },
    ]);
  }

  /** The cursor moved: a chart over iterations only moves its line; one about an iteration is drawn anew. */
  follow() {
    if (!this.visible) return;
    if (!this.spec || this.spec.moves) this.request();
    this.place();
  }

  async draw() {
    this.timer = null;
    const context = window.Plotly && this.visible ? this.context() : null;
    const spec = context && this.build({ ...context, options: this.options });
    if (!spec) return; // its numbers are asked for; when they arrive it is drawn
    Object.assign(this, { spec, dirty: false, busy: true, last: performance.now() });
    try {
      await window.Plotly.react(this.plot, spec.data, this.layout(context), CONFIG);
      if (!this.listening) this.listen();
      this.fillTable();
      this.fillLegend();
    } finally {
      this.busy = false;
    }
    this.place();
    if (this.dirty) this.request();
  }

  listen() {
    this.listening = true;
    this.plot.on("plotly_relayout", () => this.place());
    if (this.spec.over) this.plot.on("plotly_click", (event) => this.context()?.seek(event.points[0].x));
  }

  layout(context, forFile = false) {
    const { theme } = context;
    const { x = {}, y = {}, shapes = [], annotations = [], legend = false, margin = {}, barmode, over } = this.spec;
    const size = 12 * theme.textScale;
    const narrow = this.frame.clientWidth < 480;
    const axis = { gridcolor: theme.grid, linecolor: theme.line, zeroline: false, automargin: forFile, tickfont: { size: size - 1 }, exponentformat: "power" };
    const T = context.run.layout.iterations;
    const time = over ? { title: { text: this.say("iteration") }, range: [1, Math.max(2, T)] } : {};
    const titled = (own) => ({ ...axis, ...own, title: { standoff: 6, ...own.title, font: { size } } });
    return {
      width: this.frame.clientWidth, height: this.frame.clientHeight, autosize: false, barmode,
      margin: { l: (narrow ? 54 : 64) * theme.textScale, r: (over ? 62 : 14) * theme.textScale, t: (legend && forFile ? 30 : 10) * theme.textScale, b: 40 * theme.textScale, ...margin },
      paper_bgcolor: forFile ? theme.ground : "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, size, color: theme.text }, hoverlabel: { font: { size } }, hovermode: over ? "x unified" : "closest",
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      uirevision: this.spec.revision ?? `${T}-${JSON.stringify(this.options)}`, showlegend: legend && forFile,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", font: { size: size - 1 }, itemwidth: 34 },
      xaxis: titled({ ...time, ...x }), yaxis: titled(y), shapes, annotations,
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
    this.summary.classList.add("spn-takeaway");
    if (this.spec.note !== undefined) this.note.textContent = this.spec.note;
    this.plot.dataset.cursor = String(context.run.iteration(context.frame));
    if (this.spec.at !== undefined) this.plot.dataset.at = String(this.spec.at);
  }

  /** What the lines are, as words that wrap; a file has Plotly's own legend instead. */
  fillLegend() {
    this.legend.hidden = !this.spec.legend;
    const entries = this.spec.legend ? this.spec.data.filter(({ name, showlegend }) => name && showlegend !== false) : [];
    const id = JSON.stringify(entries.map(({ name, line, marker }) => [name, line?.color ?? marker?.color, line?.dash]));
    if (id === this.legendOf) return;
    this.legendOf = id;
    this.legend.replaceChildren(...entries.map(({ name, line, marker, mode, meta }) => {
      const stroke = line?.color ?? marker?.color;
      const sample = mode === "markers" ? svg("circle", { cx: 14, cy: 5, r: 3, fill: stroke })
        : svg("line", { x1: 0, x2: 28, y1: 5, y2: 5, stroke, "stroke-width": Math.min(4, line?.width ?? 2), "stroke-dasharray": { solid: undefined, dot: "2,3", dash: "6,4", dashdot: "8,3,2,3" }[line?.dash ?? "solid"] ?? line?.dash?.replaceAll("px", "").replace("solid", "none") });
      return html("span", {}, svg("svg", { width: 28, height: 10, "aria-hidden": "true" }, sample), html("span", { text: meta ?? unescaped(name) }));
    }));
  }

  fillTable() {
    if (this.grid.hidden) return;
    const { head, rows } = this.spec.table();
    const frame = this.context()?.frame;
    const last = rows.length - 1;
    const spread = Array.from({ length: MOST_ROWS }, (_, i) => Math.round((i * last) / (MOST_ROWS - 1)));
    const shown = rows.length <= MOST_ROWS + 2 ? rows : [...new Set([...spread, ...(this.spec.over && frame <= last ? [frame] : [])])].sort((a, b) => a - b).map((i) => rows[i]);
    const cells = (tag, texts) => html("tr", {}, ...texts.map((text, i) => html(i ? tag : "th", { text, scope: i ? undefined : tag === "th" ? "col" : "row" })));
    const words = (row) => row.map((cell) => (typeof cell === "number" ? number(cell, 4) : cell));
    this.grid.replaceChildren(html("table", {}, html("caption", { text: this.title }), html("thead", {}, cells("th", head)), html("tbody", {}, ...shown.map((row) => cells("td", words(row))))));
  }

  /** Every number of the chart as CSV; a first line says which run it is of. */
  saveData() {
    const context = this.context();
    if (!context || !this.spec) return;
    const { head, rows } = this.spec.table();
    const cell = (value) => (typeof value === "number" ? (Number.isFinite(value) ? String(value) : "") : `"${String(value).replaceAll('"', '""')}"`);
    const lines = [`# ${this.title}. ${context.caption}`.replace(/[\r\n]+/g, " "), ...[head, ...rows].map((line) => line.map(cell).join(","))];
    const url = URL.createObjectURL(new Blob([lines.join("\n"), "\n"], { type: "text/csv" }));
    const link = html("a", { href: url, download: `spnlab-${this.key}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A line over iterations, thinned to what can be drawn. */
export function timeLine(c, name, values, colour, more = {}) {
  const { positive = false, drawn = (v) => v, dash, width = 2, ...rest } = more;
  const places = kept(Math.min(values.length, c.series.x.length));
  return {
    type: "scatter", mode: "lines", name: plotlyText(name), x: pick(c.series.x, places), y: pick(values.map(drawn), places, positive),
    customdata: places.map((i) => number(values[i], 4)), hovertemplate: `%{customdata}<extra>${plotlyText(name)}</extra>`,
    line: { color: colour, dash, width: width * c.theme.lineScale }, ...rest,
  };
}

/** What a chart over iterations has besides its lines; `lines` are {name, values, colour, shown?}. */
export function timed(c, lines, sentence, more = {}) {
  const count = Math.min(c.series.x.length, ...lines.map(({ values }) => values.length));
  const { drawn = (v) => v, positive = false } = more;
  const ok = (v) => Number.isFinite(v) && (!positive || v > 0);
  const labelled = lines.filter(({ label }) => label !== "");
  return {
    over: true, sentence,
    data: lines.map(({ name, values, colour, ...rest }, i) => timeLine(c, name, values, colour, { uid: `${i}-line`, drawn, positive, ...rest })),
    ends: labelled.flatMap(({ name, label, values, colour }) => {
      const last = count - 1;
      return last >= 0 && ok(values[last]) ? [{ d: lines.findIndex((line) => line.values === values), x: c.series.x[last], y: drawn(values[last]), text: label ?? name, colour }] : [];
    }),
    dots: (frame) => labelled.map(({ values, colour }) => ({ d: lines.findIndex((line) => line.values === values), y: ok(values[frame]) ? drawn(values[frame]) : NaN, colour })),
    table: () => ({ head: [c.say("iteration"), ...lines.map(({ name }) => name)], rows: Array.from({ length: count }, (_, i) => [c.series.x[i], ...lines.map(({ values }) => values[i])]) }),
    ...more,
  };
}

/** A vertical line at an iteration with a word. */
export const mark = (c, iteration, text, y = 1) => ({
  type: "line", yref: "paper", y0: 0, y1: 1, x0: iteration, x1: iteration, layer: "below", line: { color: c.theme.picked, width: 1, dash: "dot" },
  label: { text: plotlyText(text), textposition: "end", textangle: 0, xanchor: iteration > c.run.layout.iterations * 0.7 ? "right" : "left", yanchor: "top", padding: 3, font: { size: 11 * c.theme.textScale, color: c.theme.picked } },
});

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

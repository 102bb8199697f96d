// One Plotly chart on the page: drawing at a bounded rate, the cursor over it, its menu, table and files.

import { html, plotlyText } from "./dom.js";
import { menu } from "./menu.js";

const SHORTEST = 100; // ms between two drawings of a chart, unless it asks for more
const CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset", scrollZoom: false, displaylogo: false };

let loading = null;

/** plotly.js, fetched once for all views; null-safe to call again. */
export function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = html("script", { src: url, async: true });
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("no Plotly")));
    script.onerror = () => reject(new Error("no Plotly"));
    document.head.append(script);
  }).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

export class Figure {
  /** `build(context)` is one of charts.js; `context()` gives what it needs or null while nothing can be drawn. */
  constructor({ key, title, note, build, context, say, options, shortest = SHORTEST }) {
    Object.assign(this, { key, build, context, say, title, options, shortest });
    this.plot = html("div", { class: "spn-plot", "data-chart": key });
    this.overlay = html("div", { class: "spn-overlay", "aria-hidden": "true" });
    this.summary = html("p", { class: "spn-summary", id: `spn-${key}-${Math.random().toString(36).slice(2)}` });
    this.note = html("p", { class: "spn-note", text: note ?? "" });
    this.grid = html("div", { class: "spn-table", hidden: true, tabindex: 0 });
    this.heading = html("h3", { text: title });
    this.frame = html("div", { class: "spn-frame", role: "img", "aria-label": title, "aria-describedby": this.summary.id }, this.plot, this.overlay);
    this.root = html("section", { class: "spn-figure" }, html("header", {}, this.heading, this.menu()), this.frame, this.grid, this.summary, this.note);
    this.last = -Infinity;
    new ResizeObserver(() => this.request()).observe(this.frame);
  }

  menu() {
    const toggles = Object.keys(this.options).map((word) => ({
      label: this.say(word), checked: () => this.options[word], act: () => ((this.options[word] = !this.options[word]), this.request()),
    }));
    return menu(this.say("options"), this.title, [
      ...toggles,
      { label: this.say("table"), checked: () => !this.grid.hidden, act: () => ((this.grid.hidden = !this.grid.hidden), this.request()) },
      { label: this.say("png"), act: () => this.save("png") },
      { label: this.say("svg"), act: () => this.save("svg") },
    ]);
  }

  get visible() {
    return this.frame.isConnected && this.frame.clientWidth > 40;
  }

  get narrow() {
    return this.frame.clientWidth < 480;
  }

  /** Draw soon, not more often than the page can follow; calls in between are one drawing. */
  request() {
    this.dirty = true;
    if (this.timer || this.busy) return;
    this.timer = setTimeout(() => this.draw(), Math.max(0, this.last + this.shortest - performance.now()));
  }

  async draw() {
    this.timer = null;
    const context = window.Plotly && this.visible ? this.context() : null;
    if (!context) return;
    Object.assign(this, { dirty: false, busy: true, last: performance.now() });
    try {
      this.spec = this.build({ ...context, options: this.options, narrow: this.narrow });
      this.spec.frame = context.frame;
      await window.Plotly.react(this.plot, this.spec.data, this.layout(context), CONFIG);
      if (!this.listening) this.listen();
      this.plot.dataset.last = String(context.series.x[context.count - 1] ?? "");
      this.fillTable();
    } finally {
      this.busy = false;
    }
    this.place();
    if (this.dirty) this.request();
  }

  listen() {
    this.listening = true;
    this.plot.on("plotly_relayout", () => this.place());
    this.plot.on("plotly_restyle", () => this.place());
    this.plot.on("plotly_click", (event) => this.context()?.seek(event.points[0].x));
  }

  layout(context, forFile = false) {
    const { theme, run } = context;
    const size = 12 * theme.textScale;
    const { narrow } = this;
    const grid = { gridcolor: theme.grid, linecolor: theme.line, zeroline: false, automargin: false, tickfont: { size: size - 1 }, title: { standoff: 6 } };
    const log = this.options.log_x;
    const T = run.layout.iterations;
    const { y, shapes, data } = this.spec;
    const legend = this.key === "llh" && !narrow && theme.textScale === 1;
    const wide = data.filter((trace) => trace.showlegend !== false).reduce((sum, { name = "" }) => sum + Math.max(92, 44 + 6.6 * name.length), 0);
    const rows = Math.ceil(wide / this.frame.clientWidth);
    return {
      width: this.frame.clientWidth, height: this.frame.clientHeight, autosize: false,
      margin: { l: (narrow ? 50 : 58) * theme.textScale, r: room(this.spec.ends) * theme.textScale, t: legend ? 8 + 19 * rows : 8, b: 38 * theme.textScale },
      paper_bgcolor: forFile ? theme.ground : "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, size, color: theme.text }, hoverlabel: { font: { size } },
      hovermode: "x unified", dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      uirevision: `${T}-${log}-${this.options.log_y}`, showlegend: forFile || legend,
      legend: { uirevision: "kept", orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", font: { size: size - 1 }, itemwidth: 34, tracegroupgap: 0, groupclick: "togglegroup" },
      xaxis: { ...grid, title: { text: this.say("iteration"), standoff: 4 }, type: log ? "log" : "linear", range: log ? [0, Math.log10(T)] : [1, Math.max(2, T)], anchor: "y2" },
      yaxis: { ...grid, ...y, title: { ...y.title, standoff: 4 }, domain: [0.06, 1] },
      yaxis2: { domain: [0, 0.05], range: [0.5 - run.layout.names.length, 0.5], visible: false, fixedrange: true },
      shapes,
    };
  }

  /** Put the cursor, its dots and the labels at the curves' ends over the last drawing. */
  place() {
    const context = this.context();
    const full = this.plot._fullLayout;
    if (!context || !full?.xaxis || !this.spec || !this.visible) return;
    const { xaxis, yaxis } = full;
    const left = xaxis._offset, right = left + xaxis._length, top = yaxis._offset, bottom = top + yaxis._length;
    const at = (iteration) => left + xaxis.c2p(iteration);
    const hidden = new Set((this.plot._fullData ?? []).filter((trace) => trace.visible !== true).map((trace) => trace.uid));
    const shown = ({ d }) => !hidden.has(`${d}-line`);
    const frame = context.growing ? this.spec.frame : context.frame; // the cursor of growing curves stays at their heads
    const cursor = at(context.run.iteration(frame));
    const nodes = [];
    if (cursor >= left - 1 && cursor <= right + 1) {
      if (!context.atEnd) nodes.push(box("spn-veil", { left: cursor, top, width: right - cursor, height: bottom - top }));
      nodes.push(box("spn-cursor", { left: cursor, top, height: bottom - top }));
      for (const dot of this.spec.dots(frame).filter(shown)) {
        const y = Number.isFinite(dot.y) ? top + yaxis.c2p(dot.y) : NaN;
        if (y >= top && y <= bottom) nodes.push(box("spn-dot", { left: cursor, top: y }, dot.colour));
      }
    }
    nodes.push(...endLabels(this.spec.ends.filter(shown), at, (y) => top + yaxis.c2p(y), { left, right, top, bottom }));
    this.overlay.replaceChildren(...nodes);
    this.summarise(context);
  }

  summarise({ frame, run, say }) {
    const parts = this.spec.summary(frame).map(({ text, colour }) => {
      const part = html("span", { class: "spn-value", text });
      part.style.setProperty("--depth", colour);
      return part;
    });
    const when = html("span", { class: "spn-when", text: say("at_iteration", { t: run.iteration(frame) }) });
    this.summary.replaceChildren(when, ...parts);
    if (this.spec.note) this.note.textContent = this.spec.note;
  }

  fillTable() {
    if (this.grid.hidden) return;
    const { head, rows } = this.spec.table();
    const cells = (tag, texts) => html("tr", {}, ...texts.map((text, i) => html(i ? tag : "th", { text, scope: i ? undefined : tag === "th" ? "col" : "row" })));
    this.grid.replaceChildren(html("table", {}, html("caption", { text: this.title }), html("thead", {}, cells("th", head)), html("tbody", {}, ...rows.map((row) => cells("td", row)))));
  }

  /** Save the chart as drawn, with its title and the settings as caption. */
  save(format) {
    const context = this.context();
    if (!context || !this.spec) return;
    const layout = this.layout(context, true);
    const lines = context.caption.match(/.{1,160}(\s|$)/g) ?? [];
    Object.assign(layout, {
      width: 960, height: 600, title: { text: plotlyText(this.title), x: 0.02, y: 0.985, yanchor: "top", font: { size: 16 } },
      margin: { l: 70, r: 40, t: 76, b: 60 + 15 * lines.length },
      annotations: [{ xref: "paper", yref: "paper", x: 0, y: 0, yshift: -48, xanchor: "left", yanchor: "top", align: "left", showarrow: false, font: { size: 10 }, text: lines.map((text) => plotlyText(text.trim())).join("<br>") }],
    });
    window.Plotly.downloadImage({ data: this.spec.data, layout }, { format, filename: `spnlab-${this.key}`, width: 960, height: 600, scale: 2 });
  }
}

function box(kind, { left, top, width, height }, colour) {
  const node = html("div", { class: kind });
  const px = (value) => (value === undefined ? "" : `${value}px`);
  Object.assign(node.style, { transform: `translate(${left}px, ${top}px)`, width: px(width), height: px(height) });
  if (colour) node.style.setProperty("--depth", colour);
  return node;
}

/** Pixels on the right that hold the labels of the curves' ends. */
const room = (ends) => Math.max(52, ...ends.map(({ text }) => 14 + 6.6 * text.length));

/** Labels at the heads of the curves, moved apart so that none covers another. */
function endLabels(ends, xOf, yOf, { left, right, top, bottom }) {
  const places = ends.map((end) => ({ ...end, px: xOf(end.x), py: yOf(end.y) })).filter(({ px, py }) => px >= left && px <= right + 1 && py >= top - 1 && py <= bottom + 1);
  places.sort((a, b) => a.py - b.py);
  for (let i = 1; i < places.length; i += 1) places[i].py = Math.max(places[i].py, places[i - 1].py + 15);
  for (let i = places.length - 1, floor = bottom; i >= 0; i -= 1, floor -= 15) places[i].py = Math.min(places[i].py, floor);
  return places.map(({ px, py, text, colour }) => {
    const node = box("spn-end", { left: px + 6, top: py }, colour);
    node.textContent = text;
    return node;
  });
}

// One Plotly chart on the page: drawing at a bounded rate, the cursor over it, its menu, table and files.

import { recallOptions, rememberOptions } from "../run/memory.js";
import { placed, updatesAxis } from "./axis.js";
import { heading, html, plotlyText, sizeOf, table, tableFrame } from "./dom.js";
import { BEYOND_AXIS } from "./firstorder.js";
import { hide, insideItems } from "./inside.js";
import { entriesOf } from "./legend.js";
import { menu, toggleButton, toggles, viewItems } from "./menu.js";
import { plotted } from "./plotly.js";
import { CLEAR } from "./spec.js";
import { say } from "./words.js";

const NARROW = 480; // pixels
const FILE_EDGE = 16; // pixels on the right of a file, where curves have no labels at their ends
const CONFIG = { displayModeBar: false, doubleClick: "reset" };
const AXES = ["xaxis", "yaxis"];

export class Figure {
  /**
   * `build(context)` gives what is drawn or null while its numbers are not here; `context()` gives what it needs or
   * null while nothing can be drawn; `wake()` asks for the next beat. `options` are toggles of its menu by their word,
   * which this browser tab keeps; those of `plain` are buttons beside the menu.
   */
  constructor(/** @type {any} */ { key, title, level = 2, note = "", build, context, wake, options = {}, plain = [] }) {
    this.key = key;
    this.title = title;
    this.build = build;
    this.context = context;
    this.wake = wake;
    this.options = Object.assign(options, recallOptions(key, options));
    this.spec = /** @type {any} */ (null); // what is drawn: data, axes and what stands over and under them
    this.drawn = -1; // at which frame
    this.revision = /** @type {any} */ (undefined);
    this.given = /** @type {any} */ ({}); // ranges of the axes, as they were last given
    this.held = /** @type {any} */ ({}); // and those that are given still, since the reader has zoomed
    this.whole = /** @type {number[] | undefined} */ (undefined); // range of the axis over updates
    this.closer = /** @type {number[] | null} */ (null); // and what the menu has made of it
    this.hidden = /** @type {Set<string>} */ (new Set()); // lines that the reader has hidden, by their group
    this.plot = /** @type {any} */ (html("div", { class: "spn-plot", "data-chart": key })); // Plotly's too
    this.overlay = html("div", { class: "spn-overlay", "aria-hidden": "true" });
    const id = `spn-${key}-${Math.random().toString(36).slice(2)}`;
    this.summary = html("p", { class: "spn-summary", id });
    this.note = html("p", { class: "spn-note", text: note });
    this.grid = tableFrame(title);
    this.heading = heading(level, title);
    this.heading.id = `${id}-title`;
    const named = { class: "spn-frame", role: "img", "aria-labelledby": `${this.heading.id} ${id}` }; // as they are now
    this.frame = html("div", named, this.plot, this.overlay);
    const changed = () => (rememberOptions(key, options), this.request());
    const [buttons, rest] = [true, false].map((is) => Object.keys(options).filter((o) => plain.includes(o) === is));
    const items = [...toggles(options, rest, changed), ...viewItems(this, () => this.request())];
    const pressed = toggles(options, buttons, changed).map(toggleButton);
    const header = html("header", {}, this.heading, ...pressed, menu(title, items, { more: () => insideItems(this) }));
    this.root = html("section", "spn-figure", header, this.frame, this.grid, this.summary, this.note);
    this.size = sizeOf(this.frame, () => this.request());
  }

  rename(title) {
    this.heading.textContent = this.title = title;
    this.grid.setAttribute("aria-label", title);
  }

  get visible() {
    return this.size().width > 40;
  }

  get narrow() {
    return this.size().width < NARROW;
  }

  /** What is drawn on the page, and how large; `filed` where it is drawn into a file. */
  get here() {
    return { spec: this.spec, ...this.size(), narrow: this.narrow, filed: false };
  }

  /** Draw anew with the next beat. */
  request() {
    this.dirty = true;
    this.wake();
  }

  /**
   * Show the frame that all views show now: a chart over updates moves its line, and is drawn anew if it grew; one
   * about a single update is drawn anew.
   */
  follow(grown = false) {
    if (!this.visible) return;
    const context = this.context();
    const moved = context && this.drawn !== context.frame;
    if (this.dirty || !this.spec || (grown && this.spec.grows) || (moved && !this.spec.over)) this.draw(context);
    else this.place();
  }

  /** Plotly draws at once, but for the first time; what is asked for meanwhile is drawn with the beat after it. */
  async draw(context) {
    if (this.busy) return void (this.dirty = true);
    this.dirty = false;
    const spec = window.Plotly && context && this.build({ ...context, options: this.options, narrow: this.narrow });
    if (!spec) return this.place(); // its numbers are asked for; when they arrive it is drawn
    Object.assign(this, { spec, busy: true, drawn: context.frame });
    try {
      await window.Plotly.react(this.plot, this.lines(), this.zoomed(this.layout(context)), CONFIG);
      if (!this.listening) this.listen();
      this.plot.dataset.last = String(context.series.x[context.count - 1] ?? "");
      this.fillTable();
    } finally {
      this.busy = false;
    }
    this.place();
    if (this.dirty) this.wake();
  }

  /** The chart's traces, the start where its axis has it. */
  traces(spec = this.spec) {
    const { log_x } = this.options;
    return spec.data.map((trace) => (log_x ? { ...trace, x: Array.from(trace.x, (t) => placed(t, true)) } : trace));
  }

  /** The traces as the page shows them. */
  lines() {
    const shown = (trace) => (this.hidden.has(trace.legendgroup) ? { ...trace, visible: "legendonly" } : trace);
    return this.traces().map(shown);
  }

  /** A layout whose axes, where the reader has zoomed, are given as they were then: Plotly takes others for a wish. */
  zoomed(layout) {
    if (layout.uirevision !== this.revision)
      Object.assign(this, { revision: layout.uirevision, held: {}, closer: null });
    this.whole = layout.xaxis?.range;
    if (this.closer) layout.xaxis = { ...layout.xaxis, range: this.closer };
    this.given = Object.fromEntries(AXES.map((axis) => [axis, layout[axis]?.range]));
    for (const [axis, range] of Object.entries(this.held)) layout[axis] = { ...layout[axis], range };
    return layout;
  }

  /** Remember which axes the reader zooms, until they are reset. */
  noteZoom(event) {
    for (const axis of AXES) {
      const [low, high] = [0, 1].map((end) => event[`${axis}.range[${end}]`] ?? event[`${axis}.range`]?.[end]);
      const given = this.held[axis] ?? this.given[axis];
      if (event[`${axis}.autorange`] || (given && low === given[0] && high === given[1])) delete this.held[axis];
      else if (low !== undefined && given) this.held[axis] = given;
    }
  }

  listen() {
    this.listening = true;
    this.plot.on("plotly_relayout", (event) => this.noteZoom(event));
    for (const event of ["plotly_relayout", "plotly_restyle"]) this.plot.on(event, () => this.place());
    this.plot.on("plotly_legendclick", ({ curveNumber, fullData }) => hide(this, fullData[curveNumber].legendgroup));
    this.plot.on("plotly_click", (event) => this.spec.over && this.context()?.seek(Math.floor(event.points[0].x)));
  }

  /** What all charts' layouts have in common; `title` is the look of an axis' title, `more` of an axis. */
  base({ theme }, { width, height, filed }, title, more = {}) {
    const size = 12 * theme.textScale;
    const [gridcolor, linecolor, tickfont] = [theme.grid, theme.line, { size: size - 1 }];
    const named = filed ? { font: { size }, ...title } : title; // Plotly's own is larger than the type of a paper
    const line = { gridcolor, showline: true, linecolor, zeroline: false };
    const axis = { ...line, tickfont, title: named, automargin: filed, ...more };
    const data = { scatter: [{ mode: "lines" }], heatmap: [{ hoverongaps: false }] };
    return {
      template: { layout: { xaxis: axis, yaxis: axis }, data },
      width,
      height,
      autosize: false,
      paper_bgcolor: filed ? theme.ground : CLEAR,
      plot_bgcolor: CLEAR,
      font: { family: theme.font, size, color: theme.text },
      hoverlabel: { font: { size } },
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      legend: {
        orientation: "h",
        x: 0,
        xanchor: "left",
        y: 1.01,
        yanchor: "bottom",
        bgcolor: CLEAR,
        font: tickfont,
        itemwidth: 34,
      },
    };
  }

  /** @returns {any} */
  layout(context, here = this.here) {
    const { theme, run } = context;
    const { spec, narrow, filed } = here;
    const log = this.options.log_x;
    const T = run.layout.iterations;
    const { y, shapes, annotations, data, ends } = spec;
    const legend = this.key === "llh" && !filed && !narrow && theme.textScale === 1;
    const named = data.filter((trace) => trace.showlegend !== false);
    const wide = named.reduce((sum, { name = "" }) => sum + Math.max(92, 44 + 6.6 * name.length), 0);
    const rows = Math.ceil(wide / here.width);
    const right = (filed ? FILE_EDGE : room(ends)) * theme.textScale;
    const [left, bottom] = [narrow ? 50 : 58, 38].map((pixels) => pixels * theme.textScale);
    const base = this.base(context, here, { standoff: 4 });
    return {
      ...base,
      hovermode: "x unified",
      margin: { l: left, r: right, t: legend ? 8 + 19 * rows : 8, b: bottom },
      uirevision: `${T}-${log}-${this.options.log_y}-${this.options.whole_range}`,
      showlegend: legend,
      legend: { ...base.legend, uirevision: "kept", tracegroupgap: 0, groupclick: "togglegroup" },
      xaxis: titled({ title: say("iteration"), ...updatesAxis(T, log), anchor: "y2" }),
      yaxis: titled({ ...y, domain: [0.06, 1] }),
      yaxis3: BEYOND_AXIS,
      yaxis2: { domain: [0, 0.05], range: [0.5 - run.layout.names.length, 0.5], visible: false, fixedrange: true },
      shapes,
      annotations,
    };
  }

  /** Put the cursor, its dots and the labels at the curves' ends over the last drawing. */
  place() {
    const context = this.context();
    const full = this.plot._fullLayout;
    if (!context || !full?.xaxis || !this.spec || !this.visible) return;
    const { xaxis, yaxis } = full;
    const [left, top] = [xaxis._offset, yaxis._offset];
    const [right, bottom] = [left + xaxis._length, top + yaxis._length];
    const at = (iteration) => left + xaxis.c2p(placed(iteration, xaxis.type === "log"));
    const hidden = this.plot._fullData.filter(({ visible }) => visible !== true);
    const shown = ({ uid }) => !hidden.some((trace) => trace.uid === uid);
    const frame = context.growing && this.spec.grows ? this.spec.frame : context.frame; // at the curves' heads
    const cursor = at(context.run.iteration(frame));
    const nodes = [];
    if (cursor >= left - 1 && cursor <= right + 1) {
      if (!context.atEnd)
        nodes.push(box("spn-veil", { left: cursor, top, width: right - cursor, height: bottom - top }));
      nodes.push(box("spn-cursor", { left: cursor, top, height: bottom - top }));
      for (const dot of this.spec.dots(frame).filter(shown)) {
        const y = Number.isFinite(dot.y) ? top + yaxis.c2p(dot.y) : NaN;
        if (y >= top && y <= bottom) nodes.push(box("spn-dot", { left: cursor, top: y }, dot.colour));
      }
    }
    nodes.push(...endLabels(this.spec.ends.filter(shown), at, (y) => top + yaxis.c2p(y), { left, right, top, bottom }));
    this.overlay.replaceChildren(...nodes);
    this.summarise(context, frame);
  }

  /** What is to be read at the frame that the chart shows. */
  summarise({ run }, frame) {
    this.plot.dataset.cursor = String(run.iteration(frame));
    const part = ({ text, colour }) => html("span", { class: "spn-value", text, style: `--depth: ${colour}` });
    const when = html("span", { class: "spn-when", text: say("at_iteration", { t: run.iteration(frame) }) });
    this.summary.replaceChildren(when, ...this.spec.summary(frame).map(part));
    this.note.textContent = this.spec.note;
  }

  fillTable() {
    if (this.grid.hidden) return;
    const { head, rows } = this.spec.table();
    this.grid.replaceChildren(table(this.title, head, this.shownRows(rows)));
  }

  shownRows(rows) {
    return rows;
  }

  /** What is saved: all of the chart as it is now, in the look of paper, with nothing over it; null while it is not. */
  saved() {
    const context = this.context();
    if (!context || !this.spec) return null;
    const build = (theme, narrow) => this.build({ ...context, theme, options: this.options, narrow });
    return {
      name: `spnlab-${this.key}`,
      title: this.title,
      place: this.root,
      base: context.run.base,
      caption: `${context.caption} ${say("cite")}`,
      theme: () => context.theme,
      entries: (theme) => {
        const { data, keys = [] } = build(theme, false);
        return entriesOf([...data, ...keys]);
      },
      picture: (theme, width, height) => {
        const here = { spec: build(theme, width < NARROW), width, height, narrow: width < NARROW, filed: true };
        return plotted(this.traces(here.spec), this.layout({ ...context, theme }, here), width, height);
      },
    };
  }
}

/** An axis as Plotly takes it; our own have their title as words. */
export const titled = ({ title, ...axis }) => ({ ...axis, title: { text: title } });

/** A mark over the chart, in pixels of it. */
function box(kind, /** @type {any} */ { left, top, width, height }, colour = "none", text = null) {
  const size = (side, pixels) => (pixels === undefined ? "" : `${side}: ${pixels}px;`);
  const place = `transform: translate(${left}px, ${top}px); ${size("width", width)} ${size("height", height)}`;
  return html("div", { class: kind, text, style: `${place} --depth: ${colour}` });
}

/** Pixels on the right that hold the labels of the curves' ends. */
const room = (ends) => Math.max(52, ...ends.map(({ text }) => 14 + 6.6 * text.length));

/** Labels at the heads of the curves, moved apart so that none covers another. */
function endLabels(ends, xOf, yOf, { left, right, top, bottom }) {
  const inside = ({ px, py }) => px >= left && px <= right + 1 && py >= top - 1 && py <= bottom + 1;
  const places = ends.map((end) => ({ ...end, px: xOf(end.x), py: yOf(end.y) })).filter(inside);
  places.sort((a, b) => a.py - b.py);
  for (let i = 1; i < places.length; i += 1) places[i].py = Math.max(places[i].py, places[i - 1].py + 15);
  for (let i = places.length - 1, floor = bottom; i >= 0; i -= 1, floor -= 15)
    places[i].py = Math.min(places[i].py, floor);
  return places.map(({ px, py, text, colour }) => box("spn-end", { left: px + 6, top: py }, colour, text));
}

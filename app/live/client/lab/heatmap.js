// View 11: which items each component expects, one panel per curve, beside how often they occur in the data.

import { html, number, shorten, svg } from "../kit/dom.js";
import { menu } from "../kit/menu.js";
import { savePicture } from "../kit/picture.js";
import { cividis, curveStyle } from "../kit/theme.js";

const GAP = 16; // px between panels
const NARROWEST = 5; // px of a column; if the panels of all curves would be narrower, only the chosen one's is drawn
const HEAD = 44; // px above the cells: panel title, bars, component numbers

/** The colour scale as a small strip. */
function key() {
  const strip = html("span", { class: "spn-scale", "aria-hidden": "true" });
  strip.style.background = `linear-gradient(to right, ${[0, 0.2, 0.4, 0.6, 0.8, 1].map(cividis).join(", ")})`;
  return strip;
}

export class Heatmap {
  constructor({ say, context, pick }) {
    Object.assign(this, { say, context, pick });
    this.host = html("div", { class: "spn-heat", tabindex: 0 });
    this.summary = html("p", { class: "spn-summary" });
    this.grid = html("div", { class: "spn-table", hidden: true, tabindex: 0 });
    this.heading = html("h3", { text: say("components_title") });
    this.root = html("section", { class: "spn-figure" }, html("header", {}, this.heading, menu(say("options"), say("components_title"), [
      { label: say("table"), checked: () => !this.grid.hidden, act: () => ((this.grid.hidden = !this.grid.hidden), this.update()) },
      { label: say("png"), act: () => this.save("png") },
      { label: say("svg"), act: () => this.save("svg") },
    ])), this.host, this.grid, this.summary, html("p", { class: "spn-note" }, `${say("components_note")}  0 `, key(), " 1"));
    new ResizeObserver(() => this.update()).observe(this.host);
  }

  update() {
    const context = this.context();
    const width = this.host.clientWidth;
    if (!context || width < 100) return;
    const found = context.run.components(context.frame);
    if (!found) return void (this.summary.textContent = this.say("components_none"));
    const { run, view, theme } = context;
    const key = [run.id, width, theme.mode, theme.ground, theme.textScale, view.depth * Boolean(this.alone)].join();
    if (key !== this.key) this.build(context, width);
    this.key = key;
    this.paint(context, found);
  }

  build({ run, view, theme }, width) {
    const { num_components: K, variables, marginals, names } = run.layout;
    const D = variables.length;
    this.theme = theme;
    const size = 11 * theme.textScale;
    const row = Math.max(7, Math.min(15 * theme.textScale, 240 / D));
    const labels = Math.min(width * 0.3, 158 * theme.textScale);
    const strip = marginals ? 30 * theme.textScale : 0;
    const fit = (n) => Math.min(34, ((width - labels - strip - GAP * (n + 1)) / n) / K);
    const panels = fit(names.length) < NARROWEST || width < 560 ? [view.depth] : names.map((_, d) => d);
    const column = Math.max(1, fit(panels.length));
    this.alone = panels.length === 1;
    const every = Math.ceil((size + 1) / row);
    const height = HEAD + D * row + 6;
    this.geometry = { row, column, K, D };
    const text = (x, y, words, more) => svg("text", { x, y, text: words, fill: theme.text, "font-size": size, "dominant-baseline": "central", ...more });
    this.svg = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": this.say("components_title"), "font-family": theme.font });
    variables.forEach((name, v) => v % every || this.svg.append(text(labels - 6, HEAD + (v + 0.5) * row, shorten(name, Math.floor(labels / (size * 0.52))), { "text-anchor": "end" })));
    this.panels = panels.map((d, p) => this.panel(d, labels + p * (K * column + GAP), text, theme));
    if (marginals) this.strip(marginals, labels + panels.length * (K * column + GAP), text);
    this.svg.append(...this.panels.map(({ group }) => group));
    this.host.replaceChildren(this.svg);
  }

  panel(d, left, text, theme) {
    const { row, column, K, D } = this.geometry;
    const { run } = this.context();
    const { color } = curveStyle(run, d, theme);
    const every = Math.ceil(14 / column);
    const cells = Array.from({ length: K * D }, (_, i) => svg("rect", {
      x: left + Math.floor(i / D) * column, y: HEAD + (i % D) * row, width: Math.max(1, column - (column > 5 ? 1 : 0)), height: row - (row > 8 ? 1 : 0),
    }));
    const bars = Array.from({ length: K }, (_, k) => svg("rect", { x: left + k * column, width: Math.max(1, column - 1), height: 0, fill: color }));
    const numbers = Array.from({ length: K }, (_, k) => text(left + (k + 0.5) * column, HEAD - 7, k % every ? "" : k + 1, { "text-anchor": "middle", "font-size": 10 }));
    const frame = svg("rect", { y: HEAD - 1, width: column + 1, height: D * row + 1, fill: "none", stroke: theme.picked, "stroke-width": 2 });
    const targets = Array.from({ length: K }, (_, k) => svg("rect", { x: left + k * column, y: 0, width: column, height: HEAD + D * row, fill: "transparent", style: "cursor:pointer", onclick: () => this.pick(k) }));
    const room = this.alone ? Infinity : Math.floor((K * column + GAP) / (6.2 * theme.textScale));
    const { names, learner_titles } = run.layout;
    const title = text(left, 7, names[d].length <= room ? names[d] : shorten(learner_titles[d], room), { "font-weight": 600 });
    return { d, left, cells, bars, frame, group: svg("g", {}, title, ...bars, ...numbers, ...cells, frame, ...targets) };
  }

  strip(marginals, left, text) {
    const { row } = this.geometry;
    this.svg.append(text(left, 7, this.say("data_column"), { "font-weight": 600 }));
    marginals.forEach((p, v) => this.svg.append(svg("rect", { x: left, y: HEAD + v * row, width: 18, height: row - (row > 8 ? 1 : 0), fill: cividis(p) })));
  }

  paint({ run, view, say, frame }, { at, values }) {
    const { column, K, D } = this.geometry;
    for (const { d, left, cells, bars, frame: outline } of this.panels) {
      const start = d * K * D;
      if (this.painted !== values || this.paintedKey !== this.key) cells.forEach((cell, i) => cell.setAttribute("fill", cividis(values[start + i])));
      const weights = run.values(frame, d, "w", K);
      const total = weights.reduce((a, b) => a + b, 0);
      bars.forEach((bar, k) => {
        const height = total > 0 ? (16 * weights[k]) / total : 0;
        bar.setAttribute("height", height);
        bar.setAttribute("y", HEAD - 14 - height);
      });
      outline.setAttribute("x", left + view.component * column - 1);
    }
    Object.assign(this, { painted: values, paintedKey: this.key });
    this.host.dataset.at = String(at);
    const own = values.subarray((view.depth * K + view.component) * D, (view.depth * K + view.component + 1) * D);
    this.summary.textContent = this.describe(run, view, own, say, at);
    this.fillTable(run, own);
  }

  /** The items the chosen component expects most, in words. */
  describe(run, view, own, say, at) {
    const order = Array.from(own, (p, v) => [p, v]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    const items = order.map(([p, v]) => `${shorten(run.layout.variables[v])} ${number(p, 2)}`).join(", ");
    return `${say("at_iteration", { t: at + 1 })}, ${run.layout.names[view.depth]}, k = ${view.component + 1}: ${items}`;
  }

  fillTable(run, own) {
    if (this.grid.hidden) return;
    const rows = run.layout.variables.map((name, v) => html("tr", {}, html("th", { text: shorten(name, 60), scope: "row" }), html("td", { text: number(own[v], 3) })));
    this.grid.replaceChildren(html("table", {}, html("caption", { text: this.summary.textContent }), html("tbody", {}, ...rows)));
  }

  save(format) {
    const context = this.context();
    if (this.svg && context) savePicture(this.svg, format, "spnlab-components", `${this.say("components_note")} ${context.caption}`, this.theme);
  }
}

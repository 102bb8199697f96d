// View 11: which items each component expects, one panel per curve, beside how often they occur in the data.

import { html, inWords, number, scrolled, set, shorten, svg, table } from "../kit/dom.js";
import { Sketch } from "../kit/sketch.js";
import { cividis, curveStyle } from "../kit/theme.js";
import { say } from "../kit/words.js";
import { range } from "../run/series.js";

const GAP = 16; // px between panels
const NARROWEST = 5; // px of a column; if the panels of all curves would be narrower, only the chosen one's is drawn
const HEAD = 44; // px above the cells: panel title, bars, component numbers

/** The colour scale as a small strip. */
function key() {
  const style = `background: linear-gradient(to right, ${[0, 0.2, 0.4, 0.6, 0.8, 1].map(cividis).join(", ")})`;
  return html("span", { class: "spn-scale", "aria-hidden": "true", style });
}

export class Heatmap extends Sketch {
  constructor({ context, pick }) {
    const title = say("components_title");
    super({ title, kind: "spn-heat", context, table: true, least: [100, 0], attributes: scrolled(title) });
    this.pick = pick;
    this.alone = false; // only the chosen curve's panel is drawn
    this.geometry = { row: 0, column: 0, K: 0, D: 0 };
    this.panels = /** @type {any[]} */ ([]);
    this.found = /** @type {any} */ (null); // the probabilities nearest to the cursor
    this.summary = html("p", "spn-summary");
    this.root.append(this.summary, html("p", "spn-note", `${say("components_note")}  0 `, key(), " 1"));
  }

  ready({ run, frame }) {
    this.found = run.components(frame);
    if (!this.found) this.summary.textContent = say("components_none");
    return this.found !== null;
  }

  identity({ run, choice }) {
    return `${run.id} ${choice.curve * Number(this.alone)}`;
  }

  build({ run, choice, theme }, width) {
    const { num_components: K, variables, marginals, names } = run.layout;
    const D = variables.length;
    const size = 11 * theme.textScale;
    const row = Math.max(7, Math.min(15 * theme.textScale, 240 / D));
    const longest = Math.max(...variables.map((name) => inWords(name).length));
    const labels = Math.min(width * 0.42, 8 + longest * size * 0.54); // names stand whole where there is any room
    const strip = marginals ? 30 * theme.textScale : 0;
    const fit = (n) => Math.min(34, (width - labels - strip - GAP * (n + 1)) / n / K);
    const panels = fit(names.length) < NARROWEST || width < 560 ? [choice.curve] : names.map((_, curve) => curve);
    const column = Math.max(1, fit(panels.length));
    this.alone = panels.length === 1;
    this.painted = null;
    this.geometry = { row, column, K, D };
    this.canvas(width, HEAD + D * row + 6);
    const every = Math.ceil((size + 1) / row);
    const room = Math.floor(labels / (size * 0.52));
    variables.forEach((name, v) => {
      if (v % every) return;
      this.svg.append(
        this.text(labels - 6, HEAD + (v + 0.5) * row, shorten(inWords(name), room), { "text-anchor": "end" }),
      );
    });
    const left = (place) => labels + place * (K * column + GAP);
    this.panels = panels.map((curve, place) => this.panel(run, curve, left(place)));
    if (marginals) this.strip(marginals, left(panels.length));
    this.svg.append(...this.panels.map(({ group }) => group));
  }

  panel(run, curve, left) {
    const { row, column, K, D } = this.geometry;
    const { color } = curveStyle(run, curve, this.theme);
    const each = (make) => range(K).map((k) => make(k, left + k * column));
    const every = Math.ceil(14 / column);
    const cell = { width: column - Number(column > 5), height: row - Number(row > 8) };
    const cells = range(K * D).map((i) =>
      svg("rect", { x: left + Math.floor(i / D) * column, y: HEAD + (i % D) * row, ...cell }),
    );
    const bars = each((_, x) => svg("rect", { x, width: Math.max(1, column - 1), height: 0, fill: color }));
    const small = { "text-anchor": "middle", "font-size": 10 };
    const numbers = each((k, x) => this.text(x + column / 2, HEAD - 7, k % every ? "" : k + 1, small));
    const outline = svg("rect", {
      y: HEAD - 1,
      width: column + 1,
      height: D * row + 1,
      fill: "none",
      stroke: this.theme.picked,
      "stroke-width": 2,
    });
    const target = { y: 0, width: column, height: HEAD + D * row, fill: "transparent", style: "cursor:pointer" };
    const targets = each((k, x) => svg("rect", { x, ...target, onclick: () => this.pick(k) }));
    const room = this.alone ? Infinity : Math.floor((K * column + GAP) / (6.2 * this.theme.textScale));
    const { names, learner_titles } = run.layout;
    const words = names[curve].length <= room ? names[curve] : shorten(learner_titles[curve], room);
    const title = this.text(left, 7, words, { "font-weight": 600 });
    const group = svg("g", {}, title, ...bars, ...numbers, ...cells, outline, ...targets);
    return { curve, left, cells, bars, outline, group };
  }

  strip(marginals, left) {
    const { row } = this.geometry;
    const height = row - Number(row > 8);
    const cells = marginals.map((p, v) =>
      svg("rect", { x: left, y: HEAD + v * row, width: 18, height, fill: cividis(p) }),
    );
    this.svg.append(this.text(left, 7, say("data_column"), { "font-weight": 600 }), ...cells);
  }

  paint({ run, choice, frame }) {
    const { column, K, D } = this.geometry;
    const { at, values } = this.found;
    for (const { curve, left, cells, bars, outline } of this.panels) {
      const start = curve * K * D;
      if (this.painted !== values) cells.forEach((cell, i) => set(cell, { fill: cividis(values[start + i]) }));
      const weights = run.values(frame, curve, "w", K);
      const total = weights.reduce((a, b) => a + b, 0);
      bars.forEach((bar, k) => {
        const height = total > 0 ? (16 * weights[k]) / total : 0;
        set(bar, { height, y: HEAD - 14 - height });
      });
      set(outline, { x: left + choice.component * column - 1 });
    }
    this.painted = values;
    Object.assign(this.host.dataset, { at, cursor: run.iteration(frame) });
    const first = (choice.curve * K + choice.component) * D;
    const own = values.subarray(first, first + D);
    this.summary.textContent = this.describe(run, choice, own, at);
    this.svg.setAttribute("aria-label", `${this.title}. ${this.summary.textContent}`);
    if (this.grid.hidden) return;
    const rows = run.layout.variables.map((name, v) => [shorten(inWords(name), 60), number(own[v], 3)]);
    this.grid.replaceChildren(table(this.summary.textContent, [], rows));
  }

  /** The items the chosen component expects most, in words. */
  describe(run, choice, own, at) {
    const order = range(own.length).sort((one, other) => own[other] - own[one]);
    const item = (v) => `${shorten(inWords(run.layout.variables[v]), 60)} ${number(own[v], 2)}`;
    const items = order.slice(0, 3).map(item).join(", ");
    const where = `${run.layout.names[choice.curve]}, k = ${choice.component + 1}`;
    return `${say("at_iteration", { t: at })}, ${where}: ${items}`;
  }

  file() {
    return { name: "components", words: say("components_note") };
  }
}

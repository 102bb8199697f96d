// A Figure with axes of its own, a takeaway in a sentence, and its data as a file.

import { range } from "../run/series.js";
import { addressOf, download, html, number } from "./dom.js";
import { Figure, titled } from "./figure.js";
import { BEYOND_AXIS } from "./firstorder.js";
import { entriesOf, sample } from "./legend.js";
import { say } from "./words.js";

const MOST_ROWS = 14; // of the table under a chart; the file has them all

export class Plot extends Figure {
  constructor(/** @type {any} */ settings) {
    super({ level: 3, note: say(`${settings.key}_note`), title: say(`${settings.key}_title`), ...settings });
    this.inSight = false;
    this.legendOf = "";
    this.root.classList.add("spn-plotted");
    this.summary.classList.add("spn-takeaway");
    this.legend = html("div", { class: "spn-legend", hidden: true });
    this.frame.before(this.legend);
    const seen = (entries) => {
      this.inSight = entries[0].isIntersecting;
      if (this.inSight) this.request();
      else this.wake();
    };
    new IntersectionObserver(seen, { rootMargin: "160px" }).observe(this.root);
  }

  get visible() {
    return this.inSight && super.visible;
  }

  layout(context, here = this.here) {
    const { theme } = context;
    const { x = {}, y = {}, shapes = [], margin = {}, over } = here.spec;
    const scaled = (pixels) => pixels * theme.textScale;
    const T = context.run.layout.iterations;
    const time = over ? { title: say("iteration"), range: [0, Math.max(1, T)] } : {};
    const title = { standoff: 6, font: { size: scaled(12) } };
    const [l, r, t, b] = [here.narrow ? 54 : 64, over && !here.filed ? 62 : 14, 10, 40].map(scaled);
    return {
      ...this.base(context, here, title, { exponentformat: "power" }),
      margin: { l, r, t, b, ...margin },
      hovermode: over ? "x unified" : "closest",
      showlegend: false,
      uirevision: here.spec.revision ?? `${T}-${JSON.stringify(this.options)}`,
      xaxis: titled({ ...time, ...x }),
      yaxis: titled(y),
      yaxis3: BEYOND_AXIS,
      shapes,
    };
  }

  place() {
    if (this.spec?.over) return super.place();
    this.overlay.replaceChildren();
    const context = this.context();
    if (context && this.spec) this.summarise(context, this.drawn);
  }

  /** The takeaway: words and numbers of what is drawn; `at` is the update that an answer of the server is about. */
  summarise(context, frame) {
    const text = this.spec.sentence(frame);
    if (this.summary.textContent !== text) this.summary.textContent = text;
    if (this.spec.note !== undefined) this.note.textContent = this.spec.note;
    this.plot.dataset.cursor = String(context.run.iteration(frame));
    if (this.spec.at !== undefined) this.plot.dataset.at = String(this.spec.at);
  }

  fillTable() {
    super.fillTable();
    this.fillLegend();
  }

  /** What the lines are, as words that wrap; a file has it, too. */
  fillLegend() {
    this.legend.hidden = !this.spec.legend;
    const entries = this.spec.legend ? entriesOf(this.spec.data) : [];
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
    const spread = range(MOST_ROWS).map((i) => Math.round((i * last) / (MOST_ROWS - 1)));
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
    download(addressOf([first, ...lines, ""].join("\n"), "text/csv"), `spnlab-${this.key}.csv`);
  }
}

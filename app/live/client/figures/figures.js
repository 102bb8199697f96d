// A figure that the server made, drawn in the page's theme.

import { html } from "../kit/dom.js";
import { entriesOf } from "../kit/legend.js";
import { saving } from "../kit/menu.js";
import { mounting } from "../kit/mounted.js";
import { onPaper, PRINTED } from "../kit/paper.js";
import { loadPlotly, plotted } from "../kit/plotly.js";
import { onPrint } from "../kit/printing.js";
import { relit } from "../kit/relit.js";
import { pairs, readTheme } from "../kit/theme.js";
import { say } from "../kit/words.js";
import { Points } from "./points.js";

const CLEAR = "rgba(0,0,0,0)";
const TOUCHED = matchMedia("(any-pointer: coarse)");
const FINE = matchMedia("(pointer: fine)"); // a finger that drags moves the page

class Drawn {
  constructor(parent) {
    this.parent = parent;
    this.turn = 0;
    this.now = ""; // what is drawn, with its look
    this.data = /** @type {any} */ (null);
    this.trigger = /** @type {any} */ (null);
    this.paper = false; // drawn for it
    this.points = /** @type {Points | null} */ (null);
    this.plot = /** @type {any} */ (html("div", { class: "spn-drawing", role: "figure" })); // Plotly's too
    this.place = html("div", {}, this.plot); // as high as the figure is on the page
    const save = () => saving(this.saved(), this.taken);
    this.taken = html("button", { type: "button", class: "spn-take", text: say("save_menu"), onclick: save });
    this.root = html("div", "spn-drawn", this.place, this.taken);
    parent.append(this.root);
    this.stopper = new AbortController();
    onPrint((paper) => this.onPaper(paper), this.stopper.signal);
    this.widths = new ResizeObserver(() => this.draw());
    this.widths.observe(parent);
  }

  /** Take a new figure, or the same in another theme; gives the number of this call. */
  update(data, trigger) {
    Object.assign(this, { data, trigger });
    this.plot.setAttribute("aria-label", data.alt);
    this.fit(readTheme(this.parent, this.onWall).textScale); // its place is kept until it is drawn
    loadPlotly(data.plotly).then(
      () => this.draw(),
      () => (this.plot.textContent = data.not_loaded),
    );
    return (this.turn += 1);
  }

  get onWall() {
    return this.data.view === "projector";
  }

  /** Take the room of the figure at a scale. */
  fit(scale) {
    const height = this.data.figure.layout.height;
    this.place.style.height = `${height * scale}px`;
    this.plot.style.height = `${height}px`;
    this.plot.style.width = `${100 / scale}%`;
    this.plot.style.transform = scale === 1 ? "" : `scale(${scale})`;
  }

  async draw() {
    const { data, parent, plot } = this;
    const width = this.root.clientWidth;
    if (!window.Plotly || !data || !width) return; // drawn when it is here, or comes into sight
    const theme = readTheme(parent, this.onWall && !this.paper);
    const { textScale: scale, ...look } = this.paper ? onPaper(theme, PRINTED) : theme;
    const figure = this.lit(look.mode);
    const drawn = thickened(figure.data, look.lineScale / scale);
    const size = { width: width / scale, template: template({ ...look, textScale: 1 }) };
    const layout = { ...figure.layout, ...size, ...(FINE.matches ? {} : { dragmode: false }) };
    const next = JSON.stringify([drawn, layout]);
    if (next === this.now) return; // what the reader has zoomed stays
    this.now = next;
    this.fit(scale);
    await window.Plotly.react(plot, structuredClone(drawn), layout, this.config());
    if (data.clicks) this.hear(scale);
    plot.dataset.drawn = "";
  }

  /** Hear presses on its points, by pointer and by keys. */
  hear(scale) {
    if (!this.points) {
      this.plot.on("plotly_click", ({ points: [{ customdata }] }) => this.trigger("click", customdata));
      this.points = new Points(this.plot, (customdata) => this.trigger("click", customdata));
      this.root.append(this.points.root);
    }
    this.points.show(scale);
  }

  /** The figure as it is on a light or on a dark page. */
  lit(mode) {
    const { figure, theme } = this.data;
    return mode === theme ? figure : relit(figure, mode === "dark" ? pairs() : reversed(pairs()));
  }

  /** Its tool bar, where our dialog takes the place of Plotly's own picture. */
  config() {
    const { modeBarButtons, modeBarButtonsToRemove = [], ...rest } = this.data.config;
    const click = () => saving(this.saved(), null);
    const own = { name: "save", title: say("save_menu"), icon: window.Plotly.Icons.camera, click };
    const kept = { modeBarButtonsToRemove: [...modeBarButtonsToRemove, "toImage"], modeBarButtonsToAdd: [own] };
    const bar = TOUCHED.matches ? { displayModeBar: false } : {}; // it would come over the legend, and stay there
    return { displaylogo: false, ...rest, ...(modeBarButtons ? { modeBarButtons: [[own]] } : kept), ...bar };
  }

  /** What is saved. */
  saved() {
    const { alt, base } = this.data;
    const theme = readTheme(this.parent, false);
    const { data, layout } = this.lit("light");
    const title = String(layout.meta ?? alt.split(/[.:] /)[0]);
    const caption = `${location.href} ${say("cite")}`;
    const name = `spnlab-${
      title
        .toLowerCase()
        .match(/[a-z0-9]+/g)
        ?.slice(0, 5)
        .join("-") ?? "figure"
    }`;
    const picture = (look, width, height) => plotted(data, filed(layout, look), width, height);
    const entries = () => (layout.showlegend === false ? [] : entriesOf(data));
    return { title, caption, name, base, place: this.root, theme: () => theme, picture, entries };
  }

  /** Draw it for paper or for the screen, at once, since a browser prints what is there. */
  onPaper(paper) {
    if (paper === this.paper) return;
    this.paper = paper;
    this.root.toggleAttribute("data-paper", paper);
    this.draw();
  }

  close() {
    this.widths.disconnect();
    this.stopper.abort();
    window.Plotly?.purge(this.plot);
    this.root.remove();
  }
}

const reversed = (all) => all.map(([light, dark]) => [dark, light]);

/** The traces with lines that are so many times as thick. */
const thickened = (data, by) =>
  by === 1
    ? data
    : data.map(({ line, ...trace }) => ({ ...trace, line: line && { ...line, width: by * (line.width ?? 2) } }));

/** The layout in a file, whose legend and title stand around it; its margins are what its axes need. */
function filed(layout, look) {
  const font = { ...layout.font, size: 12 * look.textScale, color: look.text };
  const margin = { l: 4, r: 16 * look.textScale, t: 8, b: 4 };
  const { title, height, ...rest } = layout;
  return { ...rest, font, margin, showlegend: false, template: template(look), paper_bgcolor: look.ground };
}

/** What the figure does not say itself, as the page looks. */
function template({ font: family, text, grid, textScale }) {
  const font = { family, size: 12 * textScale, color: text };
  const title = { font: { ...font, size: 13 } };
  const axis = { automargin: true, gridcolor: grid, zerolinecolor: grid, tickcolor: grid, tickfont: font };
  return {
    layout: {
      font,
      title: { x: 0, xanchor: "left", font: { ...font, size: 15, weight: 600 } },
      legend: { font, valign: "top" },
      xaxis: { ...axis, showgrid: false, zeroline: false, title: { ...title, standoff: 18 } },
      yaxis: { ...axis, title: { ...title, standoff: 22 } },
      margin: { l: 0, r: 0, pad: 8 },
      paper_bgcolor: CLEAR,
      plot_bgcolor: CLEAR,
      hoverlabel: { font: { family, size: 12 } },
      modebar: { bgcolor: CLEAR, color: grid, activecolor: text },
    },
    data: { scatter: [{ marker: { line: { width: 0 } } }] },
  };
}

export default mounting((parent) => new Drawn(parent));

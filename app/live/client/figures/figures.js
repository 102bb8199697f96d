// A figure that the server made, drawn in the page's theme.

import { html } from "../kit/dom.js";
import { mounting } from "../kit/mounted.js";
import { loadPlotly } from "../kit/plotly.js";
import { readTheme } from "../kit/theme.js";

const HEIGHT = 450; // pixels, where the figure does not say
const CLEAR = "rgba(0,0,0,0)";

class Drawn {
  constructor(parent) {
    this.parent = parent;
    this.turn = 0;
    this.now = ""; // what is drawn, with its look
    this.data = /** @type {any} */ (null);
    this.trigger = /** @type {any} */ (null);
    this.plot = /** @type {any} */ (html("div", { role: "figure" })); // Plotly's too
    parent.append(this.plot);
    this.widths = new ResizeObserver(() => this.draw());
    this.widths.observe(parent);
  }

  /** Take a new figure, or the same in another theme; gives the number of this call. */
  update(data, trigger) {
    Object.assign(this, { data, trigger });
    this.plot.setAttribute("aria-label", data.alt);
    this.plot.style.height = `${data.figure.layout.height ?? HEIGHT}px`; // its place is kept until it is drawn
    loadPlotly(data.plotly).then(
      () => this.draw(),
      () => (this.plot.textContent = data.not_loaded),
    );
    return (this.turn += 1);
  }

  async draw() {
    const { data, parent, plot } = this;
    const width = parent.clientWidth;
    if (!window.Plotly || !data || !width) return; // drawn when it is here, or comes into sight
    const layout = { ...data.figure.layout, width, template: template(readTheme(parent, false)) };
    layout.height ??= HEIGHT;
    const next = JSON.stringify([data.figure.data, layout]);
    if (next === this.now) return; // what the reader has zoomed stays
    this.now = next;
    await window.Plotly.react(plot, structuredClone(data.figure.data), layout, { displaylogo: false, ...data.config });
    if (data.clicks && !this.listening) plot.on("plotly_click", (event) => this.click(event));
    this.listening = data.clicks;
    plot.dataset.drawn = "";
  }

  click({ points: [{ customdata }] }) {
    this.trigger("click", customdata);
  }

  close() {
    this.widths.disconnect();
    window.Plotly?.purge(this.plot);
    this.plot.remove();
  }
}

/** What the figure does not say itself, as the page looks. */
function template({ font: family, text, grid }) {
  const font = { family, size: 12, color: text };
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

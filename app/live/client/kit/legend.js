// What the lines of a chart are: a sample of each with its name, as the page and files show it.

import { svg } from "./dom.js";

const STROKES = { dot: "2,3", dash: "6,4", dashdot: "8,3,2,3" };
/** Plotly's markers, about (0, 0). */
const SHAPES = {
  circle: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
  square: "M-3.5-3.5h7v7h-7z",
  "triangle-up": "M0-4.4L4.4 3.4H-4.4z",
  diamond: "M0-5L5 0L0 5L-5 0z",
  cross: "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
  "triangle-down": "M0 4.4L4.4-3.4H-4.4z",
  pentagon: "M0-4.8L4.6-1.5L2.8 3.9H-2.8L-4.6-1.5z",
  star: "M0-5.2L1.3-1.7L5-1.6L2.1.7L3.1 4.3L0 2.2L-3.1 4.3L-2.1.7L-5-1.6L-1.3-1.7z",
};
export const SAMPLE = { width: 28, height: 10 };

/** A name as words, of what Plotly takes for it. */
export const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** What is named of these traces, each once: its words and how it looks. */
export function entriesOf(traces) {
  const named = traces.filter(({ name, showlegend }) => name && showlegend !== false);
  return named.map(({ name, line, marker, mode = "lines", meta, fill }) => ({
    text: meta ?? unescaped(name),
    stroke: line?.color ?? marker?.color,
    dash: line?.dash,
    width: line?.width,
    symbol: mode.includes("markers") ? (marker?.symbol ?? "circle") : null,
    drawn: mode.includes("lines"),
    area: Boolean(fill),
  }));
}

/** A dash as drawings take it, of what Plotly takes for it. */
export const strokes = (dash) => (dash === "solid" ? undefined : (STROKES[dash] ?? dash.replaceAll("px", "")));

/** A sample of what an entry names, in a box of `SAMPLE`. */
export function sample(/** @type {any} */ { stroke, dash = "solid", width = 2, symbol, drawn, area }) {
  const size = { ...SAMPLE, "aria-hidden": "true" };
  if (area) return svg("svg", size, svg("rect", { ...SAMPLE, fill: stroke, "fill-opacity": 0.2 }));
  const look = { stroke, "stroke-width": Math.min(4, width), "stroke-dasharray": strokes(dash) };
  const line = drawn ? svg("line", { x1: 0, x2: 28, y1: 5, y2: 5, ...look }) : null;
  return svg("svg", size, line, symbol ? shape(symbol, stroke) : null);
}

/** A marker in the middle of such a box. */
function shape(symbol, colour) {
  const open = symbol.endsWith("-open");
  const d = SHAPES[symbol.replace("-open", "")] ?? SHAPES.circle;
  const fill = open ? "none" : colour;
  return svg("path", { d, transform: "translate(14 5)", fill, stroke: colour, "stroke-width": 1 });
}

// A figure as it is saved: its title on a slide, its legend in rows, the drawing, and its caption, as one SVG.

import { set, svg } from "./dom.js";
import { SAMPLE, sample } from "./legend.js";
import { FAMILY } from "./lettering.js";
import { flowed, INCH, onPaper, ruler, wrapped } from "./paper.js";

const LEAD = 1.28; // of a line, in its type's size
const EDGE = 4; // pixels around everything
const HEAD = 1.4; // of a slide's title, in the size of its type

/**
 * `view` gives what is to be saved: `title`, `caption`, `entries(theme)` of its legend, and `picture(theme, width,
 * height)`, an SVG. `whole` is a size of paper.js; without `captioned` the title of a slide is all that is said.
 */
export async function sheet(view, whole, captioned) {
  const theme = { ...onPaper(view.theme(), whole), font: `"${FAMILY}", sans-serif` };
  const width = whole.width - 2 * EDGE;
  const title = whole.titled ? lines(view.title, theme, whole.type * HEAD, width, 600) : null;
  const legend = rows(view.entries(theme), theme, whole.small, width);
  const said = whole.titled ? view.caption : `${view.title}. ${view.caption}`;
  const caption = captioned ? lines(said, theme, whole.small, width) : null;
  const around = [title, legend, caption].reduce((sum, part) => sum + (part?.height ?? 0), 2 * EDGE);
  const height = whole.drawing ?? Math.max(120, whole.whole - around);
  const drawing = fitted(await view.picture(theme, width, height), width, whole.whole ? height : Infinity);
  const total = whole.whole ?? drawing.height + around;
  return stacked([title, legend, drawing, caption], whole, total, theme);
}

/** A drawing that came out larger than there is room, at the size that fits. */
function fitted(node, width, height) {
  const [wide, tall] = ["width", "height"].map((side) => Number(node.getAttribute(side)));
  const scale = Math.min(1, width / wide, height / tall);
  if (scale < 1) set(node, { width: wide * scale, height: tall * scale });
  return { node, height: tall * scale };
}

function stacked(parts, { width }, height, theme) {
  let y = EDGE;
  const placed = parts.filter(Boolean).map((part) => {
    const node = svg("g", { transform: `translate(${EDGE} ${y})` }, part.node);
    y += part.height;
    return node;
  });
  const inches = (pixels) => `${((pixels / INCH) * 2.54).toFixed(2)}cm`;
  const size = { width: inches(width), height: inches(height), viewBox: `0 0 ${width} ${height}` };
  const ground = svg("rect", { width, height, fill: "#ffffff" });
  const look = { "font-family": theme.font, fill: theme.text };
  return svg("svg", { ...size, ...look }, ground, ...placed);
}

/** A text in lines. */
function lines(text, theme, size, width, weight = 400) {
  const found = wrapped(text, width, ruler(theme.font, size, weight));
  const look = { "font-size": size, "font-weight": weight };
  const words = found.map((line, i) => svg("text", { y: size * (1 + LEAD * i), text: line, ...look }));
  return { node: svg("g", {}, ...words), height: size * LEAD * (found.length + 0.4) };
}

/** A legend in rows of a width; null without entries. */
function rows(entries, theme, size, width) {
  if (!entries.length) return null;
  const measure = ruler(theme.font, size);
  const [gap, line] = [size * 0.5, size * 1.5];
  const texts = entries.map(({ text }) => wrapped(text, width - SAMPLE.width - gap, measure));
  const widths = texts.map((found) => SAMPLE.width + gap + Math.max(...found.map(measure)));
  const places = flowed(widths, width, size * 1.4);
  const heights = [0];
  places.forEach(({ row }, i) => (heights[row] = Math.max(heights[row] ?? 0, line * texts[i].length)));
  const tops = heights.map((_, row) => heights.slice(0, row).reduce((sum, height) => sum + height, 0));
  const nodes = entries.map((entry, i) => {
    const key = sample(entry);
    key.setAttribute("y", String(size * 0.65 - SAMPLE.height / 2));
    const words = texts[i].map((text, n) => svg("text", { x: SAMPLE.width + gap, y: size + line * n, text }));
    const { x, row } = places[i];
    return svg("g", { transform: `translate(${x} ${tops[row]})`, "font-size": size }, key, ...words);
  });
  return { node: svg("g", {}, ...nodes), height: heights.reduce((sum, height) => sum + height, size * 0.4) };
}

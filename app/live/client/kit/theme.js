// Colours, dashes and sizes of every view, for a light and a dark page, from the palette that the server sends.

/** @type {import("../types").Palette} */
const palette = Object.create(null);

/** Take the served palette. */
export const usePalette = (table) => Object.assign(palette, table);

/** The colours of the same things on a light and on a dark page. */
export const pairs = () => palette.pairs;

/** Where the letters of saved figures are, by weight, from the lab's root on. */
export const fonts = () => palette.fonts;

/** Cividis at a probability, as a CSS colour. */
export function cividis(probability) {
  if (!Number.isFinite(probability)) return "transparent";
  const scale = palette.cividis;
  const place = Math.min(1, Math.max(0, probability)) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(place));
  const mix = scale[low].map((c, i) => Math.round(c + (scale[low + 1][i] - c) * (place - low)));
  return `rgb(${mix.join(",")})`;
}

/** Cividis as Plotly takes a scale. */
export const cividisScale = () => [0, 0.25, 0.5, 0.75, 1].map((at) => [at, cividis(at)]);

function channels(colour) {
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/**
 * The page's theme as Streamlit's CSS variables give it; the projector always has a white ground.
 * @returns {import("../types").Theme}
 */
export function readTheme(element, projector) {
  const style = getComputedStyle(element);
  const variable = (name, otherwise) => {
    const value = style.getPropertyValue(`--st-${name}`).trim();
    return value && value !== "unset" ? value : otherwise;
  };
  const ground = projector ? "#ffffff" : variable("background-color", "#ffffff");
  const [r, g, b] = channels(ground);
  const mode = 0.299 * r + 0.587 * g + 0.114 * b < 128 ? "dark" : "light";
  const text = projector ? "#16181d" : variable("text-color", mode === "dark" ? "#fafafa" : "#16181d");
  const scales = projector ? { textScale: 1.35, lineScale: 1.6 } : {};
  return { ...inMode(mode, ground, text, variable("font", "system-ui, sans-serif")), ...scales };
}

/**
 * How everything looks in a mode, on a ground, with words of a colour and a font.
 * @returns {import("../types").Theme}
 */
export function inMode(/** @type {"light" | "dark"} */ mode, ground, text, font) {
  const [tr, tg, tb] = channels(text);
  return {
    mode,
    ground,
    text,
    font,
    depth: palette.depths[mode],
    layer: palette.layers[mode],
    dashes: palette.dashes,
    grid: `rgba(${tr},${tg},${tb},0.12)`,
    line: `rgba(${tr},${tg},${tb},0.45)`,
    ...palette.symbols[mode],
    textScale: 1,
    lineScale: 1,
  };
}

/** Colour and dash of a curve of a run: a depth's, or a rival's. */
export function curveStyle({ layout }, curve, theme) {
  if (curve >= layout.num_depths) {
    const rival = palette.rivals[layout.learners[curve]];
    return { color: rival[theme.mode], dash: rival.dash };
  }
  const depth = layout.depths[curve];
  return { color: theme.depth[depth - 1], dash: palette.dashes[depth - 1] };
}

/** What marks the lines of the nth pinned run; beyond all that there are, the same without their ground. */
export function markerOf(n) {
  const { length } = palette.markers;
  return palette.markers[n % length] + (n < length ? "" : "-open");
}

/** A depth's colour with an opacity, as Plotly's fills need it. */
export function translucent(colour, opacity) {
  const [r, g, b] = channels(colour);
  return `rgba(${r},${g},${b},${opacity})`;
}

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

const asked = (feature) => matchMedia(`(${feature})`).matches;

/** The reader's own colour for a use, such as CanvasText, as the browser has put it in place of a page's. */
function ownColour(element, use) {
  const probe = document.createElement("span");
  probe.style.cssText = `color: ${use}; forced-color-adjust: none`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A theme without anything faint, for who asks for more contrast. */
const strong = (theme) => ({ ...theme, muted: theme.text, line: theme.text, grid: translucent(theme.text, 0.4) });

/**
 * The page's theme as Streamlit's CSS variables give it, or as the reader's own colours are where the browser forces
 * these; else the projector always has a white ground.
 * @returns {import("../types").Theme}
 */
export function readTheme(element, projector) {
  const scales = projector ? { textScale: 1.35, lineScale: 1.6 } : {};
  const own = asked("forced-colors: active");
  const [ground, text, font] = own ? ownColours(element) : pageColours(element, projector);
  const theme = { ...inMode(modeOf(ground), ground, text, font), ...scales };
  return own || asked("prefers-contrast: more") ? strong(theme) : theme;
}

const ownColours = (element) => [
  ownColour(element, "Canvas"),
  ownColour(element, "CanvasText"),
  getComputedStyle(element).fontFamily,
];

/** Whether something on a ground is drawn as on a light page or as on a dark one. */
function modeOf(ground) {
  const [r, g, b] = channels(ground);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128 ? "dark" : "light";
}

/** Ground, text and font of the page. */
function pageColours(element, projector) {
  const style = getComputedStyle(element);
  const variable = (name, otherwise) => {
    const value = style.getPropertyValue(`--st-${name}`).trim();
    return value && value !== "unset" ? value : otherwise;
  };
  const ground = projector ? "#ffffff" : variable("background-color", "#ffffff");
  const text = projector ? "#16181d" : variable("text-color", modeOf(ground) === "dark" ? "#fafafa" : "#16181d");
  return [ground, text, variable("font", "system-ui, sans-serif")];
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

// Figures for print: their sizes, the look of a theme on paper, and how words are laid out in a width.

import { inMode } from "./theme.js";

export const INCH = 96; // CSS pixels
const pixels = (cm) => (cm * INCH) / 2.54;
const type = (points) => (points * INCH) / 72;

/**
 * What a figure can be saved for: its width, the height of its drawing or of all of it, and the size of its type, in
 * pixels of CSS; `titled` where nothing around it says what it is.
 */
export const SIZES = {
  column: { width: pixels(8.5), drawing: pixels(5.6), type: type(8), small: type(7), lines: 0.62, titled: false },
  page: { width: pixels(17.5), drawing: pixels(8), type: type(9), small: type(8), lines: 0.75, titled: false },
  slide: { width: pixels(25.4), whole: pixels(14.3), type: type(15), small: type(11), lines: 1.3, titled: true },
};

/** The type of a page that is printed, and how much its lines are of their width on a screen. */
export const PRINTED = { type: type(9), lines: 0.9 };

/** A theme as it looks on white paper at the type of a size. */
export function onPaper(theme, { type, lines }) {
  return { ...inMode("light", "#ffffff", "#16181d", theme.font), textScale: type / 12, lineScale: lines };
}

/** A ruler of words: their width in pixels, in a font of this size and weight. */
export function ruler(family, size, weight = 400) {
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.font = `${weight} ${size}px ${family}`;
  return (text) => context.measureText(text).width;
}

/** A text as lines of a width; a word that is longer, such as an address, is broken where it has to be. */
export function wrapped(text, width, measure) {
  const lines = [""];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const joined = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(...broken(word, width, measure));
  }
  return lines.filter(Boolean);
}

function broken(word, width, measure) {
  const parts = [""];
  for (const letter of word)
    if (measure(parts.at(-1) + letter) <= width) parts[parts.length - 1] += letter;
    else parts.push(letter);
  return parts.filter(Boolean);
}

/** Boxes of these widths in rows of a width: the x and the row of each. */
export function flowed(widths, width, gap) {
  let [x, row] = [0, 0];
  return widths.map((own) => {
    if (x && x + own > width) [x, row] = [0, row + 1];
    const place = { x, row };
    x += own + gap;
    return place;
  });
}

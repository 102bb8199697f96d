// Colours, dashes and sizes of every view, for a light and a dark page. PRODUCT: one symbol, one colour.

const DEPTHS = {
  light: ["#440154", "#3e4989", "#287d8e", "#22a884", "#8f6a00", "#b5367a", "#7a3b12", "#8c38e0"],
  dark: ["#287d8e", "#25ac82", "#7fd34e", "#fde725", "#995f26", "#c20cff", "#9db4ff", "#c9c9c9"],
};
export const DASHES = ["solid", "8px,4px", "2px,2px", "dashdot", "12px,3px", "10px,3px,2px,3px,2px,3px", "5px,5px", "1px,4px"];

// Of the plain network under another learner: none near a depth's colour, and a dash of its own.
const RIVALS = {
  momentum: { light: "#d1242f", dark: "#ff4d4d", dash: "16px,4px" },
  nesterov: { light: "#ff2ea6", dark: "#ff2fd6", dash: "16px,4px,2px,4px" },
  adagrad: { light: "#2563ff", dark: "#3d7bff", dash: "4px,2px" },
  adam: { light: "#8b6cff", dark: "#b06bff", dash: "16px,3px,8px,3px" },
  exponentiated_gradient: { light: "#00540f", dark: "#a87b00", dash: "6px,2px,1px,2px" },
  projected_gradient: { light: "#5f8a00", dark: "#d2601a", dash: "6px,2px,1px,2px,1px,2px" },
  em: { light: "#b300e6", dark: "#6ff3ff", dash: "3px,2px" },
  shallow: { light: "#b45309", dark: "#ffb000", dash: "16px,4px,4px,4px" }, // the mixture of a circuit's trees
  online_em: { light: "#00132e", dark: "#ffffff", dash: "3px,2px,8px,2px" },
};

const SYMBOLS = {
  light: { picked: "#c2410c", positive: "#1d4ed8", negative: "#c2410c", muted: "#5f6672" },
  dark: { picked: "#ffa94d", positive: "#7aa7ff", negative: "#ffa94d", muted: "#a3abb8" },
};

const CIVIDIS = [
  [0, 32, 76], [0, 42, 102], [0, 52, 110], [39, 63, 108], [60, 74, 107], [76, 85, 107], [91, 95, 109], [104, 106, 112],
  [117, 117, 117], [131, 129, 120], [146, 140, 120], [161, 152, 118], [176, 165, 114], [192, 178, 109], [209, 192, 100],
  [225, 206, 88], [243, 221, 69], [255, 234, 70],
];

/** Cividis at a probability, as a CSS colour. */
export function cividis(probability) {
  if (!Number.isFinite(probability)) return "transparent";
  const place = Math.min(1, Math.max(0, probability)) * (CIVIDIS.length - 1);
  const low = Math.min(CIVIDIS.length - 2, Math.floor(place));
  const mix = CIVIDIS[low].map((c, i) => Math.round(c + (CIVIDIS[low + 1][i] - c) * (place - low)));
  return `rgb(${mix.join(",")})`;
}

function channels(colour) {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** The page's theme as Streamlit's CSS variables give it; the projector always has a white ground. */
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
  const [tr, tg, tb] = channels(text);
  return {
    mode, ground, text,
    font: variable("font", "system-ui, sans-serif"),
    depth: DEPTHS[mode],
    grid: `rgba(${tr},${tg},${tb},0.12)`,
    line: `rgba(${tr},${tg},${tb},0.45)`,
    ...SYMBOLS[mode],
    textScale: projector ? 1.35 : 1,
    lineScale: projector ? 1.6 : 1,
  };
}

/** Colour and dash of curve number `d` of a run: a depth's, or a rival's. */
export function curveStyle({ layout }, d, theme) {
  if (d >= layout.num_depths) {
    const rival = RIVALS[layout.learners[d]];
    return { color: rival[theme.mode], dash: rival.dash };
  }
  const depth = layout.depths[d];
  return { color: theme.depth[depth - 1], dash: DASHES[depth - 1] };
}

/** A depth's colour with an opacity, as Plotly's fills need it. */
export function translucent(colour, opacity) {
  const [r, g, b] = channels(colour);
  return `rgba(${r},${g},${b},${opacity})`;
}

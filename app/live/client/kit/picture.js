// Saving a drawing of ours: its own SVG with a caption under it, or that as a PNG.

import { addressOf, download, html, set, svg } from "./dom.js";

const SCALE = 2; // pixels per drawing unit in a PNG

function withCaption(drawing, caption, theme) {
  const [width, height] = ["width", "height"].map((side) => Number(drawing.getAttribute(side)));
  const lines = caption.match(new RegExp(`.{1,${Math.max(30, Math.floor(width / 5.2))}}(\\s|$)`, "g")) ?? [];
  const whole = drawing.cloneNode(true);
  const full = height + 10 + 13 * lines.length;
  set(whole, { height: full, viewBox: `0 0 ${width} ${full}` });
  whole.prepend(svg("rect", { width, height: full, fill: theme.ground }));
  const look = { x: 6, "font-size": 9.5, fill: theme.text };
  whole.append(...lines.map((text, i) => svg("text", { ...look, y: height + 12 + 13 * i, text: text.trim() })));
  return { text: new XMLSerializer().serializeToString(whole), width, height: full };
}

/** Download an SVG element as `name`.svg or .png. */
export async function savePicture(drawing, format, name, caption, theme) {
  const { text, width, height } = withCaption(drawing, caption, theme);
  const source = addressOf(text, "image/svg+xml");
  if (format === "svg") return download(source, `${name}.svg`);
  const image = new Image(width, height);
  image.src = source;
  await image.decode();
  const canvas = html("canvas", { width: width * SCALE, height: height * SCALE });
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  download(canvas.toDataURL("image/png"), `${name}.png`);
}

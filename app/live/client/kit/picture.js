// Saving a drawing of ours: its own SVG with a caption under it, or that as a PNG.

import { download, html, svg } from "./dom.js";

const SCALE = 2; // pixels per drawing unit in a PNG

function withCaption(drawing, caption, theme) {
  const width = Number(drawing.getAttribute("width"));
  const height = Number(drawing.getAttribute("height"));
  const lines = caption.match(new RegExp(`.{1,${Math.max(30, Math.floor(width / 5.2))}}(\\s|$)`, "g")) ?? [];
  const whole = drawing.cloneNode(true);
  const full = height + 10 + 13 * lines.length;
  whole.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  whole.setAttribute("height", full);
  whole.setAttribute("viewBox", `0 0 ${width} ${full}`);
  whole.prepend(svg("rect", { width, height: full, fill: theme.ground }));
  whole.append(
    ...lines.map((text, i) =>
      svg("text", { x: 6, y: height + 12 + 13 * i, "font-size": 9.5, fill: theme.text, text: text.trim() }),
    ),
  );
  return { text: new XMLSerializer().serializeToString(whole), width, height: full };
}

/** Download an SVG element as `name`.svg or .png. */
export async function savePicture(drawing, format, name, caption, theme) {
  const { text, width, height } = withCaption(drawing, caption, theme);
  const source = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    if (format === "svg") return download(source, `${name}.svg`);
    const image = new Image(width, height);
    image.src = source;
    await image.decode();
    const canvas = html("canvas", { width: width * SCALE, height: height * SCALE });
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    download(canvas.toDataURL("image/png"), `${name}.png`);
  } finally {
    setTimeout(() => URL.revokeObjectURL(source), 10_000);
  }
}

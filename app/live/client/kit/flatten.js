// An SVG as a flat list of lines, areas and words in points, from which the server makes a PDF: {width, height, title,
// items}. The SVG stands in the page meanwhile, so that its styles and letters are measured where they apply.

const POINTS = 72 / 96;
const UNDRAWN = new Set(["defs", "style", "title", "desc", "metadata", "clipPath", "linearGradient", "filter"]);
const STEPS = 24; // of a curve that is no straight line
const RAISED = { central: 0.355, middle: 0.245 }; // from the baseline to these, in sizes of the type
const round = (value) => Math.round(value * 100) / 100;

/** Everything that `root` draws; it is taken into the page and out again. */
export async function flattened(root, title) {
  const place = document.createElement("div");
  place.setAttribute("aria-hidden", "true");
  place.style.cssText = "position: fixed; left: -10000px; top: 0";
  place.append(root);
  document.body.append(place);
  try {
    const base = root.getScreenCTM().inverse();
    const items = [];
    const scale = (pixels) => round(pixels * POINTS);
    const { width, height } = root.viewBox.baseVal;
    await walk(root, { base, opacity: 1, items });
    return { width: scale(width), height: scale(height), title, items };
  } finally {
    place.remove();
  }
}

async function walk(node, { base, opacity, items }) {
  if (UNDRAWN.has(node.tagName)) return;
  const style = getComputedStyle(node);
  if (style.display === "none") return;
  const c = { base, items, style, opacity: opacity * Number(style.opacity), at: placer(base, node) };
  const box = clipOf(node, style, c.at);
  if (box) items.push({ kind: "clip", box });
  if (style.visibility !== "hidden") await draw(node, c);
  if (node.tagName !== "text") for (const child of node.children) await walk(child, { ...c });
  if (box) items.push({ kind: "unclip" });
}

async function draw(node, c) {
  if (node.tagName === "text") return words(node, c);
  if (node.tagName === "image") return cells(node, c);
  const outline = outlineOf(node);
  if (!outline) return;
  const [fill, stroke] = [paint(c, "fill"), paint(c, "stroke")];
  const width = Number.parseFloat(c.style.strokeWidth) * c.at.scale * POINTS;
  const lined = stroke && width > 0;
  if (!fill && !lined) return;
  const dash = (c.style.strokeDasharray.match(/[\d.]+/g) ?? []).map((length) => round(length * c.at.scale * POINTS));
  c.items.push({
    kind: "path",
    ...outline,
    lines: outline.lines.map((line) => c.at.all(line)),
    fill,
    stroke: lined ? stroke : null,
    width: round(width),
    dash: dash.some((length) => length > 0) ? dash : [],
  });
}

/** Where the points of a node are on the sheet, in points; and by how much it is scaled and turned there. */
function placer(base, node) {
  const { a, b, c, d, e, f } = node.getScreenCTM ? base.multiply(node.getScreenCTM()) : base;
  const point = (x, y) => [round((a * x + c * y + e) * POINTS), round((b * x + d * y + f) * POINTS)];
  return {
    point,
    all: (line) => line.flatMap(([x, y]) => point(x, y)),
    scale: Math.hypot(a, b),
    angle: round((Math.atan2(b, a) * 180) / Math.PI),
  };
}

/** The rectangle that a node is cut to, as x, y, width and height; null where it is not. */
function clipOf(node, style, at) {
  const id = /url\("?#([^")]+)"?\)/.exec(style.clipPath)?.[1];
  const rect = id ? node.ownerDocument.getElementById(id)?.querySelector("rect") : null;
  if (!rect) return null;
  const [left, top, width, height] = ["x", "y", "width", "height"].map((name) => rect[name].baseVal.value);
  const [[x0, y0], [x1, y1]] = [at.point(left, top), at.point(left + width, top + height)];
  return [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)].map(round);
}

/** A colour of a node as red, green and blue to 255 and an opacity; null for none. */
function paint({ style, opacity }, kind) {
  const found = /^rgba?\(([\d.]+),? ([\d.]+),? ([\d.]+)(?:(?:,| \/) ([\d.]+))?\)/.exec(style[kind]);
  if (!found) return null;
  const [red, green, blue, own = 1] = found.slice(1).map((text) => (text === undefined ? undefined : Number(text)));
  const alpha = round(own * opacity * Number(style[`${kind}Opacity`]));
  return alpha > 0 ? [red, green, blue, alpha] : null;
}

/** The lines of a shape and whether they are closed; null of what is no shape. */
function outlineOf(node) {
  const value = (name) => node[name].baseVal.value;
  if (node.tagName === "path") return straight(node.getAttribute("d") ?? "") ?? sampled(node);
  if (node.tagName === "line")
    return {
      lines: [
        [
          [value("x1"), value("y1")],
          [value("x2"), value("y2")],
        ],
      ],
      closed: false,
    };
  if (node.tagName === "rect") {
    const [x, y, w, h] = ["x", "y", "width", "height"].map(value);
    return w > 0 && h > 0
      ? {
          lines: [
            [
              [x, y],
              [x + w, y],
              [x + w, y + h],
              [x, y + h],
            ],
          ],
          closed: true,
        }
      : null;
  }
  return ["circle", "ellipse", "polygon", "polyline"].includes(node.tagName) ? sampled(node) : null;
}

function sampled(node) {
  const length = node.getTotalLength();
  if (!(length > 0)) return null;
  const steps = node.points ? node.points.numberOfItems * 8 : STEPS;
  const at = (i) => node.getPointAtLength((length * i) / steps);
  const line = [...Array(steps + 1).keys()].map((i) => [at(i).x, at(i).y]);
  return { lines: [line], closed: /z\s*$/i.test(node.getAttribute("d") ?? "z") && node.tagName !== "polyline" };
}

/**
 * The lines of a path of straight ones, and whether they are closed; null where it has curves.
 * @param {string} d
 */
export function straight(d) {
  if (/[^MLHVZmlhvze\d\s.,+-]/.test(d)) return null;
  const lines = /** @type {number[][][]} */ ([]);
  let [x, y] = [0, 0];
  let closed = false;
  for (const [, letter, rest] of d.matchAll(/([MLHVZmlhvz])([^MLHVZmlhvz]*)/g)) {
    const numbers = (rest.match(/[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/g) ?? []).map(Number);
    const [kind, relative] = [letter.toUpperCase(), letter !== letter.toUpperCase()];
    if (kind === "Z") {
      closed = true;
      [x, y] = lines.at(-1)?.[0] ?? [x, y];
      continue;
    }
    const step = kind === "H" || kind === "V" ? 1 : 2;
    for (let i = 0; i + step <= numbers.length; i += step) {
      const [first, second] = [numbers[i], numbers[i + 1]];
      const from = relative ? [x, y] : [0, 0];
      if (kind === "H") x = from[0] + first;
      else if (kind === "V") y = from[1] + first;
      else [x, y] = [from[0] + first, from[1] + second];
      if (kind === "M" && i === 0) lines.push([]);
      lines.at(-1)?.push([x, y]);
    }
  }
  return { lines: lines.filter((line) => line.length > 1), closed };
}

/** The words of a text where each run of them begins, as long as they are here. */
function words(text, c) {
  const runs = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const count = text.getNumberOfChars();
  let at = 0;
  while (runs.nextNode()) {
    const run = /** @type {Text} */ (runs.currentNode);
    const length = Math.min(run.data.length, count - at);
    if (length > 0 && run.data.trim()) c.items.push(...spoken(text, run, at, length, c));
    at += run.data.length;
  }
}

/** One run of words of a text, from its letter `at` on; none in no colour. */
function spoken(text, run, at, length, c) {
  const style = getComputedStyle(run.parentElement);
  const colour = paint({ style, opacity: c.opacity }, "fill");
  if (!colour) return [];
  const start = text.getStartPositionOfChar(at);
  const letters = Number.parseFloat(style.fontSize);
  const [x, y] = c.at.point(start.x, start.y + letters * (RAISED[c.style.dominantBaseline] ?? 0));
  const points = (pixels) => round(pixels * c.at.scale * POINTS);
  const size = points(letters);
  const long = points(text.getSubStringLength(at, length));
  const bold = Number(style.fontWeight) >= 600;
  return [{ kind: "text", x, y, size, angle: c.at.angle, length: long, text: run.data.slice(0, length), colour, bold }];
}

/** A picture of cells, as Plotly draws a heat map: a rectangle for each that is of one colour. */
async function cells(node, c) {
  const image = new Image();
  image.src = node.href.baseVal;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const [left, top, wide, tall] = ["x", "y", "width", "height"].map((name) => node[name].baseVal.value);
  const place = (x, y) => [left + (x * wide) / width, top + (y * tall) / height];
  for (const { x0, x1, y0, y1, colour } of areas(new Uint32Array(data.buffer), width, height)) {
    const [red, green, blue, alpha] = [0, 8, 16, 24].map((bits) => (colour >>> bits) & 255);
    if (!alpha) continue;
    const line = c.at.all([place(x0, y0), place(x1, y0), place(x1, y1), place(x0, y1)]);
    const fill = [red, green, blue, round((alpha / 255) * c.opacity)];
    c.items.push({ kind: "path", lines: [line], closed: true, fill, stroke: null, width: 0, dash: [] });
  }
}

/**
 * Rectangles of one colour that cover a picture of `width` by `height` pixels.
 * @param {Uint32Array} pixels
 */
export function areas(pixels, width, height) {
  const found = [];
  let open = /** @type {any[]} */ ([]);
  for (let y = 0; y < height; y += 1) {
    const row = /** @type {any[]} */ ([]);
    for (let x = 0; x < width; x += 1) {
      const colour = pixels[y * width + x];
      if (row.at(-1)?.colour === colour) row.at(-1).x1 = x + 1;
      else row.push({ x0: x, x1: x + 1, y0: y, y1: y + 1, colour });
    }
    const same = ({ x0, x1, colour }) => open.find((one) => one.x0 === x0 && one.x1 === x1 && one.colour === colour);
    const next = row.map((run) => Object.assign(same(run) ?? run, { y1: y + 1 }));
    found.push(...next.filter((run) => !open.includes(run)));
    open = next;
  }
  return found;
}

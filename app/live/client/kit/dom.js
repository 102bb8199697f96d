// Small makers of HTML and SVG nodes, and numbers as text. Text always enters through textContent.

import { say } from "./words.js";

function fill(node, given, children) {
  const attributes = typeof given === "string" ? { class: given } : given;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * An HTML element; attributes `text` and `onclick`-like functions are understood, a string alone is its class.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any> | string} [attributes]
 * @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export const html = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {(Node | string | null)[]} children
 * @returns {SVGElementTagNameMap[T]}
 */
export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** A heading of the second or the third level; the first is the page's. */
export const heading = (level, text) => html(level === 2 ? "h2" : "h3", { text });

/** An element of a formula. */
export const mathml = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/1998/Math/MathML", tag), attributes, children);

/** A row of a table; the first cell names it. Cells are texts, numbers or nodes. */
export const tr = (cells, attributes = {}) => {
  const content = (cell) => (cell instanceof Node ? cell : String(cell));
  const cell = (x, i) => (i ? html("td", {}, content(x)) : html("th", { scope: "row" }, content(x)));
  return html("tr", attributes, ...cells.map(cell));
};

/** A table of rows made with `tr`, or of their cells, under the heads of its columns if it has any. */
export function table(caption, head, rows) {
  const heads = head.map((text) => html("th", { text, scope: "col" }));
  const body = rows.map((row) => (row instanceof Node ? row : tr(row)));
  return html(
    "table",
    {},
    html("caption", { text: caption }),
    head.length ? html("thead", {}, html("tr", {}, ...heads)) : null,
    html("tbody", {}, ...body),
  );
}

/** What may be scrolled by keys, and so has a name. */
export const scrolled = (name) => ({ tabindex: 0, role: "group", "aria-label": name });

/** Where the table of a chart is shown, which is called as the chart is. */
export const tableFrame = (title) => html("div", { class: "spn-table", hidden: true, ...scrolled(title) });

/** The key that does the same as a button: part of the button's name, as it is part of what is written on it. */
export const keyHint = (text) => html("kbd", { text });

/** A button with its word, and perhaps an icon before and a key after it. */
export function wordedButton(
  word,
  onclick,
  /** @type {any} */ { key, ...more },
  /** @type {Node | null} */ picture = null,
) {
  const title = `${say(`${word}_help`)}${key ? ` (${key})` : ""}`;
  const attributes = { type: "button", class: "spn-button spn-worded", title, onclick, ...more };
  const text = picture ? html("span", { text: say(word) }) : say(word);
  return html("button", attributes, picture, text, ...(key ? [" ", keyHint(key)] : []));
}

/** Hand a file to the browser. */
export const download = (url, name) => html("a", { href: url, download: name }).click();

/** The address of a text as a file, while the browser takes it. */
export function addressOf(text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return url;
}

/** Set attributes of a node. */
export const set = (node, attributes) =>
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));

const ICONS = {
  play: "M7 4l13 8-13 8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  first: "M5 4h3v16H5zM20 4v16L9 12z",
  previous: "M17 4v16L6 12z",
  next: "M7 4l11 8-11 8z",
  last: "M4 4l11 8-11 8zM16 4h3v16h-3z",
  stop: "M5 5h14v14H5z",
  live: "M12 7a5 5 0 100 10 5 5 0 000-10z",
  pin: "M15 3l6 6-4 1-4 4 0 5-3-3-6 5 5-6-3-3h5l4-4z",
  tour: "M11 2h2v2h6l3 3-3 3h-6v12h-2V10H4V4h7z",
  print: "M6 3h12v4H6zM4 8h16a2 2 0 012 2v7h-4v-3H6v3H2v-7a2 2 0 012-2zM8 16h8v5H8z",
  pages: "M4 5h16v3H4zM4 10.5h16v3H4zM4 16h16v3H4z",
  questions:
    "M12 2a10 10 0 100 20 10 10 0 000-20zM11 16h2v2h-2zM8 10a4 4 0 118 0c0 3-3 2.5-3 5h-2c0-3.5 3-3 3-5a2 2 0 10-4 0z",
  depths: "M12 2l9 5-9 5-9-5zM5 10.5l7 4 7-4 2 1.2-9 5-9-5zM5 15.2l7 4 7-4 2 1.2-9 5-9-5z",
  settings: "M4 6h8v2H4zM16 6h4v2h-4zM13 4h2v6h-2zM4 16h4v2H4zM12 16h8v2h-8zM9 14h2v6H9z",
  share: "M13 4l8 7-8 7v-4C7 14 5 16 3 20c0-6 3-11 10-12z",
};

/** A 16-pixel icon in the text's colour; it says nothing to a screen reader. */
export const icon = (name) =>
  svg(
    "svg",
    { viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { d: ICONS[name], fill: "currentColor" }),
  );

/** Swap the icon of a button made with `icon`. */
export const setIcon = (button, name) => button.querySelector("path").setAttribute("d", ICONS[name]);

const inDigits = (digits) => (n) => String(n).replace(/./g, (c) => digits[c] ?? "⁻");

export const superscript = inDigits("⁰¹²³⁴⁵⁶⁷⁸⁹");
export const subscript = inDigits("₀₁₂₃₄₅₆₇₈₉");

const signed = (text) => text.replace("-", "−");

/** A number for reading: `digits` significant ones, a true minus sign, powers of ten outside 0.0001…9999. */
export function number(value, digits = 3) {
  return scientific(value, digits, (text) => String(Number(text)));
}

/** The same with all its digits, zeros at the end too: what changes in place keeps its width. */
export const tabular = (value, digits = 4) => scientific(value, digits, (text) => text);

function scientific(value, digits, shown) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.9999e-4 && size < 1e4) return signed(shown(plain(value, digits)));
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return signed(`${shown(mantissa)}·10${superscript(Number(exponent))}`);
}

/** Without the power of ten that JavaScript writes where a number has more places than digits. */
function plain(value, digits) {
  const text = value.toPrecision(digits);
  return text.includes("e") ? String(Number(text)) : text;
}

/** A log-likelihood: always three decimals, so that columns line up. */
export const llh = (value) => (Number.isFinite(value) ? signed(value.toFixed(3)) : "–");

/** Plotly reads pseudo-HTML in its texts; a name must not be able to use it. */
export const plotlyText = (text) =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A column's name as words. */
export const inWords = (name) => String(name).replaceAll("_", " ");

/** Names from uploads may be endless or full of marks that do not advance; what is shown is short and on its line. */
export function shorten(name, length = 24) {
  const plain = String(name)
    .normalize("NFC")
    .replace(/[\u0000-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "�")
    .replace(/\p{M}{3,}/gu, "");
  const letters = [...plain];
  return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : plain;
}

let turn = 0;

/** Sizes may be other ones at once, as where a page is made ready for paper. */
export const resized = () => (turn += 1);

/**
 * Reads the size in pixels that an element had when it was last laid out, so that nobody has to wait for its next
 * layout; `changed()` is called when it is another one.
 */
export function sizeOf(element, changed) {
  let size = { width: 0, height: 0 };
  let of = turn;
  const measure = () => {
    [size, of] = [{ width: element.clientWidth, height: element.clientHeight }, turn];
    return size;
  };
  new ResizeObserver(() => (measure(), changed())).observe(element);
  return () => (of === turn ? size : measure());
}

// Formulas as MathML, which browsers typeset themselves, in the font that kit.css names; every text enters through
// textContent.

import { html, mathml } from "./dom.js";

const row = (...parts) => mathml("mrow", {}, ...parts);
const sign = (text, more = {}) => mathml("mo", { text, ...more });

/** A number as `number` in dom.js writes it, with its power of ten raised. */
function written(text) {
  const [mantissa, power] = text.split("·10").map((digits) => mathml("mn", { text: digits.normalize("NFKC") }));
  const ten = mathml("msup", {}, mathml("mn", { text: "10" }), power);
  return power ? row(mantissa, sign("·", { lspace: "0.12em", rspace: "0.12em" }), ten) : mantissa;
}

const WORDS = /[−-]?\d[\d.]*(·10[⁻⁰¹²³⁴-⁹]+)?|–|@\p{L}+|\p{L}+|[^\s]/gu;
const SCRIPTS = { _: "msub", "^": "msup", "_^": "msubsup" };
const LIMITS = { _: "munder", "^": "mover", "_^": "munderover" }; // of sums and products
const TALL = "mfrac, munder, munderover, msubsup"; // what brackets grow around

/**
 * The parts of a formula up to a closing brace: a part is a number, a name, an operator or {a group}, with its indices
 * after it. `@over` makes a fraction of the next two parts, `@mean` a bar over the next one; any other @word
 * colours it.
 */
function parsed(/** @type {string[]} */ words) {
  /** @type {Element[]} */
  const parts = [];
  while (words.length && words[0] !== "}") parts.push(withScripts(words));
  words.shift();
  return parts;
}

function withScripts(words) {
  const base = part(words);
  const scripts = [];
  let signs = "";
  while (words[0] in SCRIPTS) {
    signs += words.shift();
    scripts.push(part(words));
  }
  if (!signs) return base;
  const places = /^[∏∑]$/.test(base.textContent) ? LIMITS : SCRIPTS;
  return mathml(places[signs], {}, base, ...scripts);
}

/** A group, whose brackets are as tall as what they hold where that is tall. */
function group(parts) {
  const tall = parts.some((each) => each.matches(TALL) || each.querySelector(TALL));
  for (const each of parts) if (/^[()[\]‖|]$/.test(each.textContent ?? "")) each.setAttribute("stretchy", String(tall));
  return row(...parts);
}

function part(words) {
  const text = words.shift();
  if (text === "{") return group(parsed(words));
  if (text === "@mean") return mathml("mover", { accent: "true" }, part(words), sign("¯"));
  if (text === "@over") return mathml("mfrac", {}, withScripts(words), withScripts(words));
  if (text[0] === "@") return mathml("mrow", { class: `spn-${text.slice(1)}` }, withScripts(words));
  if (/^[−-]?\d|–/.test(text)) return written(text);
  return /^\p{L}/u.test(text) ? mathml("mi", { text }) : sign(text);
}

const partsOf = (text) => parsed(text.match(WORDS) ?? []);
const typeset = (parts) => mathml("math", { displaystyle: "true" }, row(...parts));

/** A whole formula. */
export const math = (text) => typeset(partsOf(text));

/** A long formula as pieces that may stand on several lines; a line starts with its operator. */
function formula(text) {
  /** @type {Element[][]} */
  const pieces = [[]];
  partsOf(text).forEach((node, i) => {
    if (i && node.localName === "mo" && /[=≈+·]/.test(node.textContent ?? "")) {
      node.setAttribute("form", "infix");
      pieces.push([]);
    }
    pieces.at(-1)?.push(node);
  });
  return pieces.flatMap((parts) => [html("span", "spn-piece", typeset(parts)), " "]);
}

/** A formula with its name beside it, if it has one, and perhaps a word after it. */
export const formulaLine = (name, key, text, said = "") =>
  html(
    "div",
    { class: "spn-formula", "data-equation": key },
    name && html("span", { class: "spn-eq-name", text: name }),
    html("span", "spn-eq-body", ...formula(text), said && html("span", { class: "spn-aside", text: said })),
  );

const piecesIn = (node) => [...node.querySelectorAll(".spn-piece")];

const rooms = new WeakMap(); // by place: of each formula in it, pixels for its pieces

/** Put formulas in their place; a piece keeps the most room that its values have taken there, so that none jumps. */
export function showFormulas(host, lines) {
  for (const line of lines) {
    const [pieces, before] = [piecesIn(line), rooms.get(host)?.get(line.dataset.equation) ?? []];
    if (pieces.length === before.length) pieces.forEach((piece, i) => (piece.style.minWidth = `${before[i]}px`));
  }
  host.replaceChildren(...lines);
  setTimeout(() => rooms.set(host, roomsIn(lines))); // when they are laid out, for nothing waits for that here
}

const roomsIn = (lines) =>
  new Map(
    lines.map((line) => [
      line.dataset.equation,
      piecesIn(line).map((piece) => Math.ceil(piece.getBoundingClientRect().width)),
    ]),
  );

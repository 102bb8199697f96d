// Formulas as MathML, which browsers typeset themselves; every text enters through textContent.

import { html, mathml } from "./dom.js";

const row = (...parts) => mathml("mrow", {}, ...parts);

/** A number as `number` in dom.js writes it, with its power of ten raised. */
function written(text) {
  const [mantissa, power] = text.split("·10").map((digits) => mathml("mn", { text: digits.normalize("NFKC") }));
  const ten = mathml("msup", {}, mathml("mn", { text: "10" }), power);
  return power ? row(mantissa, mathml("mo", { text: "·" }), ten) : mantissa;
}

const WORDS = /[−-]?\d[\d.]*(·10[⁻⁰¹²³⁴-⁹]+)?|–|@\p{L}+|\p{L}+|[^\s]/gu;
const SCRIPTS = { _: "msub", "^": "msup", "_^": "msubsup" };

/**
 * The parts of a formula up to a closing brace: a part is a number, a name, an operator or {a group}, with its indices
 * after it. `@over` makes a fraction of the next two parts, any other @word colours the next one.
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
  return mathml(/[∏∑]/.test(base.textContent) ? "munder" : SCRIPTS[signs], {}, base, ...scripts);
}

function part(words) {
  const text = words.shift();
  if (text === "{") return row(...parsed(words));
  if (text === "@over") return mathml("mfrac", {}, withScripts(words), withScripts(words));
  if (text[0] === "@") return mathml("mrow", { class: `spn-${text.slice(1)}` }, withScripts(words));
  if (/^[−-]?\d|–/.test(text)) return written(text);
  return mathml(/^\p{L}/u.test(text) ? "mi" : "mo", { text });
}

const partsOf = (text) => parsed(text.match(WORDS) ?? []);
const typeset = (parts) => mathml("math", { display: "inline" }, row(...parts));

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
  return pieces.map(typeset);
}

/** A formula with its name beside it, and perhaps a word after it. */
export const formulaLine = (name, key, text, said = "") =>
  html(
    "div",
    { class: "spn-formula", "data-equation": key },
    html("span", { class: "spn-eq-name", text: name }),
    html("span", "spn-eq-body", ...formula(text), said && html("span", { class: "spn-aside", text: said })),
  );

// Formulas as MathML, which browsers typeset themselves; every text enters through textContent.

import { html, mathml } from "./dom.js";

/** A bare text is an operator, a number or a name, by its look. */
function parsed(part) {
  if (typeof part !== "string") return part;
  const tag = /^[−-]?[\d.]/.test(part) ? "mn" : /^\p{L}/u.test(part) ? "mi" : "mo";
  return mathml(tag, { text: part });
}

const made =
  (tag, attributes = {}) =>
  (...parts) =>
    mathml(tag, attributes, ...parts.map(parsed));

export const row = made("mrow");
export const sub = made("msub");
export const sup = made("msup");
export const both = made("msubsup");
export const over = made("mfrac");
export const under = made("munder");
export const coloured = (kind, ...parts) => made("mrow", { class: `spn-${kind}` })(...parts);

/** A number as `number` in dom.js writes it, with its power of ten raised. */
export function value(text, kind = "") {
  const [mantissa, power] = text.split("·10").map((digits) => mathml("mn", { text: digits.normalize("NFKC") }));
  const node = power ? row(mantissa, "·", sup("10", power)) : mantissa;
  return kind ? coloured(kind, node) : node;
}

const BREAKS = new Set(["=", "≈", "+", "·"]);

/** A long formula as pieces that may stand on several lines; a line starts with its operator. */
function formula(parts) {
  /** @type {any[][]} */
  const pieces = [[]];
  parts.forEach((part, i) => {
    if (i && BREAKS.has(part)) pieces.push([mathml("mo", { form: "infix", text: part })]);
    else pieces.at(-1)?.push(part);
  });
  return pieces.map((piece) => math(...piece));
}

/** A formula with its name beside it, and perhaps a word after it. */
export const formulaLine = (name, key, parts, said = "") =>
  html(
    "div",
    { class: "spn-formula", "data-equation": key },
    html("span", { class: "spn-eq-name", text: name }),
    html("span", { class: "spn-eq-body" }, ...formula(parts), said && html("span", { class: "spn-aside", text: said })),
  );

/** A whole formula. */
export const math = (...parts) => mathml("math", { display: "inline" }, row(...parts));

// Formulas as MathML, which browsers typeset themselves; every text enters through textContent.

import { html } from "./dom.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";

function make(tag, attributes, ...children) {
  const node = document.createElementNS(MATHML, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children.flat().map((child) => (typeof child === "string" ? parse(child) : child)));
  return node;
}

const leaf = (tag, text, kind) => {
  const node = document.createElementNS(MATHML, tag);
  node.textContent = text;
  if (kind) node.setAttribute("class", kind);
  return node;
};

/** A bare text is an operator, a number or a name, by its look. */
function parse(text) {
  if (/^[−-]?[\d.]/.test(text)) return leaf("mn", text);
  return /^[\p{L}]/u.test(text) ? leaf("mi", text) : leaf("mo", text);
}

export const row = (...parts) => make("mrow", {}, ...parts);
export const sub = (base, below) => make("msub", {}, base, below);
export const sup = (base, above) => make("msup", {}, base, above);
export const both = (base, below, above) => make("msubsup", {}, base, below, above);
export const over = (above, below) => make("mfrac", {}, above, below);
export const under = (operator, below) => make("munder", {}, leaf("mo", operator), below);
export const coloured = (kind, ...parts) => make("mrow", { class: `spn-${kind}` }, ...parts);

/** A number as `number` in dom.js writes it, with its power of ten raised. */
export function value(text, kind) {
  const [mantissa, power] = text.split("·10");
  const node = power
    ? row(
        leaf("mn", mantissa),
        leaf("mo", "·"),
        sup(leaf("mn", "10"), leaf("mn", [...power].map((c) => RAISED[c] ?? c).join(""))),
      )
    : leaf("mn", text);
  return kind ? coloured(kind, node) : node;
}

const RAISED = {
  "⁻": "−",
  "⁰": "0",
  "¹": "1",
  "²": "2",
  "³": "3",
  "⁴": "4",
  "⁵": "5",
  "⁶": "6",
  "⁷": "7",
  "⁸": "8",
  "⁹": "9",
};

const BREAKS = new Set(["=", "≈", "+", "·"]);

/** A long formula as pieces that may stand on several lines; a line starts with its operator. */
function formula(parts) {
  /** @type {any[][]} */
  const pieces = [[]];
  parts.forEach((part, i) => {
    if (i && BREAKS.has(part)) pieces.push([make("mo", { form: "infix" }, document.createTextNode(part))]);
    else pieces[pieces.length - 1].push(part);
  });
  return pieces.map((piece) => math(...piece));
}

/** A formula with its name beside it, and perhaps a word after it. */
export const formulaLine = (name, key, parts, said = null) =>
  html(
    "div",
    { class: "spn-formula", "data-equation": key },
    html("span", { class: "spn-eq-name", text: name }),
    html("span", { class: "spn-eq-body" }, ...formula(parts), said && html("span", { class: "spn-aside", text: said })),
  );

/** A whole formula. */
export const math = (...parts) => make("math", { display: "inline" }, row(...parts));

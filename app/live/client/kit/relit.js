// A figure that was made for a light page or a dark one, in the colours that the same things have on the other.

const COLOUR = /#[0-9a-f]{6}\b|rgba?\((\d+), ?(\d+), ?(\d+)/gi;

const hex = (parts) => `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;

/** Its parts as numbers; for a colour with an opacity, which follows. */
const channels = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(",");

/**
 * The figure with each colour that is the first of `pairs` by the second; all others stay.
 * @template T
 * @param {T} figure
 * @param {[string, string][]} pairs
 * @returns {T}
 */
export function relit(figure, pairs) {
  const others = new Map(pairs.map(([one, other]) => [one.toLowerCase(), other]));
  const text = JSON.stringify(figure).replace(COLOUR, (found, ...parts) => {
    const rgb = parts.slice(0, 3);
    const other = others.get(rgb[0] === undefined ? found.toLowerCase() : hex(rgb));
    if (!other) return found;
    return rgb[0] === undefined ? other : `${found.slice(0, found.indexOf("("))}(${channels(other)}`;
  });
  return JSON.parse(text);
}

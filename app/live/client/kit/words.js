// Every word that the browser shows, from the page's catalogue (app/text/*.json), by its id.

/** @type {Record<string, string | { one: string, other: string }>} */
const catalogue = {};

/** Take the words of a page; ids are unique over all pages. */
export const learn = (entries) => Object.assign(catalogue, entries);

const filled = (text, values) =>
  text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** The text of an id with `values` for its {placeholders}. */
export const say = (id, values = {}) => filled(String(catalogue[id] ?? id), values);

/** A number of things, in the form that the number needs. */
export const count = (id, n) => filled(catalogue[id][n === 1 ? "one" : "other"], { n });

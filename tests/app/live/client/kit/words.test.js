// What is said, and that the catalogues in app/text hold it: every id exists, every entry is used,
// placeholders are filled.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

import { count, learn, say } from "../../../../../app/live/client/kit/words.js";

const ROOT = new URL("../../../../../", import.meta.url);
const PAGES = ["kit", "lab", "dynamics", "circuits", "ideas"];
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const catalogues = Object.fromEntries(PAGES.map((page) => [page, JSON.parse(read(`app/text/${page}.json`))]));
const terms = JSON.parse(read("app/text/terms.json")); // every page has them
const PROSE = [...read("app/text/dynamics.md").matchAll(/^## (\w+)$/gm)].map(([, name]) => `prose_${name}`);

const folder = (name) => readdirSync(new URL(`app/live/client/${name}/`, ROOT)).filter((file) => file.endsWith(".js"));
const sources = ["run", ...PAGES].flatMap((name) =>
  folder(name).map((file) => ({ page: name, path: `app/live/client/${name}/${file}` })),
);
const trees = sources.map((source) => ({
  ...source,
  tree: ts.createSourceFile(source.path, read(source.path), ts.ScriptTarget.ES2022, true),
}));

/** Every node of a tree. */
function* nodes(node) {
  yield node;
  const below = [];
  ts.forEachChild(node, (child) => void below.push(child));
  for (const child of below) yield* nodes(child);
}

const isTemplate = (node) => ts.isTemplateExpression(node);
const isText = (node) => ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);

/** The ids an argument may be: texts, or patterns where a part is put in. */
function ids(node) {
  if (isText(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...ids(node.whenTrue), ...ids(node.whenFalse)];
  if (!isTemplate(node)) return [];
  const parts = [node.head, ...node.templateSpans.map(({ literal }) => literal)];
  return [new RegExp(`^${parts.map(({ text }) => text.replace(/\W/g, "\\$&")).join("\\w+")}$`)];
}

/** The names in an object of values, or null if they are not all written there. */
function names(node) {
  if (!node) return [];
  if (!ts.isObjectLiteralExpression(node) || node.properties.some(ts.isSpreadAssignment)) return null;
  return node.properties.map((property) => property.name.getText());
}

const calls = trees.flatMap(({ page, path, tree }) =>
  [...nodes(tree)]
    .filter((node) => ts.isCallExpression(node) && ["say", "count"].includes(node.expression.getText()))
    .map((node) => ({
      page,
      path,
      kind: node.expression.getText(),
      ids: ids(node.arguments[0]),
      values: names(node.arguments[1]),
    })),
);

const heard = (page) => ({ ...catalogues.kit, ...terms, ...catalogues[page] });
const fits = (id) => (entry) => (id instanceof RegExp ? id.test(entry) : id === entry);
const braces = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

test("every id that is said stands in the page's catalogue or in that of all pages", () => {
  assert.ok(calls.length > 150);
  for (const { page, path, kind, ids: said } of calls)
    for (const id of said) {
      const pages = page === "kit" && id instanceof RegExp ? PAGES : [page]; // the kit asks for words of its user
      const found = [...pages.flatMap((name) => Object.keys(heard(name))), ...PROSE].filter(fits(id));
      assert.ok(found.length, `${path}: ${id}`);
      if (kind === "count") assert.deepEqual(Object.keys(heard(page)[id]), ["one", "other"], `${path}: ${id}`);
    }
});

test("every entry is used, on its own page or, of all pages' ones, on some", () => {
  for (const page of PAGES) {
    const own = trees.filter((source) => page === "kit" || source.page === page || source.page === "kit");
    const literals = own.flatMap(({ tree }) =>
      [...nodes(tree)].filter((node) => isText(node) || ts.isIdentifier(node)).map(({ text }) => text),
    );
    const known = new Set([...literals, "not_loaded"]); // the server says this one
    const templates = own.flatMap(({ tree }) => [...nodes(tree)].filter(isTemplate).flatMap(ids));
    const patterns = templates.filter(
      (id) => /^\^[a-z_]*(\\w\+)?[a-z_]*\$$/.test(id.source) && id.source.includes("_"),
    );
    for (const id of Object.keys(catalogues[page]))
      assert.ok(known.has(id) || patterns.some((pattern) => pattern.test(id)), `${page}: ${id}`);
  }
});

test("ids are unique over all pages, and both forms of a count ask for the count alone", () => {
  const all = [...Object.keys(terms), ...PAGES.flatMap((page) => Object.keys(catalogues[page]))];
  assert.equal(new Set(all).size, all.length);
  for (const entry of PAGES.flatMap((page) => Object.values(catalogues[page]))) {
    if (typeof entry === "string") continue;
    assert.deepEqual([...new Set([...braces(entry.one), ...braces(entry.other)])], ["n"]);
  }
});

test("a text is given every value that it asks for", () => {
  let checked = 0;
  for (const { page, path, kind, ids: said, values } of calls) {
    if (kind === "count" || values === null) continue;
    for (const id of said)
      for (const [name, entry] of Object.entries(heard(page)).filter(([entry]) => fits(id)(entry)))
        for (const asked of braces(String(entry))) {
          checked += 1;
          assert.ok(values.includes(asked) || id instanceof RegExp, `${path}: ${name} asks for ${asked}`);
        }
  }
  assert.ok(checked > 40);
});

test("values fill their places, a number takes its form, an unknown id shows itself", () => {
  learn({ hello: "Hello {name}, {name} of {place}", seeds: { one: "{n} seed", other: "{n} seeds" } });
  assert.equal(say("hello", { name: "A", place: "B" }), "Hello A, A of B");
  assert.equal(say("hello", { name: "{place}" }), "Hello {place}, {place} of {place}");
  assert.deepEqual(
    [0, 1, 2].map((n) => count("seeds", n)),
    ["0 seeds", "1 seed", "2 seeds"],
  );
  assert.equal(say("nowhere"), "nowhere");
});

// No function of the browser's half, nor of its tests, is longer than a screen.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

const ROOT = new URL("../../../../", import.meta.url);
const LINES = 40;

/** Every function of a source text: where it begins and how many lines it has. */
function functions(name, text) {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node)) {
      const [begin, end] = [node.getStart(), node.end].map((at) => source.getLineAndCharacterOfPosition(at).line);
      found.push({ place: `${name}:${begin + 1}`, lines: end - begin + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The JavaScript files below a folder. */
function below(folder) {
  return readdirSync(new URL(folder, ROOT), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    return entry.isDirectory() ? below(`${path}/`) : path.endsWith(".js") ? [path] : [];
  });
}

test("no function is longer than a screen", () => {
  const files = [...below("app/live/client/"), ...below("tests/app/live/client/")];
  const all = files.flatMap((file) => functions(file, readFileSync(new URL(file, ROOT), "utf8")));
  assert.ok(all.length > 300);
  assert.deepEqual(
    all.filter(({ lines }) => lines > LINES),
    [],
  );
});

test("a function that is too long is found", () => {
  const text = `const f = () => {${"\n".repeat(LINES)}};\n`;
  assert.deepEqual(functions("a.js", text), [{ place: "a.js:1", lines: LINES + 1 }]);
});

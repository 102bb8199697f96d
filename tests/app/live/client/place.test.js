// Where the lab's addresses begin is told only where the server takes them to begin elsewhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import place from "../../../../app/live/client/place.js";

function told(baseURI, root) {
  globalThis.document = { baseURI };
  const said = [];
  place({ data: { root }, setStateValue: (name, value) => said.push([name, value]) });
  return said;
}

test("the root is told where the server is mistaken about it", () => {
  const said = [["root", "https://h/lab/"]];
  assert.deepEqual(told("https://h/lab/ask?v=1", "https://h/course/"), said);
  assert.deepEqual(told("https://h/lab/", "https://h/"), said);
});

test("nothing is told where the server is right, so that no page runs twice", () => {
  assert.deepEqual(told("https://h/lab/ask?v=1#a", "https://h/lab/"), []);
});

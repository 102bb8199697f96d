import assert from "node:assert/strict";
import { test } from "node:test";

import { walked } from "../../../../../app/live/client/circuits/walk.js";

// A sum over two products, drawn from right to left; each product over a leaf of its own and one that both have.
const DATA = {
  nodes: [
    { x: 1, y: 0 },
    { x: 2, y: 1 },
    { x: 0, y: 1 },
    { x: 2, y: 2 },
    { x: 1, y: 2 },
    { x: 0, y: 2 },
  ],
  edges: [
    { from: 0, to: 1, edges: [0] },
    { from: 0, to: 2, edges: [1, 2] },
    { from: 1, to: 3, edges: [] },
    { from: 1, to: 4, edges: [] },
    { from: 2, to: 4, edges: [] },
    { from: 2, to: 5, edges: [] },
  ],
};
const go = (at, ...keys) => keys.reduce((place, key) => walked(DATA, place, key), at);

test("down a sum leads to its leftmost edge, along the edge to its child; a product's lines are walked over", () => {
  assert.deepEqual(go({ node: 0 }, "ArrowDown"), { edge: 1 });
  assert.deepEqual(go({ node: 0 }, "ArrowDown", "ArrowDown"), { node: 2 });
  assert.deepEqual(go({ node: 2 }, "ArrowDown"), { node: 5 });
  assert.deepEqual(go({ node: 5 }, "ArrowDown"), { node: 5 });
});

test("up leads back to the root, where it ends; Home leads there at once", () => {
  assert.deepEqual(go({ node: 5 }, "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp"), { node: 0 });
  assert.deepEqual(go({ edge: 0 }, "Home"), { node: 0 });
});

test("left and right lead through a row as it is drawn, and through the edges of one sum, to their ends", () => {
  assert.deepEqual(go({ node: 5 }, "ArrowRight"), { node: 4 });
  assert.deepEqual(go({ node: 5 }, "ArrowRight", "ArrowRight", "ArrowRight"), { node: 3 });
  assert.deepEqual(go({ edge: 1 }, "ArrowRight"), { edge: 0 });
  assert.deepEqual(go({ edge: 1 }, "ArrowLeft"), { edge: 1 });
});

test("every place can be reached from the root, and other keys lead nowhere", () => {
  const seen = new Map([['{"node":0}', { node: 0 }]]);
  for (const at of seen.values())
    for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) {
      const to = walked(DATA, at, key);
      seen.set(JSON.stringify(to), to);
    }
  assert.equal(seen.size, DATA.nodes.length + DATA.edges.filter(({ edges }) => edges.length).length);
  assert.equal(walked(DATA, { node: 0 }, "a"), null);
});

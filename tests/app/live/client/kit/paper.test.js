import assert from "node:assert/strict";
import { test } from "node:test";

import { entriesOf } from "../../../../../app/live/client/kit/legend.js";
import { flowed, SIZES, wrapped } from "../../../../../app/live/client/kit/paper.js";

const letters = (text) => text.length;
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

test("type in print is of 7 to 9 points, and a figure is as wide as a column, a page or a slide", () => {
  const [cm, points] = [(pixels) => (pixels / 96) * 2.54, (pixels) => pixels * 0.75];
  near(cm(SIZES.column.width), 8.5);
  near(cm(SIZES.page.width), 17.5);
  near(cm(SIZES.slide.width), 25.4);
  near(cm(SIZES.slide.whole), 14.3);
  for (const { type, small } of [SIZES.column, SIZES.page])
    for (const size of [type, small]) assert.ok(points(size) >= 7 && points(size) <= 9);
});

test("a text is laid out in lines of a width, and a longer word is broken", () => {
  assert.deepEqual(wrapped("one two  three", 7, letters), ["one two", "three"]);
  assert.deepEqual(wrapped("see abcdefghij", 4, letters), ["see", "abcd", "efgh", "ij"]);
  assert.deepEqual(wrapped("", 4, letters), []);
  assert.deepEqual(wrapped("abcdefgh a", 1, letters), ["a", "b", "c", "d", "e", "f", "g", "h", "a"]);
});

test("a legend goes on in the next row where a row is full", () => {
  assert.deepEqual(flowed([4, 4, 4], 10, 1), [
    { x: 0, row: 0 },
    { x: 5, row: 0 },
    { x: 0, row: 1 },
  ]);
  assert.deepEqual(flowed([20, 4], 10, 1), [
    { x: 0, row: 0 },
    { x: 0, row: 1 },
  ]);
});

test("a legend names what is named, in plain words, with the look of its line", () => {
  const line = { color: "#440154", dash: "8px,4px", width: 2 };
  const marked = { name: "η = 0.1 &lt;b&gt;", mode: "lines+markers", line, marker: { symbol: "square" } };
  const found = entriesOf([
    { name: "L = 1", line },
    { name: "seed", showlegend: false, line },
    { line },
    marked,
    { name: "range", fill: "tonexty", line },
    { name: "one", mode: "markers", marker: { color: "red" } },
  ]);
  assert.deepEqual(
    found.map(({ text, symbol, drawn, area }) => [text, symbol, drawn, area]),
    [
      ["L = 1", null, true, false],
      ["η = 0.1 <b>", "square", true, false],
      ["range", null, true, true],
      ["one", "circle", false, false],
    ],
  );
  assert.deepEqual([found[0].stroke, found[0].dash, found[3].stroke], ["#440154", "8px,4px", "red"]);
});

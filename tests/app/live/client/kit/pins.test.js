import assert from "node:assert/strict";
import { test } from "node:test";

import { pinnedLines } from "../../../../../app/live/client/kit/curves.js";
import { paired } from "../../../../../app/live/client/kit/pins.js";
import { markerOf, usePalette } from "../../../../../app/live/client/kit/theme.js";

usePalette({ dashes: ["solid", "8px,4px", "2px,2px"], markers: ["circle", "square"], rivals: {} });
const THEME = { mode: "light", depth: ["#a", "#b", "#c"], lineScale: 1, textScale: 1, muted: "#d" };

function pinned(id, mark, depths) {
  const names = depths.map((depth) => `L = ${depth}`);
  const layout = { names, depths, num_depths: depths.length, learners: [] };
  const value = names.map((_, curve) => ({ median: [-9, -8 - curve] }));
  return { series: { x: [0, 1], value, run: { id, layout } }, mark, words: `η = 0.${id} <b>` };
}

test("a pinned curve has the colour and dash of its depth, whatever the run, and the marks of its run", () => {
  const lines = [pinned("1", 0, [1, 3]), pinned("2", 1, [3])].flatMap((pin) => pinnedLines({ theme: THEME }, pin));
  const looks = lines.map(({ line, marker }) => [line.color, line.dash, marker.symbol]);
  assert.deepEqual(looks, [
    ["#a", "solid", "circle"],
    ["#c", "2px,2px", "circle"],
    ["#c", "2px,2px", "square"],
  ]);
  assert.deepEqual(lines[1].y, [-9, -9]);
  assert.equal(new Set(lines.map(({ uid }) => uid)).size, 3);
});

test("a pinned curve is called by its depth and what differs, as text and not as markup", () => {
  const [line] = pinnedLines({ theme: THEME }, pinned("1", 0, [1]));
  assert.equal(line.name, "L = 1, η = 0.1 &lt;b&gt;");
  assert.ok(line.hovertemplate.includes("&lt;b&gt;") && !line.hovertemplate.includes("<b>"));
});

test("beyond all marks they come again, open", () => {
  assert.deepEqual([0, 1, 2, 3].map(markerOf), ["circle", "square", "circle-open", "square-open"]);
});

test("runs that stay pinned are kept, new ones made, and those that are not wanted dropped", () => {
  const [one, two] = [{ id: "1" }, { id: "2" }];
  const pins = [one, two].map((run) => ({ id: run.id, run, mark: 0, words: "" }));
  const wanted = [
    { id: "2", mark: 5, words: "K = 4" },
    { id: "3", mark: 0, words: "" },
  ];
  const found = paired(pins, wanted, (id) => ({ id, made: true }));
  assert.deepEqual(found.dropped, [one]);
  assert.equal(found.pins[0].run, two);
  assert.deepEqual([found.pins[0].mark, found.pins[0].words], [5, "K = 4"]);
  assert.deepEqual(found.pins[1].run, { id: "3", made: true });
});

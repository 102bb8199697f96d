import assert from "node:assert/strict";
import { test } from "node:test";

import { cividis, cividisScale, curveStyle, usePalette } from "../../../../../app/live/client/kit/theme.js";

usePalette({
  cividis: [
    [0, 0, 0],
    [100, 50, 0],
    [200, 250, 40],
  ],
  dashes: ["solid", "8px,4px", "2px,2px"],
  rivals: { em: { light: "#111111", dark: "#222222", dash: "3px,2px" } },
});

test("a probability's colour lies between its neighbours in the scale", () => {
  assert.deepEqual([0, 0.25, 0.5, 0.75, 1, 2, -1].map(cividis), [
    "rgb(0,0,0)",
    "rgb(50,25,0)",
    "rgb(100,50,0)",
    "rgb(150,150,20)",
    "rgb(200,250,40)",
    "rgb(200,250,40)",
    "rgb(0,0,0)",
  ]);
  assert.equal(cividis(NaN), "transparent");
  assert.deepEqual(cividisScale().at(-1), [1, "rgb(200,250,40)"]);
});

test("a curve has its depth's colour and dash, a rival its own", () => {
  const layout = { num_depths: 2, depths: [1, 3, 1], learners: ["gradient_ascent", "gradient_ascent", "em"] };
  const theme = { mode: "dark", depth: ["a", "b", "c"] };
  const styles = [0, 1, 2].map((curve) => curveStyle({ layout }, curve, theme));
  assert.deepEqual(styles, [
    { color: "a", dash: "solid" },
    { color: "c", dash: "2px,2px" },
    { color: "#222222", dash: "3px,2px" },
  ]);
});

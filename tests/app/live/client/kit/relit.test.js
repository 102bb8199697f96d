import assert from "node:assert/strict";
import { test } from "node:test";

import { relit } from "../../../../../app/live/client/kit/relit.js";

const PAIRS = [
  ["#287d8e", "#440154"],
  ["#7fd34e", "#287d8e"],
];

test("every colour of one page becomes that of the same thing on the other, each once", () => {
  const figure = { line: { color: "#287D8E" }, fill: "rgba(127,211,78,0.2)", other: "#123456", n: [1, 2] };
  assert.deepEqual(relit(figure, PAIRS), {
    line: { color: "#440154" },
    fill: "rgba(40,125,142,0.2)",
    other: "#123456",
    n: [1, 2],
  });
});

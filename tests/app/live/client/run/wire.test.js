import assert from "node:assert/strict";
import { test } from "node:test";

import { askJson, askNumbers, decode, Rows } from "../../../../../app/live/client/run/wire.js";
import { envelope, expected, layout, near, SEED, serve, start } from "../fixture.js";

test("an answer of the server's encoder holds the engine's numbers", () => {
  const { header, values } = decode(start);
  assert.equal(header.frames, 7);
  assert.equal(values.length, 7 * layout.fields);
  layout.curves.forEach(({ offsets }, curve) =>
    expected.w[curve].forEach((products, frame) =>
      products.forEach((w, k) => near(values[frame * layout.fields + offsets.w + k], w)),
    ),
  );
  near(values[layout.curves[1].offsets.value + SEED], expected.llh[1][0][SEED]);
});

test("a body that is not aligned reads the same", () => {
  for (const pad of [0, 1, 2, 3, 4]) {
    const { header, values } = decode(envelope({ at: 3 }, [1.5, -2, 0.25], pad));
    assert.deepEqual([header.at, ...values], [3, 1.5, -2, 0.25]);
  }
});

test("what is no answer of the right kind is refused with its status", async () => {
  serve((url) => (url.includes("page") ? { page: "<html>" } : { status: 500, json: {} }));
  await assert.rejects(askNumbers("/page"), { status: 404 });
  await assert.rejects(askJson("/page"), { status: 404 });
  await assert.rejects(askJson("/broken"), { status: 500 });
});

test("rows that grow keep every number, and have none outside", () => {
  const rows = new Rows();
  assert.ok(Number.isNaN(rows.at(0, 0)));
  for (let first = 0; first < 100; first += 3) {
    const values = Float32Array.from({ length: 12 }, (_, i) => 4 * first + i);
    rows.add(values, Math.min(3, 100 - first), 4);
  }
  assert.equal(rows.length, 100);
  for (let row = 0; row < 100; row += 1) for (let i = 0; i < 4; i += 1) assert.equal(rows.at(row, i), 4 * row + i);
  assert.ok([rows.at(-1, 0), rows.at(100, 0)].every(Number.isNaN));
  assert.deepEqual([...rows.slice(200, 1, 2)], [397, 398]);
  assert.deepEqual([...rows.slice(-5, 0, 2)], [0, 1]);
});

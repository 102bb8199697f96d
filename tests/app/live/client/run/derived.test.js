import assert from "node:assert/strict";
import { test } from "node:test";

import { Derived, Fields } from "../../../../../app/live/client/run/derived.js";
import { decode } from "../../../../../app/live/client/run/wire.js";
import { envelope, expected, near, norms, serve, until } from "../fixture.js";

const run = () => ({ url: "/run", seed: 1, length: 6, final: true, stopper: new AbortController() });

test("fields of the server's answer are the engine's numbers", () => {
  const rows = new Fields();
  const { header, values } = decode(norms);
  rows.take(header, values);
  expected.norms.forEach((norm, layer) => {
    assert.equal(rows.line(`norm_${layer}`).length, 7);
    norm.forEach((size, frame) => near(rows.get(frame, `norm_${layer}`), size));
  });
  assert.ok(Number.isNaN(rows.get(7, "norm_0")));
});

test("an answer that does not follow is left out", () => {
  const rows = new Fields();
  rows.take({ from: 0, frames: 1, fields: ["a", "b"] }, Float32Array.of(1, 2));
  rows.take({ from: 3, frames: 1, fields: ["a", "b"] }, Float32Array.of(7, 8));
  rows.take({ from: 1, frames: 2, fields: ["a", "b"] }, Float32Array.of(3, 4, 5, 6));
  assert.deepEqual(
    [rows.line("a"), rows.line("b")],
    [
      [1, 3, 5],
      [2, 4, 6],
    ],
  );
});

test("a series is asked for once, with the seed, and kept", async () => {
  const asked = serve(() => ({ octets: norms }));
  let changes = 0;
  const derived = new Derived(run(), () => (changes += 1));
  assert.equal(derived.series("norms", { depth: 3 }), null);
  assert.equal(derived.series("norms", { depth: 3 }), null);
  await until(() => changes);
  near(derived.series("norms", { depth: 3 }).get(0, "norm_0"), expected.norms[0][0]);
  assert.deepEqual(asked, ["/run/dynamics/norms?depth=3&seed=1&from=0"]);
});

test("of one iteration the newest answer stands until the own is here, but not another component's", async () => {
  serve((url) => {
    const t = Number(new URL(url, "http://lab").searchParams.get("t"));
    return { octets: envelope({ at: t === 9 ? null : t }, [t]) };
  });
  const derived = new Derived(run(), () => {});
  const point = (t, k = 0) => derived.point("row", { t, k })?.values[0] ?? null;
  assert.equal(point(1), null);
  await until(() => point(1) === 1);
  assert.equal(point(2), 1);
  assert.equal(point(2, 1), null);
  await until(() => point(2) === 2);
  assert.equal(point(9, 5), null);
  await until(() => derived.latest.get("row").header.at === null);
  assert.equal(point(9, 5), null, "nothing is recorded there yet");
});

test("a picture of a run that is over is asked for once", async () => {
  const asked = serve(() => ({ octets: envelope({ at: 5 }, [4]) }));
  const derived = new Derived(run(), () => {});
  await until(() => derived.picture("kernel", { k: 0 })?.values[0] === 4);
  derived.picture("kernel", { k: 0 });
  assert.equal(asked.length, 1);
});

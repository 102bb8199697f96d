import assert from "node:assert/strict";
import { test } from "node:test";

import { readLayout, Run } from "../../../../../app/live/client/run/store.js";
import { decode } from "../../../../../app/live/client/run/wire.js";
import { envelope, expected, layout, near, rest, serve, start, until } from "../fixture.js";

const whole = decode(start);
const frames = (url) => {
  const from = Number(new URL(url, "http://lab").searchParams.get("from"));
  if (from === 4) return rest;
  const count = from === 0 ? 4 : 0; // the whole run in two answers
  const values = whole.values.subarray(0, count * layout.fields);
  return envelope({ ...whole.header, from, frames: count, length: 6 }, [...values]);
};
const lab = (url) => (url.endsWith("/layout") ? { json: layout } : { octets: frames(url) });

async function opened(answer = lab) {
  const asked = serve(answer);
  const run = new Run("an id", "https://site/lab/", () => {});
  await until(() => run.trouble || (run.final && !run.behind && !run.loading));
  return { run, asked };
}

test("a run is fetched from its cursor on and read by frame, curve and part", async () => {
  const { run, asked } = await opened();
  const address = "https://site/lab/api/runs/an%20id";
  assert.deepEqual(asked, [`${address}/layout`, `${address}?from=0&seed=0`, `${address}?from=4&seed=0`]);
  assert.equal(run.length, 7);
  assert.equal(run.total, 7);
  expected.llh.forEach((curve, c) =>
    curve.forEach((seeds, frame) => seeds.forEach((llh, s) => near(run.value(frame, c, "value", s), llh))),
  );
  expected.rho.forEach((curve, c) =>
    curve.forEach((rates, frame) => {
      const found = run.values(frame, c, "rho", 2);
      rates.forEach((rho, k) => near(found[k], rho));
    }),
  );
  assert.ok(Number.isNaN(run.value(0, 2, "rho")), "EM has no rates");
  assert.ok(Number.isNaN(run.value(7, 0, "value")) && Number.isNaN(run.value(-1, 0, "value")));
});

test("frames are the start, every stride-th update and the last", () => {
  const run = Object.create(Run.prototype, {
    layout: { value: { stride: 3, iterations: 10 } },
    state: { value: "running" },
  });
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((frame) => run.iteration(frame)),
    [0, 3, 6, 9, 10],
  );
  assert.equal(run.total, 5);
});

test("the last frame of a run that was cut short is at its last update", () => {
  const run = Object.create(Run.prototype, {
    layout: { value: { stride: 10, iterations: 5000 } },
    header: { value: { done: 220 } },
  });
  assert.deepEqual(
    [0, 21, 22].map((frame) => run.iteration(frame)),
    [0, 210, 219],
  );
});

test("the layout's curves are lists over depths and then rivals", () => {
  const read = readLayout(layout);
  assert.deepEqual(read.names, ["L = 1", "L = 3", "L = 1 · EM"]);
  assert.deepEqual(read.depths, [1, 3, 1]);
  assert.deepEqual([read.num_depths, read.num_seeds, read.has_rates], [2, 2, [true, true, false]]);
  assert.equal(read.references.entropy, layout.reference.entropy);
});

test("another seed takes the place of the first when it is all here", async () => {
  const { run, asked } = await opened();
  run.chooseSeed(1);
  assert.equal(run.seed, 0);
  await until(() => run.seed === 1);
  assert.equal(run.length, 7);
  assert.ok(asked.at(-1).endsWith("?from=4&seed=1"));
});

test("a run that is gone is told and not asked for again; a lost connection is", async () => {
  const gone = await opened(() => ({ status: 404, json: {} }));
  assert.equal(gone.run.trouble, "gone");
  assert.equal(gone.asked.length, 2, "once for its layout and once for its frames");
  const page = await opened(() => ({ page: "<html>" }));
  assert.equal(page.run.trouble, "gone", "a wrong path answers the page with status 200");
  let failures = 1;
  const lost = await opened((url) => (failures-- > 0 ? { status: 503, json: {} } : lab(url)));
  assert.equal(lost.run.trouble, "lost");
  await until(() => lost.run.final);
  assert.deepEqual([lost.run.trouble, lost.run.length > 0], [null, true]);
  lost.run.close();
});

test("a touch is asked of the server, which names the next run; null where it leaves that to the page", async () => {
  const answers = [{ json: { run: "next" } }, { status: 409, json: { error: "Long." } }, { page: "<html>" }];
  const { run, asked } = await opened((url) => (url.endsWith("/touch") ? answers.shift() : lab(url)));
  const found = [await run.touched({ add: 4 }), await run.touched({ add: 4 }), await run.touched({ add: 4 })];
  assert.deepEqual(found, ["next", null, null]);
  assert.equal(asked.at(-1), "https://site/lab/api/runs/an%20id/touch");
});

test("a stop that is refused, or that something else answers, is told; one that is done is not", async () => {
  const answers = [{ status: 403, json: { error: "Not you." } }, { status: 502, page: "<html>" }, { json: {} }];
  const { run } = await opened((url) => (url.endsWith("/stop") ? answers.shift() : lab(url)));
  const told = [];
  run.changed = () => told.push(run.unstopped);
  for (let press = 0; press < 3; press += 1) await run.stop();
  assert.deepEqual(told, ["Not you.", "", null]);
});

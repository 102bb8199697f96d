import assert from "node:assert/strict";
import { test } from "node:test";

import { actKey, Feed, merged, standing, Telling, waiting } from "../../../../../app/live/client/room/feed.js";
import { Refused } from "../../../../../app/live/client/run/wire.js";

const STUDY = { number: 1, seq: 3, settings: { depths: [1, 2] }, names: ["L=1", "L=2"], at: [0, 10] };
const room = (more) => ({
  code: "BCDFG",
  from: 4,
  seq: 5,
  poll_ms: 100,
  step: 2,
  pace: "follow",
  paused: false,
  hidden: false,
  ended: false,
  study: { number: 1, seq: 3 },
  results: [],
  ...more,
});
const result = (seat) => ({ seat, curves: [] });
const seats = ({ results }) => results.map(({ seat }) => seat);

test("what is new comes to what was known, and what is sent once stays", () => {
  const first = merged(null, room({ from: 0, study: STUDY, results: [result(1)] }));
  const later = merged(first, room({ seq: 9, results: [result(4), result(2)] }));
  assert.deepEqual(seats(later), [1, 4, 2]);
  assert.deepEqual(later.study, STUDY);
  assert.deepEqual(seats(merged(later, room({ results: [result(4)] }))), [1, 4, 2], "twice is once");
});

test("another study begins without results, and a server that begins anew sends all", () => {
  const known = merged(null, room({ from: 0, study: STUDY, results: [result(1), result(2)] }));
  const other = merged(known, room({ study: { ...STUDY, number: 2 }, results: [] }));
  assert.deepEqual(seats(other), []);
  assert.deepEqual(seats(merged(known, room({ from: 0, study: STUDY, results: [result(7)] }))), [7]);
});

test("a room without a study has none", () => {
  assert.equal(merged(null, room({ from: 0, study: null })).study, null);
  assert.equal(standing(room({ study: null }))[2], 0);
});

test("a page is told of what changes it, once, and again where it has not heard for long", () => {
  let now = 0;
  const telling = new Telling(() => now);
  const known = [1, "follow", 1, false, false, false];
  assert.equal(telling.needs(known, room()), true);
  assert.equal(telling.needs(known, room({ seq: 40, members: 30, arrived: 12 })), false, "votes and results do not");
  now = 10_000;
  assert.equal(telling.needs(known, room()), true);
  assert.equal(telling.needs([2, "follow", 1, false, false, false], room()), false);
  for (const change of [{ paused: true }, { hidden: true }, { ended: true }, { pace: "free" }, { step: 3 }])
    assert.equal(telling.needs([2, "follow", 1, false, false, false], room(change)), true, JSON.stringify(change));
});

test("after failures a room is asked ever later, and as it says when it answers", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 60].map((failures) => waiting(failures, 100)),
    [500, 1000, 2000, 4000, 8000, 8000],
  );
  assert.equal(waiting(0, 250), 250);
});

/** A feed of answers that are given in turn; what it waited for and what it was told. */
function followed(answers) {
  const seen = {
    asked: /** @type {number[]} */ ([]),
    waits: /** @type {any[]} */ ([]),
    told: /** @type {any[]} */ ([]),
  };
  const ask = async (seq) => {
    seen.asked.push(seq);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const later = (call, ms) => seen.waits.push(ms);
  const feed = new Feed(ask, (known, trouble) => seen.told.push([known?.seq ?? null, trouble]), later);
  return { feed, seen };
}

test("a connection that was cut goes on at the number that was known, and misses nothing", async () => {
  const answers = [
    room({ from: 0, seq: 5, study: STUDY, results: [result(1)] }),
    new TypeError("failed to fetch"),
    new Refused(502),
    room({ from: 5, seq: 9, results: [result(2)] }),
  ];
  const { feed, seen } = followed(answers);
  for (let i = 0; i < 4; i++) await feed.now();
  assert.deepEqual(seen.asked, [0, 5, 5, 5]);
  assert.deepEqual(seen.told, [
    [5, ""],
    [5, "lost"],
    [5, "lost"],
    [9, ""],
  ]);
  assert.deepEqual(seen.waits, [100, 500, 1000, 100]);
  assert.deepEqual(seats(feed.room), [1, 2]);
});

test("a room that is gone is said to be so, and one that is closed asks no more", async () => {
  const { feed, seen } = followed([new Refused(404), room()]);
  await feed.now();
  feed.close();
  await feed.now();
  assert.deepEqual(seen.told, [[null, "gone"]]);
  assert.deepEqual(seen.asked, [0]);
});

test("one is asked at a time", async () => {
  const { feed, seen } = followed([room({ from: 0, study: STUDY }), room()]);
  await Promise.all([feed.now(), feed.now()]);
  assert.deepEqual(seen.asked, [0]);
});

test("an act has a name of its own over plain HTTP too, where a browser makes no UUID", () => {
  const made = crypto.randomUUID;
  crypto.randomUUID = undefined;
  try {
    const keys = [actKey(), actKey()];
    for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
    assert.notEqual(keys[0], keys[1]);
  } finally {
    crypto.randomUUID = made;
  }
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Clock, meaning } from "../../../../../app/live/client/kit/transport.js";
import { near } from "../fixture.js";

let reduced;
beforeEach(() => {
  reduced = false;
  globalThis.matchMedia = () => ({ matches: reduced });
  globalThis.document = { querySelector: () => null };
});

const TOTAL = 501;

function clock({ length = TOTAL, ended = true } = {}) {
  const state = { length, ended, moves: 0 };
  const made = new Clock({
    length: () => state.length,
    total: () => TOTAL,
    ended: () => state.ended,
    moved: () => (state.moves += 1),
  });
  return { clock: made, state };
}

const run = (made, seconds, step = 0.02) => {
  for (let i = 0; i < Math.round(seconds / step); i += 1) made.tick(step);
};

test("a whole run plays in ten seconds, in five at twice the speed, and then stops", () => {
  const { clock: made } = clock();
  made.seek(0);
  made.toggle();
  run(made, 5);
  near(made.at, TOTAL / 2, 1e-6);
  made.speed = 2;
  run(made, 2.6);
  assert.deepEqual([made.frame, made.playing], [TOTAL - 1, false]);
  made.toggle();
  assert.deepEqual([made.at, made.playing], [0, true], "play at the end starts over");
});

test("playing waits at the last frame that is here while the run goes on", () => {
  const { clock: made, state } = clock({ length: 11, ended: false });
  made.seek(0);
  made.toggle();
  run(made, 1);
  assert.deepEqual([made.frame, made.playing], [10, true]);
  state.length = 31;
  run(made, 0.2);
  near(made.at, 10 + (0.2 * TOTAL) / 10, 1e-6);
});

test("following shows a run that is here at once in its opening time, and arrives", () => {
  const { clock: made } = clock();
  run(made, 1);
  near(made.at, TOTAL / 2.5, 0.02);
  run(made, 4);
  assert.equal(made.at, TOTAL - 1);
});

test("under reduced motion following is there at once and playing goes in twelve jumps", () => {
  reduced = true;
  const { clock: made, state } = clock();
  made.tick(0.02);
  assert.equal(made.at, TOTAL - 1);
  made.seek(0);
  made.toggle();
  state.moves = 0;
  run(made, 13);
  assert.deepEqual([made.frame, state.moves], [TOTAL - 1, 13]); // twelve jumps and the stop
});

test("a cursor stays on what is here, and at rest nothing moves", () => {
  const { clock: made, state } = clock({ length: 5 });
  made.seek(99);
  assert.equal(made.frame, 4);
  made.seek(-3);
  assert.equal(made.frame, 0);
  state.moves = 0;
  run(made, 1);
  assert.equal(state.moves, 0);
  const { clock: nothing } = clock({ length: 0 });
  nothing.tick(1);
  assert.equal(nothing.frame, 0);
});

test("keys mean what the buttons say, but not in fields, in dialogs or with a modifier", () => {
  const press = (key, within = "", more = {}) =>
    meaning(
      { key, target: { closest: (selector) => (selector.split(/,\s*/).includes(within) ? {} : null) }, ...more },
      true,
    );
  assert.deepEqual(
    ["ArrowLeft", "ArrowRight", "Home", "End", " ", "p", "S", "x"].map((key) => press(key)),
    ["previous", "next", "first", "last", "play", "pin", "share", null],
  );
  for (const within of ["input", "select", "textarea", "[role=slider]", "[role=tab]"])
    assert.equal(press("End", within), null);
  assert.deepEqual([press(" ", "button"), press("End", "button")], [null, "last"]);
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { defaultPrevented: true }])
    assert.equal(press("p", "", more), null);
  assert.equal(meaning({ key: "p", target: {} }, false), null);
  globalThis.document = { querySelector: (selector) => (selector === "[role=dialog]" ? {} : null) };
  assert.equal(press("End"), null);
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { afterPaint, Beat, everyFrame } from "../../../../../app/live/client/kit/beat.js";
import { Clock } from "../../../../../app/live/client/kit/transport.js";

beforeEach(() => {
  globalThis.matchMedia = () => ({ matches: false });
});

/** A playback of `length` frames whose views take `cost` ms to draw; what each beat showed, and when. */
function played({ length = 501, cost = 0, seconds = 2, screen = 16 }) {
  let time = 0;
  const shown = [];
  const clock = new Clock({ length: () => length, total: () => length, ended: () => true, moved: () => beat.wake() });
  const beat = new Beat({
    clock,
    now: () => time,
    show: () => {
      const begin = time;
      const views = [0, 1, 2].map(() => ((time += cost / 3), beat.frame)); // each asks for the frame when it is drawn
      shown.push({ begin, end: time, views });
    },
  });
  clock.seek(0);
  clock.toggle();
  for (let before = 0; time < 1000 * seconds; ) {
    time += screen;
    clock.tick((time - before) / 1000);
    before = time;
    beat.tick();
  }
  return { shown, beat, clock };
}

test("every view of a beat shows one frame, and frames go on with the clock", () => {
  for (const cost of [0, 40, 900]) {
    const { shown, clock } = played({ cost });
    assert.ok(shown.length > 1 && shown.every(({ views }) => new Set(views).size === 1));
    const frames = shown.map(({ views }) => views[0]);
    assert.ok(frames.every((frame, i) => !i || frame > frames[i - 1]));
    assert.ok(clock.frame - frames.at(-1) < 100);
  }
});

test("between beats the frame rests, although the cursor goes on", () => {
  const { beat, clock } = played({ cost: 40 });
  const before = beat.frame;
  clock.set(clock.at + 50);
  assert.equal(beat.frame, before);
  beat.jump();
  assert.equal(beat.frame, clock.frame);
});

test("the page rests as long as it has drawn, thirty milliseconds at least and never long", () => {
  for (const [cost, least, most] of [
    [0, 30, 50],
    [90, 90, 110],
    [900, 400, 420],
  ]) {
    const { shown } = played({ cost, seconds: 5 });
    const rests = shown.slice(1).map(({ begin }, i) => begin - shown[i].end);
    assert.ok(Math.min(...rests) >= least - 1 && Math.max(...rests) <= most + 16, `${cost}: ${rests}`);
  }
});

test("when nothing moves nothing is drawn", () => {
  let drawn = 0;
  let time = 0;
  const beat = new Beat({ clock: { frame: 3 }, now: () => time, show: () => (drawn += 1) });
  for (; time < 1000; time += 16) beat.tick();
  assert.equal(drawn, 1);
  beat.wake();
  beat.tick();
  assert.deepEqual([drawn, beat.frame], [2, 3]);
});

/** A browser that draws a frame at a time: what it asked for, then its paint, then tasks; all in `happened`. */
function frames(t, happened) {
  const asked = [];
  const tasks = [];
  t.mock.method(globalThis, "setTimeout", (task) => tasks.push(task));
  globalThis.requestAnimationFrame = (callback) => asked.push(callback);
  return (time) => {
    asked.splice(0).forEach((callback) => callback(time));
    happened.push("paint");
    tasks.splice(0).forEach((task) => task());
  };
}

test("every frame is painted before what it asks for is drawn, and after the end nothing is", (t) => {
  const happened = [];
  const frame = frames(t, happened);
  let ended = false;
  everyFrame({ move: (seconds) => happened.push(seconds), draw: () => happened.push("draw"), ended: () => ended });
  frame(1000);
  frame(1500);
  ended = true;
  frame(2000);
  assert.deepEqual(happened, [0, "paint", "draw", 0.5, "paint", "draw", "paint"]);
});

test("what a press starts comes after the paint that answers it", (t) => {
  const happened = [];
  const frame = frames(t, happened);
  afterPaint(() => happened.push("act"));
  frame(1000);
  assert.deepEqual(happened, ["paint", "act"]);
});

// One frame number for all views at any moment: the cursor moves on by itself, what follows it is drawn on a beat.

const SHORTEST = 30; // ms between two beats
const LONGEST = 400; // and at most, however long the drawing takes

export class Beat {
  /** `clock` has the cursor's frame; `show()` draws all that follows the cursor, at the beat's `frame`. */
  constructor({ clock, show, now = () => performance.now() }) {
    this.clock = clock;
    this.show = show;
    this.now = now;
    this.frame = 0; // that every view shows
    this.waiting = true; // something moved or arrived since the last beat
    this.next = -Infinity;
  }

  /** Show again soon: the cursor moved, or something else did that is drawn at it. */
  wake() {
    this.waiting = true;
  }

  /** The frame of now, without waiting for the beat: nothing of another run may be drawn at its cursor. */
  jump() {
    this.frame = this.clock.frame;
    this.waiting = true;
  }

  /** Called after each animation frame; rests as long as the last drawing took, so that the page answers in between. */
  tick() {
    const begin = this.now();
    if (!this.waiting || begin < this.next) return;
    this.waiting = false;
    this.frame = this.clock.frame;
    this.show();
    const end = this.now();
    this.next = end + Math.min(LONGEST, Math.max(SHORTEST - (end - begin), end - begin));
  }
}

/** Do something once what has changed so far is painted: a press is answered before what takes long begins. */
export const afterPaint = (act) => requestAnimationFrame(() => setTimeout(act));

/** For every animation frame: `move` by the seconds since the last, then `draw` once it is painted; until `ended()`. */
export function everyFrame({ move, draw, ended }) {
  const frame = (now, before) => {
    if (ended()) return;
    move((now - before) / 1000);
    setTimeout(() => ended() || draw());
    requestAnimationFrame((then) => frame(then, now));
  };
  requestAnimationFrame((now) => frame(now, now));
}

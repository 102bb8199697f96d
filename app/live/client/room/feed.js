// Follows a room by the number of its last event: what was missed while a phone was away comes with the next answer.

import { Refused } from "../run/wire.js";

const AGAIN_MS = [500, 1_000, 2_000, 4_000, 8_000]; // after so many failures
const TELL_AGAIN_MS = 10_000; // since a page may not have heard

/** A room as it is known after another answer: results that are new come to those that were there. */
export function merged(known, answer) {
  const anew = !known || !answer.from || known.code !== answer.code;
  const same = !anew && known.study?.number === answer.study?.number;
  const study = answer.study && { ...(same ? known.study : {}), ...answer.study };
  const results = new Map((same ? known.results : []).map((each) => [each.seat, each]));
  for (const each of answer.results) results.set(each.seat, each);
  return { ...answer, study, results: [...results.values()] };
}

/** A name for an act, so that one which is sent twice is done once; `crypto.randomUUID` is there over HTTPS alone. */
export const actKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** What of a room changes a page: step, pace, number of the study, pause, hiding, the end. */
export const standing = (room) => [room.step, room.pace, room.study?.number ?? 0, room.paused, room.hidden, room.ended];

/** After how many milliseconds a room is asked again. */
export const waiting = (failures, pollMs) => (failures ? AGAIN_MS[Math.min(failures, AGAIN_MS.length) - 1] : pollMs);

/** Tells a page once of each change that it does not know, and again where it seems not to have heard. */
export class Telling {
  constructor(clock = () => performance.now()) {
    this.clock = clock;
    this.told = "";
    this.at = 0;
  }

  /** Whether a page that knows this is to be told. */
  needs(known, room) {
    const now = JSON.stringify(standing(room));
    if (now === JSON.stringify(known)) return ((this.told = ""), false);
    if (now === this.told && this.clock() - this.at < TELL_AGAIN_MS) return false;
    [this.told, this.at] = [now, this.clock()];
    return true;
  }
}

export class Feed {
  /**
   * `ask(seq)` promises the server's answer after that number; `told(room, trouble)` hears of every answer, and of a
   * failure as "lost", or "gone" where there is no such room.
   */
  constructor(ask, told, later = (call, ms) => setTimeout(call, ms)) {
    this.ask = ask;
    this.told = told;
    this.later = later;
    this.room = /** @type {any} */ (null);
    this.failures = 0;
    this.closed = false;
    this.asking = false;
    this.timer = /** @type {any} */ (0);
  }

  /** Ask now, unless that is being done. */
  async now() {
    if (this.asking || this.closed) return;
    clearTimeout(this.timer);
    this.asking = true;
    let trouble = "";
    try {
      this.room = merged(this.room, await this.ask(this.room?.seq ?? 0));
      this.failures = 0;
    } catch (error) {
      trouble = error instanceof Refused && error.status === 404 ? "gone" : "lost";
      this.failures += 1;
    }
    this.asking = false;
    if (this.closed) return;
    this.told(this.room, trouble);
    this.timer = this.later(() => this.now(), waiting(this.failures, this.room?.poll_ms));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}

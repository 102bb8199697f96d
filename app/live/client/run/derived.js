// What the server derives from a run, as the Dynamics page asks for it: series by cursor, points by iteration.
// Everything that has arrived is kept; one question per view is under way at a time.

import { range } from "./series.js";
import { askNumbers, Rows } from "./wire.js";

const AGAIN = 300; // ms until a series that had nothing new, or a view that is not ready, is asked for again
const IMAGE = 1000; // ms between pictures of a run that goes on
const SHORTEST = 60; // ms between questions of one view while the cursor moves
const MOST_POINTS = 400; // answers about single iterations that are kept
const UNREADY = new Set(["running", "busy"]);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Derived {
  /** `changed()` is called when an answer has arrived. */
  constructor(run, changed) {
    this.run = run;
    this.changed = changed;
    this.kept = new Map(); // question -> series or picture
    this.points = new Map(); // question -> answer about one iteration
    this.latest = new Map(); // view -> newest such answer
    this.wanted = new Map(); // view -> question not asked yet
    this.busy = new Set();
  }

  ask(view, query) {
    return askNumbers(`${this.run.url}/dynamics/${view}?${new URLSearchParams(query)}`, this.run.stopper.signal);
  }

  /** Run `work` unless it is under way; afterwards tell that something may have arrived. */
  async once(id, work) {
    if (this.busy.has(id) || this.run.closed || this.run.trouble === "gone") return;
    this.busy.add(id);
    try {
      await work();
    } catch {
      await sleep(AGAIN); // asked anew by the next drawing
    } finally {
      this.busy.delete(id);
    }
    if (!this.run.closed) this.changed();
  }

  /** A question about the seed on screen, and the name that its answer is kept under. */
  question(view, query) {
    const question = { ...query, seed: this.run.seed };
    return { question, id: `${view} ${JSON.stringify(question)}` };
  }

  /** A series {fields, header, length, get(frame, field)} with the rows that are here, or null before the first. */
  series(view, query) {
    const { question, id } = this.question(view, query);
    if (!this.kept.has(id)) this.kept.set(id, new Fields());
    const rows = this.kept.get(id);
    if (rows.length < this.run.length && !rows.complete) this.once(id, () => this.extend(rows, view, question));
    return rows.length ? rows : null;
  }

  async extend(rows, view, question) {
    const { header, values } = await this.ask(view, { ...question, from: rows.length });
    rows.take(header, values);
    rows.complete = this.run.final && rows.length >= header.length;
    if (!header.frames && !rows.complete) await sleep(AGAIN);
  }

  /** The answer about one iteration; while it is under way the newest one of the same depth, component and seed. */
  point(view, query) {
    const { question, id } = this.question(view, query);
    if (this.points.has(id)) return told(this.points.get(id));
    this.wanted.set(view, { id, question });
    this.once(view, () => this.catchUp(view));
    const { t, ...rest } = question;
    const last = this.latest.get(view);
    return last?.rest === JSON.stringify(rest) ? told(last) : null;
  }

  async catchUp(view) {
    while (this.wanted.has(view) && !this.run.closed) {
      const { id, question } = this.wanted.get(view);
      this.wanted.delete(view);
      const { t, ...rest } = question;
      const answer = { ...(await this.ask(view, question)), rest: JSON.stringify(rest) };
      this.latest.set(view, answer);
      if (answer.header.at === t) this.points.set(id, answer);
      if (this.points.size > MOST_POINTS) this.points.delete(this.points.keys().next().value);
      this.changed();
      await sleep(SHORTEST);
    }
  }

  /** A picture of the whole run so far {header, values}, made again as the run goes on, or null. */
  picture(view, query) {
    const { question, id } = this.question(view, query);
    const { run } = this;
    const have = this.kept.get(id);
    const old = !have || have.length !== run.length || UNREADY.has(have.header.replay);
    const wait = have && (UNREADY.has(have.header.replay) ? AGAIN : run.final ? 0 : IMAGE);
    if (old && (!have || performance.now() - have.when > wait)) {
      this.once(id, async () => {
        const { length } = run;
        const whole = run.final;
        const answer = await this.ask(view, question);
        this.kept.set(id, { ...answer, length: whole ? length : -1, when: performance.now() });
      });
    } else if (old) setTimeout(() => this.changed(), wait);
    return have ?? null;
  }
}

/** An answer, unless it says that there is nothing yet. */
const told = (answer) => (answer.header.at === null ? null : answer);

/** Rows whose numbers have names. */
export class Fields extends Rows {
  constructor() {
    super();
    this.header = null; // of the newest answer with fields
    this.complete = false;
    this.places = new Map();
  }

  take(header, values) {
    const { fields, frames } = header;
    const fits = header.from === this.length && (fields.length || frames);
    if (!fits) return void (this.header ??= fields.length ? header : null);
    this.header = header;
    this.places = new Map(fields.map((name, i) => [name, i]));
    this.add(values, frames, fields.length);
  }

  /** One number; NaN where there is none. */
  get(frame, field) {
    return this.at(frame, this.places.get(field));
  }

  /** A field over all rows. */
  line(field) {
    return range(this.length).map((frame) => this.get(frame, field));
  }

  /** A row by the names of its fields. */
  row(frame) {
    return Object.fromEntries([...this.places.keys()].map((field) => [field, this.get(frame, field)]));
  }
}

// One run in the browser: fetched by cursor, kept whole, read by frame. It knows nothing of drawing.

import { askJson, askNumbers, refusalOf, Refused, Rows } from "./wire.js";

const POLL = 250; // ms between questions while the run goes on, unless the server names another pace
const POLL_HIDDEN = 2000; // and while the tab is hidden
const POLL_SAVING = 500; // and while a run that has ended is being saved
const RETRY = [500, 1000, 2000, 5000]; // ms, after the first, second, … failure in a row
const FINAL = new Set(["done", "stopped", "failed", "interrupted"]);

export class Run {
  /**
   * `changed(run)` is called whenever something new is known; `base` is the address of the lab's root, `session` the
   * name by which the server knows who may stop it.
   */
  constructor(id, base, changed, session = "") {
    this.id = id;
    this.base = base;
    this.session = session;
    this.changed = changed;
    this.state = "loading";
    this.header = {};
    this.layout = /** @type {any} */ (null); // a Layout as soon as it is here
    this.seed = 0;
    this.rows = new Rows(); // one per frame, of the seed
    this.loading = null; // another seed and its frames, until they are all here
    this.trouble = null; // "lost", "gone" or "refused"
    this.unstopped = null; // why the run was not stopped, in the server's words or ""
    this.failures = 0;
    this.snapshots = new Map(); // updates made -> probabilities (curve, K, D) of the seed
    this.stopper = new AbortController();
    this.follow();
  }

  get url() {
    return `${this.base}api/runs/${encodeURIComponent(this.id)}`;
  }

  get length() {
    return this.rows.length;
  }

  get final() {
    return FINAL.has(this.state);
  }

  close() {
    this.closed = true;
    this.stopper.abort();
  }

  async follow() {
    while (!this.closed) {
      try {
        const complete = await this.fetchOnce();
        this.failures = 0;
        this.setTrouble(null);
        if (complete) return;
      } catch (error) {
        if (this.closed) return;
        const refused = error instanceof Refused && error.status < 500 && error.status !== 429;
        this.setTrouble(refused ? (error.status === 404 ? "gone" : "refused") : "lost");
        if (refused) return;
        this.failures += 1;
      }
      await this.pause();
    }
  }

  pause() {
    const going = this.final ? POLL_SAVING : (this.header?.poll_ms ?? POLL);
    const pace = document.hidden ? POLL_HIDDEN : going;
    const wait = this.failures ? RETRY[Math.min(this.failures, RETRY.length) - 1] : pace;
    return new Promise((resolve) => setTimeout(resolve, this.behind && !this.failures ? 0 : wait));
  }

  setTrouble(trouble) {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.changed(this);
  }

  /** Ask for what is missing; true when the run is over and everything is here. */
  async fetchOnce() {
    const target = this.loading ?? this;
    const { rows } = target;
    const ask = () => askNumbers(`${this.url}?from=${rows.length}&seed=${target.seed}`, this.stopper.signal);
    const laid = this.layout || this.askLayout();
    const early = this.state === "loading" ? ask() : null; // most runs have both when they are first asked for
    early?.catch(() => {}); // heard of when it is waited for
    if (!(await laid)) return this.final;
    const { header, values } = await (early ?? ask());
    if (target !== (this.loading ?? this)) return false; // another seed was chosen meanwhile
    if (header.from === rows.length) rows.add(values, header.frames, this.layout.fields);
    this.header = header;
    this.behind = rows.length < header.length;
    this.state = header.state;
    if (this.loading && !this.behind) this.takeLoaded();
    this.changed(this);
    return this.final && !this.behind && !this.loading && header.saved?.state !== "saving";
  }

  /** Ask what the frames hold; false while the server still draws or learns the network. */
  async askLayout() {
    const answer = await askJson(`${this.url}/layout`, this.stopper.signal);
    if (answer.curves) this.layout = readLayout(answer);
    else Object.assign(this, { header: answer, state: answer.state });
    this.changed(this);
    return Boolean(this.layout);
  }

  /** Show another seed's details: its frames replace the present ones once they are all here. */
  chooseSeed(seed) {
    if (seed === (this.loading ?? this).seed) return;
    this.loading = { seed, rows: new Rows() };
    if (this.final && !this.behind && !this.trouble) this.follow();
  }

  takeLoaded() {
    Object.assign(this, this.loading);
    this.loading = null;
    this.snapshots.clear();
  }

  /** How many frames the whole run has, and the updates made at a frame. */
  get total() {
    if (this.final) return this.length;
    const { iterations } = this.layout;
    return Math.ceil(iterations / this.stride) + 1;
  }

  get stride() {
    return this.layout.stride;
  }

  iteration(frame) {
    const done = this.header?.done ?? this.layout.iterations + 1; // states: fewer where a run was cut short
    return Math.min(frame * this.stride, Math.max(0, done - 1));
  }

  /** One number of a frame: `part` is value, rho, lam, w, weights or at_floor of a curve, counted from 0. */
  value(frame, curve, part, i = 0) {
    return this.rows.at(frame, this.layout.offsets[curve][part] + i);
  }

  /** `count` numbers of a frame, as a view. */
  values(frame, curve, part, count) {
    return this.rows.slice(frame, this.layout.offsets[curve][part], count);
  }

  /** The components nearest to a frame that are here, and at which iteration; asks for nearer ones, one at a time. */
  components(frame) {
    const wanted = this.iteration(frame);
    const spacing = Math.max(1, this.layout.iterations / 100);
    let best = null;
    for (const at of this.snapshots.keys())
      if (best === null || Math.abs(at - wanted) < Math.abs(best - wanted)) best = at;
    if (best === null || Math.abs(best - wanted) > spacing / 2 + 0.5) this.fetchComponents(frame);
    return best === null ? null : { at: best, values: this.snapshots.get(best) };
  }

  async fetchComponents(frame) {
    if (this.asking || this.asked === frame || this.trouble === "gone" || !this.length) return;
    const seed = this.seed;
    this.asking = true;
    try {
      const url = `${this.url}/components?at=${frame}&seed=${seed}`;
      const { header, values } = await askNumbers(url, this.stopper.signal);
      this.asked = this.final ? frame : null; // a final answer is the nearest there will ever be
      if (seed === this.seed && header.at !== null) this.snapshots.set(header.at, values);
    } catch {
      this.asked = frame; // not again for this frame; the cursor's next move asks anew
    } finally {
      this.asking = false;
    }
    if (!this.closed) this.changed(this);
  }

  /** The run that goes on from this one as a touch asks; null where the server leaves that to the page. */
  async touched(asked) {
    const options = { method: "POST", headers: { "X-Session": this.session }, body: JSON.stringify(asked) };
    try {
      return (await askJson(`${this.url}/touch`, this.stopper.signal, options)).run;
    } catch {
      return null;
    }
  }

  /** End the training on the server; what has arrived stays. Where that fails the run goes on, and says why. */
  async stop() {
    const options = { headers: { "X-Session": this.session }, signal: this.stopper.signal };
    const unstopped = await refusalOf(`${this.url}/stop`, options);
    if (unstopped === this.unstopped || this.closed) return;
    this.unstopped = unstopped;
    this.changed(this);
  }
}

/**
 * The server's layout with one array per property of a curve, as the views read it: the depths, then the rivals.
 * @returns {import("../types").Layout}
 */
export function readLayout(/** @type {any} */ { curves, reference, ...rest }) {
  const each = (property) => curves.map((curve) => curve[property]);
  return {
    ...rest,
    names: each("name").map((name) => name.replace("L=", "L = ")),
    learners: each("learner"),
    learner_titles: each("learner_title"),
    has_rates: each("has_rates"),
    depths: each("depth"),
    sizes: each("sizes"),
    phi: each("phi"),
    offsets: each("offsets"),
    references: reference ?? {},
    num_seeds: rest.seeds.length,
  };
}

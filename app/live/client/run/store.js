// One run in the browser: fetched by cursor, kept whole, read by frame. It knows nothing of drawing.

const POLL = 250; // ms between questions while the run goes on, unless the server names another pace
const POLL_HIDDEN = 2000; // and while the tab is hidden
const RETRY = [500, 1000, 2000, 5000]; // ms, after the first, second, … failure in a row
export const FINAL = new Set(["done", "stopped", "failed", "interrupted"]);

class Refused extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** Split an answer of the run routes into its JSON header and float32 body. */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = 4 + length;
  return { header, values: new Float32Array(start % 4 ? buffer.slice(start) : buffer, start % 4 ? 0 : start) };
}

async function ask(url, kind, signal) {
  const answer = await fetch(url, { signal, cache: "no-store" });
  if (!answer.ok) throw new Refused(answer.status);
  if (!(answer.headers.get("content-type") ?? "").startsWith(kind)) throw new Refused(404); // a wrong path answers the page
  return kind === "application/json" ? answer.json() : answer.arrayBuffer();
}

export class Run {
  /** `changed(run)` is called whenever something new is known; `base` is the server's path. */
  constructor(id, base, changed) {
    Object.assign(this, { id, base, changed });
    this.state = "loading";
    this.header = {};
    this.layout = null;
    this.length = 0;
    this.seed = 0;
    this.frames = new Float32Array(0);
    this.trouble = null; // "lost", "gone" or "refused"
    this.failures = 0;
    this.snapshots = new Map(); // iteration from 0 -> probabilities (curve, K, D) of the seed
    this.stopper = new AbortController();
    this.follow();
  }

  get url() {
    return `${this.base}/api/runs/${encodeURIComponent(this.id)}`;
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
    const pace = document.hidden ? POLL_HIDDEN : (this.header?.poll_ms ?? POLL);
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
    if (!this.layout) this.setLayout(await ask(`${this.url}/layout`, "application/json", this.stopper.signal));
    const target = this.loading ?? this;
    const url = `${this.url}?from=${target.length}&seed=${target.seed}`;
    const { header, values } = decode(await ask(url, "application/octet-stream", this.stopper.signal));
    if (target !== (this.loading ?? this)) return false; // another seed was chosen meanwhile
    if (header.from === target.length) append(target, values, header.frames, this.width);
    this.header = header;
    this.behind = target.length < header.length;
    this.state = header.state;
    if (this.loading && !this.behind) this.takeLoaded();
    this.changed(this);
    return this.final && !this.behind && !this.loading;
  }

  setLayout(layout) {
    this.layout = readLayout(layout);
    this.width = layout.fields;
    this.changed(this);
  }

  /** Show another seed's details: its frames replace the present ones once they are all here. */
  chooseSeed(seed) {
    if (seed === (this.loading ?? this).seed) return;
    this.loading = { seed, length: 0, frames: new Float32Array(0) };
    if (this.final && !this.behind && !this.trouble) this.follow();
  }

  takeLoaded() {
    Object.assign(this, this.loading);
    this.loading = null;
    this.snapshots.clear();
  }

  /** How many frames the whole run has, and the iteration (counted from 1) of a frame. */
  get total() {
    if (this.final) return this.length;
    const { iterations } = this.layout;
    return Math.ceil((iterations - 1) / this.stride) + 1;
  }

  get stride() {
    return this.layout.stride;
  }

  iteration(frame) {
    return Math.min(frame * this.stride, this.layout.iterations - 1) + 1;
  }

  /** One number of a frame: `part` is llh, rho, lam, w, weights or at_floor of curve number `d`. */
  value(frame, d, part, i = 0) {
    return frame < 0 || frame >= this.length ? NaN : this.frames[frame * this.width + this.layout.offsets[d][part] + i];
  }

  /** `count` numbers of a frame, as a view. */
  values(frame, d, part, count) {
    const start = Math.max(0, Math.min(frame, this.length - 1)) * this.width + this.layout.offsets[d][part];
    return this.frames.subarray(start, start + count);
  }

  /** The components nearest to a frame that are here, and at which iteration; asks for nearer ones, one at a time. */
  components(frame) {
    const wanted = this.iteration(frame) - 1;
    const spacing = Math.max(1, (this.layout.iterations - 1) / 100);
    let best = null;
    for (const at of this.snapshots.keys()) if (best === null || Math.abs(at - wanted) < Math.abs(best - wanted)) best = at;
    if (best === null || Math.abs(best - wanted) > spacing / 2 + 0.5) this.fetchComponents(frame);
    return best === null ? null : { at: best, values: this.snapshots.get(best) };
  }

  async fetchComponents(frame) {
    if (this.asking || this.asked === frame || this.trouble === "gone" || !this.length) return;
    const seed = this.seed;
    this.asking = true;
    try {
      const url = `${this.url}/components?at=${frame}&seed=${seed}`;
      const { header, values } = decode(await ask(url, "application/octet-stream", this.stopper.signal));
      this.asked = this.final ? frame : null; // a final answer is the nearest there will ever be
      if (seed === this.seed && header.at !== null) this.snapshots.set(header.at, values);
    } catch {
      this.asked = frame; // not again for this frame; the cursor's next move asks anew
    } finally {
      this.asking = false;
    }
    if (!this.closed) this.changed(this);
  }

  /** End the training on the server; what has arrived stays. */
  async stop() {
    try {
      const answer = await fetch(`${this.url}/stop`, { method: "POST", signal: this.stopper.signal });
      if (!answer.ok) this.setTrouble(answer.status === 404 ? "gone" : "refused");
    } catch {
      this.setTrouble("lost");
    }
  }
}

function append(target, values, frames, width) {
  const needed = (target.length + frames) * width;
  if (needed > target.frames.length) {
    const grown = new Float32Array(Math.max(needed, 2 * target.frames.length));
    grown.set(target.frames.subarray(0, target.length * width));
    target.frames = grown;
  }
  target.frames.set(values.subarray(0, frames * width), target.length * width);
  target.length += frames;
}

/** The server's layout with one array per property of a curve, as the views read it: the depths, then the rivals. */
function readLayout({ depths, rivals, reference, seeds, ...rest }) {
  const curves = [...depths, ...rivals];
  const each = (property) => curves.map((curve) => curve[property]);
  const names = { names: each("name").map((name) => name.replace("L=", "L = ")), learners: each("learner"), learner_titles: each("learner_title"), has_rates: each("has_rates") };
  return { ...rest, ...names, num_depths: depths.length, depths: each("depth"), sizes: each("sizes"), phi: each("phi"), offsets: each("offsets"), references: reference ?? {}, seeds, num_seeds: seeds.length };
}

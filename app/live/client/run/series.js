// What is drawn of a run: medians and ranges over seeds, differences to the shallowest depth, thinned lines.

const MOST_POINTS = 1000; // per drawn line

/** Median, lowest and highest of the finite numbers; NaN where there are none. */
export function spread(values) {
  const finite = Array.from(values)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const n = finite.length;
  if (!n) return [NaN, NaN, NaN];
  return [(finite[(n - 1) >> 1] + finite[n >> 1]) / 2, finite[0], finite[n - 1]];
}

const empty = () => ({ median: [], low: [], high: [] });

function push(lines, values) {
  const [median, low, high] = spread(values);
  lines.median.push(median);
  lines.low.push(low);
  lines.high.push(high);
}

/** Statistics over seeds, one entry per frame, brought up to date as frames arrive. */
export class Series {
  constructor(run) {
    this.run = run;
    this.x = [];
    this.lowest = Infinity;
    this.llh = run.layout.names.map(empty);
    this.gap = run.layout.names.map(empty);
  }

  update() {
    const { run } = this;
    const seeds = run.layout.num_seeds;
    for (let frame = this.x.length; frame < run.length; frame += 1) {
      this.x.push(run.iteration(frame));
      const shallow = run.values(frame, 0, "llh", seeds);
      run.layout.names.forEach((_, curve) => {
        const values = run.values(frame, curve, "llh", seeds);
        push(this.llh[curve], values);
        push(
          this.gap[curve],
          values.map((value, s) => value - shallow[s]),
        );
        const low = this.llh[curve].low[frame];
        if (low < this.lowest) this.lowest = low;
      });
    }
    return this;
  }

  /** One part of the detail seed's frames as a line over all frames. */
  line(curve, part, i = 0, scale = 1) {
    return this.x.map((_, frame) => this.run.value(frame, curve, part, i) * scale);
  }
}

/** Which entries of a line of n points are drawn: all, or every m-th and the last. */
export function kept(n) {
  const step = Math.max(1, Math.ceil(n / (MOST_POINTS - 1)));
  const places = [];
  for (let i = 0; i < n; i += step) places.push(i);
  if (n && places[places.length - 1] !== n - 1) places.push(n - 1);
  return places;
}

/** The chosen entries; what is not a finite number (or not positive, for a log axis) becomes a gap. */
export const pick = (line, places, positive = false) =>
  places.map((i) => (Number.isFinite(line[i]) && (!positive || line[i] > 0) ? line[i] : null));

const LINEAR_UNTIL = 1e-3; // values much below this are drawn to scale, those above by their power of ten

/** A scale for signed numbers of many sizes: zero stays zero, each power of ten is about one unit. */
export const signedLog = (value) => Math.asinh(value / LINEAR_UNTIL) / Math.LN10;

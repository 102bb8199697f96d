// What is drawn of a run: medians and ranges over seeds, differences to the shallowest depth, thinned lines.

const MOST_POINTS = 1000; // per drawn line

/** The numbers from 0 to n − 1. */
export const range = (n) => [...Array(n).keys()];

/** Numbers as so many rows of equal length. */
export function rowsOf(values, count) {
  const n = values.length / count;
  return range(count).map((i) => [...values.subarray(i * n, (i + 1) * n)]);
}

/** Median, lowest and highest of the finite numbers; NaN where there are none. */
export function spread(values) {
  const finite = [...values].filter(Number.isFinite).sort((a, b) => a - b);
  const n = finite.length;
  if (!n) return [NaN, NaN, NaN];
  return [(finite[(n - 1) >> 1] + finite[n >> 1]) / 2, finite[0], finite[n - 1]];
}

const empty = () => ({ median: [], low: [], high: [] });

function push(lines, values) {
  const found = spread(values);
  ["median", "low", "high"].forEach((part, i) => lines[part].push(found[i]));
}

/** Statistics over seeds, one entry per frame, brought up to date as frames arrive. */
export class Series {
  constructor(run) {
    this.run = run;
    this.x = [];
    this.lowest = Infinity;
    this.value = run.layout.names.map(empty);
    this.gap = run.layout.names.map(empty);
    this.components = run.layout.names.map(empty); // a mixture's effective number of them
  }

  update() {
    const { run } = this;
    const seeds = run.layout.num_seeds;
    for (let frame = this.x.length; frame < run.length; frame += 1) {
      this.x.push(run.iteration(frame));
      const shallow = run.values(frame, 0, "value", seeds);
      run.layout.names.forEach((_, curve) => {
        const values = run.values(frame, curve, "value", seeds);
        push(this.value[curve], values);
        push(
          this.gap[curve],
          values.map((value, s) => value - shallow[s]),
        );
        push(this.components[curve], run.values(frame, curve, "components", seeds));
        const low = this.value[curve].low[frame];
        if (low < this.lowest) this.lowest = low;
      });
    }
    return this;
  }

  /** One part of the detail seed's frames as a line over all frames, each times `scale` after as many updates. */
  line(curve, part, i = 0, scale = (/** @type {number} */ t) => 1) {
    return this.x.map((t, frame) => this.run.value(frame, curve, part, i) * scale(t));
  }
}

/** The statistics of a run, up to date. */
export const seriesOf = (run) => (run.series ??= new Series(run)).update();

/** η of the update after so many, where it is changed on the way. */
export const etaAt = ({ settings, rates = [] }, t) => rates.findLast(([at]) => at <= t)?.[1] ?? settings.learning_rate;

/** Which entries of a line of n points are drawn: all, or every m-th and the last. */
export function kept(n) {
  const step = Math.max(1, Math.ceil(n / (MOST_POINTS - 1)));
  return range(n).filter((i) => i % step === 0 || i === n - 1);
}

/** The chosen entries; what is not a finite number (or not positive, for a log axis) becomes a gap. */
export const pick = (line, places, positive = false) =>
  places.map((i) => (Number.isFinite(line[i]) && (!positive || line[i] > 0) ? line[i] : null));

const LINEAR_UNTIL = 1e-3; // values much below this are drawn to scale, those above by their power of ten

/** A scale for signed numbers of many sizes: zero stays zero, each power of ten is about one unit. */
export const signedLog = (value) => Math.asinh(value / LINEAR_UNTIL) / Math.LN10;

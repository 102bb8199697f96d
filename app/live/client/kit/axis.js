// What range of numbers a chart of curves shows: that of the medians, or the whole with its bounds and every seed; and
// what lies outside, as a word with an arrow at the edge.

const LEAST = 2e-3; // of an axis: curves that differ by less are one
const EDGE = 0.04; // of the range, free above and below what has arrived
const OPENING = 0.05; // of a run, whose steep first steps are left out where they would squeeze all that follows
const SQUEEZED = 3; // times the range of all that follows
const START = 0.5; // where the start stands on a log axis, which has no 0

/**
 * Lowest and highest finite number of some lines from a place on.
 * @returns {[number, number]}
 */
export function extent(lines, from = 0) {
  let [low, high] = [Infinity, -Infinity];
  for (const line of lines)
    for (let i = from; i < line.length; i += 1)
      if (Number.isFinite(line[i])) [low, high] = [Math.min(low, line[i]), Math.max(high, line[i])];
  return [low, high];
}

const below = (unit, value) => Math.floor(value / unit) * unit;
const above = (unit, value) => Math.ceil(value / unit) * unit;

/**
 * A range for numbers that go on coming: on a grid of powers of two, so that it rests for a while, and a range that
 * holds more never begins higher nor ends lower.
 */
export function resting([low, high]) {
  const height = 2 ** Math.ceil(Math.log2(Math.max(high - low, LEAST)));
  return [below(height / 8, low - EDGE * height), above(height / 2, high + EDGE * height)];
}

/** A range for numbers that are all here. */
export function closed([low, high]) {
  const [height, middle] = [Math.max(high - low, LEAST), (low + high) / 2];
  return [middle - (0.5 + EDGE) * height, middle + (0.5 + EDGE) * height];
}

/**
 * The range of lines over `x`, of a run of `whole` updates that has ended or not; null while there is nothing. The
 * first steps of a run that has ended are left out where they alone would take most of the height; one step never is.
 * @returns {number[] | null}
 */
export function fitted(lines, x, whole, ended) {
  const all = extent(lines);
  if (!(all[0] <= all[1])) return null;
  if (!ended) return resting(all);
  const opening = OPENING * whole;
  const first = opening < 1 ? -1 : x.findIndex((t) => t > opening);
  const later = first < 0 ? all : extent(lines, first);
  const squeezed = later[0] <= later[1] && all[1] - all[0] > SQUEEZED * (later[1] - later[0]);
  return closed(squeezed ? later : all);
}

/** The whole range: the lines of every seed and the bounds, rounded so that it rests while curves grow. */
export function whole(/** @type {number[]} */ [low, high], bounds) {
  const [bottom, top] = extent([[low, high, ...bounds]]);
  if (!(bottom < top)) return Number.isFinite(bottom) ? closed([bottom, top]) : null;
  const unit = top - bottom > 3 ? 2 : 10; // parts of a nat
  return [Math.floor(unit * bottom - 0.3) / unit, Math.ceil(unit * (top + 0.04 * (top - bottom)) + 0.4) / unit];
}

/** Where an update stands on an axis of updates: the start a little to the left of 1 where that is a log one. */
export const placed = (t, log) => (log && t === 0 ? START : t);

/** An axis of the updates of a run of T, from the start on. */
export function updatesAxis(T, log) {
  if (!log) return { type: "linear", range: [0, Math.max(1, T)] };
  const steps = T > 1000 ? [1] : [1, 2, 5];
  const powers = [...Array(1 + Math.floor(Math.log10(Math.max(1, T)))).keys()];
  const ticks = powers.flatMap((power) => steps.map((step) => step * 10 ** power)).filter((t) => t <= Math.max(1, T));
  const range = [START, Math.max(1, T)].map(Math.log10);
  return { type: "log", range, tickvals: [START, ...ticks], ticktext: [0, ...ticks].map(String) };
}

/** What lies outside a range, by the edge that it lies beyond: words of {y, text}, in the order of their distance. */
export function outside(/** @type {number[]} */ [bottom, top], items) {
  const beyond = (out, order) => items.filter(({ y }) => out(y)).sort((a, b) => order * (a.y - b.y));
  const words = (found) => found.map(({ text }) => text);
  return { over: words(beyond((y) => y > top, 1)), under: words(beyond((y) => y < bottom, -1)) };
}

// The geometry of a curve that is drawn by hand: points at fixed moments, moved by a finger or by keys. It knows
// nothing of the page. Places along are counted in points, 0 to 6; heights are LLH in nats per row.

export const POINTS = 7; // as app/kit/answers.py has it
const [FINE, COARSE] = [0.1, 0.5]; // nats per row that a key moves a point
const KEYS = {
  ArrowUp: FINE,
  ArrowRight: FINE,
  ArrowDown: -FINE,
  ArrowLeft: -FINE,
  PageUp: COARSE,
  PageDown: -COARSE,
  Home: -Infinity,
  End: Infinity,
};

/** A curve on which nothing is drawn. */
export const blank = () => Array(POINTS).fill(null);

/** The updates behind a point. */
export const updatesAt = (point, updates) => Math.round((point * updates) / (POINTS - 1));

const between = (value, low, high) => Math.min(high, Math.max(low, value));

/** A height on the chart, to the hundredth of a nat. */
const height = (value, { low, high }) => Math.round(100 * between(value, low, high)) / 100;

/** The points after the pen went from one place to another, [along, height] each. */
export function drawn(points, [from, fromHeight], [to, toHeight], axes) {
  const [first, last] = [Math.min(from, to), Math.max(from, to)];
  return points.map((point, i) => {
    if (i < first - 0.5 || i > last + 0.5) return point;
    const part = from === to ? 1 : between((i - from) / (to - from), 0, 1);
    return height(fromHeight + part * (toHeight - fromHeight), axes);
  });
}

/** The points with those that were left out on the straight line between their neighbours, or level at the ends. */
export function filled(points) {
  const known = points.flatMap((point, i) => (point === null ? [] : [i]));
  if (!known.length) return points;
  return points.map((point, i) => {
    if (point !== null) return point;
    const before = known.findLast((at) => at < i) ?? known[0];
    const after = known.find((at) => at > i) ?? before;
    if (before >= i || after === before) return points[before >= i ? known[0] : before];
    return points[before] + ((i - before) / (after - before)) * (points[after] - points[before]);
  });
}

/** The points after a key was pressed on one of them, or null where the key moves nothing. */
export function keyed(points, i, key, axes) {
  const by = KEYS[key];
  if (by === undefined) return null;
  const from = filled(points)[i] ?? axes.low;
  const to = height(Math.round(10 * between(from + by, axes.low, axes.high)) / 10, axes);
  return points.map((point, at) => (at === i ? to : point));
}

/** What is told of every curve by its depth: all points of those on which something is drawn. */
export const given = (curves) =>
  Object.fromEntries(
    Object.entries(curves).flatMap(([depth, points]) => {
      const all = filled(points);
      return all.includes(null) ? [] : [[depth, all.map((point) => Math.round(100 * point) / 100)]];
    }),
  );

/** Where a line is first halfway up the chart, else its end: there its name stands clear of others. */
export function namedAt(line, { low, high }) {
  const middle = (low + high) / 2;
  return line.find(([, y]) => y >= middle) ?? line[line.length - 1];
}

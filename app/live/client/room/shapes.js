// What of a room is drawn where: numbers alone, no drawing.

const LEAST_WIDE = 0.002; // nats per row, of a row of ends
const MARGIN = 0.15; // of a row, on either side

const known = (values) => values.filter((value) => value !== null && Number.isFinite(value));

/** Whether a result counts: its seat is among those that were announced, or none were. */
export const counts = (room, { seat }) => room.announced === null || seat <= room.announced;

/** Whether starts that were announced have not arrived yet. */
export const isGrowing = (room) =>
  room.announced !== null && room.results.filter((each) => counts(room, each)).length < room.announced;

/** Whether results may be drawn. */
export const isShown = (room, who) => Boolean(room.class?.curves.length) && (who === "teacher" || !room.hidden);

/** The ends of the LLH axis of the curves: the chart's own, and lower where a middle curve goes there. */
export function heights(room, axes, shown) {
  const medians = shown ? room.class.curves.flatMap(({ median }) => known(median)) : [];
  const [low, high] = axes ? [axes.low, axes.high] : [Infinity, -Infinity];
  const ends = [Math.min(low, ...medians), Math.max(high, ...medians)];
  return [Math.floor(ends[0] * 2) / 2, Math.ceil(ends[1] * 2) / 2];
}

/** Whole numbers of an axis, not more than eight of them. */
export function wholes([low, high]) {
  const every = Math.max(1, Math.ceil((high - low) / 8));
  const first = Math.ceil(low / every);
  return Array.from({ length: Math.floor(high / every) - first + 1 }, (_, i) => (first + i) * every);
}

/**
 * A row for each curve: dots of its starts' ends, the interval so far, and the one at the announced end, whose bounds
 * are null where nothing is known. All rows are equally wide in nats per row.
 */
export function rows(room) {
  const found = room.class.curves.map((curve, i) => {
    const dots = room.results
      .map((result) => ({ seat: result.seat, at: result.curves[i]?.end, counts: counts(room, result) }))
      .filter(({ at }) => known([at]).length);
    const [median, low, high] = [curve.median, curve.low, curve.high].map((line) => line.at(-1));
    const atEnd = curve.at_end && { low: curve.at_end[0], high: curve.at_end[1] };
    const all = known([median, low, high, ...dots.map(({ at }) => at)]);
    return { name: curve.name, dots, median, low, high, atEnd, all };
  });
  const spans = found.map(({ all }) => (all.length ? Math.max(...all) - Math.min(...all) : 0));
  const wide = Math.max(LEAST_WIDE, ...spans) * (1 + 2 * MARGIN);
  return found.map(({ all, ...row }) => {
    const middle = all.length ? (Math.min(...all) + Math.max(...all)) / 2 : 0;
    return { ...row, range: [middle - wide / 2, middle + wide / 2], isEmpty: !all.length };
  });
}

/** A few round numbers between two, and with how many decimals they are told apart. */
export function ticks([low, high], most = 3) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const every = [1, 2, 5, 10].map((step) => step * power).find((step) => step >= rough) ?? 10 * power;
  const first = Math.ceil(low / every);
  const values = Array.from({ length: Math.floor(high / every) - first + 1 }, (_, i) => (first + i) * every);
  return { values, decimals: Math.max(0, -Math.floor(Math.log10(every) + 1e-9)) };
}

/** Where a start's dot stands across its row, from −1 to 1: the same at every drawing. */
export const across = (seat) => (((seat * 7) % 11) - 5) / 5;

/** Bars of counts: of each its share of the largest one. */
export function bars(tally) {
  const most = Math.max(1, ...tally);
  return tally.map((n) => ({ n, share: n / most }));
}

/** The middle guess of curves and the middle half of them, each as points; null where nobody guessed. */
export function fanOf(guess, updates) {
  if (!guess?.number) return null;
  const at = (i) => (i * updates) / (guess.fan.length - 1);
  const line = (which) => guess.fan.map((point, i) => [at(i), point[which]]);
  return { number: guess.number, middle: line(2), low: line(1), high: line(3) };
}

/** Points between two lines, once around. */
export const around = (low, high) => [...low, ...high.toReversed()];

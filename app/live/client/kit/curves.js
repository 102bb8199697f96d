// The curves of a run over iterations: pure functions of what a view knows, giving traces and a table.

import { kept, pick, range } from "../run/series.js";
import { extent, fitted, outside, whole } from "./axis.js";
import { llh, number, plotlyText, shorten } from "./dom.js";
import { level } from "./spec.js";
import { curveStyle, markerOf, translucent } from "./theme.js";
import { say } from "./words.js";

const MARKS = 9; // on a line of a pinned run
const LEVEL_WORDS = 0.085; // of the height: words over a line across
const EDGE_WORDS = 0.075; // of the height: a line of words at the edge

export const name = (c, curve) => c.layout.names[curve];
export const curves = (c) => c.layout.names.map((_, curve) => curve);
const colourOf = (c, curve) => curveStyle(c.run, curve, c.theme).color;

/** The frames that are drawn, and their iterations. */
export function drawnFrames(c) {
  const places = kept(c.count);
  return { places, x: pick(c.series.x, places) };
}

/**
 * A chart of `lines`, one per curve of those that are shown: `first` and, per curve, `below` give what is drawn under
 * them, `look` more of a line, `words` its value at a frame.
 */
export function curveChart(
  c,
  lines,
  /** @type {any} */ { shown = curves(c), first = [], below = () => [], look = () => ({}), positive, words },
) {
  const frames = drawnFrames(c);
  const { places, x } = frames;
  const last = c.count - 1;
  const dots = (frame) =>
    shown.map((curve) => ({ curve, uid: `${curve}-line`, y: lines[curve][frame], colour: colourOf(c, curve) }));
  const own = (curve) => line(c, curve, x, pick(lines[curve], places, positive), look(curve, places));
  return {
    over: true,
    grows: true,
    frame: c.frame,
    data: [...first, ...shown.flatMap((curve) => [...below(curve, frames), own(curve)]), ...floorStripes(c, frames)],
    dots,
    ends: dots(last)
      .filter(({ y }) => Number.isFinite(y))
      .map((dot) => ({ ...dot, x: c.series.x[last], text: endText(c, dot.curve) })),
    summary: (frame) =>
      shown.map((curve) => ({ text: `${name(c, curve)}: ${words(curve, frame)}`, colour: colourOf(c, curve) })),
  };
}

/** The line of a curve. */
function line(c, curve, x, y, /** @type {any} */ { width = 2, ...more }) {
  const own = name(c, curve);
  return {
    x,
    y,
    uid: `${curve}-line`,
    name: own,
    legendgroup: own,
    hovertemplate: `%{y:.4g}<extra>${own}</extra>`,
    line: { ...curveStyle(c.run, curve, c.theme), width: width * c.theme.lineScale },
    ...more,
  };
}

/** A thin line that belongs to a curve and says nothing itself. */
export const thin = (c, curve, x, y, uid, width, opacity, more = {}) => ({
  x,
  y,
  uid: `${curve}-${uid}`,
  legendgroup: name(c, curve),
  opacity,
  hoverinfo: "skip",
  showlegend: false,
  line: { color: colourOf(c, curve), width },
  ...more,
});

/** The range of the seeds as two borders without a stroke and the ground between them. */
export function band(c, curve, { low, high }, { x, places }) {
  const fill = { fill: "tonexty", fillcolor: translucent(colourOf(c, curve), 0.18) };
  return [thin(c, curve, x, pick(low, places), "low", 0, 1), thin(c, curve, x, pick(high, places), "high", 0, 1, fill)];
}

/** Stripes under the chart, one row per curve, where weights of the detail seed sit at the floor. */
const floorStripes = (c, { x, places }) =>
  curves(c).map((curve) => {
    const y = places.map((frame) => (c.run.value(frame, curve, "at_floor") > 0 ? -curve : null));
    return thin(c, curve, x, y, "floor", 2, 0.55, { yaxis: "y2" });
  });

/** About a dozen rows: iterations spread over what is here, and the cursor's. */
export function spreadTable(c, of, cell) {
  const last = c.count - 1;
  const frames = new Set([c.frame, ...range(11).map((i) => Math.round((i * last) / 10))]);
  return {
    head: [say("iteration"), ...of.map((curve) => name(c, curve))],
    rows: [...frames]
      .sort((a, b) => a - b)
      .map((frame) => [c.series.x[frame], ...of.map((curve) => cell(curve, frame))]),
  };
}

/** Medians and ranges over seeds as a table. */
export const medians = (c, series, words = llh) =>
  spreadTable(c, curves(c), (curve, frame) => {
    const [middle, low, high] = ["median", "low", "high"].map((part) => words(series[curve][part][frame]));
    return c.layout.num_seeds > 1 ? `${middle} (${low} … ${high})` : middle;
  });

/** What stands at a curve's end: its name, or its learner alone where there is little room. */
function endText(c, curve) {
  const { num_depths, learner_titles, names } = c.layout;
  const short = curve >= num_depths && (c.narrow || names.length - num_depths > 3);
  return short ? shorten(learner_titles[curve], c.narrow ? 13 : Infinity) : name(c, curve).replace("L = ", "L=");
}

const everySeed = (c, curve, { x, places }) =>
  range(c.layout.num_seeds).map((s) =>
    thin(c, curve, x, pick(c.series.line(curve, "value", s), places), `seed-${s}`, 0.8, 0.6),
  );

/** A grey line of what is not this run; all of a kind are one entry of the legend. */
const aside = (c, word, first, x, y, uid, look, opacity, of) => ({
  x,
  y,
  uid,
  name: say(word),
  legendgroup: word,
  showlegend: first,
  opacity,
  line: { color: c.theme.muted, ...look },
  hovertemplate: `%{y:.4g}<extra>${plotlyText(of)}</extra>`,
});

/** Medians of a pinned run: the colour and dash of each depth, and the marks of the run. */
export function pinnedLines(c, { series, mark, words }) {
  const { run, value } = series;
  const places = kept(series.x.length);
  return run.layout.names.map((own, curve) => {
    const [x, y] = [series.x, value[curve].median].map((values) => pick(values, places));
    const style = curveStyle(run, curve, c.theme);
    return {
      x,
      y,
      uid: `pinned-${run.id}-${curve}`,
      name: plotlyText(`${own}, ${words}`),
      showlegend: false,
      mode: "lines+markers",
      opacity: 0.8,
      line: { ...style, width: 1.1 * c.theme.lineScale },
      marker: { symbol: markerOf(mark), size: 7 * c.theme.textScale, color: style.color, maxdisplayed: MARKS },
      hovertemplate: `%{y:.3f}<extra>${plotlyText(`${own}, ${words}`)}</extra>`,
    };
  });
}

/** What a pinned run is called in the legend of a file: its marks on a line of no depth's colour. */
const pinKey = (c, { mark, words }) => ({
  name: plotlyText(words),
  mode: "lines+markers",
  line: { color: c.theme.muted, width: 1.1 * c.theme.lineScale },
  marker: { symbol: markerOf(mark), color: c.theme.muted },
});

/** The last columns of the table: every curve of every pinned run, where it has an iteration of the run on screen. */
const pinnedColumns = (c) =>
  c.pins.flatMap(({ series, words }) =>
    series.run.layout.names.map((own, curve) => ({
      head: `${own}, ${words}`,
      at: (t) => {
        const frame = series.x.indexOf(t);
        return frame < 0 ? "–" : llh(series.value[curve].median[frame]);
      },
    })),
  );

/** Medians and ranges of the run on screen, and the medians of the pinned ones. */
function withPinned(c, { head, rows }) {
  const columns = pinnedColumns(c);
  return {
    head: [...head, ...columns.map((column) => column.head)],
    rows: rows.map((row) => [...row, ...columns.map(({ at }) => at(row[0]))]),
  };
}

const published = (c) =>
  c.published.map(({ depth, x, y }, i) => {
    const look = { width: 1.1, dash: c.theme.dashes[depth - 1] };
    return aside(c, "published", i === 0, x, y, `published-${depth}`, look, 0.7, `${say("published")}, L = ${depth}`);
  });

/** The medians that are compared: of this run, of the pinned ones, and the published curves. */
const compared = (c) => [
  ...[c.series, ...c.pins.map(({ series }) => series)].flatMap(({ value }) => value.map(({ median }) => median)),
  ...c.published.map(({ y }) => y),
];

/** What there is to mark beside the curves: the bounds, and how far single seeds go. */
function landmarks({ run, series }) {
  const { independent, entropy } = run.layout.references;
  const [seed_low, seed_high] = extent(series.value.flatMap(({ low, high }) => [low, high]));
  const known = Object.entries({ independent, entropy }).filter(([, y]) => Number.isFinite(y));
  return {
    bounds: known.map(([word, y]) => ({ y, text: `${say(word)} ${llh(y)}` })),
    seeds: Object.entries({ seed_low, seed_high }).map(([word, y]) => ({ y, text: say(word, { y: llh(y) }) })),
  };
}

/** What the axis shows: the compared medians or everything; with room for the words at its edges. */
function shownRange(c, { bounds, seeds }) {
  const { run, series, options } = c;
  const marks = [...bounds, ...seeds];
  if (options.whole_range)
    return whole(
      extent(compared(c)),
      marks.map(({ y }) => y),
    );
  const found = fitted(compared(c), series.x, run.layout.iterations, run.final);
  if (!found || !run.final) return found;
  const { over, under } = outside(found, marks);
  const room = (words) => EDGE_WORDS * (c.narrow ? words.length : Math.min(1, words.length)) * (found[1] - found[0]);
  const [bottom, top] = [found[0] - room(under), found[1] + room(over)];
  const highest = Math.max(...bounds.map(({ y }) => y).filter((y) => y <= top)); // its words stand over it
  return [bottom, Math.max(top, highest + LEVEL_WORDS * (top - bottom))];
}

/** The range of the axis; the bounds: lines where they are inside, words at the edge where they are not. */
function bounded(c) {
  const marks = landmarks(c);
  const found = shownRange(c, marks);
  if (!found) return { range: undefined, shapes: [], annotations: [] };
  const inside = marks.bounds.filter(({ y }) => y >= found[0] && y <= found[1]);
  return {
    range: found,
    shapes: inside.map((one) => boundLine(c, found, one)),
    annotations: edgeWords(c, outside(found, [...marks.bounds, ...marks.seeds])),
  };
}

/** A bound as a dotted line; its words stand under it where curves end just above it. */
function boundLine(c, /** @type {number[]} */ [bottom, top], { y, text }) {
  const room = 0.08 * (top - bottom);
  const ends = c.series.value.map(({ median }) => median.at(-1));
  const crowded = top - y < 0.9 * room || ends.some((v) => v > y && v - y < room);
  return level(c, y, plotlyText(text), "dot", { yanchor: crowded ? "top" : "bottom" });
}

/** Words with an arrow at the edges: above on the left and below on the right, where rising curves are not. */
const edgeWords = (c, { over, under }) => [
  ...edgeWord(c, "▲", over, { x: 0, xanchor: "left", y: 1, yanchor: "top" }),
  ...edgeWord(c, "▼", under, { x: 1, xanchor: "right", y: 0, yanchor: "bottom" }),
];

function edgeWord(c, arrow, words, place) {
  if (!words.length) return [];
  const text = words.map((one) => `${arrow} ${plotlyText(one)}`).join(c.narrow ? "<br>" : "   ");
  const font = { size: 11 * c.theme.textScale, color: c.theme.muted };
  const look = { showarrow: false, borderpad: 3, bgcolor: c.theme.ground, align: place.xanchor };
  return [{ xref: "x domain", yref: "y domain", text, font, ...look, ...place }];
}

/** View 1: LLH by depth, median and range over seeds, between its two bounds. */
export function llhChart(c) {
  const { series, run } = c;
  const { num_seeds: S, floor } = run.layout;
  const middle = series.value.map(({ median }) => median);
  const spread = (curve, frames) =>
    c.options.every_seed ? everySeed(c, curve, frames) : band(c, curve, series.value[curve], frames);
  const { range, shapes, annotations } = bounded(c);
  return {
    ...curveChart(c, middle, {
      first: [...published(c), ...c.pins.flatMap((pin) => pinnedLines(c, pin))],
      below: S > 1 ? spread : undefined,
      look: (curve) => ({ hovertemplate: `%{y:.3f}<extra>${name(c, curve)}</extra>`, width: 2.4 }),
      words: (curve, frame) => llh(middle[curve][frame]),
    }),
    y: { title: say("value_axis", { quantity: run.layout.quantity }), range },
    shapes,
    annotations,
    note:
      (S > 1 ? say("llh_note", { S }) : say("llh_note_one")) +
      (floor === null ? "" : ` ${say("at_floor", { floor: number(floor) })}`) +
      run.header.alone.map((sentence) => ` ${sentence}`).join(""),
    keys: c.pins.map((pin) => pinKey(c, pin)),
    table: () => withPinned(c, medians(c, series.value)),
  };
}

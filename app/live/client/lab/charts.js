// What each Plotly chart shows: pure functions of the run, its series and the view, giving traces and a table.

import { llh, number, plotlyText, shorten } from "../kit/dom.js";
import { kept, pick, signedLog } from "../run/series.js";
import { curveStyle, DASHES, translucent } from "../kit/theme.js";

const name = (c, d) => c.run.layout.names[d];
const style = (c, d) => curveStyle(c.run, d, c.theme);
const curves = (c) => c.run.layout.names.map((_, d) => d);
const rated = (c) => curves(c).filter((d) => c.run.layout.has_rates[d]);

function line(c, d, x, y, more = {}) {
  const { width = 2, ...rest } = more;
  return {
    type: "scatter", mode: "lines", x, y, uid: `${d}-line`, name: name(c, d), legendgroup: name(c, d),
    line: { ...style(c, d), width: width * c.theme.lineScale },
    hovertemplate: `%{y:.4g}<extra>${name(c, d)}</extra>`, ...rest,
  };
}

const silent = { hoverinfo: "skip", hovertemplate: null, showlegend: false };

/** The range of the seeds as two borders without a stroke and the ground between them. */
function band(c, d, x, lines, places) {
  const colour = style(c, d).color;
  const border = { type: "scatter", mode: "lines", x, legendgroup: name(c, d), line: { width: 0, color: colour }, ...silent };
  return [
    { ...border, uid: `${d}-low`, y: pick(lines.low, places) },
    { ...border, uid: `${d}-high`, y: pick(lines.high, places), fill: "tonexty", fillcolor: translucent(colour, 0.18) },
  ];
}

/** Stripes under the chart, one row per curve, where weights of the detail seed sit at the floor. */
function floorStripes(c, x, places) {
  return curves(c).map((d) => ({
    type: "scatter", mode: "lines", x, yaxis: "y2", uid: `${d}-floor`, legendgroup: name(c, d), ...silent,
    y: places.map((frame) => (c.run.value(frame, d, "at_floor") > 0 ? -d : null)),
    line: { color: style(c, d).color, width: 2 }, opacity: 0.55,
  }));
}

const level = (y, text, c, dash = "dot", { yanchor = "bottom", textposition = "end" } = {}) => ({
  type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, layer: "below", line: { color: c.theme.line, width: 1, dash },
  label: { text, textposition, yanchor, padding: 3, font: { size: 11 * c.theme.textScale, color: c.theme.muted } },
});

/** About a dozen rows: iterations spread over what is here, and the cursor's. */
function table(c, head, cells) {
  const last = c.count - 1;
  const frames = new Set([c.frame, last, ...Array.from({ length: 11 }, (_, i) => Math.round((i * last) / 10))]);
  const rows = [...frames].filter((f) => f >= 0).sort((a, b) => a - b);
  return { head: [c.say("iteration"), ...head], rows: rows.map((frame) => [String(c.series.x[frame]), ...cells(frame)]) };
}

const medians = (c, lines) => table(c, curves(c).map((d) => name(c, d)), (frame) =>
  lines.map(({ median, low, high }) => (c.run.layout.num_seeds > 1 ? `${llh(median[frame])} (${llh(low[frame])} … ${llh(high[frame])})` : llh(median[frame]))));

/** What stands at a curve's end: its name, or its learner alone where there is little room; the rest is below the chart. */
function endText(c, d) {
  const { num_depths, learner_titles, names } = c.run.layout;
  const short = d >= num_depths && (c.narrow || names.length - num_depths > 3);
  return short ? shorten(learner_titles[d], c.narrow ? 13 : Infinity) : name(c, d).replace("L = ", "L=");
}

const ends = (c, lines, shown = (d) => true) => curves(c).flatMap((d) => {
  const last = c.count - 1;
  return shown(d) && last >= 0 && Number.isFinite(lines[d][last]) ? [{ d, x: c.series.x[last], y: lines[d][last], text: endText(c, d), colour: style(c, d).color }] : [];
});

const dots = (c, lines) => (frame) => curves(c).map((d) => ({ d, y: lines[d][frame], colour: style(c, d).color }));

/** One entry of the line under a chart. */
const told = (c, d, value) => ({ text: `${name(c, d)}: ${value}`, colour: style(c, d).color });

function everySeed(c, d, x, places) {
  return Array.from({ length: c.run.layout.num_seeds }, (_, s) => ({
    type: "scatter", mode: "lines", x, y: pick(c.series.line(d, "llh", s), places), uid: `${d}-seed-${s}`, legendgroup: name(c, d),
    line: { color: style(c, d).color, width: 0.8 }, opacity: 0.6, ...silent,
  }));
}

/** Medians of pinned runs, grey and dashed, in the order of their curves. */
function baselines(c) {
  return c.baselines.flatMap((series, b) => series.run.layout.names.map((pinned, d) => {
    const places = kept(series.x.length);
    return {
      type: "scatter", mode: "lines", x: pick(series.x, places), y: pick(series.llh[d].median, places), uid: `pinned-${b}-${d}`,
      name: c.say("pinned"), legendgroup: "pinned", showlegend: b + d === 0, opacity: 0.8,
      line: { color: c.theme.muted, dash: "6px,3px", width: (0.8 + 0.35 * d) * c.theme.lineScale },
      hovertemplate: `%{y:.4g}<extra>${plotlyText(`${c.say("pinned")} ${pinned}`)}</extra>`,
    };
  }));
}

function published(c) {
  return c.published.map(({ depth, x, y }, i) => ({
    type: "scatter", mode: "lines", x, y, uid: `published-${depth}`, name: c.say("published"), legendgroup: "published", showlegend: i === 0,
    line: { color: c.theme.muted, width: 1.1, dash: DASHES[depth - 1] }, opacity: 0.7,
    hovertemplate: `%{y:.4g}<extra>${plotlyText(c.say("published"))}, L = ${depth}</extra>`,
  }));
}

/** View 1: LLH by depth, median and range over seeds, between its two bounds. */
export function llhChart(c) {
  const { series, run, say } = c;
  const places = kept(c.count);
  const x = pick(series.x, places);
  const { independent, entropy } = run.layout.references;
  const best = Math.max(...series.llh.map(({ median }) => median.at(-1)).filter(Number.isFinite));
  const top = Math.max(Number.isFinite(entropy) ? entropy : -Infinity, best);
  const lowest = Math.min(series.lowest, independent ?? Infinity);
  const unit = top - lowest > 3 ? 2 : 10; // parts of a nat that the range is rounded to, so that it rests while curves grow
  const bottom = Math.floor(unit * lowest - 0.3) / unit;
  const references = [[independent, "independent"], [entropy, "entropy"]].filter(([y]) => Number.isFinite(y));
  const close = top - bottom > 12; // the two bounds' labels would meet
  const high = entropy - best < 0.1 * (top - bottom); // a curve would run through the upper bound's label
  const labelling = { entropy: high ? {} : { yanchor: "top" }, independent: close ? { yanchor: "top", textposition: "start" } : {} };
  const many = run.layout.num_seeds > 1;
  const perCurve = curves(c).flatMap((d) => [
    ...(many && !c.options.every_seed ? band(c, d, x, series.llh[d], places) : []),
    ...(many && c.options.every_seed ? everySeed(c, d, x, places) : []),
    line(c, d, x, pick(series.llh[d].median, places), { hovertemplate: `%{y:.3f}<extra>${name(c, d)}</extra>`, width: 2.4 }),
  ]);
  const lines = series.llh.map(({ median }) => median);
  return {
    data: [...published(c), ...baselines(c), ...perCurve, ...floorStripes(c, x, places)],
    y: { title: { text: say("llh_axis") }, range: Number.isFinite(bottom) ? [bottom, Math.ceil(unit * (high ? top + 0.08 * (top - bottom) : top) + 0.4) / unit] : undefined },
    shapes: references.map(([y, word]) => level(y, `${plotlyText(say(word))} ${llh(y)}`, c, "dot", labelling[word])),
    note: say(many ? "llh_note" : "llh_note_one", { S: run.layout.num_seeds }) + (run.layout.floor === null ? "" : ` ${say("at_floor", { floor: number(run.layout.floor) })}`),
    ends: ends(c, lines), dots: dots(c, lines), table: () => medians(c, series.llh),
    summary: (frame) => curves(c).map((d) => told(c, d, llh(lines[d][frame]))),
  };
}

/** Lines of one part of the detail seed: the chosen component, and the others thin when asked for. */
function componentLines(c, part, { scale = 1, positive = false, drawn = (value) => value }) {
  const { series, run, view } = c;
  const places = kept(c.count);
  const x = pick(series.x, places);
  const chosen = curves(c).map((d) => series.line(d, part, view.component, scale));
  const onScale = chosen.map((values) => values.map(drawn));
  const others = !c.options.all_components ? [] : rated(c).flatMap((d) =>
    Array.from({ length: run.layout.num_components }, (_, k) => ({
      type: "scatter", mode: "lines", x, y: pick(series.line(d, part, k, scale).map(drawn), places, positive), uid: `${d}-k-${k}`, legendgroup: name(c, d),
      line: { color: style(c, d).color, width: 0.7 }, opacity: 0.55, ...silent,
    })).filter((_, k) => k !== view.component));
  const main = rated(c).map((d) => line(c, d, x, pick(onScale[d], places, positive), {
    customdata: places.map((i) => number(chosen[d][i])), hovertemplate: `%{customdata}<extra>${name(c, d)}</extra>`,
  }));
  return {
    data: [...others, ...main, ...floorStripes(c, x, places)], ends: ends(c, onScale), dots: dots(c, onScale),
    table: () => table(c, rated(c).map((d) => name(c, d)), (frame) => rated(c).map((d) => number(chosen[d][frame]))),
    summary: (frame) => rated(c).map((d) => told(c, d, number(chosen[d][frame]))),
  };
}

/** A note, and of which curves the chart says nothing because they do not take plain gradient steps. */
function rateNote(c, note) {
  const without = curves(c).filter((d) => !c.run.layout.has_rates[d]).map((d) => name(c, d));
  return without.length ? `${note} ${c.say("no_rates", { curves: without.join(", ") })}` : note;
}

/** View 2: the effective learning rate of the chosen component in units of η; 1 is the plain step. */
export function rhoChart(c) {
  const log = c.options.log_y;
  const lines = componentLines(c, "rho", { scale: 1 / c.run.layout.settings.learning_rate, positive: log });
  return { ...lines, note: rateNote(c, c.say("rho_note")), y: { title: { text: c.say("rho_axis") }, type: log ? "log" : "linear", autorange: true, exponentformat: "power" }, shapes: [level(1, "", c, "solid")] };
}

const POWERS = [-2, -1, 0, 1, 2, 3, 4, 6, 8];

/** View 3: the multiplicative term of the chosen component. */
export function lamChart(c) {
  const log = c.options.log_y;
  const lines = componentLines(c, "lam", log ? { drawn: signedLog } : {});
  const values = [...POWERS.map((n) => -(10 ** n)), 0, ...POWERS.map((n) => 10 ** n)];
  const ticks = log ? { tickvals: values.map(signedLog), ticktext: values.map((value) => number(value)) } : { exponentformat: "power" };
  const note = Math.max(...c.run.layout.depths) === 1 ? c.say("lam_shallow") : c.say("lam_note");
  return { ...lines, note: rateNote(c, note), y: { title: { text: c.say("lam_axis") }, autorange: true, ...ticks }, shapes: [level(0, "", c, "solid")] };
}

/** How far each curve is ahead of the shallowest depth, seed against the same seed. */
export function gapChart(c) {
  const { series, run } = c;
  const places = kept(c.count);
  const x = pick(series.x, places);
  const many = run.layout.num_seeds > 1;
  const lines = series.gap.map(({ median }) => median);
  const others = curves(c).slice(1);
  const noted = run.layout.names.length > run.layout.num_depths ? "gap_note_rivals" : "gap_note";
  const nothing = { type: "scatter", mode: "lines", x: [1], y: [0], uid: "zero", ...silent }; // keeps the axes when there is no other line
  return {
    data: [
      nothing,
      ...others.flatMap((d) => [...(many ? band(c, d, x, series.gap[d], places) : []), line(c, d, x, pick(lines[d], places))]),
      ...floorStripes(c, x, places),
    ],
    y: { title: { text: c.say("gap_axis", { L: run.layout.depths[0] }) }, autorange: true },
    note: c.say(others.length ? noted : "gap_alone", { L: run.layout.depths[0] }),
    shapes: [level(0, "", c, "solid")],
    ends: ends(c, lines, (d) => d > 0), dots: (frame) => dots(c, lines)(frame).slice(1), table: () => medians(c, series.gap),
    summary: (frame) => others.map((d) => told(c, d, `${lines[d][frame] > 0 ? "+" : ""}${llh(lines[d][frame])}`)),
  };
}

// What the charts in the lab's tabs show: the rates of the chosen component, and how far each curve is ahead.

import { band, curveChart, curves, drawnFrames, medians, name, spreadTable, thin } from "../kit/curves.js";
import { llh, number } from "../kit/dom.js";
import { beyondArea, beyondFirstOrder, beyondWords } from "../kit/firstorder.js";
import { level } from "../kit/spec.js";
import { say } from "../kit/words.js";
import { etaAt, pick, range, signedLog } from "../run/series.js";

/**
 * Lines of one part of the detail seed: the chosen component, and the others thin when asked for; and a note that says
 * of which curves there is none because they do not take plain gradient steps.
 */
function componentLines(c, part, note, { scale = (t) => 1, positive = false, drawn = (value) => value }) {
  const { series, run, choice } = c;
  const chosen = curves(c).map((curve) => series.line(curve, part, choice.component, scale));
  const words = (curve, frame) => number(chosen[curve][frame]);
  const [shown, without] = [true, false].map((rates) => curves(c).filter((i) => c.layout.has_rates[i] === rates));
  const unrated = say("no_rates", { curves: without.map((curve) => name(c, curve)).join(", ") });
  const others = (curve, { x, places }) =>
    range(run.layout.num_components)
      .filter((k) => k !== choice.component)
      .map((k) => {
        const y = pick(series.line(curve, part, k, scale).map(drawn), places, positive);
        return thin(c, curve, x, y, `k-${k}`, 0.7, 0.55);
      });
  const look = (curve, places) => ({
    customdata: places.map((i) => words(curve, i)),
    hovertemplate: `%{customdata}<extra>${name(c, curve)}</extra>`,
  });
  const beyond = beyondFirstOrder(run, choice.curve, c.count);
  const first = [
    ...(beyond?.many ? [beyondArea(c, beyond, choice.curve)] : []),
    ...(c.options.all_components ? shown.flatMap((curve) => others(curve, drawnFrames(c))) : []),
  ];
  const told = beyondWords(run, shown, choice.curve);
  const lines = chosen.map((values) => values.map(drawn));
  return {
    ...curveChart(c, lines, { shown, first, look, positive, words }),
    note: [note, told, without.length ? unrated : ""].filter(Boolean).join(" "),
    table: () => spreadTable(c, shown, words),
  };
}

const power = { exponentformat: "power" };

/** View 2: the adaptive rate of the chosen component in units of η; 1 is the plain step. */
export function rhoChart(c) {
  const log = c.options.log_y;
  const onLogs = c.layout.settings.parametrisation === "log";
  return {
    ...componentLines(c, "rho", say(onLogs ? "rho_note_log" : "rho_note"), {
      scale: (t) => 1 / etaAt(c.layout, t),
      positive: log,
    }),
    y: { title: say("rho_axis"), type: log ? "log" : "linear", autorange: true, ...power },
    shapes: onLogs ? [] : [level(c, 1)],
  };
}

const POWERS = [-2, -1, 0, 1, 2, 3, 4, 6, 8].map((n) => 10 ** n);

/** View 3: the multiplicative term of the chosen component. */
export function lamChart(c) {
  const log = c.options.log_y;
  const note = say(Math.max(...c.layout.depths) === 1 ? "lam_shallow" : "lam_note");
  const values = [...POWERS.map((power) => -power), 0, ...POWERS];
  const ticks = { tickvals: values.map(signedLog), ticktext: values.map((value) => number(value)) };
  return {
    ...componentLines(c, "lam", note, log ? { drawn: signedLog } : {}),
    y: { title: say("lam_axis"), autorange: true, ...(log ? ticks : power) },
    shapes: [level(c, 0)],
  };
}

/** The effective number of components by curve: median over seeds, and every seed thin. */
export function usedChart(c) {
  const { num_seeds: S, num_components: K } = c.layout;
  const lines = c.series.components.map(({ median }) => median);
  const seeds = (curve, { x, places }) =>
    range(S).map((s) => thin(c, curve, x, pick(c.series.line(curve, "components", s), places), `seed-${s}`, 0.8, 0.5));
  return {
    ...curveChart(c, lines, { below: S > 1 ? seeds : undefined, words: (curve, frame) => number(lines[curve][frame]) }),
    y: { title: say("used_axis"), range: [1 - 0.05 * K, 1.05 * K] },
    note: [say(S > 1 ? "used_note" : "used_note_one", { S, K }), ...c.run.header.alone].join(" "),
    shapes: [level(c, 1)],
    table: () => medians(c, c.series.components, (v) => number(v)),
  };
}

/** How far each curve is ahead of the shallowest depth, seed against the same seed. */
export function gapChart(c) {
  const { gap } = c.series;
  const { num_seeds, names, num_depths, depths, quantity } = c.layout;
  const [L] = depths;
  const lines = gap.map(({ median }) => median);
  const shown = curves(c).slice(1);
  const ahead = (value) => `${value > 0 ? "+" : ""}${llh(value)}`;
  return {
    ...curveChart(c, lines, {
      shown,
      first: [thin(c, 0, [0], [0], "zero", 0, 1)], // keeps the axes when there is no other line
      below: num_seeds > 1 ? (curve, frames) => band(c, curve, gap[curve], frames) : undefined,
      words: (curve, frame) => ahead(lines[curve][frame]),
    }),
    y: { title: say("gap_axis", { L, quantity }), autorange: true },
    note: shown.length ? say(names.length > num_depths ? "gap_note_rivals" : "gap_note", { L }) : say("gap_alone"),
    shapes: [level(c, 0)],
    table: () => medians(c, gap),
  };
}

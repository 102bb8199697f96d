// The updates that first order does not describe: a relative step of a weight passes 0.1. One way of marking them on
// every chart over updates, and of counting them in words.

import { say } from "./words.js";

/** Whether a curve's steps are first order by themselves: one weight a component, and no floor nor logarithm. */
const exact = ({ layout }, curve) => layout.depths[curve] === 1 && layout.settings.parametrisation === "linear";

/**
 * Of what is here of a curve: `spans` of updates [from, to] in which some are marked, how `many` of how many `steps`;
 * null for learners that take other steps.
 */
export function beyondFirstOrder(run, curve, frames = run.length) {
  const { layout } = run;
  if (!layout.has_rates[curve]) return null;
  const steps = run.iteration(frames - 1);
  const spans = /** @type {number[][]} */ ([]);
  let many = 0;
  for (let frame = 1; frame < frames && !exact(run, curve); frame += 1) {
    const passed = run.value(frame, curve, "beyond");
    if (!(passed > 0)) continue;
    const [from, to] = [run.iteration(frame - 1), run.iteration(frame)];
    many += passed;
    if (spans.at(-1)?.[1] === from) spans[spans.length - 1][1] = to;
    else spans.push([from, to]);
  }
  return { spans, many, steps };
}

/** "258 of 500 steps (L = 3)". */
const counted = (run, curve, found) =>
  say("beyond_counted", { n: found.many, steps: found.steps, curve: run.layout.names[curve] });

/** Spans as one filled line with gaps: corners at `low` and `high` of the other axis. */
function areas(spans, low, high) {
  const x = spans.flatMap(([from, to]) => [from, from, to, to, null]);
  const y = spans.flatMap(() => [low, high, high, low, null]);
  return { x, y };
}

/** The mark as Plotly takes it, over the whole height of a chart (its third axis) or where `corners` says. */
export function beyondArea(c, found, curve, /** @type {any} */ corners = null) {
  return {
    uid: "beyond",
    name: say("beyond_legend", { counted: counted(c.run, curve, found) }),
    fill: "toself",
    fillcolor: c.theme.picked,
    opacity: 0.16,
    mode: "lines",
    line: { width: 0, color: c.theme.picked },
    hoverinfo: "skip",
    ...(corners ?? { ...areas(found.spans, 0, 1), yaxis: "y3" }),
  };
}

/** The axis that the marks stand on. */
export const BEYOND_AXIS = { overlaying: "y", range: [0, 1], visible: false, fixedrange: true };

/** What is marked on a chart of several curves, and of each how many steps. */
export function beyondWords(run, shown, marked) {
  const known = shown.map((curve) => ({ curve, found: beyondFirstOrder(run, curve) }));
  const told = known.filter(({ found }) => found?.many);
  if (!told.length) return "";
  const all = told.map(({ curve, found }) => counted(run, curve, found)).join("; ");
  const words = say("beyond_note", { counted: all });
  return told.some(({ curve }) => curve === marked)
    ? `${words} ${say("beyond_shaded", { curve: run.layout.names[marked] })}`
    : words;
}

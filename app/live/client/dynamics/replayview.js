// Observation 1: the shallow network driven by the deep run's recorded rates, on top of the deep curve, and its error.

import { llh, number } from "../kit/dom.js";
import { scaled, timed, untold } from "../kit/spec.js";
import { say } from "../kit/words.js";
import { rowsOf, spread } from "../run/series.js";
import { cutMarks } from "./normsview.js";

/**
 * The curves on the run's frames, or {state} while there are none.
 * @returns {any}
 */
function curves(c) {
  if (!c.run.final) return { state: "waiting" };
  const answer = c.picture("replay");
  if (!answer) return { state: "running" };
  const { header, values } = answer;
  if (!header.forms) return { state: header.replay };
  const done = header.forms.length;
  const [deep, ...others] = rowsOf(values, 1 + 2 * done).map((row) => c.series.x.map((t) => row[t] ?? NaN));
  const named = (first) => Object.fromEntries(header.forms.map((form, i) => [form, others[first + i]]));
  return { state: header.replay, cut: header.cut, deep, replayed: named(0), errors: named(done) };
}

/** A line per form of the replay that is there. */
const formLines = ({ theme }, lines, more) =>
  Object.entries(lines).map(([form, values]) => ({
    ...(form === "exact" ? { colour: theme.rho, dash: "2px,3px" } : { colour: theme.picked, dash: "8px,4px" }),
    name: say(`replay_${form}`),
    values,
    ...more(form),
  }));

export function replayChart(c) {
  const found = curves(c);
  if (!found.deep) return untold(`replay_${found.state}`);
  const { deep, replayed } = found;
  const replays = formLines(c, replayed, () => ({ label: "", width: 1.8 }));
  const whole = { name: `L = ${c.L}`, values: deep, colour: c.theme.depth[c.L - 1], width: 5, opacity: 0.45 };
  const [, low, high] = spread(deep);
  const room = 0.15 * (high - low || 1);
  return timed(c, [whole, ...replays], (frame) => replaySentence(c, found, frame), {
    first_order: true,
    legend: true,
    shapes: cutMarks(c, [found.cut]),
    y: { title: say("value_axis", { quantity: "LLH" }), range: [low - room, high + room] },
  });
}

function replaySentence(c, { state, cut, deep, errors }, frame) {
  if (state === "running") return say("replay_running");
  const off = (form) => {
    const e = errors[form][frame];
    return Number.isFinite(e) ? say("off_by", { e: number(e, 2) }) : say("off_range");
  };
  const values = { t: c.run.iteration(frame), deep: llh(deep[frame]), first: off("first_order"), exact: off("exact") };
  if (cut !== null && cut < values.t) return say("replay_said_cut", { ...values, cut: cut + 1 });
  return say("replay_said", values);
}

export function replayErrorChart(c) {
  const found = curves(c);
  if (!found.deep) return untold(`replay_${found.state}`);
  const lines = formLines(c, found.errors, (form) => ({
    label: say(`replay_${form}_short`),
    values: found.errors[form].map((v) => (v === 0 ? 1e-16 : v)), // no difference at all is drawn at the axis' foot
  }));
  const sentence = () =>
    Object.keys(found.errors)
      .map((form) => errorSentence(c, found, form))
      .join(" ");
  const look = { first_order: true, shapes: cutMarks(c, [found.cut]), ...scaled("error_axis", true) };
  return timed(c, lines, sentence, look);
}

/** From which iteration on a replay is off by more than a bound, and where it ends. */
function errorSentence(c, { deep, errors }, form) {
  const values = errors[form];
  const off = values.findIndex((e) => !(e <= 1e-3));
  const name = say(`replay_${form}`);
  const close = { form: name, most: number(spread(values)[2], 2) };
  const said = off < 0 ? say("replay_close", close) : say("replay_leaves", { form: name, t: c.series.x[off] });
  const end = values.findIndex((v, i) => !Number.isFinite(v) && Number.isFinite(deep[i]));
  return end < 0 ? said : `${said} ${say("replay_ends", { t: c.series.x[end] })}`;
}

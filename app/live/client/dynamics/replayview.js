// Observation 1: the shallow network driven by the deep run's recorded rates, on top of the deep curve, and its error.

import { llh, number } from "../kit/dom.js";
import { mark, scaled, timed, untold } from "../kit/spec.js";
import { say } from "../kit/words.js";

const FORMS = ["first_order", "exact"];

/**
 * The curves on the run's frames, or {state} while there are none.
 * @returns {any}
 */
function curves(c) {
  if (!c.run.final) return { state: "waiting" };
  const answer = c.derived.picture("replay", { depth: c.L });
  if (!answer) return { state: "running" };
  const { header, values } = answer;
  if (!header.forms) return { state: header.replay };
  const done = header.forms.length;
  const T = values.length / (1 + 2 * done);
  const line = (i) => c.series.x.map((t) => (t <= T ? values[i * T + t - 1] : NaN));
  const named = (first) => Object.fromEntries(header.forms.map((form, i) => [form, line(first + i)]));
  return { state: header.replay, cut: header.cut, deep: line(0), replayed: named(1), errors: named(1 + done) };
}

const look = ({ theme }, form) =>
  form === "exact" ? { colour: theme.rho, dash: "2px,3px" } : { colour: theme.picked, dash: "8px,4px" };
const cutMark = (c, cut) => ((cut ?? null) === null ? [] : [mark(c, cut + 1, say("first_cut", { t: cut + 1 }))]);
const finite = (values) => values.filter(Number.isFinite);

export function replayChart(c) {
  const found = curves(c);
  if (!found.deep) return untold(say(`replay_${found.state}`));
  const { deep, replayed } = found;
  const replays = FORMS.filter((form) => replayed[form]).map((form) => ({
    name: say(`replay_${form}`),
    label: "",
    values: replayed[form],
    width: 1.8,
    ...look(c, form),
  }));
  const whole = { name: `L = ${c.L}`, values: deep, colour: c.theme.depth[c.L - 1], width: 5, opacity: 0.45 };
  const [low, high] = [Math.min(...finite(deep)), Math.max(...finite(deep))];
  const room = 0.15 * (high - low || 1);
  return timed(c, [whole, ...replays], (frame) => replaySentence(c, found, frame), {
    legend: true,
    shapes: cutMark(c, found.cut),
    y: { title: { text: say("llh_axis") }, range: [low - room, high + room] },
  });
}

function replaySentence(c, { state, cut, deep, errors }, frame) {
  if (state === "running") return say("replay_running");
  const off = (form) => {
    const e = errors[form][frame];
    return Number.isFinite(e) ? say("off_by", { e: number(e, 2) }) : say("off_range");
  };
  const values = { t: c.run.iteration(frame), deep: llh(deep[frame]), first: off("first_order"), exact: off("exact") };
  if (cut !== null && cut + 1 < values.t) return say("replay_said_cut", { ...values, cut: cut + 1 });
  return say("replay_said", values);
}

export function replayErrorChart(c) {
  const found = curves(c);
  if (!found.deep) return untold(say(`replay_${found.state}`));
  const errors = FORMS.filter((form) => found.errors[form]).map((form) => ({ form, values: found.errors[form] }));
  const shown = (values) => values.map((v) => (v === 0 ? 1e-16 : v)); // no difference at all is drawn at the axis' foot
  const lines = errors.map(({ form, values }) => ({
    name: say(`replay_${form}`),
    label: say(`replay_${form}_short`),
    values: shown(values),
    ...look(c, form),
  }));
  return timed(c, lines, () => errors.map((error) => errorSentence(c, found.deep, error)).join(" "), {
    positive: true,
    shapes: cutMark(c, found.cut),
    y: { ...scaled("error_axis", true), exponentformat: "power" },
  });
}

/** From which iteration on a replay is off by more than a bound, and where it ends. */
function errorSentence(c, deep, { form, values }) {
  const off = values.findIndex((e) => !(e <= 1e-3));
  const name = say(`replay_${form}`);
  const close = { form: name, most: number(Math.max(...finite(values)), 2) };
  const said = off < 0 ? say("replay_close", close) : say("replay_leaves", { form: name, t: c.series.x[off] });
  const end = values.findIndex((v, i) => !Number.isFinite(v) && Number.isFinite(deep[i]));
  return end < 0 ? said : `${said} ${say("replay_ends", { t: c.series.x[end] })}`;
}

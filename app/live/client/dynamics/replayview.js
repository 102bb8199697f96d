// Observation 1: the shallow network driven by the deep run's recorded rates, on top of the deep curve, and its error.

import { llh, number } from "../kit/dom.js";
import { mark, timed } from "../kit/plot.js";
import { SYMBOLS } from "./stepview.js";

const FORMS = ["first_order", "exact"];

/** The curves on the run's frames, or {state} while there are none. */
function curves(c) {
  if (!c.run.final) return { state: "waiting" };
  const answer = c.derived.picture("replay", { depth: c.L });
  if (!answer) return { state: "running" };
  const { header, values } = answer;
  if (!header.forms) return { state: header.replay };
  const done = header.forms.length;
  const T = values.length / (1 + 2 * done);
  const line = (i) => c.series.x.map((t) => (t <= T ? values[i * T + t - 1] : NaN));
  return { state: header.replay, cut: header.cut, deep: line(0), errors: Object.fromEntries(header.forms.map((form, i) => [form, line(1 + done + i)])), ...Object.fromEntries(header.forms.map((form, i) => [form, line(i + 1)])) };
}

const colours = (c) => ({ first_order: c.theme.picked, exact: SYMBOLS[c.theme.mode].rho });
const waiting = (c, state) => ({ over: true, data: [], ends: [], dots: () => [], sentence: () => c.say(`replay_${state}`), table: () => ({ head: [c.say("iteration")], rows: [] }), y: { visible: false } });
const cutMark = (c, cut) => (cut === null || cut === undefined ? [] : [mark(c, cut + 1, c.say("first_cut", { t: cut + 1 }))]);

/** First iteration at which an error passes a bound, or null. */
const leaves = (c, errors, bound) => {
  const at = errors.findIndex((e) => !(e <= bound));
  return at < 0 ? null : c.series.x[at];
};

export function replayChart(c) {
  const found = curves(c);
  if (!found.deep) return waiting(c, found.state);
  const lines = [
    { name: `L = ${c.L}`, values: found.deep, colour: c.theme.depth[c.L - 1], width: 5, opacity: 0.45 },
    ...FORMS.filter((form) => found[form]).map((form) => ({ name: c.say(`replay_${form}`), label: "", values: found[form], colour: colours(c)[form], dash: form === "exact" ? "2px,3px" : "8px,4px", width: 1.8 })),
  ];
  const low = Math.min(...found.deep.filter(Number.isFinite)), high = Math.max(...found.deep.filter(Number.isFinite));
  const room = 0.15 * (high - low || 1);
  return timed(c, lines, (frame) => replaySentence(c, found, frame), { legend: true, shapes: cutMark(c, found.cut), y: { title: { text: c.say("llh_axis") }, range: [low - room, high + room] } });
}

function replaySentence(c, found, frame) {
  if (found.state === "running") return c.say("replay_running");
  const { say } = c;
  const off = (form) => (Number.isFinite(found.errors[form][frame]) ? say("off_by", { e: number(found.errors[form][frame], 2) }) : say("off_range"));
  const values = { t: c.run.iteration(frame), deep: llh(found.deep[frame]), first: off("first_order"), exact: off("exact") };
  if (found.cut !== null && found.cut + 1 < values.t) return say("replay_said_cut", { ...values, cut: found.cut + 1 });
  return say("replay_said", values);
}

export function replayErrorChart(c) {
  const found = curves(c);
  if (!found.deep) return waiting(c, found.state);
  const errors = FORMS.filter((form) => found[form]).map((form) => ({ form, values: found.errors[form] }));
  const shown = (values) => values.map((v) => (v === 0 ? 1e-16 : v)); // no difference at all is drawn at the axis' foot
  const lines = errors.map(({ form, values }) => ({ name: c.say(`replay_${form}`), label: c.say(`replay_${form}_short`), values: shown(values), colour: colours(c)[form], dash: form === "exact" ? "2px,3px" : "8px,4px" }));
  return timed(c, lines, () => {
    const words = errors.map(({ form, values }) => {
      const t = leaves(c, values, 1e-3);
      const said = c.say(t === null ? "replay_close" : "replay_leaves", { form: c.say(`replay_${form}`), t: t ?? "", most: number(Math.max(...values.filter(Number.isFinite)), 2) });
      const end = values.findIndex((v, i) => !Number.isFinite(v) && Number.isFinite(found.deep[i]));
      return end < 0 ? said : `${said} ${c.say("replay_ends", { t: c.series.x[end] })}`;
    });
    return words.join(" ");
  }, { positive: true, shapes: cutMark(c, found.cut), y: { type: "log", title: { text: c.say("error_axis") }, exponentformat: "power", nticks: 7, autorange: true } });
}

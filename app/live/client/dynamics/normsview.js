// Views 6 and 7 and the floor: layer norms with their law, the true step, balancedness, weights held at the floor.

import { html, number, table } from "../kit/dom.js";
import { CLEAR, colourbar, largestOf, mark, scaled, signedScale, timed, untold } from "../kit/spec.js";
import { say } from "../kit/words.js";
import { etaAt, range } from "../run/series.js";
import { layerName } from "./stepview.js";

const colour = ({ theme }, l) => theme.layer[l % theme.layer.length];
const onLogs = (c) => c.layout.settings.parametrisation === "log";
const withScale = (c) => c.layout.settings.objective === "unnormalised"; // the one that changes with the weights' scale

/** The first iteration at which a weight was held at the floor, if there is one. */
export const cutMarks = (c, cuts) => {
  const t = Math.min(...cuts.filter(Number.isFinite)) + 1;
  return Number.isFinite(t) ? [mark(c, t, say("first_cut", { t }))] : [];
};

/** What charts with a line per layer have: a mark, and room for the layers' names at the lines' ends. */
const layered = (c, { cuts }) => ({ shapes: cutMarks(c, cuts), margin: { r: 86 } });

/** One line per layer. */
const layerLines = (c, values) =>
  range(c.L).map((l) => {
    const dash = c.theme.dashes[l % c.theme.dashes.length];
    return { name: layerName(c, l), values: values(l), colour: colour(c, l), dash };
  });

export function normsChart(c) {
  const rows = c.rows("norms");
  if (!rows) return null;
  const look = { label: "", colour: c.theme.text, dash: "1px,5px", width: 2, meta: say("law") };
  const exact = rows.header.exact.map((l, i) => ({
    name: say("law_of", { layer: layerName(c, l) }),
    values: rows.line(`law_${l}`),
    showlegend: i === 0,
    ...look,
  }));
  const lines = [...layerLines(c, (l) => rows.line(`norm_${l}`)), ...exact];
  return timed(c, lines, (at) => normSentence(c, rows, at), {
    legend: true,
    note: say(exact.length ? "norms_note" : "norms_note_none"),
    ...layered(c, rows.header),
    ...scaled("norm_axis", c.options.log_y),
  });
}

function normSentence(c, rows, at) {
  const t = c.run.iteration(at);
  const norm = rows.get(at, "norm_0");
  if (rows.header.exact.length && at === 0) return say("norm_start", { t, norm: number(norm) });
  const values = { t, norm: number(norm), growth: number(norm / rows.get(0, "norm_0"), 6) };
  if (!rows.header.exact.length)
    return say(onLogs(c) ? "norm_log" : withScale(c) ? "norm_scaled" : "norm_learner", values);
  const cuts = rows.get(at, "cuts_0");
  if (cuts >= t) return say("norm_all_cut", values);
  const off = { off: number(rows.get(at, "off_0"), 2), n: cuts, steps: t };
  return say(cuts > 0 ? "norm_cut" : "norm_exact", { ...values, ...off });
}

export function trueStepChart(c) {
  if (onLogs(c)) return { ...untold("true_step_log", { eta: number(c.layout.settings.learning_rate) }), note: "" };
  const rows = c.rows("norms");
  if (!rows) return null;
  const eta = (frame) => etaAt(c.layout, c.run.iteration(frame));
  const lines = layerLines(c, (l) => rows.line(`norm_${l}`).map((v, frame) => eta(frame) / v));
  const sentence = (at) => {
    const [now, start] = [at, 0].map((frame) => lines[0].values[frame]);
    const t = c.run.iteration(at);
    return say("true_step_said", { t, now: number(now), start: number(start), times: number(start / now) });
  };
  const note = say(withScale(c) ? "truestep_note_scaled" : "truestep_note");
  return timed(c, lines, sentence, { note, ...layered(c, rows.header), ...scaled("true_step_axis", c.options.log_y) });
}

/** What multiplying all sum weights by c does: the step of every layer, and a measured check. */
export function scaleTable(c) {
  const answer = c.answer("scale", { k: c.k, c: c.factor });
  if (!answer) return null;
  const { header, values } = answer;
  const factor = { c: number(header.c) };
  const head = [say("layer"), say("step_before"), say("step_after", factor)];
  const rows = range(c.L).map((l) => [layerName(c, l), number(values[l], 4), number(values[c.L + l], 4)]);
  const word = withScale(c) ? "scale_matters" : onLogs(c) ? "scale_log" : "scale_said";
  const text = say(word, { square: number(1 / header.c ** 2) });
  const check = { class: "spn-note", "data-check": "", text: header.check ? checkSentence(header.check) : "" };
  return [
    table(say("scale_caption", { ...factor, t: header.at }), head, rows),
    html("div", {}, html("p", { class: "spn-summary spn-takeaway", text }), html("p", check)),
  ];
}

function checkSentence({ iteration, llh: [before, after], ratio }) {
  const llhs = { before: number(before, 12), after: number(after, 12) };
  const difference = number(Math.abs(before - after), 2);
  return say("scale_check", { n: iteration, ...llhs, difference, ratio: number(ratio, 6) });
}

export function balanceChart(c) {
  const rows = c.rows("balance");
  if (!rows) return null;
  if (!rows.header.fields.length) return untold("balance_none");
  const lines = rows.header.fields.map((field) => {
    const [layer, i] = field.split(".").map(Number);
    const picked = c.layout.phi[c.choice.curve][layer][c.k] === i; // on the path of the component
    const name = say("node", { layer: layerName(c, layer), i: i + 1 });
    const look = { colour: colour(c, layer), width: picked ? 2.6 : 1, opacity: picked ? 1 : 0.6 };
    return { name, label: picked ? layerName(c, layer) : "", values: rows.line(field), ...look };
  });
  const largest = Math.max(...lines.map(({ values }) => largestOf(values)));
  const { drawn, ticks } = signedScale(Math.max(largest * 1e-6, 1e-18), Math.max(largest, 1e-18));
  return timed(c, lines, (at) => balanceSentence(c, lines, at), {
    first_order: true,
    drawn,
    note: say(onLogs(c) ? "balance_log" : "balance_note"),
    ...layered(c, rows.header),
    y: { title: say("balance_axis"), ...ticks, autorange: true },
  });
}

function balanceSentence(c, lines, at) {
  const now = lines.map(({ values }) => Math.abs(values[at]));
  const most = largestOf(now);
  const values = { t: c.run.iteration(at), n: lines.length };
  if (most === 0) return say("balance_kept", values);
  const worst = lines[now.indexOf(most)];
  return say("balance_said", { ...values, node: worst.name, drift: number(worst.values[at]) });
}

/** How many weights of every layer, and of the leaves, sit at the floor at each iteration. */
function strips(c, rows) {
  const { sizes, leaves } = rows.header;
  const layers = sizes.map((size, l) => ({ size, name: layerName(c, l), held: rows.line(`layer_${l}`) }));
  return leaves ? [...layers, { size: leaves, name: say("leaves"), held: rows.line("leaves") }] : layers;
}

function floorSentence(c, held, at) {
  if (onLogs(c)) return say("floor_none");
  const told = held.map((strip) => `${strip.name}: ${number(strip.held[at])} ${say("of")} ${strip.size}`);
  return `${say("floor_said", { t: c.run.iteration(at), floor: number(c.layout.floor) })} ${told.join(", ")}.`;
}

/** Share of the weights of every layer, and of the leaves, that sit at the floor: a strip each. */
export function floorChart(c) {
  const rows = c.rows("floor");
  if (!rows) return null;
  const all = strips(c, rows);
  const [l, r] = [118, 70].map((pixels) => pixels * c.theme.textScale);
  const trace = {
    type: "heatmap",
    x: c.series.x.slice(0, rows.length),
    y: all.map(({ name }) => name),
    z: all.map(({ held, size }) => held.map((v) => v / size)),
    zmin: 0,
    zmax: 1,
    ygap: 4,
    colorscale: [c.theme.ground, c.theme.picked].map((colour, at) => [at, colour]),
    colorbar: colourbar(c, say("floor_share"), { tickformat: ".0%", nticks: 3 }),
    customdata: all.map(({ held, size }) => held.map((v) => `${v} / ${size}`)),
    hovertemplate: "t = %{x}, %{y}: %{customdata}<extra></extra>",
  };
  const lines = all.map(({ name, size, held }) => ({ name: `${name} (${size})`, values: held, label: "" }));
  return timed(c, lines, (at) => floorSentence(c, all, at), {
    data: [trace],
    y: { autorange: "reversed", gridcolor: CLEAR, type: "category" },
    margin: { l, r },
  });
}

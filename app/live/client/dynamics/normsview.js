// Views 6 and 7 and the floor: layer norms with their law, the true step, balancedness, weights held at the floor.

import { html, number, table } from "../kit/dom.js";
import { colourbar, mark, scaled, signedScale, timed, untold } from "../kit/spec.js";
import { say } from "../kit/words.js";
import { layerName } from "./stepview.js";

const ROOM = { r: 86 }; // for the names of layers at the lines' ends
const layersOf = (c) => Array.from({ length: c.L }, (_, l) => l);
const colour = ({ theme }, l) => theme.layer[l % theme.layer.length];
const dash = ({ theme }, l) => theme.dashes[l % theme.dashes.length];
const onLogs = (c) => c.run.layout.settings.parametrisation === "log";

const cutMarks = (c, { cuts }) => {
  const first = Math.min(...(cuts ?? []).filter((cut) => cut !== null));
  return Number.isFinite(first) ? [mark(c, first + 1, say("first_cut", { t: first + 1 }))] : [];
};

/** One line per layer. */
const layerLines = (c, values) =>
  layersOf(c).map((l) => ({ name: layerName(c, l), values: values(l), colour: colour(c, l), dash: dash(c, l) }));

export function normsChart(c) {
  const rows = c.derived.series("norms", { depth: c.L });
  if (!rows) return null;
  const look = { label: "", colour: c.theme.text, dash: "1px,5px", width: 2, meta: say("law") };
  const exact = rows.header.exact.map((l, i) => ({
    name: say("law_of", { layer: layerName(c, l) }),
    values: rows.line(`law_${l}`),
    showlegend: i === 0,
    ...look,
  }));
  const lines = [...layerLines(c, (l) => rows.line(`norm_${l}`)), ...exact];
  return timed(c, lines, (frame) => normSentence(c, rows, frame), {
    positive: c.options.log_y,
    legend: true,
    shapes: cutMarks(c, rows.header),
    margin: ROOM,
    y: scaled("norm_axis", c.options.log_y),
  });
}

function normSentence(c, rows, frame) {
  const at = Math.min(frame, rows.length - 1);
  const t = c.run.iteration(at);
  const norm = rows.get(at, "norm_0");
  if (rows.header.exact.length && at === 0) return say("norm_start", { t, norm: number(norm) });
  const values = { t, norm: number(norm), growth: number(norm / rows.get(0, "norm_0"), 6) };
  if (!rows.header.exact.length) return say(onLogs(c) ? "norm_log" : "norm_scaled", values);
  const cuts = rows.get(at, "cuts_0");
  if (cuts >= t - 1) return say("norm_all_cut", values);
  const off = { off: number(rows.get(at, "off_0"), 2), n: cuts, steps: t - 1 };
  return say(cuts > 0 ? "norm_cut" : "norm_exact", { ...values, ...off });
}

export function trueStepChart(c) {
  const rows = c.derived.series("norms", { depth: c.L });
  if (!rows) return null;
  const eta = c.run.layout.settings.learning_rate;
  const lines = layerLines(c, (l) => rows.line(`norm_${l}`).map((v) => eta / v));
  const sentence = (frame) => {
    const at = Math.min(frame, rows.length - 1);
    const [now, start] = [lines[0].values[at], lines[0].values[0]];
    const steps = { now: number(now), start: number(start), times: number(start / now) };
    return say("true_step_said", { t: c.run.iteration(at), ...steps });
  };
  const positive = c.options.log_y;
  return timed(c, lines, sentence, {
    positive,
    shapes: cutMarks(c, rows.header),
    margin: ROOM,
    y: scaled("true_step_axis", positive),
  });
}

/** What multiplying all sum weights by c does: the step of every layer, and a measured check. */
export function scaleTable(c) {
  const answer = c.derived.point("scale", { depth: c.L, k: c.k, t: c.t, c: c.factor });
  if (!answer) return null;
  const { header, values } = answer;
  const factor = { c: number(header.c) };
  const head = [say("layer"), say("step_before"), say("step_after", factor)];
  const rows = layersOf(c).map((l) => [layerName(c, l), number(values[l], 4), number(values[c.L + l], 4)]);
  const matters = c.run.layout.settings.objective !== "generative";
  const said = say(matters ? "scale_matters" : onLogs(c) ? "scale_log" : "scale_said", {
    square: number(1 / header.c ** 2),
  });
  return [
    table(say("scale_caption", { ...factor, t: header.at + 1 }), head, rows),
    html(
      "div",
      {},
      html("p", { class: "spn-summary spn-takeaway", text: said }),
      html("p", { class: "spn-note", "data-check": "", text: header.check ? checkSentence(header.check) : "" }),
    ),
  ];
}

function checkSentence({ iteration, llh: [before, after], ratio }) {
  const values = {
    before: number(before, 12),
    after: number(after, 12),
    difference: number(Math.abs(before - after), 2),
  };
  return say("scale_check", { n: iteration, ...values, ratio: number(ratio, 6) });
}

export function balanceChart(c) {
  const rows = c.derived.series("balance", { depth: c.L });
  if (!rows) return null;
  if (!rows.header.fields.length) return untold(say("balance_none"));
  const phi = c.run.layout.phi[c.choice.curve];
  const own = new Set(phi.slice(0, -1).map((at, l) => `${l}.${at[c.k]}`));
  const lines = rows.header.fields.map((field) => {
    const [layer, i] = field.split(".").map(Number);
    const picked = own.has(field);
    const name = say("node", { layer: layerName(c, layer), i: i + 1 });
    const look = { colour: colour(c, layer), width: picked ? 2.6 : 1, opacity: picked ? 1 : 0.6 };
    return { name, label: picked ? layerName(c, layer) : "", values: rows.line(field), ...look };
  });
  const sizes = lines.map(({ values }) => Math.max(...values.filter(Number.isFinite).map(Math.abs), 0));
  const largest = Math.max(...sizes, 0);
  const { drawn, ticks } = signedScale(Math.max(largest * 1e-6, 1e-18), Math.max(largest, 1e-18));
  return timed(c, lines, (frame) => balanceSentence(c, lines, Math.min(frame, rows.length - 1)), {
    drawn,
    note: say(onLogs(c) ? "balance_log" : "balance_note"),
    shapes: cutMarks(c, rows.header),
    margin: ROOM,
    y: { title: { text: say("balance_axis") }, ...ticks, autorange: true },
  });
}

function balanceSentence(c, lines, at) {
  const now = lines.map(({ values }) => Math.abs(values[at])).filter(Number.isFinite);
  const most = Math.max(...now, 0);
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
  return `${say("floor_said", { t: c.run.iteration(at), floor: number(c.run.layout.floor) })} ${told.join(", ")}.`;
}

/** Share of the weights of every layer, and of the leaves, that sit at the floor: a strip each. */
export function floorChart(c) {
  const rows = c.derived.series("floor", { depth: c.L });
  if (!rows) return null;
  const all = strips(c, rows);
  const x = c.series.x.slice(0, rows.length);
  const [l, r] = [118, 70].map((pixels) => pixels * c.theme.textScale);
  const trace = {
    type: "heatmap",
    x,
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
  return {
    over: true,
    ends: [],
    dots: () => [],
    data: [trace],
    y: { autorange: "reversed", gridcolor: "rgba(0,0,0,0)", type: "category" },
    margin: { l, r },
    sentence: (frame) => floorSentence(c, all, Math.min(frame, rows.length - 1)),
    table: () => ({
      head: [say("iteration"), ...all.map(({ name, size }) => `${name} (${size})`)],
      rows: x.map((t, i) => [t, ...all.map(({ held }) => held[i])]),
    }),
  };
}

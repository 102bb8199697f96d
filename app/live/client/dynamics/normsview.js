// Views 6 and 7 and the floor: layer norms with their exact law, the true step, balancedness, weights held at the floor.

import { html, number } from "../kit/dom.js";
import { LAYERS, mark, signedScale, timed } from "../kit/plot.js";
import { layerName } from "./stepview.js";
import { cividis, DASHES } from "../kit/theme.js";

const ROOM = { r: 86 }; // for the names of layers at the lines' ends
const layersOf = (c) => Array.from({ length: c.L }, (_, l) => l);
const colour = (c, l) => LAYERS[c.theme.mode][l % LAYERS.light.length];

const cutMarks = (c, { cuts }) => {
  const first = Math.min(...(cuts ?? []).filter((cut) => cut !== null));
  return Number.isFinite(first) ? [mark(c, first + 1, c.say("first_cut", { t: first + 1 }))] : [];
};

export function normsChart(c) {
  const rows = c.derived.series("norms", { depth: c.L });
  if (!rows?.length) return null;
  const lines = layersOf(c).map((l) => ({ name: layerName(c, l), values: rows.line(`norm_${l}`), colour: colour(c, l), dash: DASHES[l % DASHES.length] }));
  const exact = rows.header.exact.map((l, i) => ({ name: c.say("law_of", { layer: layerName(c, l) }), label: "", values: rows.line(`law_${l}`), colour: c.theme.text, dash: "1px,5px", width: 2, showlegend: i === 0, meta: c.say("law") }));
  return timed(c, [...lines, ...exact], (frame) => normSentence(c, rows, frame), {
    positive: c.options.log_y, legend: true, shapes: cutMarks(c, rows.header), margin: ROOM,
    y: { type: c.options.log_y ? "log" : "linear", title: { text: c.say("norm_axis") }, nticks: 7, autorange: true },
  });
}

function normSentence(c, rows, frame) {
  const at = Math.min(frame, rows.length - 1);
  const norm = rows.at(at, "norm_0");
  const values = { t: c.run.iteration(at), norm: number(norm), growth: number(norm / rows.at(0, "norm_0"), 6) };
  if (!rows.header.exact.length) return c.say(c.run.layout.settings.parametrisation === "log" ? "norm_log" : "norm_scaled", values);
  const cuts = rows.at(at, "cuts_0");
  return c.say(at === 0 ? "norm_start" : cuts >= values.t - 1 ? "norm_all_cut" : cuts > 0 ? "norm_cut" : "norm_exact", { ...values, off: number(rows.at(at, "off_0"), 2), n: cuts, steps: values.t - 1 });
}

export function trueStepChart(c) {
  const rows = c.derived.series("norms", { depth: c.L });
  if (!rows?.length) return null;
  const eta = c.run.layout.settings.learning_rate;
  const lines = layersOf(c).map((l) => ({ name: layerName(c, l), values: rows.line(`norm_${l}`).map((v) => eta / v), colour: colour(c, l), dash: DASHES[l % DASHES.length] }));
  return timed(c, lines, (frame) => {
    const at = Math.min(frame, rows.length - 1);
    const [now, start] = [lines[0].values[at], lines[0].values[0]];
    return c.say("true_step_said", { t: c.run.iteration(at), now: number(now), start: number(start), times: number(start / now) });
  }, { positive: c.options.log_y, shapes: cutMarks(c, rows.header), margin: ROOM, y: { type: c.options.log_y ? "log" : "linear", title: { text: c.say("true_step_axis") }, nticks: 7, autorange: true } });
}

/** What multiplying all sum weights by c does: the step of every layer, and a measured check. */
export function scaleTable(c) {
  const answer = c.derived.point("scale", { depth: c.L, k: c.k, t: c.t, c: c.factor });
  if (!answer || answer.header.at === null) return null;
  const { header, values } = answer;
  const before = values.subarray(0, c.L), after = values.subarray(c.L);
  const head = ["layer", "step_before", "step_after"].map((word) => html("th", { text: c.say(word, { c: number(header.c) }), scope: "col" }));
  const body = layersOf(c).map((l) => html("tr", {}, html("th", { text: layerName(c, l), scope: "row" }), html("td", { text: number(before[l], 4) }), html("td", { text: number(after[l], 4) })));
  const { parametrisation, objective } = c.run.layout.settings;
  const said = objective !== "generative" ? "scale_matters" : parametrisation === "log" ? "scale_log" : "scale_said";
  const values_ = { c: number(header.c), t: header.at + 1, square: number(1 / header.c ** 2) };
  const [one, two] = header.check?.llh ?? [NaN, NaN];
  const check = header.check ? c.say("scale_check", { n: header.check.iteration, before: number(one, 12), after: number(two, 12), difference: number(Math.abs(one - two), 2), ratio: number(header.check.ratio, 6) }) : "";
  return [
    html("table", {}, html("caption", { text: c.say("scale_caption", values_) }), html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...body)),
    html("div", {}, html("p", { class: "spn-summary spn-takeaway", text: c.say(said, values_) }), html("p", { class: "spn-note", "data-check": "", text: check })),
  ];
}

export function balanceChart(c) {
  const rows = c.derived.series("balance", { depth: c.L });
  if (!rows?.length) return null;
  if (!rows.header.fields.length) return { over: true, data: [], ends: [], dots: () => [], sentence: () => c.say("balance_none"), y: { visible: false }, table: () => ({ head: [c.say("iteration")], rows: [] }) };
  const phi = c.run.layout.phi[c.view.depth];
  const own = new Set(phi.slice(0, -1).map((at, l) => `${l}.${at[c.k]}`));
  const lines = rows.header.fields.map((field) => {
    const layer = Number(field.split(".")[0]);
    const picked = own.has(field);
    return { name: c.say("node", { layer: layerName(c, layer), i: Number(field.split(".")[1]) + 1 }), label: picked ? layerName(c, layer) : "", values: rows.line(field), colour: colour(c, layer), width: picked ? 2.6 : 1, opacity: picked ? 1 : 0.6 };
  });
  const sizes = lines.map(({ values }) => Math.max(...values.filter(Number.isFinite).map(Math.abs), 0));
  const largest = Math.max(...sizes, 0);
  const { drawn, ticks } = signedScale(Math.max(largest * 1e-6, 1e-18), Math.max(largest, 1e-18));
  return timed(c, lines, (frame) => {
    const at = Math.min(frame, rows.length - 1);
    const now = lines.map(({ values }) => Math.abs(values[at])).filter(Number.isFinite);
    const worst = now.indexOf(Math.max(...now));
    return c.say(Math.max(...now, 0) === 0 ? "balance_kept" : "balance_said", { t: c.run.iteration(at), n: lines.length, node: lines[worst]?.name ?? "", drift: number(lines[worst]?.values[at] ?? NaN) });
  }, { drawn, note: c.say(c.run.layout.settings.parametrisation === "log" ? "balance_log" : "balance_note"), shapes: cutMarks(c, rows.header), margin: ROOM, y: { title: { text: c.say("balance_axis") }, ...ticks, autorange: true } });
}

/** Share of the weights of every layer, and of the leaves, that sit at the floor: a strip each. */
export function floorChart(c) {
  const rows = c.derived.series("floor", { depth: c.L });
  if (!rows?.length) return null;
  const { sizes, leaves } = rows.header;
  const strips = [...sizes.map((size, l) => ({ field: `layer_${l}`, size, name: layerName(c, l) })), ...(leaves ? [{ field: "leaves", size: leaves, name: c.say("leaves") }] : [])];
  const z = strips.map(({ field, size }) => rows.line(field).map((v) => v / size));
  const x = c.series.x.slice(0, rows.length);
  return {
    over: true, ends: [], dots: () => [],
    data: [{
      type: "heatmap", x, y: strips.map(({ name }) => name), z, zmin: 0, zmax: 1, colorscale: [[0, c.theme.ground], [1, c.theme.picked]], ygap: 4,
      customdata: strips.map(({ field, size }) => rows.line(field).map((v) => `${v} / ${size}`)), hovertemplate: "t = %{x}, %{y}: %{customdata}<extra></extra>",
      colorbar: { title: { text: c.say("floor_share"), side: "top" }, thickness: 10, outlinewidth: 0, tickformat: ".0%", nticks: 3, tickfont: { size: 10 * c.theme.textScale } },
    }],
    y: { autorange: "reversed", gridcolor: "rgba(0,0,0,0)", type: "category" }, margin: { l: 118 * c.theme.textScale, r: 70 * c.theme.textScale },
    sentence: (frame) => {
      const at = Math.min(frame, rows.length - 1);
      if (c.run.layout.settings.parametrisation === "log") return c.say("floor_none");
      const held = strips.map(({ field, size, name }) => `${name}: ${number(rows.at(at, field))} ${c.say("of")} ${size}`);
      return `${c.say("floor_said", { t: c.run.iteration(at), floor: number(c.run.layout.floor) })} ${held.join(", ")}.`;
    },
    table: () => ({ head: [c.say("iteration"), ...strips.map(({ name, size }) => `${name} (${size})`)], rows: x.map((t, i) => [t, ...strips.map(({ field }) => rows.at(i, field))]) }),
  };
}

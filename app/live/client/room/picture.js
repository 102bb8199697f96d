// The class as two pictures: every start's curve with the median and its interval, and where the starts ended.

import { html, svg } from "../kit/dom.js";
import { sample } from "../kit/legend.js";
import { curveStyle } from "../kit/theme.js";
import { say } from "../kit/words.js";
import { Sheet } from "../ideas/sheet.js";
import { across, around, counts, fanOf, heights, rows, ticks, wholes } from "./shapes.js";

const ROW = 74; // pixels of a row of ends
const LEFT = 64;
const RIGHT = 16;
const GUESSED = "1.5 5"; // dashes of guesses

/** Colour and dash of a curve, as on every page. */
export function styleOf(study, i, theme) {
  const { depths, rivals } = study.settings;
  const layout = { num_depths: depths.length, depths, learners: [...depths.map(() => ""), ...rivals] };
  const { color, dash } = curveStyle({ layout }, i, theme);
  return { stroke: color, dash: dash === "solid" ? null : dash.replaceAll("px", "") };
}

const pairs = (at, line) => at.map((t, i) => [t, line[i]]).filter(([, value]) => value !== null);

/** All curves over updates; before there are results, what the class guessed. */
export function drawCurves(host, theme, { room, axes, questions, shown }, said) {
  const sheet = new Sheet(host, theme);
  const [low, high] = heights(room, axes, shown);
  const at = shown ? room.study.at : [];
  const updates = axes?.updates ?? at.at(-1);
  const along = Array.from({ length: 6 }, (_, i) => Math.round((i * updates) / 5));
  const x = { range: [0, updates], title: say("room_updates"), ticks: along };
  sheet.axes(x, { range: [low, high], title: say("room_llh"), ticks: wholes([low, high]) });
  if (questions?.open) drawGuesses(sheet, theme, room, questions, updates, shown);
  if (shown) room.class.curves.forEach((curve, i) => drawCurve(sheet, room, curve, i, theme));
  return sheet.picture(say("room_curves_alt", { said }));
}

function drawGuesses(sheet, theme, room, questions, updates, shown) {
  for (const [depth, question] of Object.entries(questions.curves)) {
    const fan = fanOf(room.guesses[question], updates);
    if (!fan) continue;
    const stroke = theme.depth[Number(depth) - 1];
    area(sheet, around(fan.low, fan.high), stroke, shown ? 0.07 : 0.16);
    sheet.line(fan.middle, stroke, { "stroke-dasharray": GUESSED, "stroke-opacity": shown ? 0.7 : 1 });
  }
}

function drawCurve(sheet, room, curve, i, theme) {
  const { stroke, dash } = styleOf(room.study, i, theme);
  const { at } = room.study;
  for (const result of room.results) {
    const look = { "stroke-width": 1, "stroke-opacity": counts(room, result) ? 0.28 : 0.1 };
    sheet.line(pairs(at, result.curves[i].line), stroke, look);
  }
  area(sheet, around(pairs(at, curve.low), pairs(at, curve.high)), stroke, 0.22);
  const middle = pairs(at, curve.median);
  sheet.line(middle, stroke, { "stroke-width": 2.8, ...(dash ? { "stroke-dasharray": dash } : {}) });
}

/** What lies between two lines, as far as it stays between the axes' ends. */
function area(sheet, points, fill, opacity) {
  if (points.length < 4) return;
  const [, , top, bottom] = sheet.box();
  const within = (y) => Math.min(bottom, Math.max(top, y));
  const d = `M${points.map(([x, y]) => `${sheet.x(x)} ${within(sheet.y(y))}`).join("L")}Z`;
  sheet.parts.push(svg("path", { d, fill, "fill-opacity": opacity, stroke: "none" }));
}

/** How tall the rows of ends are, before what is written larger on a wall. */
export const tallOf = (room) => ROW * room.class.curves.length + 34;

/** Where the starts ended, one row for each curve. */
export function drawEnds(host, theme, room, said) {
  const sheet = new Sheet(host, theme);
  const [left, right] = [LEFT, sheet.width - RIGHT];
  rows(room).forEach((row, i) => drawRow(sheet, theme, row, i, styleOf(room.study, i, theme), [left, right]));
  const title = { "text-anchor": "middle", "font-size": 12 };
  sheet.word((left + right) / 2, sheet.height - 10, say("room_ends_axis"), title);
  return sheet.picture(say("room_ends_alt", { said }));
}

function drawRow(sheet, theme, row, i, { stroke }, [left, right]) {
  const middle = ROW * i + 24;
  const base = middle + 26;
  const place = (value) => left + ((value - row.range[0]) / (row.range[1] - row.range[0])) * (right - left);
  const within = (value) => Math.min(right, Math.max(left, place(value)));
  sheet.word(left - 10, middle, row.name, { "text-anchor": "end", "font-weight": 600, "font-size": 13 });
  sheet.stroke(`M${left} ${base}H${right}`, theme.line, 1);
  if (row.isEmpty) return;
  const { values, decimals } = ticks(row.range, sheet.width < 420 ? 2 : 4);
  for (const value of values) {
    sheet.stroke(`M${place(value)} ${base}v4`, theme.line, 1);
    sheet.word(place(value), base + 12, value.toFixed(decimals).replace("-", "−"), { "text-anchor": "middle" });
  }
  if (row.low !== null && row.high !== null) {
    const [from, to] = [within(row.low), within(row.high)];
    const bar = { x: from, y: middle - 14, width: Math.max(2, to - from), height: 28, fill: stroke };
    sheet.parts.push(svg("rect", { ...bar, "fill-opacity": 0.22 }));
  }
  for (const dot of row.dots) drawDot(sheet, theme, stroke, dot, place(dot.at), middle + 9 * across(dot.seat));
  if (row.median !== null) sheet.stroke(`M${within(row.median)} ${middle - 16}v32`, stroke, 3);
  if (row.atEnd) drawBracket(sheet, theme, row.atEnd, within, [left, right], base - 5);
}

function drawDot(sheet, theme, stroke, dot, x, y) {
  const look = dot.counts ? { fill: stroke, stroke: theme.ground } : { fill: "none", stroke };
  sheet.parts.push(svg("circle", { cx: x, cy: y, r: 3.4, "stroke-width": 1, ...look }));
}

/** An interval with a cap at each bound that is known, and an arrow where none is. */
function drawBracket(sheet, theme, { low, high }, within, [left, right], y) {
  const [from, to] = [low === null ? left : within(low), high === null ? right : within(high)];
  sheet.stroke(`M${from} ${y}H${to}`, theme.text, 2);
  const cap = (x) => `M${x} ${y - 5}v10`;
  const arrow = (x, way) => `M${x + 6 * way} ${y - 5}L${x} ${y}L${x + 6 * way} ${y + 5}`;
  sheet.stroke(low === null ? arrow(from, 1) : cap(from), theme.text, 2);
  sheet.stroke(high === null ? arrow(to, -1) : cap(to), theme.text, 2);
}

/** What the marks of the pictures are. */
export function legend(theme, room) {
  const size = { width: 28, height: 14, "aria-hidden": "true" };
  const { text, ground, muted } = theme;
  const dot = (look) => svg("svg", size, svg("circle", { cx: 14, cy: 7, r: 3.4, ...look }));
  const bar = svg("rect", { x: 2, y: 1, width: 24, height: 12, fill: text, "fill-opacity": 0.22 });
  const bracket = svg("path", { d: "M2 2v10M26 2v10M2 7H26", stroke: text, "stroke-width": 2, fill: "none" });
  const median = svg("path", { d: "M14 0v14", stroke: text, "stroke-width": 3 });
  const entries = [
    [dot({ fill: muted, stroke: ground }), "room_legend_start"],
    [svg("svg", size, bar, median), "room_legend_so_far"],
  ];
  if (room.announced !== null) entries.push([svg("svg", size, bracket), "room_legend_at_end"]);
  if (room.results.some((result) => !counts(room, result)))
    entries.push([dot({ fill: "none", stroke: text }), "room_legend_beyond"]);
  return entries.map(([mark, word]) => html("span", {}, mark, say(word)));
}

/** Which line is which network's, and how guesses are drawn if there are any. */
export function linesOf(theme, { room, questions, shown }, guessed) {
  const line = (look, text) => html("span", {}, sample({ width: 3, drawn: true, ...look }), text);
  const depths = guessed && !shown ? Object.keys(questions.curves) : [];
  const guesses = depths.map((depth) => line({ stroke: theme.depth[Number(depth) - 1], dash: GUESSED }, `L=${depth}`));
  const named = shown ? room.class.curves.map(({ name }, i) => line(styled(styleOf(room.study, i, theme)), name)) : [];
  const mark = guessed ? [line({ stroke: theme.text, dash: GUESSED, width: 2 }, say("room_legend_guess"))] : [];
  return [...named, ...guesses, ...mark];
}

const styled = ({ stroke, dash }) => ({ stroke, dash: dash ?? "solid" });

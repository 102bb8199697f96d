// An empty chart to draw a guess on, a curve for each depth, by finger, mouse or keys; then the run's own curves over
// it.

import { html, llh, set } from "../kit/dom.js";
import { sample, strokes } from "../kit/legend.js";
import { say } from "../kit/words.js";
import { Sheet } from "../ideas/sheet.js";
import { blank, drawn, filled, given, keyed, namedAt, POINTS, updatesAt } from "./geometry.js";

const named = (depth) => `L = ${depth}`;

export class Drawing {
  /** `give(curves)` is called with the points of every drawn curve by its depth. */
  constructor(give) {
    this.give = give;
    this.axes = /** @type {any} */ (null); // updates, low, high, depths; what was given as drawn, the run's as truth
    this.theme = /** @type {any} */ (null);
    this.sheet = /** @type {any} */ (null); // what is drawn now
    this.curves = /** @type {Record<string, (number | null)[]>} */ ({});
    this.depth = ""; // that is drawn now
    this.pen = /** @type {[number, number] | null} */ (null); // where it was last
    this.step = this.looksOf = ""; // what is shown, and for what its choices were made
    const down = (event) => this.press(event);
    const up = () => (this.pen = null);
    const strokes = { onpointerdown: down, onpointermove: (event) => this.move(event), onpointerup: up };
    this.canvas = html("div", { class: "spn-draw-canvas", ...strokes, onpointercancel: up });
    this.picture = html("div", {});
    this.handles = Array.from({ length: POINTS }, (_, i) => this.handle(i));
    this.canvas.append(this.picture, ...this.handles);
    this.depths = html("fieldset", "spn-draw-depths");
    this.legend = html("div", "spn-draw-depths"); // the same, where nothing is to be chosen any more
    this.said = html("p", { class: "spn-draw-said", "aria-live": "polite" });
    const button = (word, onclick) => html("button", { type: "button", "data-act": word, text: say(word), onclick });
    const [giver, clear] = [button("draw_give", () => this.answer()), button("draw_clear", () => this.erase())];
    this.buttons = html("div", "spn-draw-buttons", giver, clear);
    this.how = html("p", { class: "spn-draw-how", text: say("draw_how") });
    const title = html("figcaption", { text: say("draw_title") });
    this.root = html(
      "figure",
      "spn-draw",
      title,
      this.depths,
      this.legend,
      this.canvas,
      this.said,
      this.buttons,
      this.how,
    );
    this.widths = new ResizeObserver(() => this.draw());
    this.widths.observe(this.canvas);
  }

  /** Whether the guess is given: nothing can be drawn any more. */
  get isGiven() {
    return Boolean(this.axes?.drawn);
  }

  /** Show the chart of a step, in a theme; null where a step has none. */
  update(chart, theme, step) {
    this.root.hidden = !chart;
    if (!chart) return;
    if (step !== this.step || this.isGiven !== Boolean(chart.drawn)) this.open(chart, step);
    Object.assign(this, { axes: chart, theme });
    this.look();
  }

  open(chart, step) {
    this.step = step;
    const points = (depth) => chart.drawn?.[depth] ?? blank();
    this.curves = Object.fromEntries(chart.depths.map((depth) => [depth, points(depth)]));
    this.depth = String(chart.depths[0]);
  }

  /** Show what can be done; its words and marks are made anew only where they are others, for readers stand on them. */
  look() {
    const { depths } = this.axes;
    const of = [this.step, this.isGiven, this.theme.mode].join();
    if (of === this.looksOf) return this.draw();
    this.looksOf = of;
    this.root.toggleAttribute("data-given", this.isGiven);
    for (const part of [this.depths, this.buttons, this.how, ...this.handles]) part.hidden = this.isGiven;
    this.legend.hidden = !this.isGiven;
    const legend = html("legend", { text: say("draw_depth") });
    this.depths.replaceChildren(legend, ...depths.map((depth) => this.choice(String(depth))));
    this.legend.replaceChildren(...depths.map((depth) => html("span", {}, this.sample(depth), named(depth))));
    this.draw();
  }

  /** A depth to draw, with how its line looks. */
  choice(depth) {
    const onchange = () => ((this.depth = depth), this.draw());
    const checked = depth === this.depth;
    const input = html("input", { type: "radio", name: "spn-draw-depth", value: depth, checked, onchange });
    return html("label", {}, input, this.sample(depth), named(depth));
  }

  sample(depth) {
    return sample({ ...this.style(depth), width: 3, drawn: true });
  }

  style(depth) {
    const at = Number(depth) - 1;
    return { stroke: this.theme.depth[at], dash: this.theme.dashes[at] };
  }

  handle(i) {
    const onkeydown = (event) => this.key(event, i);
    return html("div", {
      class: "spn-draw-handle",
      role: "slider",
      tabindex: 0,
      "aria-orientation": "vertical",
      onkeydown,
    });
  }

  /** Where a pointer is: along in points, and its height. */
  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const { x, y, scale } = this.sheet;
    const along = (x.back((event.clientX - left) / scale) / this.axes.updates) * (POINTS - 1);
    return /** @type {[number, number]} */ ([along, y.back((event.clientY - top) / scale)]);
  }

  press(event) {
    if (this.isGiven || !this.sheet || event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pen = this.at(event);
    this.take(drawn(this.curves[this.depth], this.pen, this.pen, this.axes));
  }

  move(event) {
    if (!this.pen) return;
    const to = this.at(event);
    this.take(drawn(this.curves[this.depth], this.pen, to, this.axes));
    this.pen = to;
  }

  key(event, i) {
    const points = keyed(this.curves[this.depth], i, event.key, this.axes);
    if (!points) return;
    event.preventDefault();
    this.take(points);
  }

  take(points) {
    this.curves[this.depth] = points;
    this.draw();
  }

  erase() {
    this.take(blank());
  }

  answer() {
    const curves = given(this.curves);
    if (Object.keys(curves).length) this.give(curves);
    else this.said.textContent = say("draw_none");
  }

  draw() {
    const { axes, theme, canvas } = this;
    if (!axes || !theme || canvas.clientWidth < 60) return;
    const sheet = (this.sheet = new Sheet(canvas, theme));
    const { updates, low, high, truth } = axes;
    const along = Array.from({ length: 6 }, (_, i) => Math.round((i * updates) / 5));
    const up = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i);
    const x = { range: [0, updates], title: say("draw_updates"), ticks: along };
    sheet.axes(x, { range: [low, high], title: say("draw_llh"), ticks: up });
    for (const [depth, line] of Object.entries(truth ?? {})) this.line(sheet, depth, line);
    for (const [depth, points] of Object.entries(this.curves)) this.guess(sheet, depth, this.places(points));
    const said = this.words();
    this.picture.replaceChildren(sheet.picture(say("draw_picture", { said })));
    if (this.said.textContent !== said) this.said.textContent = said;
    this.placeHandles(sheet);
  }

  /** The points of a drawn curve in the axes' numbers. */
  places(points) {
    const { updates } = this.axes;
    const all = filled(points);
    return all.includes(null) ? [] : all.map((y, i) => [(i * updates) / (POINTS - 1), y]);
  }

  /** A curve as its depth is drawn everywhere. */
  line(sheet, depth, line, more = {}) {
    const { stroke, dash } = this.style(depth);
    sheet.line(line, stroke, { "stroke-dasharray": strokes(dash), "stroke-linecap": "round", ...more });
  }

  /** A drawn curve with its depth's name; beside the run it is thin, and its points are seen. */
  guess(sheet, depth, line) {
    if (!line.length) return;
    const thin = { "stroke-width": 1, "stroke-dasharray": null };
    this.line(sheet, depth, line, this.axes.truth ? thin : depth === this.depth ? {} : { "stroke-opacity": 0.55 });
    if (this.isGiven) line.forEach(([x, y]) => sheet.dot(x, y, this.style(depth).stroke, 4));
    const [x, y] = namedAt(line, this.axes);
    sheet.note(x, y, named(depth), [-8, -10], { "text-anchor": "end", "font-weight": 600 });
  }

  /** What is drawn, in words. */
  words() {
    if (this.axes.truth) return say("draw_compared");
    const depths = Object.keys(given(this.curves)).map(named);
    return depths.length ? say("draw_drawn", { depths: depths.join(", ") }) : say("draw_nothing");
  }

  /** The points of the chosen depth: where they stand, and what is heard of them. */
  placeHandles(sheet) {
    const { updates, low, high } = this.axes;
    const points = this.curves[this.depth] ?? blank();
    const all = filled(points);
    this.handles.forEach((handle, i) => {
      const y = all[i] ?? low;
      handle.style.left = `${sheet.scale * sheet.x((i * updates) / (POINTS - 1))}px`;
      handle.style.top = `${sheet.scale * sheet.y(y)}px`;
      handle.toggleAttribute("data-drawn", all[i] !== null);
      const told = all[i] === null ? say("draw_undrawn") : say("draw_value", { llh: llh(y) });
      const name = say("draw_handle", { L: this.depth, t: updatesAt(i, updates) });
      const ends = { "aria-valuemin": low, "aria-valuemax": high, "aria-valuenow": y };
      set(handle, { "aria-label": name, "aria-valuetext": told, ...ends });
    });
  }

  close() {
    this.widths.disconnect();
  }
}

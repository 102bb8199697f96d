// A small drawing with two axes: lines, dots, arrows, bars and words at places that are told in the axes' own numbers.

import { svg } from "../kit/dom.js";
import { powerOfTen } from "../kit/spec.js";

const PAD = { left: 58, right: 16, top: 14, bottom: 40 };

/** Where a value stands between two ends of a scale, and which value stands at a place. */
function placing({ range: [low, high], log = false }, from, to) {
  const [on, off] = log ? [Math.log10, (power) => 10 ** power] : [Number, Number];
  const wide = (to - from) / (on(high) - on(low));
  const back = (place) => off(on(low) + (place - from) / wide);
  return Object.assign((value) => from + (on(value) - on(low)) * wide, { back });
}

/** The powers of ten of a scale of them, every so many that there is room; else what the axis names itself. */
function ticksOf({ range: [low, high], log = false, ticks = /** @type {any[]} */ ([]) }) {
  if (!log) return ticks.map((at) => (Array.isArray(at) ? at : [at, String(at).replace("-", "−")]));
  const [first, last] = [low, high].map((end) => Math.round(Math.log10(end)));
  const every = Math.ceil((last - first) / 5);
  const powers = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
  return powers.map((at) => [at, powerOfTen(at)]);
}

export class Sheet {
  constructor(host, theme) {
    this.theme = theme;
    this.scale = theme.textScale; // of all that is drawn, to the size that it has on a screen
    this.thick = theme.lineScale / theme.textScale; // of lines, besides
    this.width = host.clientWidth / this.scale;
    this.height = host.clientHeight / this.scale;
    this.parts = /** @type {Element[]} */ ([]);
    this.shape = 0; // of what stands between the axes, its width over its height, where that is fixed
    this.x = this.y = /** @type {any} */ (null); // from the axes' numbers to pixels; `back` is the other way
  }

  /** Everything that was drawn, as one picture that is called so. */
  picture(label) {
    const [width, height] = [this.width * this.scale, this.height * this.scale];
    const size = { viewBox: `0 0 ${this.width} ${this.height}`, width, height };
    return svg("svg", { ...size, role: "img", "aria-label": label, "font-family": this.theme.font }, ...this.parts);
  }

  /** Both axes; `range` are their ends, `ticks` numbers or [number, word] where they are not powers of ten. */
  axes(x, y) {
    const [left, right, top, bottom] = this.box();
    this.x = placing(x, left, right);
    this.y = placing(y, bottom, top);
    const { grid, line } = this.theme;
    for (const [at, word] of ticksOf(x)) {
      this.stroke(`M${this.x(at)} ${top}V${bottom}`, grid, 1);
      this.word(this.x(at), bottom + 16, word, { "text-anchor": "middle" });
    }
    for (const [at, word] of ticksOf(y)) {
      this.stroke(`M${left} ${this.y(at)}H${right}`, grid, 1);
      this.word(left - 7, this.y(at), word, { "text-anchor": "end" });
    }
    this.stroke(`M${left} ${top}V${bottom}H${right}`, line, 1);
    this.word((left + right) / 2, this.height - 8, x.title, { "text-anchor": "middle", "font-size": 12 });
    const middle = (top + bottom) / 2;
    const beside = left - PAD.left + 11;
    const turned = { "text-anchor": "middle", "font-size": 12, transform: `rotate(-90 ${beside} ${middle})` };
    this.word(beside, middle, y.title, turned);
  }

  /** The ends of the axes in pixels: left, right, top, bottom. */
  box() {
    const [left, right, top, bottom] = [PAD.left, this.width - PAD.right, PAD.top, this.height - PAD.bottom];
    const spare = this.shape ? Math.max(0, right - left - this.shape * (bottom - top)) : 0;
    return [left + spare / 2, right - spare / 2, top, bottom];
  }

  /** A path in pixels. */
  stroke(d, stroke, width = 2, more = {}) {
    this.parts.push(svg("path", { d, fill: "none", stroke, "stroke-width": width * this.thick, ...more }));
  }

  /** A line through points, as far as it stays between the axes' ends. */
  line(points, colour, more = {}) {
    const [left, right, top, bottom] = this.box();
    const at = points.map(([x, y]) => [this.x(x), this.y(y)]);
    const inside = at.filter(([x, y]) => x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1);
    if (inside.length > 1) this.stroke(`M${inside.map((point) => point.join(" ")).join("L")}`, colour, 2.2, more);
  }

  dot(x, y, fill, r = 5.5) {
    const [, , top, bottom] = this.box();
    const at = this.y(y);
    if (at < top - 1 || at > bottom + 1) return;
    const look = { stroke: this.theme.ground, "stroke-width": 2 };
    this.parts.push(svg("circle", { cx: this.x(x), cy: at, r, fill, ...look }));
  }

  /** An arrow from one point to another. */
  arrow([x, y], [toX, toY], colour, width = 2.6) {
    const [ax, ay, bx, by] = [this.x(x), this.y(y), this.x(toX), this.y(toY)];
    const length = Math.hypot(bx - ax, by - ay);
    if (length < 1) return;
    const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
    const head = Math.min(9, length);
    const side = (sign) => `${bx - head * ux - sign * 0.5 * head * uy} ${by - head * uy + sign * 0.5 * head * ux}`;
    this.stroke(`M${ax} ${ay}L${bx - 0.7 * head * ux} ${by - 0.7 * head * uy}`, colour, width);
    this.parts.push(svg("path", { d: `M${bx} ${by}L${side(1)}L${side(-1)}Z`, fill: colour }));
  }

  /** A bar between two points of the drawing. */
  bar([x, y], [toX, toY], fill, more = {}) {
    const [left, right] = [this.x(x), this.x(toX)].sort((a, b) => a - b);
    const [top, bottom] = [this.y(y), this.y(toY)].sort((a, b) => a - b);
    this.parts.push(svg("rect", { x: left, y: top, width: right - left, height: bottom - top, fill, ...more }));
  }

  /** Words at a place in pixels; over lines they stand on the ground's colour. */
  word(x, y, text, more = {}) {
    const halo = { stroke: this.theme.ground, "stroke-width": 3, "paint-order": "stroke", "stroke-linejoin": "round" };
    const look = { "font-size": 11.5, fill: this.theme.text, "dominant-baseline": "central", ...halo };
    this.parts.push(svg("text", { x, y, text, ...look, ...more }));
  }

  /** Words at a place that is told in the axes' numbers, moved by some pixels. */
  note(x, y, text, [dx, dy] = [0, 0], more = {}) {
    this.word(this.x(x) + dx, this.y(y) + dy, text, more);
  }
}

// A drawing of our own: an SVG that is made anew when its size or the theme changes, and painted when the cursor moves.

import { heading, html, sizeOf, svg, tableFrame } from "./dom.js";
import { menu, viewItems } from "./menu.js";
import { say } from "./words.js";

/** A subclass gives `build`, `paint`, and `file` for the name and words of what is saved. */
export class Sketch {
  /**
   * `kind` is the class of the drawing's place; `least` its smallest width and height in pixels; `role` is another one
   * than a picture's where there is something in it to be chosen.
   */
  constructor(
    /** @type {any} */ {
      title,
      kind,
      context,
      table = false,
      items = [],
      least = [60, 60],
      role = "img",
      attributes = {},
    },
  ) {
    this.title = title;
    this.role = role;
    this.context = context;
    this.least = least;
    this.theme = /** @type {any} */ (null);
    this.svg = /** @type {any} */ (null);
    this.key = /** @type {string | null} */ (null); // what the skeleton was made for
    this.host = html("div", { class: kind, ...attributes });
    this.grid = /** @type {any} */ (table ? tableFrame(title) : null);
    this.menu = menu(title, [...items, ...viewItems(this, () => this.update())]);
    this.header = html("header", {}, heading(2, title), this.menu);
    this.root = html("section", "spn-figure", this.header, this.host, this.grid);
    this.size = sizeOf(this.host, () => this.update());
  }

  build(context, width, height) {}

  paint(context) {}

  file() {
    return { name: "", words: "" };
  }

  /** Whether all that is drawn is here. */
  ready(context) {
    return true;
  }

  /** What else the skeleton depends on. */
  identity(context) {
    return "";
  }

  /** Redraw for the present context: the skeleton only when it changed, widths and numbers always. */
  update() {
    const context = this.context();
    const { width, height } = this.size();
    if (!context || width < this.least[0] || height < this.least[1] || !this.ready(context)) return;
    const { theme } = context;
    const key = [
      this.identity(context),
      width,
      theme.mode,
      theme.ground,
      theme.textScale,
      this.least[1] && height,
    ].join();
    if (key !== this.key) {
      this.theme = theme;
      this.build(context, width, height);
    }
    this.key = key;
    this.paint(context);
  }

  /** An empty drawing in its place. */
  canvas(width, height, ...parts) {
    const size = { viewBox: `0 0 ${width} ${height}`, width, height };
    const named = { role: this.role, "aria-label": this.title };
    this.svg = svg("svg", { ...size, ...named, "font-family": this.theme.font }, ...parts);
    this.host.replaceChildren(this.svg);
  }

  /** Words in the drawing, centred on their place if not said otherwise. */
  text(x, y, text, more = {}) {
    const size = 11 * this.theme.textScale;
    return svg("text", {
      x,
      y,
      text,
      fill: this.theme.text,
      "font-size": size,
      "dominant-baseline": "central",
      ...more,
    });
  }

  /** What is saved; null while nothing is drawn. */
  saved() {
    const context = this.context();
    if (!this.svg || !context) return null;
    const { name, words } = this.file();
    const { title, root: place } = this;
    const { base } = context.run;
    const caption = [words, context.caption, say("cite")].join(" ");
    const [theme, picture] = [() => context.theme, (look, width, height) => this.picture(look, width, height)];
    const entries = () => [];
    return { name: `spnlab-${name}`, title, place, base, caption, theme, entries, picture };
  }

  /** The drawing of another look and size; the one on the page is then made anew. */
  picture(theme, width, height) {
    const context = { ...this.context(), theme };
    this.theme = theme;
    this.build(context, width, height);
    this.paint(context);
    const drawn = this.svg.cloneNode(true);
    this.key = null;
    this.update();
    return drawn;
  }
}

// One idea of the maths page as a figure to be moved: what is drawn, said and written follows its sliders.

import { html } from "../kit/dom.js";
import { formulaLine, showFormulas } from "../kit/maths.js";
import { mounting } from "../kit/mounted.js";
import { onPaper, PRINTED } from "../kit/paper.js";
import { onPrint } from "../kit/printing.js";
import { readTheme } from "../kit/theme.js";
import { say } from "../kit/words.js";
import { kernel, matrix, parametrisation, trees } from "./many.js";
import { norm, scalar } from "./scale.js";
import { Sheet } from "./sheet.js";
import { flow, product, pull, rate, residual } from "./step.js";

/** @type {Record<string, import("../types").Idea>} */
export const IDEAS = { flow, product, rate, pull, residual, kernel, matrix, norm, parametrisation, trees, scalar };

class Illustration {
  constructor(parent) {
    this.parent = parent;
    this.turn = 0;
    this.idea = /** @type {any} */ (null);
    this.values = /** @type {Record<string, number>} */ ({});
    const touched = (event) => this.touch(event);
    this.canvas = html("div", { class: "spn-idea-canvas", onpointerdown: touched, onpointermove: touched });
    this.sheet = /** @type {any} */ (null); // what is drawn now
    this.setters = /** @type {Record<string, (value: number) => void>} */ ({}); // of the sliders, by name
    this.sliders = html("div", "spn-idea-sliders");
    this.formulas = html("div", "spn-idea-formulas");
    this.sentence = html("p", { class: "spn-idea-said", "aria-live": "polite" });
    this.title = html("figcaption", {});
    const parts = [this.title, this.canvas, this.sliders, this.formulas, this.sentence];
    this.root = html("figure", "spn-idea", ...parts);
    parent.append(this.root);
    this.widths = new ResizeObserver(() => this.draw());
    this.widths.observe(this.canvas);
    this.paper = false; // drawn for it
    this.stopper = new AbortController();
    onPrint((paper) => ((this.paper = paper), this.look()), this.stopper.signal);
  }

  /** Show an idea, or the same in another theme; gives the number of this call. */
  update({ idea, view }) {
    if (!this.idea) this.open(idea);
    this.root.dataset.view = view;
    this.look();
    return (this.turn += 1);
  }

  /** Draw it in the look of the page, or of paper while that is printed. */
  look() {
    const theme = readTheme(this.parent, this.root.dataset.view === "projector");
    this.theme = this.paper ? onPaper(theme, PRINTED) : theme;
    this.root.toggleAttribute("data-paper", this.paper);
    Object.entries(this.theme).forEach(([name, look]) => this.root.style.setProperty(`--spn-${name}`, look));
    this.draw();
  }

  open(name) {
    this.idea = IDEAS[name];
    this.root.dataset.idea = name;
    this.canvas.toggleAttribute("data-touch", Boolean(this.idea.touch));
    this.canvas.toggleAttribute("data-tall", Boolean(this.idea.tall));
    this.title.textContent = say(`idea_${name}_title`);
    this.sliders.replaceChildren(...this.idea.controls.map((control) => this.slider(control)));
  }

  /** A slider; where `log`, it moves over powers of ten. Its number stands beside it and is what a reader hears. */
  slider({ name, value, low, high, step = 0.01, log = false, shown = String }) {
    const read = (at) => (log ? Number((10 ** at).toPrecision(2)) : at);
    const output = html("output", { "aria-live": "off" }); // its slider says it
    const oninput = () => {
      this.values[name] = read(Number(input.value));
      output.textContent = shown(this.values[name]);
      input.setAttribute("aria-valuetext", output.textContent);
      this.draw();
    };
    const ends = { min: log ? Math.log10(low) : low, max: log ? Math.log10(high) : high, step };
    const at = { value: log ? Math.log10(value) : value };
    const input = html("input", {
      type: "range",
      "data-set": name,
      "aria-label": say(`set_${name}`),
      ...ends,
      ...at,
      oninput,
    });
    oninput();
    this.setters[name] = (to) => {
      input.value = String(log ? Math.log10(Math.max(low, to)) : to);
      oninput();
    };
    return html("label", {}, html("span", { text: say(`set_${name}`) }), input, output);
  }

  /** A press or a drag on the drawing sets what it says at that place; the sliders follow. */
  touch(event) {
    if (!this.idea?.touch || !this.sheet || (event.type === "pointermove" && !event.buttons)) return;
    const { left, top } = this.canvas.getBoundingClientRect();
    const { x: along, y: up, scale } = this.sheet;
    const [x, y] = [along.back((event.clientX - left) / scale), up.back((event.clientY - top) / scale)];
    Object.entries(this.idea.touch(x, y)).forEach(([name, value]) => this.setters[name](value));
  }

  draw() {
    const { idea, theme, canvas, values } = this;
    if (!idea || !theme || canvas.clientWidth < 60) return;
    const sheet = (this.sheet = new Sheet(canvas, theme));
    idea.draw(sheet, values);
    const said = idea.said(values);
    canvas.replaceChildren(sheet.picture(`${this.title.textContent}. ${said}`));
    if (this.sentence.textContent !== said) this.sentence.textContent = said;
    showFormulas(
      this.formulas,
      idea.formulas(values).map((text, i) => formulaLine("", String(i), text)),
    );
  }

  close() {
    this.widths.disconnect();
    this.stopper.abort();
    this.root.remove();
  }
}

export default mounting((parent) => new Illustration(parent));

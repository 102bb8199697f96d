// A page that takes a run apart: its charts, with what the server derives from the run for them, in acts of prose.

import { Derived } from "../run/derived.js";
import { html } from "./dom.js";
import { Plot } from "./plot.js";
import { say } from "./words.js";

/** Two things beside each other where there is room. */
export const pair = (...nodes) => html("div", "spn-pair", ...nodes);

export const partHeading = (word) => html("h2", { class: "spn-part", text: say(word) });

export const prose = (word) =>
  say(word)
    .split("\n\n")
    .map((text) => html("p", { class: "spn-prose", text }));

/** A part of the page under an anchor. */
export const act = (name, title, ...content) =>
  html("section", { class: `spn-act spn-${name}`, id: `spn-${name}`, "aria-label": say(title) }, ...content);

/** What such pages have in common. */
export class Acts {
  constructor(view) {
    this.view = view;
    /** @type {Record<string, Plot>} */
    this.plots = {};
    this.derived = /** @type {any} */ (null); // of the run on screen
  }

  /** A chart; its title and note are the words `key_title` and `key_note`. */
  plot(key, build, options = {}) {
    const { view } = this;
    const wake = () => view.beat.wake();
    this.plots[key] = new Plot({ key, build, options: { ...options }, context: () => view.context(), wake });
    return this.plots[key].root;
  }

  /** @returns {import("./figure.js").Figure[]} */
  charts() {
    return Object.values(this.plots);
  }

  taken(run) {
    this.derived = new Derived(run, () => this.view.redraw());
  }

  /** What the charts need beside the view's context; `chosen` is told in the captions of files. */
  more({ run, choice, frame, caption }, ...chosen) {
    const { names, seeds, depths } = run.layout;
    const { derived } = this;
    const depth = depths[choice.curve];
    const t = run.iteration(frame);
    const where = [names[choice.curve], ...chosen, `${say("seed")} ${seeds[run.seed]}`, `t = ${t}`].join(", ");
    return {
      rows: (view, query) => derived.series(view, { depth, ...query }),
      answer: (view, query) => derived.point(view, { depth, t, ...query }),
      picture: (view, query) => derived.picture(view, { depth, ...query }),
      L: depth,
      t,
      caption: `${where} · ${caption}`,
    };
  }

  follow() {
    Object.values(this.plots).forEach((plot) => plot.follow());
  }
}

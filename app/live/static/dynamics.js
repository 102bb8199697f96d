// The Dynamics page: the run of the lab, taken apart. Same cursor, component, depth and seed; charts in reading order.

import { Derived } from "./derived.js";
import { html, icon, number } from "./dom.js";
import { Lab, mounting } from "./lab.js";
import { both, coloured, math, row, sub, sup, under } from "./maths.js";
import { eigenvalueChart, matrixChart } from "./matrixview.js";
import { kernelChart, rowChart, startChart } from "./memoryview.js";
import { balanceChart, floorChart, normsChart, scaleTable, trueStepChart } from "./normsview.js";
import { Plot } from "./plot.js";
import { replayChart, replayErrorChart } from "./replayview.js";
import { residualChart } from "./residualview.js";
import { equationsOf, layersTable, stepChart } from "./stepview.js";
import { Transport } from "./transport.js";
import { WORDS } from "./words.js";

export default (component) => mounting(Dynamics)(component);

class Dynamics extends Lab {
  constructor(parent, data) {
    super(parent, { ...data, labels: { ...WORDS, ...data.labels } });
  }

  build(parent) {
    const { say } = this;
    const act = this.actions();
    Object.assign(this, { plots: {}, beta: 0.9, factor: 2 });
    this.headline = html("p", { class: "spn-headline" });
    this.status = html("span", { role: "status" });
    this.events = html("details", { class: "spn-events", hidden: true }, html("summary"), html("ul"));
    this.wait = html("p", { class: "spn-wait" });
    this.transport = new Transport({ say, clock: this.clock, act });
    const side = (name, key) => html("button", { type: "button", class: "spn-button spn-worded", "data-act": name, title: `${say(`${name}_help`)} (${key})`, onclick: () => act[name]() }, icon(name), html("span", { text: say(name) }), html("kbd", { text: key, "aria-hidden": "true" }));
    this.root = html("div", { class: "spn-lab spn-dyn", "data-state": "loading" },
      html("div", { class: "spn-top" }, html("div", { class: "spn-said" }, this.headline, html("div", { class: "spn-status" }, this.status, this.events)), html("div", { class: "spn-sides" }, side("pin", "P"), side("share", "S"))),
      this.stepAct(), this.residualAct(), this.memoryAct(), this.matrixAct(), this.normAct(), this.keptAct(), this.replayAct(),
      html("div", { class: "spn-player" }, this.selectors(), this.transport.root), this.shortcuts());
    parent.append(this.root);
    this.plots.step.frame.append(this.wait);
  }

  plot(key, build, options = {}) {
    const { say } = this;
    this.plots[key] = new Plot({ key, build, options, say, context: () => this.context(), title: say(`${key}_title`), note: say(`${key}_note`), sight: () => (this.moved = true) });
    return this.plots[key].root;
  }

  act(name, ...content) {
    const { say } = this;
    const prose = say(`prose_${name}`).split("\n\n").map((text) => html("p", { class: "spn-prose", text }));
    return html("section", { class: "spn-act", id: `spn-${name}`, "aria-label": say(`act_${name}`) }, html("h2", { text: say(`act_${name}`) }), ...prose, ...content);
  }

  pair(...nodes) {
    return html("div", { class: "spn-pair" }, ...nodes);
  }

  stepAct() {
    this.formulas = html("div", { class: "spn-formulas", role: "group", "aria-label": this.say("act_step") });
    this.path = html("div", { class: "spn-path", tabindex: 0 });
    const left = html("div", {}, this.formulas, this.path);
    const pair = this.pair(left, this.plot("step", stepChart));
    pair.classList.add("spn-wide-left");
    return this.act("step", pair);
  }

  residualAct() {
    return this.act("residual", this.pair(this.plot("residual", residualChart), this.erratum()));
  }

  /** What the paper prints, what holds, and that both agree where the paper's derivation is made. */
  erratum() {
    const { say } = this;
    const layer = (l) => both("w", "k", row("[", l, "]"));
    const printed = math(coloured("rho", sub("ρ", "k")), "=", "η", sup(row("(", layer("0"), ")"), "2"));
    const product = math(coloured("rho", sub("ρ", "k")), "=", "η", under("∏", row("l", "<", "L", "−", "1")), sup(row("(", layer("l"), ")"), "2"));
    return html("aside", { class: "spn-box" }, html("h3", { text: say("erratum_title") }),
      html("p", {}, `${say("erratum_printed")} `, printed, "."), html("p", {}, `${say("erratum_holds")} `, product, "."), html("p", { text: say("erratum_fair") }));
  }

  memoryAct() {
    const { say } = this;
    const shown = html("output", { text: "0.9" });
    const slider = html("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: 0.9, "aria-label": say("beta"), "data-control": "beta", oninput: () => {
      this.beta = Number(slider.value);
      shown.textContent = slider.value;
      this.plots.row.request();
    } });
    const row = html("div", {}, this.plot("row", rowChart), html("label", { class: "spn-controls spn-beta" }, say("beta"), slider, shown));
    return this.act("memory", this.pair(this.plot("kernel", kernelChart, { log_y: true }), row), this.plot("start", startChart));
  }

  matrixAct() {
    return this.act("matrix", this.pair(this.plot("matrix", matrixChart, { log_y: true }), this.plot("eigenvalues", eigenvalueChart, { log_y: true })));
  }

  normAct() {
    const { say } = this;
    const shown = html("output", { text: "2" });
    const slider = html("input", { type: "range", min: -1, max: 1, step: 0.05, value: Math.log10(2), "aria-label": say("factor"), "data-control": "factor", oninput: () => {
      this.factor = Number((10 ** Number(slider.value)).toPrecision(2));
      shown.textContent = number(this.factor);
      this.moved = true;
    } });
    this.scaled = html("div", { class: "spn-scaled", "aria-live": "polite" });
    return this.act("norms", this.pair(this.plot("norms", normsChart, { log_y: true }), this.plot("truestep", trueStepChart, { log_y: true })),
      html("label", { class: "spn-controls" }, say("factor"), slider, shown), this.scaled);
  }

  keptAct() {
    const floor = this.plot("floor", floorChart);
    floor.classList.add("spn-short");
    return this.act("kept", this.pair(this.plot("balance", balanceChart), floor));
  }

  replayAct() {
    return this.act("replay", this.pair(this.plot("replay", replayChart), this.plot("replayerror", replayErrorChart)));
  }

  nameCharts() {}

  /** What this page takes apart are gradient steps, so rivals are left to the lab. */
  shownCurves(layout) {
    return layout.names.slice(0, layout.num_depths);
  }

  take(run) {
    this.derived = new Derived(run, () => this.redraw());
    super.take(run);
  }

  update(data, trigger) {
    if (data.own_style) addSheet(data.own_style);
    return super.update(data, trigger);
  }

  context() {
    const context = super.context();
    if (!context) return null;
    const { run, view, frame } = context;
    const L = run.layout.depths[view.depth];
    const where = `${run.layout.names[view.depth]}, k = ${view.component + 1}, ${this.say("seed")} ${run.layout.seeds[run.seed]}, t = ${run.iteration(frame)}`;
    const caption = `${where} · ${context.caption}`;
    return { ...context, caption, derived: this.derived, L, k: view.component, t: run.iteration(frame) - 1, beta: this.beta, factor: this.factor, narrow: this.root.clientWidth < 680 };
  }

  redraw() {
    Object.values(this.plots).forEach((plot) => plot.request());
    this.moved = true;
    this.words();
  }

  follow(now) {
    Object.assign(this, { followedAt: now, moved: false });
    const { run, clock } = this;
    if (run) this.transport.update(run);
    const context = this.context();
    if (!context) return;
    Object.values(this.plots).forEach((plot) => plot.follow());
    if (this.plots.step.visible || !this.formulas.firstChild) {
      this.formulas.replaceChildren(...equationsOf(context));
      this.path.replaceChildren(...layersTable(context));
    }
    const scaled = this.plots.norms.visible ? scaleTable(context) : null;
    if (scaled) this.scaled.replaceChildren(...scaled);
    this.notePlace(run, clock);
  }
}

function addSheet(url) {
  if ([...document.querySelectorAll("link[data-spn]")].some((link) => link.getAttribute("href") === url)) return;
  document.head.append(html("link", { rel: "stylesheet", href: url, "data-spn": true }));
}

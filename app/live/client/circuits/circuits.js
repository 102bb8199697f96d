// The Circuits page: a deep circuit and the mixture of its induced trees, one run with one cursor; one tree in detail.

import { WORDS } from "./circuitwords.js";
import { Derived } from "../run/derived.js";
import { html, icon } from "../kit/dom.js";
import { Drawing } from "./drawing.js";
import { Figure } from "../kit/figure.js";
import { Lab, mounting } from "../lab/lab.js";
import { Plot } from "../kit/plot.js";
import { Transport } from "../kit/transport.js";
import { circuitChart, edgeFormulas, edgesTable, shareChart, treeFormulas, treeMatrixChart } from "./treeview.js";

export default (component) => mounting(Circuits)(component);

class Circuits extends Lab {
  constructor(parent, data) {
    super(parent, { ...data, labels: { ...WORDS, ...data.labels } });
  }

  build(parent) {
    const { say } = this;
    const act = this.actions();
    Object.assign(this, { plots: {}, asked: "largest", edge: null, pressed: [], draws: 0 });
    const context = () => this.context();
    this.llh = new Figure({ key: "llh", build: circuitChart, context, say, title: say("llh_title"), note: "", options: { every_seed: false, log_x: true } });
    this.llh.root.classList.add("spn-llh");
    this.drawing = new Drawing({ say, context, pickEdge: (e) => this.pickEdge(e), press: (group) => this.press(group) });
    this.headline = html("p", { class: "spn-headline" });
    this.status = html("span", { role: "status" });
    this.events = html("details", { class: "spn-events", hidden: true }, html("summary"), html("ul"));
    this.wait = html("p", { class: "spn-wait" });
    this.llh.frame.append(this.wait);
    this.transport = new Transport({ say, clock: this.clock, act });
    const share = html("button", { type: "button", class: "spn-button spn-worded", "data-act": "share", title: `${say("share_help")} (S)`, onclick: () => act.share() }, icon("share"), html("span", { text: say("share") }), html("kbd", { text: "S", "aria-hidden": "true" }));
    this.choices = this.selectors();
    this.chooseComponent.hidden = true; // the tree and its edges are what is looked at here
    this.drawing.header.insertBefore(this.choices, this.drawing.menu);
    this.root = html("div", { class: "spn-lab spn-circ", "data-state": "loading" },
      html("div", { class: "spn-top" }, html("div", { class: "spn-said" }, this.headline, html("div", { class: "spn-status" }, this.status, this.events)), html("div", { class: "spn-sides" }, share)),
      this.llh.root, this.drawing.root, this.transport.root, this.treePanel(), this.edgePanel(), this.shortcuts());
    this.root.querySelector(".spn-keys kbd").remove(); // nothing is pinned here
    parent.append(this.root);
  }

  plot(key, build, options = {}) {
    const { say } = this;
    this.plots[key] = new Plot({ key, build, options, say, context: () => this.context(), title: say(`${key}_title`), note: say(`${key}_note`), sight: () => (this.moved = true) });
    return this.plots[key].root;
  }

  /** One tree: which, its weight and step, its share over time. */
  treePanel() {
    const { say } = this;
    const button = (word, act) => html("button", { type: "button", class: "spn-button spn-worded", "data-tree": word, text: say(word), title: say(`${word}_help`), onclick: act });
    this.field = html("input", { type: "text", inputmode: "numeric", class: "spn-select spn-number", "aria-label": say("tree_number"), onchange: () => this.pickTree(this.field.value.replace(/\D/g, "") || "0") });
    this.kappa = html("span", { class: "spn-aside" });
    this.largest = button("largest", () => this.pickTree("largest"));
    const step = (by) => () => this.tree && this.pickTree(this.around(BigInt(this.tree.number) + BigInt(by)));
    const controls = html("div", { class: "spn-controls", role: "group", "aria-label": say("tree_title") }, this.largest, button("previous_tree", step(-1)), this.field, this.kappa, button("next_tree", step(1)),
      button("random_tree", () => this.pickTree(`random-${(this.draws = (this.draws + 1 + Math.floor(Math.random() * 1000)) % 1e9)}`)));
    this.formulas = html("div", { class: "spn-formulas", "aria-live": "off" });
    this.path = html("div", { class: "spn-path", tabindex: 0 });
    return html("section", { class: "spn-act spn-tree", id: "spn-tree", "aria-label": say("tree_title") }, html("h2", { text: say("tree_title") }), html("p", { class: "spn-prose", text: say("prose_tree") }), controls,
      html("div", { class: "spn-pair" }, html("div", {}, this.formulas, this.path), this.plot("share_chart", shareChart, { log_y: false })));
  }

  edgePanel() {
    const { say } = this;
    this.seven = html("div", { class: "spn-formulas" });
    this.chosen = html("p", { class: "spn-summary" });
    return html("section", { class: "spn-act spn-edge", "aria-label": say("edge_title") }, html("div", { class: "spn-pair" },
      html("div", {}, html("h2", { text: say("edge_title") }), html("p", { class: "spn-prose", text: say("prose_edge") }), this.chosen, this.seven),
      html("div", {}, html("h2", { text: say("matrix_heading") }), html("p", { class: "spn-prose", text: say("prose_matrix") }), this.plot("treematrix", treeMatrixChart, { log_y: true }))));
  }

  actions() {
    return { ...super.actions(), pin: () => {} };
  }

  around(number) {
    const all = BigInt(this.tree.kappa);
    return String(((number % all) + all) % all);
  }

  pickTree(asked) {
    if (this.tree && /^\d+$/.test(asked) && BigInt(asked) >= BigInt(this.tree.kappa)) asked = String(BigInt(this.tree.kappa) - 1n);
    this.asked = asked;
    this.redraw();
  }

  pickEdge(edge) {
    this.edge = edge;
    this.redraw();
  }

  press(group) {
    if (group === null) this.pressed = [];
    else this.pressed.push(group);
    this.loadDrawing();
  }

  async loadDrawing() {
    const { run } = this;
    const turn = (this.drawingTurn = (this.drawingTurn ?? 0) + 1);
    try {
      const answer = await fetch(`${run.url}/drawing?${new URLSearchParams({ pressed: this.pressed.join(",") })}`, { signal: run.stopper.signal });
      if (!answer.ok || turn !== this.drawingTurn) return;
      this.drawing.set(await answer.json());
      this.redraw();
    } catch {
      this.drawnOf = null; // asked for again with the next news of the run
    }
  }

  nameShallowest() {}

  showLargest() {}

  shownCurves(layout) {
    return layout.names.slice(0, layout.num_depths);
  }

  take(run) {
    this.derived = new Derived(run, () => this.redraw());
    Object.assign(this, { tree: null, edge: null, pressed: [], drawnOf: null });
    super.take(run);
    if (!this.place) this.view.depth = 0; // the depth that the mixture of trees starts with
    this.asked = this.data.tree ?? "largest";
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
    const where = `${run.layout.names[view.depth]}, ${this.say("seed")} ${run.layout.seeds[run.seed]}, t = ${run.iteration(frame)}`;
    return { ...context, caption: `${where} · ${context.caption}`, derived: this.derived, L, t: run.iteration(frame) - 1, tree: this.tree, edge: this.edge, narrow: this.root.clientWidth < 680 };
  }

  redraw() {
    this.llh.request();
    Object.values(this.plots).forEach((plot) => plot.request());
    this.moved = true;
    this.words();
  }

  follow(now) {
    Object.assign(this, { followedAt: now, moved: false });
    const { run, clock } = this;
    if (run) this.transport.update(run);
    const drawn = run?.length ? `${run.id} ${run.final}` : null; // once more at the end, when the leaves are what they became
    if (drawn && drawn !== this.drawnOf) {
      this.drawnOf = drawn;
      this.loadDrawing();
    }
    let context = this.context();
    if (!context) return;
    if (clock.following && this.drawn !== clock.frame) this.llh.request();
    else if (!this.llh.spec) this.llh.request();
    this.drawn = clock.frame;
    this.llh.place();
    this.showTree(context);
    context = this.context();
    this.drawing.update();
    Object.values(this.plots).forEach((plot) => plot.follow());
    this.showEdge(context);
    this.notePlace(run, clock);
  }

  showTree(context) {
    const found = context.derived.point("tree", { depth: context.L, t: context.t, tree: this.asked });
    if (!found || found.header.at === null) return;
    const tree = (this.tree = found.header);
    if (this.edge === null || !tree.edges.includes(this.edge)) this.edge = tree.edges[0] ?? null;
    if (document.activeElement !== this.field) this.field.value = tree.number;
    this.kappa.textContent = this.say("of_trees", { last: short(BigInt(tree.kappa) - 1n) });
    this.largest.setAttribute("aria-pressed", String(this.asked === "largest"));
    this.formulas.replaceChildren(...treeFormulas(context, tree));
    if (!this.path.contains(document.activeElement) || this.path.dataset.of !== `${tree.number} ${tree.at} ${this.edge}`) this.path.replaceChildren(edgesTable(context, tree, this.edge, (e) => this.pickEdge(e)));
    this.path.dataset.of = `${tree.number} ${tree.at} ${this.edge}`;
    Object.assign(this.root.dataset, { tree: tree.number, at: tree.at + 1 });
  }

  showEdge(context) {
    if (this.edge === null) return;
    const found = context.derived.point("edge", { depth: context.L, t: context.t, edge: this.edge });
    if (!found || found.header.edge !== this.edge) return;
    this.chosen.textContent = this.say("edge_chosen", { e: this.edge, n: found.header.through });
    this.seven.replaceChildren(...edgeFormulas(context, found.header));
  }
}

/** A count that may be very large. */
function short(count) {
  const text = String(count);
  return text.length > 15 ? `${text[0]}.${text[1]}e+${text.length - 1}` : text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function addSheet(url) {
  if ([...document.querySelectorAll("link[data-spn]")].some((link) => link.getAttribute("href") === url)) return;
  document.head.append(html("link", { rel: "stylesheet", href: url, "data-spn": true }));
}

// The Circuits page: a deep circuit and the mixture of its induced trees, one run with one cursor; one tree in detail.

import { html, wordedButton } from "../kit/dom.js";
import { Figure } from "../kit/figure.js";
import { Plot } from "../kit/plot.js";
import { mounting } from "../kit/view.js";
import { say } from "../kit/words.js";
import { Derived } from "../run/derived.js";
import { Drawing } from "./drawing.js";
import { circuitChart, edgeFormulas, edgesTable, shareChart, treeFormulas, treeMatrixChart } from "./treeview.js";

const pair = (...nodes) => html("div", { class: "spn-pair" }, ...nodes);
const prose = (word) => html("p", { class: "spn-prose", text: say(word) });
const heading = (word) => html("h2", { text: say(word) });

/** The induced tree that is looked at: the largest, a random one, or one by its number. */
class TreeChoice {
  constructor(changed) {
    this.changed = changed;
    this.draws = 0;
    this.forget();
    const button = (name, act) => wordedButton(say(name), say(`${name}_help`), act, { "data-tree": name });
    const attributes = {
      type: "text",
      inputmode: "numeric",
      class: "spn-select spn-number",
      "aria-label": say("tree_number"),
    };
    this.field = html("input", { ...attributes, onchange: () => this.ask(this.field.value.replace(/\D/g, "") || "0") });
    this.last = html("span", { class: "spn-aside" });
    this.largest = button("largest_tree", () => this.ask("largest"));
    const previous = button("previous_tree", () => this.step(-1n));
    const next = button("next_tree", () => this.step(1n));
    const random = button("random_tree", () => this.ask(`random-${this.draw()}`));
    const group = { class: "spn-controls", role: "group", "aria-label": say("tree_title") };
    this.root = html("div", group, this.largest, previous, this.field, this.last, next, random);
  }

  forget() {
    this.tree = null;
    this.asked = "largest";
  }

  draw() {
    return (this.draws = (this.draws + 1 + Math.floor(Math.random() * 1000)) % 1e9);
  }

  step(by) {
    if (!this.tree) return;
    const all = BigInt(this.tree.kappa);
    this.ask(String((BigInt(this.tree.number) + by + all) % all));
  }

  ask(number) {
    const last = this.tree && BigInt(this.tree.kappa) - 1n;
    this.asked = last !== null && /^\d+$/.test(number) && BigInt(number) > last ? String(last) : number;
    this.changed();
  }

  show(tree) {
    this.tree = tree;
    if (document.activeElement !== this.field) this.field.value = tree.number;
    this.last.textContent = say("of_trees", { last: short(BigInt(tree.kappa) - 1n) });
    this.largest.setAttribute("aria-pressed", String(this.asked === "largest"));
  }
}

/** A count that may be very large. */
function short(count) {
  const text = String(count);
  return text.length > 15 ? `${text[0]}.${text[1]}e+${text.length - 1}` : text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

export default mounting((view) => {
  const context = () => view.context();
  const plots = {};
  const plot = (key, build, log_y) => {
    plots[key] = new Plot({ key, build, options: { log_y }, context, sight: () => (view.moved = true) });
    return plots[key].root;
  };
  let derived = null;
  let edge = null;
  const trees = new TreeChoice(() => view.redraw());
  const pickEdge = (chosen) => ((edge = chosen), view.redraw());
  const drawing = new Drawing({ context, pickEdge, arrived: () => view.redraw() });
  const title = say("circuit_llh_title");
  const llh = new Figure({
    key: "llh",
    build: circuitChart,
    context,
    title,
    options: { every_seed: false, log_x: true },
  });
  llh.root.classList.add("spn-llh");
  llh.frame.append(view.wait);
  view.chooseComponent.hidden = true; // the tree and its edges are what is looked at here
  drawing.header.insertBefore(view.choices, drawing.menu);

  const formulas = html("div", { class: "spn-formulas", "aria-live": "off" });
  const path = html("div", { class: "spn-path", tabindex: 0 });
  const seven = html("div", { class: "spn-formulas" });
  const chosen = html("p", { class: "spn-summary" });
  const panel = (kind, word, ...content) =>
    html("section", { class: `spn-act spn-${kind}`, id: `spn-${kind}`, "aria-label": say(word) }, ...content);
  const treePanel = () => {
    const detail = pair(html("div", {}, formulas, path), plot("share_chart", shareChart, false));
    return panel("tree", "tree_title", heading("tree_title"), prose("prose_tree"), trees.root, detail);
  };
  const edgePanel = () => {
    const one = html("div", {}, heading("edge_title"), prose("prose_edge"), chosen, seven);
    const matrix = plot("treematrix", treeMatrixChart, true);
    return panel(
      "edge",
      "edge_title",
      pair(one, html("div", {}, heading("matrix_heading"), prose("prose_matrix"), matrix)),
    );
  };

  function showTree({ L, t }) {
    const found = derived.point("tree", { depth: L, t, tree: trees.asked });
    if (!found || found.header.at === null) return;
    const tree = found.header;
    trees.show(tree);
    if (edge === null || !tree.edges.includes(edge)) edge = tree.edges[0] ?? null;
    formulas.replaceChildren(...treeFormulas(tree));
    const of = `${tree.number} ${tree.at} ${edge}`;
    if (!path.contains(document.activeElement) || path.dataset.of !== of)
      path.replaceChildren(edgesTable(tree, edge, pickEdge));
    path.dataset.of = of;
    Object.assign(view.root.dataset, { tree: tree.number, at: tree.at + 1 });
  }

  function showEdge({ L, t }) {
    const found = edge === null ? null : derived.point("edge", { depth: L, t, edge });
    if (!found || found.header.edge !== edge) return;
    chosen.textContent = say("edge_chosen", { e: edge, n: found.header.through });
    seven.replaceChildren(...edgeFormulas(found.header));
  }

  const top = view.head("share");
  const content = [llh.root, drawing.root, view.transport.root, treePanel(), edgePanel()];
  return {
    root: html("div", { class: "spn-lab spn-circ" }, top, ...content, view.keys()),
    gradientOnly: true,
    charts: () => [llh, ...Object.values(plots)],
    opensAt: () => 0, // the depth that the mixture of trees starts with
    taken(run) {
      derived = new Derived(run, () => view.redraw());
      edge = null;
      trees.forget();
      drawing.forget();
    },
    named({ names, num_depths }) {
      llh.rename(say(names.length > num_depths ? "circuit_llh_title_rivals" : "circuit_llh_title"));
    },
    more({ run, choice, frame, caption }) {
      const { names, seeds, depths } = run.layout;
      const t = run.iteration(frame);
      const where = `${names[choice.curve]}, ${say("seed")} ${seeds[run.seed]}, t = ${t}`;
      return { derived, L: depths[choice.curve], t: t - 1, tree: trees.tree, edge, caption: `${where} · ${caption}` };
    },
    follow(before, grown) {
      drawing.keepUp(before.run);
      llh.follow(grown);
      showTree(before);
      const now = view.context();
      drawing.update();
      Object.values(plots).forEach((chart) => chart.follow());
      showEdge(now);
    },
  };
});

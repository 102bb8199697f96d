// The Circuits page: a deep circuit and the mixture of its induced trees, one run with one cursor; one tree in detail.

import { act, Acts, pair, partHeading, prose } from "../kit/acts.js";
import { html, scrolled, wordedButton } from "../kit/dom.js";
import { Figure } from "../kit/figure.js";
import { showFormulas } from "../kit/maths.js";
import { viewing } from "../kit/view.js";
import { say } from "../kit/words.js";
import { Drawing } from "./drawing.js";
import { circuitChart, edgeFormulas, edgesTable, shareChart, treeFormulas, treeMatrixChart } from "./treeview.js";

/** The induced tree that is looked at: the largest, a random one, or one by its number. */
class TreeChoice {
  constructor(changed) {
    this.changed = changed;
    this.forget();
    const button = (name, act) => wordedButton(name, act, { "data-tree": name });
    const onchange = () => this.ask(this.field.value.replace(/\D/g, "") || "0");
    const look = { type: "text", inputmode: "numeric", class: "spn-select spn-number" };
    this.field = html("input", { ...look, "aria-label": say("tree_number"), onchange });
    this.last = html("span", "spn-aside");
    this.largest = button("largest_tree", () => this.ask("largest"));
    const [previous, next] = [this.sign("previous_tree", -1n), this.sign("next_tree", 1n)];
    const random = button("random_tree", () => this.ask(`random-${Math.floor(Math.random() * 1e9)}`));
    const group = { class: "spn-controls", role: "group", "aria-label": say("tree_title") };
    this.root = html("div", group, this.largest, previous, this.field, this.last, next, random);
  }

  /** A button that is written as a sign; its name says what that does, too. */
  sign(word, by) {
    const name = `${say(word)} ${say(`${word}_help`)}`;
    return wordedButton(word, () => this.step(by), { "data-tree": word, "aria-label": name });
  }

  forget() {
    this.tree = null;
    this.asked = "largest";
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
  return text.length > 15 ? `${text[0]}.${text[1]}e+${text.length - 1}` : count.toLocaleString("en");
}

class Circuits extends Acts {
  constructor(view) {
    super(view);
    this.edge = /** @type {number | null} */ (null); // that eq. 7 is shown for
    this.of = /** @type {string | null} */ (null); // the tree that it was last looked for in
    this.gradientOnly = true;
    const context = () => view.context();
    const redraw = () => view.redraw();
    const wake = () => view.beat.wake();
    this.trees = new TreeChoice(redraw);
    this.drawing = new Drawing({ context, pickEdge: (edge) => this.pickEdge(edge), arrived: redraw });
    const options = { whole_range: false, every_seed: false, log_x: true };
    const drawn = { build: circuitChart, context, wake, options, plain: ["whole_range"] };
    this.llh = new Figure({ key: "llh", title: say("LLH"), ...drawn });
    this.llh.root.classList.add("spn-llh");
    this.llh.frame.append(view.wait);
    view.chooseComponent.hidden = true; // the tree and its edges are what is looked at here
    this.drawing.header.insertBefore(view.choices, this.drawing.menu);
    this.formulas = html("div", { class: "spn-formulas", "aria-live": "off" });
    this.path = html("div", { class: "spn-path", ...scrolled(say("tree_title")) });
    this.seven = html("div", "spn-formulas");
    this.chosen = html("p", "spn-summary");
    const parts = [this.llh.root, this.drawing.root, view.transport.root, this.treePart(), this.edgePart()];
    this.root = html("div", "spn-lab spn-circ", view.head("share"), ...parts, view.keys());
  }

  /** One tree: which, its weight and step, its share over time. */
  treePart() {
    const share = this.plot("share_chart", shareChart, { log_y: false });
    const detail = pair(html("div", {}, this.formulas, this.path), share);
    return act("tree", "tree_title", partHeading("tree_title"), ...prose("prose_tree"), this.trees.root, detail);
  }

  /** One edge and all trees through it, beside who moves with whom. */
  edgePart() {
    const one = html("div", {}, partHeading("edge_title"), ...prose("prose_edge"), this.chosen, this.seven);
    const matrix = this.plot("treematrix", treeMatrixChart, { log_y: true });
    return act(
      "edge",
      "edge_title",
      pair(one, html("div", {}, partHeading("matrix_heading"), ...prose("prose_matrix"), matrix)),
    );
  }

  pickEdge(edge) {
    this.edge = edge;
    this.view.redraw();
  }

  charts() {
    return [this.llh, ...super.charts()];
  }

  taken(run) {
    super.taken(run);
    this.edge = this.of = null;
    this.trees.forget();
    this.drawing.forget();
  }

  named({ names, num_depths, quantity }) {
    const title = names.length > num_depths ? "circuit_llh_title_rivals" : "circuit_llh_title";
    this.llh.rename(say(title, { quantity: say(quantity) }));
  }

  more(context) {
    return { ...super.more(context), tree: this.trees.tree, edge: this.edge };
  }

  follow(context, grown) {
    this.drawing.keepUp(context.run);
    this.llh.follow(grown);
    this.showTree(context);
    this.drawing.update();
    super.follow();
    this.showEdge(context);
  }

  showTree({ answer }) {
    const found = answer("tree", { tree: this.trees.asked });
    if (!found) return;
    const tree = found.header;
    this.trees.show(tree);
    if (tree.number !== this.of && !tree.edges.includes(this.edge)) this.edge = tree.edges[0] ?? null;
    this.of = tree.number;
    showFormulas(this.formulas, treeFormulas(tree));
    const of = `${tree.number} ${tree.at} ${this.edge}`;
    if (!this.path.contains(document.activeElement) || this.path.dataset.of !== of)
      this.path.replaceChildren(edgesTable(tree, this.edge, (edge) => this.pickEdge(edge)));
    this.path.dataset.of = of;
    Object.assign(this.root.dataset, { tree: tree.number, at: tree.at });
  }

  showEdge({ answer }) {
    const { edge } = this;
    const found = edge === null ? null : answer("edge", { edge });
    if (found?.header.edge !== edge) return;
    this.chosen.textContent = say("edge_chosen", { e: edge, n: found.header.through });
    this.seven.replaceChildren(...edgeFormulas(found.header));
  }
}

export default viewing((view) => new Circuits(view));

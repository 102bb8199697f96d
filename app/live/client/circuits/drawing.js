// The drawing of a circuit: root on top, edges as wide as their share of their sum's weight at the cursor, one induced
// tree in colour. The server says where everything stands; what is below a node is folded away and shown by a press.

import { html, number, set, svg } from "../kit/dom.js";
import { Sketch } from "../kit/sketch.js";
import { say } from "../kit/words.js";
import { walked } from "./walk.js";

const UNIT = { least: 13, most: 46 }; // px of a node's width
const PAD = { top: 14, side: 10 };
const LETTER = 5.7; // px of one in a leaf's name
const WIDEST = 6; // px of an edge that has all the weight of its sum
const SIGNS = { sum: "M-4 0H4M0 -4V4", product: "M-3 -3L3 3M-3 3L3 -3", leaf: "" };

export class Drawing extends Sketch {
  /** `arrived()` is called when the server has drawn what was asked for. */
  constructor({ context, pickEdge, arrived }) {
    const unfold = { label: say("unfold"), act: () => this.press(null) };
    const kind = "spn-network spn-circuit";
    super({ title: say("drawing_title"), kind, context, items: [unfold], role: "tree" });
    this.pickEdge = pickEdge;
    this.arrived = arrived;
    this.data = /** @type {any} */ (null); // as the server drew it
    this.turn = this.radius = 0;
    this.at = /** @type {[number, number][]} */ ([]); // where a node stands
    this.lines = /** @type {any[]} */ ([]);
    this.marks = /** @type {any[]} */ ([]);
    this.stop = /** @type {any} */ ({ node: -1 }); // where Tab stops: a node or an edge, by the circuit's own number
    this.host.addEventListener("keydown", (event) => this.steer(event));
    this.host.addEventListener("focusin", ({ target }) => this.stand(this.placeOf(target)));
    this.forget();
    this.note = html("p", "spn-note");
    this.root.classList.add("spn-net");
    this.root.append(this.note);
  }

  forget() {
    this.pressed = []; // groups, since the drawing that fits by itself
    this.drawnOf = null;
  }

  /** Ask for the drawing of a run, and once more at its end, when the leaves are what they became. */
  keepUp(run) {
    const drawn = `${run.id} ${run.final}`;
    if (drawn === this.drawnOf) return;
    this.drawnOf = drawn;
    this.load(run);
  }

  press(group) {
    this.pressed = group === null ? [] : [...this.pressed, group];
    this.load(this.context().run);
  }

  async load(run) {
    const turn = (this.turn += 1);
    const query = new URLSearchParams({ pressed: this.pressed.join(",") });
    try {
      const answer = await fetch(`${run.url}/drawing?${query}`, { signal: run.stopper.signal });
      if (!answer.ok || turn !== this.turn) return;
      Object.assign(this, { data: await answer.json(), key: null });
      this.update();
      this.arrived();
    } catch {
      this.drawnOf = null; // asked for again with the next news of the run
    }
  }

  ready() {
    return this.data !== null;
  }

  build(_, width, height) {
    const { data } = this;
    const unit = Math.min(UNIT.most, Math.max(UNIT.least, (width - 2 * PAD.side) / data.width));
    const wide = Math.max(width, unit * data.width + 2 * PAD.side);
    const left = (wide - unit * data.width) / 2;
    const labels = 22 + LETTER * Math.max(2, ...data.nodes.map(({ label }) => label.length)); // names hang down whole
    const bottom = height - labels - (wide > width ? 12 : 0);
    const step = data.height > 1 ? Math.max(26, (bottom - PAD.top) / (data.height - 1)) : 0;
    const tall = Math.max(height - (wide > width ? 14 : 2), PAD.top + step * (data.height - 1) + labels);
    this.radius = Math.min(9, unit * 0.44);
    this.at = data.nodes.map(({ x, y }) => [left + unit * x, PAD.top + step * y]);
    this.lines = data.edges.map((edge) => this.line(edge));
    this.marks = data.nodes.map((node, i) => this.node(node, this.at[i], unit));
    const layer = (marks, part) => svg("g", {}, ...marks.map((mark) => mark[part]));
    const held = this.host.contains(document.activeElement);
    this.canvas(wide, tall, layer(this.lines, "path"), layer(this.lines, "hit"), layer(this.marks, "group"));
    this.svg.setAttribute("aria-description", say("drawing_keys"));
    this.host.scrollLeft = this.at[0][0] - width / 2; // the root in the middle
    const counts = { nodes: data.num_nodes, edges: data.num_edges };
    this.note.textContent = `${data.trees} ${say(data.complete ? "drawn_whole" : "drawn_folded", counts)}`;
    this.stand(this.stoppedAt());
    if (held) this.element(this.stoppedAt()).focus();
  }

  /** The place where Tab stops, as it is drawn now: what stands for its node, or the root. */
  stoppedAt() {
    const { nodes, edges } = this.data;
    const edge = edges.findIndex(({ edges: own }) => own.includes(this.stop.edge));
    if (edge >= 0) return { edge };
    return {
      node: Math.max(
        0,
        nodes.findIndex((node) => node.nodes.includes(this.stop.node)),
      ),
    };
  }

  element(/** @type {any} */ { node, edge }) {
    return edge === undefined ? this.marks[node].group : this.lines[edge].hit;
  }

  placeOf(element) {
    const edge = this.lines.findIndex(({ hit }) => hit === element);
    return edge >= 0 ? { edge } : { node: this.marks.findIndex(({ group }) => group === element) };
  }

  /** Let Tab stop at a place. */
  stand(at) {
    const { nodes, edges } = this.data;
    this.svg.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    this.element(at).setAttribute("tabindex", "0");
    this.stop = at.edge === undefined ? { node: nodes[at.node].id } : { edge: edges[at.edge].edges[0] };
  }

  /** Arrows walk along the lines; Enter does what a press does. */
  steer(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.placeOf(event.target);
    const press = event.key === "Enter" || event.key === " ";
    const to = walked(this.data, at, event.key);
    if (!press && !to) return;
    event.preventDefault();
    if (press) event.target.dispatchEvent(new MouseEvent("click"));
    else this.element(to).focus();
  }

  line({ from, to, edges }) {
    const d = `M${this.at[from].join(" ")}L${this.at[to].join(" ")}`;
    const path = svg("path", { d, fill: "none" });
    if (!edges.length) return { path };
    const title = svg("title", {});
    const look = { d, fill: "none", stroke: "transparent", "stroke-width": 11, class: "spn-hit" };
    const item = { role: "treeitem", tabindex: -1, onclick: () => this.pickEdge(edges[0]) };
    return { path, title, hit: svg("path", { ...look, ...item }, title) };
  }

  /** Whether nothing is drawn where a leaf's label would hang. */
  hasRoom({ x, y }) {
    return !this.data.nodes.some((other) => other.y > y && other.y <= y + 2 && Math.abs(other.x - x) < 0.8);
  }

  /** The label of a leaf or a fold, on the ground's colour so that edges may pass below it. */
  label(text, more) {
    const { theme } = this;
    const halo = { stroke: theme.ground, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke" };
    const size = 10.5 * Math.min(theme.textScale, 1.2);
    return svg("text", { text, "font-size": size, fill: theme.text, ...halo, ...more });
  }

  labels(node, unit) {
    const { kind, nodes, hidden, label } = node;
    const { radius } = this;
    const n = nodes.length;
    const centred = { "text-anchor": "middle", "font-size": 9 };
    const words = [];
    if (n > 1 && kind === "leaf") words.push(this.label(n, { y: 3, ...centred, stroke: "none" }));
    else if (n > 1) words.push(this.label(`${n}×`, { x: radius * 1.2, y: -radius * 0.5, "font-size": 9 }));
    if (hidden) words.push(this.label(`+${hidden}`, { y: radius + 11, ...centred }));
    if (!label || hidden || !this.hasRoom(node)) return words;
    const beside = { transform: `translate(3.5 ${radius + 4}) rotate(90)`, "text-anchor": "start" };
    return [...words, this.label(label, unit > 70 ? { y: radius + 12, "text-anchor": "middle" } : beside)];
  }

  node(node, [x, y], unit) {
    const { kind, nodes, hidden, foldable, title, group: name } = node;
    const { radius } = this;
    const block = nodes.length > 1;
    const shape = block
      ? svg("rect", { x: -radius * 1.25, y: -radius, width: radius * 2.5, height: radius * 2, rx: 3 })
      : svg("circle", { r: kind === "leaf" ? radius * 0.72 : radius });
    const sign = svg("path", { d: SIGNS[kind], fill: "none", "stroke-width": 1.4, transform: `scale(${radius / 8})` });
    const can = (foldable && kind !== "leaf") || block;
    const press = say(hidden ? "press_unfold" : block ? "press_open" : "press_fold");
    const place = { transform: `translate(${x} ${y})`, "data-node": name };
    const open = String(!hidden && !block);
    const act = can && { class: "spn-folds", "aria-expanded": open, onclick: () => this.press(name) };
    const said = can ? `${title}. ${press}` : title;
    const labels = this.labels(node, unit);
    const written = labels.map(({ textContent }) => textContent).join(" ");
    const item = { role: "treeitem", tabindex: -1, "aria-label": [written, said].filter(Boolean).join(": ") };
    const group = svg("g", { ...place, ...item, ...act }, svg("title", { text: said }), shape, sign, ...labels);
    return { group, shape, sign, hidden };
  }

  paint({ run, choice, frame, theme, tree, edge: chosen }) {
    const { nodes, edges } = this.data;
    const weights = run.values(frame, choice.curve, "w", run.layout.num_components);
    const weight = (of) => of.reduce((all, e) => all + weights[e], 0);
    const [inTree, nodesIn] = [new Set(tree?.edges), new Set(tree?.nodes)];
    const lit = nodes.map((node) => node.nodes.some((n) => nodesIn.has(n)));
    const sums = new Map();
    edges.forEach(({ from, edges: own }) => sums.set(from, (sums.get(from) ?? 0) + weight(own)));
    edges.forEach(({ from, to, edges: own }, i) => {
      const share = sums.get(from) > 0 ? weight(own) / sums.get(from) : 0;
      const on = own.length ? own.some((e) => inTree.has(e)) : lit[from] && lit[to];
      this.paintLine(this.lines[i].path, own.length > 0, on, share, theme);
      this.lines[i].path.toggleAttribute("data-chosen", own.includes(chosen));
      if (own.length) this.sayLine(this.lines[i], own.includes(chosen), edgeWords(own, weight(own), share));
    });
    this.marks.forEach((mark, i) => this.paintNode(mark, lit[i], theme));
    const named = tree ? say("tree_named", { number: tree.number }) : "";
    this.svg.setAttribute("aria-label", `${this.title}: ${this.note.textContent} ${named}`);
    this.host.dataset.cursor = String(run.iteration(frame));
  }

  sayLine({ title, hit }, chosen, words) {
    title.textContent = words;
    set(hit, { "aria-label": words, "aria-selected": chosen });
  }

  paintLine(path, weighted, on, share, theme) {
    set(path, {
      stroke: on ? theme.picked : weighted ? theme.text : theme.line,
      "stroke-opacity": on ? 1 : weighted ? 0.25 + 0.45 * share : 0.6,
      "stroke-width": weighted ? Math.max(0.5, WIDEST * share) + (on ? 0.8 : 0) : on ? 1.8 : 0.8,
      "stroke-dasharray": weighted || on ? "none" : "2 2",
    });
    path.toggleAttribute("data-lit", on);
  }

  paintNode({ shape, sign, hidden }, lit, theme) {
    const stroke = lit ? theme.picked : theme.text;
    set(shape, {
      stroke,
      "stroke-width": lit ? 2.2 : 1.1,
      "stroke-dasharray": hidden ? "3 2" : "none",
      fill: theme.ground,
    });
    set(sign, { stroke });
  }

  file() {
    return { name: "circuit", words: this.note.textContent };
  }
}

function edgeWords(edges, weight, part) {
  const share = number(100 * part);
  if (edges.length > 1) return say("edges_words", { n: edges.length, share });
  return say("edge_words", { e: edges[0], w: number(weight), share });
}

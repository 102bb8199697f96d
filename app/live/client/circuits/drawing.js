// The drawing of a circuit: root on top, edges as wide as their share of their sum's weight at the cursor, one induced
// tree in colour. The server says where everything stands; what is below a node is folded away and shown by a press.

import { html, number, svg } from "../kit/dom.js";
import { menu } from "../kit/menu.js";
import { savePicture } from "../kit/picture.js";

const UNIT = { least: 13, most: 46 }; // px of a node's width
const PAD = { top: 14, side: 10, labels: 96 };
const WIDEST = 6; // px of an edge that has all the weight of its sum
const SIGNS = { sum: "M-4 0H4M0 -4V4", product: "M-3 -3L3 3M-3 3L3 -3", leaf: "" };

export class Drawing {
  constructor({ say, context, pickEdge, press }) {
    Object.assign(this, { say, context, pickEdge, press });
    this.host = html("div", { class: "spn-network spn-circuit", tabindex: 0 });
    this.heading = html("h3", { text: say("drawing_title") });
    this.note = html("p", { class: "spn-note" });
    this.menu = menu(say("options"), say("drawing_title"), [
      { label: say("unfold"), act: () => press(null) },
      { label: say("png"), act: () => this.save("png") },
      { label: say("svg"), act: () => this.save("svg") },
    ]);
    this.header = html("header", {}, this.heading, this.menu);
    this.root = html("section", { class: "spn-figure spn-net" }, this.header, this.host, this.note);
    new ResizeObserver(() => this.update()).observe(this.host);
  }

  /** Take another drawing from the server. */
  set(data) {
    this.data = data;
    this.key = null;
    this.update();
  }

  update() {
    const context = this.context();
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!context || !this.data || width < 60 || height < 60) return;
    const key = [width, height, context.theme.mode, context.theme.ground, context.theme.textScale].join();
    if (key !== this.key) this.build(context.theme, width, height);
    this.key = key;
    this.paint(context);
  }

  build(theme, width, height) {
    const { data } = this;
    this.theme = theme;
    const unit = Math.min(UNIT.most, Math.max(UNIT.least, (width - 2 * PAD.side) / data.width));
    const wide = Math.max(width, unit * data.width + 2 * PAD.side);
    const left = (wide - unit * data.width) / 2;
    const bottom = height - PAD.labels - (wide > width ? 12 : 0);
    const step = data.height > 1 ? Math.max(26, (bottom - PAD.top) / (data.height - 1)) : 0;
    const tall = Math.max(height - (wide > width ? 14 : 2), PAD.top + step * (data.height - 1) + PAD.labels);
    this.radius = Math.min(9, unit * 0.44);
    this.at = data.nodes.map(({ x, y }) => [left + unit * x, PAD.top + step * y]);
    this.totals = new Map();
    data.edges.forEach((edge, i) => edge.edges.length && this.totals.set(edge.from, [...(this.totals.get(edge.from) ?? []), i]));
    this.lines = data.edges.map((edge) => this.line(edge));
    this.marks = data.nodes.map((node, i) => this.node(node, this.at[i], unit, this.hasRoom(node)));
    this.svg = svg("svg", { viewBox: `0 0 ${wide} ${tall}`, width: wide, height: tall, role: "img", "aria-label": this.say("drawing_title"), "font-family": theme.font },
      svg("g", {}, ...this.lines.map(({ path }) => path)), svg("g", {}, ...this.lines.map(({ hit }) => hit)), svg("g", {}, ...this.marks.map(({ group }) => group)));
    this.host.replaceChildren(this.svg);
    this.host.scrollLeft = this.at[0][0] - width / 2; // the root in the middle
    this.note.textContent = `${data.trees} ${this.say(data.complete ? "drawn_whole" : "drawn_folded", { nodes: data.num_nodes, edges: data.num_edges })}`;
  }

  line({ from, to, edges }) {
    const [[x1, y1], [x2, y2]] = [this.at[from], this.at[to]];
    const d = `M${x1} ${y1}L${x2} ${y2}`;
    const path = svg("path", { d, fill: "none" });
    const hit = edges.length ? svg("path", { d, fill: "none", stroke: "transparent", "stroke-width": 11, class: "spn-hit", onclick: () => this.pickEdge(edges[0]) }, svg("title", {})) : null;
    return { path, hit, title: hit?.firstChild };
  }

  /** Whether nothing is drawn where a leaf's label would hang. */
  hasRoom({ x, y }) {
    return !this.data.nodes.some((other) => other.y > y && other.y <= y + 2 && Math.abs(other.x - x) < 0.8);
  }

  node({ kind, nodes, hidden, foldable, label, title, group: name }, [x, y], unit, free) {
    const { radius, theme } = this;
    const block = nodes.length > 1;
    const shape = block ? svg("rect", { x: -radius * 1.25, y: -radius, width: radius * 2.5, height: radius * 2, rx: 3 })
      : svg("circle", { r: kind === "leaf" ? radius * 0.72 : radius });
    const sign = svg("path", { d: SIGNS[kind], fill: "none", "stroke-width": 1.4, transform: `scale(${radius / 8})` });
    const words = [];
    const text = (content, more) => svg("text", { text: content, "font-size": 10.5 * Math.min(theme.textScale, 1.2), fill: theme.text, stroke: theme.ground, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke", ...more });
    if (block && kind === "leaf") words.push(text(nodes.length, { y: 3, "text-anchor": "middle", "font-size": 9, stroke: "none" }));
    else if (block) words.push(text(`${nodes.length}×`, { x: radius * 1.2, y: -radius * 0.5, "font-size": 9 }));
    if (hidden) words.push(text(`+${hidden}`, { y: radius + 11, "text-anchor": "middle", "font-size": 9 }));
    if (label && !hidden && free) words.push(unit > 70 ? text(label, { y: radius + 12, "text-anchor": "middle" }) : text(label, { transform: `translate(3.5 ${radius + 4}) rotate(90)`, "text-anchor": "start" }));
    const can = (foldable && kind !== "leaf") || block;
    const group = svg("g", { transform: `translate(${x} ${y})`, class: can ? "spn-node spn-folds" : "spn-node", "data-node": name, onclick: can ? () => this.press(name) : undefined },
      svg("title", { text: can ? `${title}. ${this.say(hidden ? "press_unfold" : block ? "press_open" : "press_fold")}` : title }), shape, sign, ...words);
    return { group, shape, sign, hidden };
  }

  paint({ run, view, frame, theme, tree, edge: chosen }) {
    const weights = run.values(frame, view.depth, "w", run.layout.num_components);
    const [inTree, nodesIn] = [new Set(tree?.edges), new Set(tree?.nodes)];
    const { nodes } = this.data;
    const lit = nodes.map((node) => node.nodes.some((n) => nodesIn.has(n)));
    const sums = new Map([...this.totals].map(([from, lines]) => [from, lines.reduce((all, i) => all + this.data.edges[i].edges.reduce((a, e) => a + weights[e], 0), 0)]));
    this.data.edges.forEach(({ from, to, edges }, i) => {
      const { path, title } = this.lines[i];
      const own = edges.reduce((all, e) => all + weights[e], 0);
      const share = edges.length && sums.get(from) > 0 ? own / sums.get(from) : 0;
      const on = edges.length ? edges.some((e) => inTree.has(e)) : lit[from] && lit[to];
      path.setAttribute("stroke", on ? theme.picked : edges.length ? theme.text : theme.line);
      path.setAttribute("stroke-opacity", on ? 1 : edges.length ? 0.25 + 0.45 * share : 0.6);
      path.setAttribute("stroke-width", edges.length ? Math.max(0.5, WIDEST * share) + (on ? 0.8 : 0) : on ? 1.8 : 0.8);
      path.setAttribute("stroke-dasharray", edges.length || on ? "none" : "2 2");
      path.toggleAttribute("data-lit", on);
      if (edges.includes(chosen)) path.setAttribute("data-chosen", "");
      else path.removeAttribute("data-chosen");
      if (title) title.textContent = edges.length === 1 ? this.say("edge_words", { e: edges[0], w: number(own), share: number(100 * share) }) : this.say("edges_words", { n: edges.length, share: number(100 * share) });
    });
    this.marks.forEach(({ shape, sign, hidden }, i) => {
      const colour = lit[i] ? theme.picked : theme.text;
      shape.setAttribute("stroke", colour);
      shape.setAttribute("stroke-width", lit[i] ? 2.2 : 1.1);
      shape.setAttribute("stroke-dasharray", hidden ? "3 2" : "none");
      shape.setAttribute("fill", theme.ground);
      sign.setAttribute("stroke", colour);
    });
    this.svg.setAttribute("aria-label", `${this.say("drawing_title")}: ${this.note.textContent} ${tree ? this.say("tree_named", { number: tree.number }) : ""}`);
    this.host.dataset.cursor = String(run.iteration(frame));
  }

  save(format) {
    const context = this.context();
    if (this.svg && context) savePicture(this.svg, format, "spnlab-circuit", `${this.note.textContent} ${context.caption}`, this.theme);
  }
}

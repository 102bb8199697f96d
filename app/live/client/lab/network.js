// View 10: the network of one curve, its edges as wide as their weights are at the cursor; blocks beyond 16 components.

import { html, number, set, subscript, svg, table, tabular, wordedButton } from "../kit/dom.js";
import { formulaLine, math, showFormulas } from "../kit/maths.js";
import { checked, radio, radios } from "../kit/radios.js";
import { Sketch } from "../kit/sketch.js";
import { say } from "../kit/words.js";
import { range } from "../run/series.js";
import { Edges } from "./edges.js";

const MOST_NODES = 16; // components drawn as nodes and edges; more are drawn as blocks
const PAD = { left: 34, right: 12, top: 16, bottom: 34 };

/** Per layer l: which components lie under each weight, and the weight of the layer above it hangs from. */
const tree = (phi, sizes) =>
  sizes.map((size, l) =>
    range(size).map((i) => {
      const under = phi[l].flatMap((at, k) => (at === i ? [k] : []));
      return { under, parent: l ? phi[l - 1][under[0]] : 0 };
    }),
  );

const total = (values) => values.reduce((a, b) => a + b, 0);

export class Network extends Sketch {
  /** `pick(k)` chooses a component, `over(under)` hears which ones are pointed at, `hold()` stops the cursor,
   * `touch(asked)` asks for a weight, or for a layer more or less. */
  constructor({ context, pick, over, hold, touch }) {
    super({ title: say("network_title"), kind: "spn-network", context, table: true, role: "group" });
    this.pick = pick;
    this.over = over;
    const at = () => ({ depth: this.sizes.length, at: this.iteration() });
    this.edges = new Edges({ hold, moved: () => this.update(), touch: (asked) => touch({ ...at(), ...asked }) });
    this.more = this.layerButton("layer_more", () => touch({ add: this.sizes.length + 1 }));
    this.fewer = this.layerButton("layer_fewer", () => touch({ remove: this.sizes.length }));
    this.sizes = /** @type {number[]} */ ([]); // of the layers
    this.tree = /** @type {ReturnType<typeof tree>} */ ([]);
    this.box = { left: 0, right: 0, top: 0, bottom: 0 };
    this.column = this.radius = this.scale = this.every = 0;
    this.marks = /** @type {any[]} */ ([]); // one per weight
    this.bars = /** @type {any[]} */ ([]); // one per component
    this.product = html("div", "spn-summary spn-product");
    this.words = ""; // the same as text
    this.root.classList.add("spn-net");
    this.root.append(this.product);
    const drawn = html("div", "spn-drawn", html("div", "spn-layers", this.more, this.fewer));
    this.host.replaceWith(drawn);
    drawn.append(this.host);
  }

  /** Another network beside: with one layer more than this one; or without this one. */
  layerButton(word, onclick) {
    return wordedButton(word, onclick, { class: "spn-toggle", "data-act": word });
  }

  /** How many updates have been made at the cursor. */
  iteration() {
    const { run, frame } = this.context();
    return run.iteration(frame);
  }

  identity({ run, choice }) {
    return `${run.id} ${choice.curve}`;
  }

  build({ run, choice, theme }, width, height) {
    const K = run.layout.num_components;
    this.sizes = run.layout.sizes[choice.curve];
    this.tree = tree(run.layout.phi[choice.curve], this.sizes);
    this.scale = theme.textScale;
    const [left, bottom] = [PAD.left * this.scale, height - PAD.bottom * this.scale];
    this.box = { left, right: width - PAD.right, top: PAD.top, bottom };
    this.column = (this.box.right - left) / K;
    this.marks = [];
    this.edges.dropped();
    const parts = K <= MOST_NODES ? this.nodes(K) : this.blocks();
    const handles = this.marks.map(({ handle }) => handle);
    this.canvas(width, height, ...parts, this.components(K), ...handles);
  }

  x(k) {
    return this.box.left + (k + 0.5) * this.column;
  }

  layerLabel(l, y) {
    const label = this.text(4, y, "", { fill: this.theme.muted });
    const raised = { text: `[${l}]`, dy: -4 * this.scale, "font-size": 8.5 * this.scale };
    label.append(svg("tspan", { text: "w" }), svg("tspan", raised));
    return label;
  }

  /** Root, inner sums and components as circles, one edge per weight. */
  nodes(K) {
    const { top, bottom } = this.box;
    const levels = this.sizes.length;
    const y = (level) => top + (level * (bottom - top)) / levels;
    this.radius = Math.min(10 * this.scale, this.column * 0.42, ((bottom - top) / levels) * 0.28);
    const over = (under) => total(under.map((k) => this.x(k))) / under.length;
    const root = over(range(K));
    /** @type {Node[][]} */
    const [edges, sums, numbers] = [[], [this.sum(root, y(0), 0, range(K))], []];
    this.tree.forEach((layer, l) => {
      edges.push(this.layerLabel(l, (y(l) + y(l + 1)) / 2));
      layer.forEach(({ under, parent }, i) => {
        const [from, to] = [l ? over(this.tree[l - 1][parent].under) : root, over(under)];
        const ends = { x1: from, y1: y(l), x2: to, y2: y(l + 1), "stroke-linecap": "round" };
        const edge = svg("line", { ...ends, class: "spn-edge" });
        const label = this.edgeLabel(from, to, (y(l) + y(l + 1)) / 2 - 2);
        edges.push(edge);
        numbers.push(label);
        if (l < levels - 1) sums.push(this.sum(to, y(l + 1), l + 1, under));
        this.mark({ l, i, under, edge, paint: this.edgePainter(edge, label) }, "line", ends);
      });
    });
    return [...edges, ...sums, ...numbers];
  }

  /** A weight that is drawn, and its handle of the same shape. */
  mark(mark, shape, place) {
    mark.handle = this.edges.handle(shape, place, mark);
    this.marks.push(mark);
  }

  sum(x, y, level, under) {
    const { ground, text } = this.theme;
    const circle = svg("circle", { cx: x, cy: y, r: this.radius, fill: ground, stroke: text, "stroke-width": 1.3 });
    const sign = this.text(x, y + 0.5, "+", { "text-anchor": "middle", "font-size": this.radius * 1.7 });
    return svg("g", { ...this.pointed(under), "data-level": level }, circle, sign);
  }

  /** What a node says is told while the pointer is on it. */
  pointed(under) {
    return { onpointerenter: () => this.over(under), onpointerleave: () => this.over(null) };
  }

  /** The place of an edge's weight, beside its middle. */
  edgeLabel(from, to, y) {
    const side = to < from ? -1 : 1;
    return this.text((from + to) / 2 + side * 9 * this.scale, y, "", {
      fill: this.theme.picked,
      "font-weight": 600,
      "text-anchor": side < 0 ? "end" : "start",
      "paint-order": "stroke",
      stroke: this.theme.ground,
      "stroke-width": 4,
    });
  }

  edgePainter(edge, label) {
    return (share, picked, weight) => {
      set(edge, {
        "stroke-width": (0.7 + 8 * share) * Math.min(1.4, this.scale),
        "stroke-opacity": picked ? 1 : 0.22 + 0.6 * share,
        stroke: this.colour(picked),
      });
      label.textContent = picked ? number(weight) : "";
    };
  }

  colour(picked) {
    return picked ? this.theme.picked : this.theme.text;
  }

  /** One row of blocks per layer, as wide as the components under a weight, as dark as the weight is large. */
  blocks() {
    const { left, top, bottom } = this.box;
    const height = (bottom - top - 14) / this.sizes.length;
    this.radius = 0;
    return this.tree.flatMap((layer, l) => [
      this.layerLabel(l, top + (l + 0.5) * height),
      ...layer.map(({ under }, i) => {
        const x = left + Math.min(...under) * this.column + 0.5;
        const width = Math.max(1, under.length * this.column - 1);
        const place = { x, y: top + l * height + 1, height: height - 2, rx: 1.5, width };
        const rect = svg("rect", place);
        const label = this.blockLabel(x + width / 2, top + (l + 0.5) * height);
        this.mark({ l, i, under, edge: rect, paint: this.blockPainter(rect, label, width, under) }, "rect", place);
        return svg("g", {}, rect, label);
      }),
    ]);
  }

  /** The words in a block, which stand on the ground's colour. */
  blockLabel(x, y) {
    const halo = { "paint-order": "stroke", stroke: this.theme.ground, "stroke-width": 3.5 * this.scale };
    return this.text(x, y, "", { "text-anchor": "middle", ...halo });
  }

  /** A block says which components are under it, on the chosen one's path its weight, where there is room for it. */
  blockPainter(rect, label, width, under) {
    const [first, last] = [Math.min(...under) + 1, Math.max(...under) + 1];
    const names = first === last ? String(first) : `${first}–${last}`;
    return (share, picked, weight) => {
      const text = picked ? number(weight) : names;
      const room = width > 6.6 * this.scale * text.length;
      label.textContent = room ? text : "";
      set(label, { "font-weight": picked ? 700 : 400, fill: this.colour(picked) });
      set(rect, { fill: this.colour(picked), "fill-opacity": (picked ? 0.25 : 0.07) + 0.75 * share });
    };
  }

  /** The components under the drawing: a number, a bar for the share of Σw, and a target for the pointer. */
  components(K) {
    this.every = this.radius ? 1 : Math.ceil((24 * this.scale) / this.column);
    this.bars = range(K).map((k) => this.component(k));
    const share = this.text(4, this.box.bottom + 20 * this.scale, say("share_of"), {
      fill: this.theme.muted,
      "font-size": 10 * this.scale,
    });
    const groups = this.bars.map(({ group }) => group);
    return svg(
      "g",
      radios(say("component"), () => groups, this.pick),
      share,
      ...groups,
    );
  }

  component(k) {
    const { left, top, bottom } = this.box;
    const { radius, scale, column, theme } = this;
    const x = this.x(k);
    const wide = Math.min(column * 0.6, 36);
    const bar = svg("rect", { x: x - wide / 2, width: wide, y: bottom + 12 * scale, height: 0 });
    const disc = svg("circle", { cx: x, cy: bottom, r: radius, fill: theme.ground });
    const label = this.text(x, bottom, k % this.every ? "" : k + 1, {
      "text-anchor": "middle",
      "font-size": radius ? Math.min(11 * scale, column) : 10.5 * scale,
    });
    const target = svg("rect", {
      x: left + k * column,
      width: column,
      y: top,
      height: bottom + 30 - top,
      fill: "transparent",
      onclick: () => this.pick(k),
      ...this.pointed([k]),
      style: "cursor:pointer",
    });
    const place = { "data-component": k, "data-level": this.sizes.length, ...radio(`k = ${k + 1}`) };
    return { bar, disc, label, group: svg("g", place, disc, label, bar, target) };
  }

  paint(context) {
    const { run, choice, frame } = context;
    const { curve, component } = choice;
    this.host.dataset.cursor = String(run.iteration(frame));
    const weights = run.values(frame, curve, "weights", total(this.sizes));
    const layers = this.sizes.map((size, l) => weights.subarray(total(this.sizes.slice(0, l))).subarray(0, size));
    const largest = layers.map((layer) => Math.max(...layer));
    const { num_depths, touch } = run.layout;
    const own = Boolean(touch?.weights) && curve < num_depths; // rivals begin where nobody set a weight
    for (const mark of this.marks) {
      const { l, i, under, paint } = mark;
      const weight = this.edges.shown(mark, layers[l][i]);
      const picked = under.includes(component);
      paint(largest[l] > 0 ? Math.min(1.5, Math.max(0, weight / largest[l])) : 0, picked, weight);
      this.edges.update(mark, { taken: own && picked, layers: this.sizes.length, ends: touch?.ends });
    }
    this.showLayers(run.layout, curve);
    const products = run.values(frame, curve, "w", run.layout.num_components);
    const whole = total(products);
    this.bars.forEach((bar, k) => this.paintComponent(bar, k, component, whole > 0 ? products[k] / whole : 0));
    const path = run.layout.phi[curve].map((at, l) => layers[l][at[component]]);
    const share = whole > 0 ? say("share_of_sum", { share: number((100 * products[component]) / whole) }) : "";
    this.showProduct(component, path, products[component], share);
    this.svg.setAttribute("aria-label", `${this.title}: ${this.words}`);
    if (this.grid.hidden) return;
    const row = (head, values) => [head, ...[...values].map((value) => number(value))];
    const rows = [...layers.map((layer, l) => row(math(`w^{[ ${l} ]}`), layer)), row(math("w_k"), products)];
    this.grid.replaceChildren(table(this.title, [], rows));
  }

  /** Show what a step does to the weights, as the flow that comes down every edge; null hides it. */
  flow(changes) {
    const most = Math.max(...(changes ?? []).map(Math.abs));
    this.marks.forEach(({ edge }, place) => {
      const share = changes && most > 0 ? changes[place] / most : 0;
      edge.classList.toggle("spn-gains", share > 0);
      edge.classList.toggle("spn-loses", share < 0);
      edge.style.setProperty("--flow", String(Math.abs(share)));
    });
  }

  /** A layer more or less, where there may be one. */
  showLayers({ depths, num_depths, touch }, curve) {
    const [own, L] = [depths.slice(0, num_depths), this.sizes.length];
    this.more.hidden = curve >= num_depths || own.includes(L + 1) || L >= touch.layers;
    this.fewer.hidden = curve >= num_depths || own.length < 2 || !touch.layers;
  }

  /** The chosen component's weight as a product, as a formula and as text. */
  showProduct(component, path, weight, share) {
    const factors = (write, sign) => (path.length > 1 ? `${path.map(write).join(sign)} = ` : "");
    const k = component + 1;
    this.words = `w${subscript(k)} = ${factors((w) => number(w), " × ")}${number(weight)} ${share}`.trim();
    const text = `w_${k} = ${factors((w) => tabular(w, 3), " · ")}@w ${tabular(weight, 3)}`;
    showFormulas(this.product, [formulaLine("", "network", text, share)]);
  }

  paintComponent({ bar, disc, label, group }, k, chosen, share) {
    const picked = k === chosen;
    set(group, checked(picked));
    const colour = this.colour(picked);
    set(bar, { height: Number.isFinite(share) ? 18 * this.scale * share : 0, fill: colour });
    set(disc, { stroke: colour, "stroke-width": this.radius ? (picked ? 2.6 : 1.3) : 0 });
    set(label, { fill: colour, "font-weight": picked ? 700 : 400 });
    const crowded = Math.abs(k - chosen) < this.every;
    if (this.every > 1) label.textContent = picked || (k % this.every === 0 && !crowded) ? k + 1 : "";
  }

  file() {
    return { name: `network-L${this.sizes.length}`, words: `${this.words}.` };
  }
}

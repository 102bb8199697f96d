// View 10: the network of one depth, its edges as wide as their weights are at the cursor; blocks beyond 16 components.

import { html, number, subscript, svg } from "./dom.js";
import { menu } from "./menu.js";
import { savePicture } from "./picture.js";

const MOST_NODES = 16; // components drawn as nodes and edges; more are drawn as blocks
const PAD = { left: 34, right: 12, top: 16, bottom: 34 };

/** Per layer l: which components lie under each weight, and the weight of the layer above it hangs from. */
export function tree(phi, sizes) {
  return sizes.map((size, l) => Array.from({ length: size }, (_, i) => {
    const under = phi[l].flatMap((at, k) => (at === i ? [k] : []));
    return { under, parent: l ? phi[l - 1][under[0]] : 0 };
  }));
}

const middle = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;

export class Network {
  constructor({ say, context, pick }) {
    Object.assign(this, { say, context, pick });
    this.host = html("div", { class: "spn-network" });
    this.product = html("p", { class: "spn-summary spn-product" });
    this.heading = html("h3", { text: say("network_title") });
    this.grid = html("div", { class: "spn-table", hidden: true, tabindex: 0 });
    this.menu = menu(say("options"), say("network_title"), [
      { label: say("table"), checked: () => !this.grid.hidden, act: () => ((this.grid.hidden = !this.grid.hidden), this.update()) },
      { label: say("png"), act: () => this.save("png") },
      { label: say("svg"), act: () => this.save("svg") },
    ]);
    this.header = html("header", {}, this.heading, this.menu);
    this.root = html("section", { class: "spn-figure spn-net" }, this.header, this.host, this.grid, this.product);
    new ResizeObserver(() => this.update()).observe(this.host);
  }

  /** Redraw for the present context: the skeleton only when it changed, widths and numbers always. */
  update() {
    const context = this.context();
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!context || width < 60 || height < 60) return;
    const { run, view, theme } = context;
    const key = [run.id, view.depth, width, height, theme.mode, theme.ground, theme.textScale].join();
    if (key !== this.key) this.build(context, width, height);
    this.key = key;
    this.paint(context);
  }

  build({ run, view, theme }, width, height) {
    const d = view.depth;
    const K = run.layout.num_components;
    this.sizes = run.layout.sizes[d];
    this.tree = tree(run.layout.phi[d], this.sizes);
    this.theme = theme;
    this.scale = theme.textScale;
    this.box = { left: PAD.left * this.scale, right: width - PAD.right, top: PAD.top, bottom: height - PAD.bottom * this.scale };
    this.column = (this.box.right - this.box.left) / K;
    this.marks = [];
    this.svg = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": this.say("network_title"), "font-family": theme.font });
    const parts = K <= MOST_NODES ? this.nodes() : this.blocks();
    this.svg.append(...parts, this.components(K));
    this.host.replaceChildren(this.svg);
  }

  x(k) {
    return this.box.left + (k + 0.5) * this.column;
  }

  text(x, y, words, more = {}) {
    return svg("text", { x, y, text: words, fill: this.theme.muted, "font-size": 11 * this.scale, "text-anchor": "middle", "dominant-baseline": "central", ...more });
  }

  layerLabel(l, y) {
    return this.text(4, y, `w^[${l}]`, { "text-anchor": "start" });
  }

  /** Root, inner sums and components as circles, one edge per weight. */
  nodes() {
    const { top, bottom } = this.box;
    const levels = this.sizes.length;
    const y = (level) => top + (level * (bottom - top)) / levels;
    const radius = Math.min(10 * this.scale, this.column * 0.42, ((bottom - top) / levels) * 0.28);
    const edges = [], sums = [], numbers = [];
    const place = (l, i) => middle(this.tree[l][i].under.map((k) => this.x(k)));
    const sum = (x, at) => svg("g", {}, svg("circle", { cx: x, cy: at, r: radius, fill: this.theme.ground, stroke: this.theme.text, "stroke-width": 1.3 }), this.text(x, at + 0.5, "+", { fill: this.theme.text, "font-size": radius * 1.7 }));
    sums.push(sum(middle(this.tree[0].flatMap(({ under }) => under.map((k) => this.x(k)))), y(0)));
    const rootX = middle(this.tree[0].flatMap(({ under }) => under.map((k) => this.x(k))));
    this.tree.forEach((layer, l) => {
      edges.push(this.layerLabel(l, (y(l) + y(l + 1)) / 2));
      layer.forEach(({ under, parent }, i) => {
        const from = l ? place(l - 1, parent) : rootX;
        const to = place(l, i);
        const edge = svg("line", { x1: from, y1: y(l), x2: to, y2: y(l + 1), stroke: this.theme.text, "stroke-linecap": "round" });
        const side = to < from ? -1 : 1;
        const label = this.text((from + to) / 2 + side * 9 * this.scale, (y(l) + y(l + 1)) / 2 - 2, "", { "text-anchor": side < 0 ? "end" : "start", fill: this.theme.picked, "font-weight": 600, "paint-order": "stroke", stroke: this.theme.ground, "stroke-width": 4 });
        edges.push(edge);
        numbers.push(label);
        if (l < levels - 1) sums.push(sum(to, y(l + 1)));
        this.marks.push({ l, i, under, paint: (share, picked, weight) => {
          edge.setAttribute("stroke-width", (0.7 + 8 * share) * Math.min(1.4, this.scale));
          edge.setAttribute("stroke-opacity", picked ? 1 : 0.22 + 0.6 * share);
          edge.setAttribute("stroke", picked ? this.theme.picked : this.theme.text);
          label.textContent = picked ? number(weight, 2) : "";
        } });
      });
    });
    this.radius = radius;
    return [...edges, ...sums, ...numbers];
  }

  /** One row of blocks per layer, as wide as the components under a weight, as dark as the weight is large. */
  blocks() {
    const { top, bottom } = this.box;
    const height = (bottom - top - 14) / this.sizes.length;
    this.radius = 0;
    return this.tree.flatMap((layer, l) => [
      this.layerLabel(l, top + (l + 0.5) * height),
      ...layer.map(({ under }, i) => {
        const rect = svg("rect", {
          x: this.box.left + Math.min(...under) * this.column + 0.5, y: top + l * height + 1, height: height - 2, rx: 1.5,
          width: Math.max(1, under.length * this.column - 1), fill: this.theme.text,
        });
        this.marks.push({ l, i, under, paint: (share, picked) => {
          rect.setAttribute("fill-opacity", picked ? 0.25 + 0.75 * share : 0.07 + 0.75 * share);
          rect.setAttribute("fill", picked ? this.theme.picked : this.theme.text);
        } });
        return rect;
      }),
    ]);
  }

  /** The components under the drawing: a number, a bar for the share of Σw, and a target for the pointer. */
  components(K) {
    const { bottom } = this.box;
    const every = this.radius ? 1 : Math.ceil((24 * this.scale) / this.column);
    const wide = Math.min(this.column * 0.6, 36);
    this.bars = Array.from({ length: K }, (_, k) => {
      const bar = svg("rect", { x: this.x(k) - wide / 2, width: wide, y: bottom + 12 * this.scale, height: 0, fill: this.theme.text });
      const disc = this.radius ? svg("circle", { cx: this.x(k), cy: bottom, r: this.radius, fill: this.theme.ground, stroke: this.theme.text, "stroke-width": 1.3 }) : svg("rect", { width: 0, height: 0 });
      const label = this.text(this.x(k), bottom, k % every ? "" : k + 1, { fill: this.theme.text, "font-size": this.radius ? Math.min(11 * this.scale, this.column) : 10.5 * this.scale });
      const target = svg("rect", { x: this.box.left + k * this.column, width: this.column, y: this.box.top, height: bottom + 30 - this.box.top, fill: "transparent", onclick: () => this.pick(k), style: "cursor:pointer" });
      const group = svg("g", { "data-component": k }, disc, label, bar, target);
      return { bar, disc, label, group, every };
    });
    const share = this.text(4, bottom + 20 * this.scale, this.say("share_of"), { "text-anchor": "start", "font-size": 10 * this.scale });
    return svg("g", {}, share, ...this.bars.map(({ group }) => group));
  }

  paint(context) {
    const { run, view, frame, say } = context;
    const d = view.depth;
    const weights = run.values(frame, d, "weights", this.sizes.reduce((a, b) => a + b, 0));
    const starts = this.sizes.map((_, l) => this.sizes.slice(0, l).reduce((a, b) => a + b, 0));
    const largest = this.sizes.map((n, l) => Math.max(...weights.subarray(starts[l], starts[l] + n)));
    for (const { l, i, under, paint } of this.marks) {
      const weight = weights[starts[l] + i];
      paint(largest[l] > 0 ? Math.max(0, weight / largest[l]) : 0, under.includes(view.component), weight);
    }
    const products = run.values(frame, d, "w", run.layout.num_components);
    const total = products.reduce((a, b) => a + b, 0);
    this.bars.forEach(({ bar, disc, label, every }, k) => {
      const picked = k === view.component;
      bar.setAttribute("height", Number.isFinite(total) && total > 0 ? (18 * this.scale * products[k]) / total : 0);
      bar.setAttribute("fill", picked ? this.theme.picked : this.theme.text);
      disc.setAttribute("stroke", picked ? this.theme.picked : this.theme.text);
      disc.setAttribute("stroke-width", picked ? 2.6 : 1.3);
      label.setAttribute("fill", picked ? this.theme.picked : this.theme.text);
      label.setAttribute("font-weight", picked ? 700 : 400);
      const crowded = Math.abs(k - view.component) < every && !picked;
      if (every > 1) label.textContent = picked || (k % every === 0 && !crowded) ? k + 1 : "";
    });
    const phi = run.layout.phi[d];
    const path = this.sizes.map((_, l) => weights[starts[l] + phi[l][view.component]]);
    const factors = path.length > 1 ? `${path.map((w) => number(w)).join(" × ")} = ` : "";
    const share = total > 0 ? ` (${number((100 * products[view.component]) / total)} % of Σw)` : "";
    this.product.textContent = `w${subscript(view.component + 1)} = ${factors}${number(products[view.component])}${share}`;
    this.svg.setAttribute("aria-label", `${say("network_title")}: ${this.product.textContent}`);
    this.fillTable(weights, starts, products);
  }

  fillTable(weights, starts, products) {
    if (this.grid.hidden) return;
    const row = (head, values) => html("tr", {}, html("th", { text: head, scope: "row" }), ...Array.from(values, (value) => html("td", { text: number(value) })));
    this.grid.replaceChildren(html("table", {}, html("caption", { text: this.say("network_title") }), html("tbody", {},
      ...this.sizes.map((n, l) => row(`w^[${l}]`, weights.subarray(starts[l], starts[l] + n))), row("w", products))));
  }

  save(format) {
    const context = this.context();
    if (this.svg && context) savePicture(this.svg, format, `spnlab-network-L${this.sizes.length}`, `${this.product.textContent}. ${context.caption}`, this.theme);
  }
}

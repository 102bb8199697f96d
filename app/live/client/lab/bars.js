// λ of every component at the cursor as signed bars, beside the lines of view 3.

import { html, number, svg } from "../kit/dom.js";
import { signedLog } from "../run/series.js";

export class SignedBars {
  constructor({ say, context, pick }) {
    Object.assign(this, { say, context, pick });
    this.root = html("div", { class: "spn-bars" });
    new ResizeObserver(() => this.update()).observe(this.root);
  }

  update() {
    const context = this.context();
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!context || width < 60 || height < 60) return;
    const { run, view, theme, frame } = context;
    const K = run.layout.num_components;
    if (!run.layout.has_rates[view.depth]) return this.root.replaceChildren(html("p", { class: "spn-note", text: context.say("no_rates", { curves: run.layout.names[view.depth] }) }));
    const values = run.values(frame, view.depth, "lam", K);
    const sizes = Array.from(values, (v) => (Number.isFinite(v) ? Math.abs(signedLog(v)) : 0));
    const largest = Math.max(0.5, ...sizes);
    const size = 11 * theme.textScale;
    const zero = (height - size) / 2 + 6;
    const reach = zero - 2 * size;
    const column = width / K;
    const every = Math.ceil((size * 1.3) / column);
    const bars = Array.from(values, (value, k) => {
      const picked = k === view.component;
      const length = (reach * sizes[k]) / largest;
      return svg("g", { onclick: () => this.pick(k), style: "cursor:pointer" },
        svg("rect", { x: k * column, width: column, y: 0, height, fill: "transparent" }),
        svg("rect", { x: k * column + column * 0.15, width: column * 0.7, y: value > 0 ? zero - length : zero, height: length, fill: value > 0 ? theme.positive : theme.negative, stroke: picked ? theme.text : "none", "stroke-width": 2 }),
        svg("text", { x: (k + 0.5) * column, y: height - size / 2, "text-anchor": "middle", "font-size": size, "font-weight": picked ? 700 : 400, fill: theme.text, text: picked || k % every === 0 ? k + 1 : "" }));
    });
    const label = `${context.say("lam_bars", { L: run.layout.depths[view.depth], k: view.component + 1 })} ${number(values[view.component])}`;
    this.root.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${label}: ${Array.from(values, (v) => number(v, 2)).join(", ")}` },
      svg("text", { x: 0, y: size, "font-size": size, fill: theme.muted, text: label }), ...bars,
      svg("line", { x1: 0, x2: width, y1: zero, y2: zero, stroke: theme.line })));
  }
}

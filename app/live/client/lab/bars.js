// λ of every component at the cursor as signed bars, beside the lines of view 3.

import { html, number, sizeOf, svg } from "../kit/dom.js";
import { say } from "../kit/words.js";
import { signedLog } from "../run/series.js";

export class SignedBars {
  constructor({ context, pick }) {
    this.context = context;
    this.pick = pick;
    this.root = html("div", "spn-bars");
    this.size = sizeOf(this.root, () => this.update());
  }

  update() {
    const context = this.context();
    const { width, height } = this.size();
    if (!context || width < 60 || height < 60) return;
    const { run, frame } = context;
    this.root.dataset.cursor = String(run.iteration(frame));
    const { curve, component } = context.choice;
    const { has_rates, names, depths, num_components } = run.layout;
    if (!has_rates[curve]) {
      const text = say("no_rates", { curves: names[curve] });
      return this.root.replaceChildren(html("p", { class: "spn-note", text }));
    }
    const values = [...run.values(frame, curve, "lam", num_components)];
    const label = `${say("lam_bars", { L: depths[curve], k: component + 1 })} ${number(values[component])}`;
    const told = `${label}: ${values.map((v) => number(v, 2)).join(", ")}`;
    const size = { viewBox: `0 0 ${width} ${height}`, width, height };
    const parts = this.parts(context, values, label, width, height);
    this.root.replaceChildren(svg("svg", { ...size, role: "img", "aria-label": told }, ...parts));
  }

  parts({ choice, theme }, values, label, width, height) {
    const sizes = values.map((v) => (Number.isFinite(v) ? Math.abs(signedLog(v)) : 0));
    const size = 11 * theme.textScale;
    const zero = (height - size) / 2 + 6;
    const unit = (zero - 2 * size) / Math.max(0.5, ...sizes);
    const column = width / values.length;
    const every = Math.ceil((size * 1.3) / column);
    const bar = (value, k) => {
      const picked = k === choice.component;
      const length = unit * sizes[k];
      const fill = value > 0 ? theme.positive : theme.negative;
      const y = value > 0 ? zero - length : zero;
      const place = { x: (k + 0.15) * column, width: column * 0.7, y, height: length };
      const target = svg("rect", { x: k * column, width: column, y: 0, height, fill: "transparent" });
      const drawn = svg("rect", { ...place, fill, stroke: picked ? theme.text : "none", "stroke-width": 2 });
      const text = picked || k % every === 0 ? k + 1 : "";
      const look = { "text-anchor": "middle", "font-size": size, "font-weight": picked ? 700 : 400, fill: theme.text };
      const name = svg("text", { x: (k + 0.5) * column, y: height - size / 2, ...look, text });
      return svg("g", { onclick: () => this.pick(k), style: "cursor:pointer" }, target, drawn, name);
    };
    return [
      svg("text", { x: 0, y: size, "font-size": size, fill: theme.muted, text: label }),
      ...values.map(bar),
      svg("line", { x1: 0, x2: width, y1: zero, y2: zero, stroke: theme.line }),
    ];
  }
}

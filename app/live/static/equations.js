// The update of the chosen component in symbols, each with its number at the cursor.

import { html, number, subscript } from "./dom.js";

const coloured = (kind, text) => html("span", { class: `spn-symbol spn-${kind}`, text });

/** A square; powers of ten in brackets, so that their exponent stays their own. */
const squared = (value) => (number(value).includes("·") ? `(${number(value)})²` : `${number(value)}²`);

/** What the streamed run says of the step from `frame`; `measured` is the next frame's weight, if it is kept. */
export function terms(run, d, k, frame) {
  const { sizes, phi } = { sizes: run.layout.sizes[d], phi: run.layout.phi[d] };
  const starts = sizes.map((_, l) => sizes.slice(0, l).reduce((a, b) => a + b, 0));
  const at = (f, l) => run.value(f, d, "weights", starts[l] + phi[l][k]);
  const last = sizes.length - 1;
  const log = run.layout.settings.parametrisation === "log";
  const next = run.stride === 1 && frame + 1 < run.length ? frame + 1 : -1;
  const weight = run.value(frame, d, "w", k);
  const ratio = at(next, last) / at(frame, last);
  const step = log ? Math.log(ratio) : ratio - 1; // of the component's own weight: its share ρ∇ of the update
  return {
    weight, above: sizes.slice(0, -1).map((_, l) => at(frame, l)), rho: run.value(frame, d, "rho", k), lam: run.value(frame, d, "lam", k),
    own: step * weight, measured: run.value(next, d, "w", k), log,
    cut: run.value(frame, d, "at_floor") > 0 && [frame, next].some((f) => sizes.some((_, l) => at(f, l) <= run.layout.floor * (1 + 1e-6))),
  };
}

/** Of a learner that takes no plain gradient steps there is the weight, and the reason why there is no more. */
function unrated(run, view, frame, say, k) {
  const weight = coloured("w", number(run.value(frame, view.depth, "w", view.component)));
  const reason = say("no_rates", { curves: run.layout.names[view.depth] });
  return [[coloured("w", `w${k}`), " = ", weight], [html("span", { class: "spn-aside", text: reason })]].map((parts) => html("span", { class: "spn-equation" }, ...parts));
}

/** The three lines ρ = …, λ = …, w(t+1) = … as nodes. */
export function equations({ run, view, frame, say }) {
  const k = subscript(view.component + 1);
  if (!run.layout.has_rates[view.depth]) return unrated(run, view, frame, say, k);
  const { weight, above, rho, lam, own, measured, log, cut } = terms(run, view.depth, view.component, frame);
  const eta = number(run.layout.settings.learning_rate);
  const squares = above.map((w, l) => [" · ", html("span", { text: squared(w), title: `w^[${l}]` })]).flat();
  const rhoLine = log ? ["= η w² = ", eta, " · ", squared(weight)] : above.length ? ["= η ∏ w² = ", eta, ...squares] : ["= η"];
  const lines = [
    [coloured("rho", `ρ${k}`), " ", ...rhoLine, " = ", coloured("rho", number(rho))],
    [coloured("lam", `λ${k}`), above.length ? " = Σ η ∂𝓛/∂w ∕ w = " : " = ", coloured("lam", number(lam))],
  ];
  if (Number.isFinite(measured)) {
    const first = weight + own + lam * weight;
    const rest = cut ? say("floor_active") : say("beyond_first", { r: number(measured - first, 2) });
    lines.push([coloured("w", `w${k}(t+1)`), " ≈ w + ", coloured("rho", "ρ∇"), " + ", coloured("lam", "λ"), "w = ", number(weight), " + ", coloured("rho", number(own)), " + ", coloured("lam", number(lam * weight)), " = ", coloured("w", number(first, 5)), html("span", { class: "spn-aside", text: `  ${say("next_measured", { w: number(measured, 5) })}, ${rest}` })]);
  } else lines.push([coloured("w", `w${k}`), " = ", coloured("w", number(weight))]);
  return lines.map((parts) => html("span", { class: "spn-equation" }, ...parts));
}

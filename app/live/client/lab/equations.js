// The update of the chosen component in symbols, each with its number at the cursor.

import { html, number, subscript } from "../kit/dom.js";
import { say } from "../kit/words.js";

const coloured = (kind, text) => html("span", { class: `spn-symbol spn-${kind}`, text });

/** A square; powers of ten in brackets, so that their exponent stays their own. */
const squared = (value) => (number(value).includes("·") ? `(${number(value)})²` : `${number(value)}²`);

/** What the streamed run says of the step from `frame`; `measured` is the next frame's weight, if it is kept. */
function terms(run, curve, k, frame) {
  const [sizes, phi] = [run.layout.sizes[curve], run.layout.phi[curve]];
  const starts = sizes.map((_, l) => sizes.slice(0, l).reduce((a, b) => a + b, 0));
  const path = (f) => starts.map((start, l) => run.value(f, curve, "weights", start + phi[l][k]));
  const log = run.layout.settings.parametrisation === "log";
  const next = run.stride === 1 && frame + 1 < run.length ? frame + 1 : -1;
  const weight = run.value(frame, curve, "w", k);
  const [now, then] = [frame, next].map(path);
  const ratio = then.at(-1) / now.at(-1);
  const step = log ? Math.log(ratio) : ratio - 1; // of the component's own weight: its share ρ∇ of the update
  const atFloor = (w) => w <= run.layout.floor * (1 + 1e-6);
  return {
    weight,
    above: now.slice(0, -1),
    rho: run.value(frame, curve, "rho", k),
    lam: run.value(frame, curve, "lam", k),
    own: step * weight,
    measured: run.value(next, curve, "w", k),
    log,
    cut: run.value(frame, curve, "at_floor") > 0 && [...now, ...then].some(atFloor),
  };
}

const line = (...parts) => html("span", "spn-equation", ...parts);
const aside = (text) => html("span", { class: "spn-aside", text });

/** The lines of ρ, λ and w(t+1) as nodes; of a learner without plain gradient steps the weight, and why. */
export function equations({ run, choice, frame }) {
  const { curve, component } = choice;
  const k = subscript(component + 1);
  const weightIs = (w) => line(coloured("w", `w${k}`), " = ", coloured("w", number(w)));
  if (!run.layout.has_rates[curve]) {
    const reason = say("no_rates", { curves: run.layout.names[curve] });
    return [weightIs(run.value(frame, curve, "w", component)), line(aside(reason))];
  }
  const { weight, above, rho, lam, own, measured, log, cut } = terms(run, curve, component, frame);
  const eta = number(run.layout.settings.learning_rate);
  const squares = above.flatMap((w, l) => [" · ", html("span", { text: squared(w), title: `w^[${l}]` })]);
  const product = above.length ? ["= η ∏ w² = ", eta, ...squares] : ["= η"];
  const rate = log ? ["= η w² = ", eta, " · ", squared(weight)] : product;
  const pull = above.length ? " = Σ η ∂𝓛/∂w ∕ w = " : " = ";
  const rates = [
    line(coloured("rho", `ρ${k}`), " ", ...rate, " = ", coloured("rho", number(rho))),
    line(coloured("lam", `λ${k}`), pull, coloured("lam", number(lam))),
  ];
  if (!Number.isFinite(measured)) return [...rates, weightIs(weight)];
  const first = weight + own + lam * weight;
  const rest = cut ? say("floor_active") : say("beyond_first", { r: number(measured - first, 2) });
  const symbols = [" ≈ w + ", coloured("rho", "ρ∇"), " + ", coloured("lam", "λ"), "w = "];
  const [step, lift] = [coloured("rho", number(own)), coloured("lam", number(lam * weight))];
  const sum = [number(weight), " + ", step, " + ", lift, " = ", coloured("w", number(first, 5))];
  const told = aside(`  ${say("next_measured", { w: number(measured, 5) })}, ${rest}`);
  return [...rates, line(coloured("w", `w${k}(t+1)`), ...symbols, ...sum, told)];
}

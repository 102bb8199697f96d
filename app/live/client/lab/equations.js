// The update of the chosen component in symbols, each with its number at the cursor.

import { html, number, tabular } from "../kit/dom.js";
import { formulaLine } from "../kit/maths.js";
import { say } from "../kit/words.js";
import { etaAt } from "../run/series.js";

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

const squared = (values) => values.map((w) => ` · {${tabular(w, 3)}}^2`).join("");

/** ρ as the product of the squared weights above; on logarithms η w². */
function rateOf({ weight, above, rho, log }, k, eta) {
  const result = `= @rho ${tabular(rho, 3)}`;
  if (log) return `@rho ρ_${k} = η w_${k}^2 = ${eta}${squared([weight])} ${result}`;
  if (!above.length) return `@rho ρ_${k} = η ${result}`;
  return `@rho ρ_${k} = η ∏_{l < L − 1} {( w_${k}^{[ l ]} )}^2 = ${eta}${squared(above)} ${result}`;
}

/** A summand; where it is below zero in brackets. */
const summand = (value, colour) =>
  value < 0 ? `{( ${colour} ${tabular(value, 3)} )}` : `${colour} ${tabular(value, 3)}`;

/** λ as the sum of the relative steps of the layers above; on logarithms a step is η A. */
function pullOf({ above, lam, log }, k) {
  const step = log ? "η A_l" : `@over {η A_l} {( w_${k}^{[ l ]} )}^2`;
  const pull = above.length ? `= ∑_{l < L − 1} ${step} =` : "=";
  return `@lam λ_${k} ${pull} @lam ${tabular(lam, 3)}`;
}

/** The lines of ρ, λ and w(t+1) as nodes; of a learner without plain gradient steps the weight, and why. */
export function equations({ run, choice, frame }) {
  const { curve, component } = choice;
  const k = component + 1;
  const weightIs = (w) => formulaLine("", "w", `w_${k} = @w ${tabular(w)}`);
  if (!run.layout.has_rates[curve]) {
    const reason = say("no_rates", { curves: run.layout.names[curve] });
    return [weightIs(run.value(frame, curve, "w", component)), html("span", { class: "spn-aside", text: reason })];
  }
  const step = terms(run, curve, component, frame);
  const { weight, own, lam, measured } = step;
  const rates = [
    formulaLine("", "rho", rateOf(step, k, number(etaAt(run.layout, run.iteration(frame))))),
    formulaLine("", "lam", pullOf(step, k)),
  ];
  if (!Number.isFinite(measured)) return [...rates, weightIs(weight)];
  const first = weight + own + lam * weight;
  const rest = step.cut ? say("floor_active") : say("beyond_first", { r: number(measured - first, 2) });
  const symbols = `{w_${k} ( t + 1 )} ≈ w_${k} + @rho ρ_${k} ∇_{w_${k}} + @lam λ_${k} w_${k}`;
  const sum = `= ${tabular(weight, 3)} + ${summand(own, "@rho")} + ${summand(lam * weight, "@lam")}`;
  const told = `${say("next_measured", { w: tabular(measured, 5) })}, ${rest}`;
  return [...rates, formulaLine("", "w", `${symbols} ${sum} = @w ${tabular(first, 5)}`, told)];
}

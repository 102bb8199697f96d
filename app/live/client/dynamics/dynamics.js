// The Dynamics page: the run of the lab, taken apart. Same cursor, component, curve and seed; charts in reading order.

import { act, Acts, pair, partHeading, prose } from "../kit/acts.js";
import { html, number, scrolled } from "../kit/dom.js";
import { math, showFormulas } from "../kit/maths.js";
import { viewing } from "../kit/view.js";
import { say } from "../kit/words.js";
import { eigenvalueChart, matrixChart } from "./matrixview.js";
import { kernelChart, rowChart, startChart } from "./memoryview.js";
import { balanceChart, floorChart, normsChart, scaleTable, trueStepChart } from "./normsview.js";
import { replayChart, replayErrorChart } from "./replayview.js";
import { residualChart } from "./residualview.js";
import { equationsOf, layersTable, stepChart } from "./stepview.js";

const log = { log_y: true };

const part = (name, ...content) => act(name, `act_${name}`, partHeading(`act_${name}`), ...content);

/** Text with its figure beside it; what is left over follows below the text. */
const beside = (name, figure, ...more) =>
  html("div", "spn-beside", html("div", {}, ...prose(`prose_${name}`)), figure, html("div", "spn-more", ...more));

/** What the paper prints, what holds, and that both agree where the paper's derivation is made. */
function erratum() {
  const printed = math("@rho ρ_k = η {( w_k^{[ 0 ]} )}^2");
  const product = math("@rho ρ_k = η ∏_{l < L − 1} {( w_k^{[ l ]} )}^2");
  const line = (word, formula) => html("p", {}, `${say(word)} `, formula, ".");
  const title = html("h3", { text: say("erratum_title") });
  const fair = html("p", { text: say("erratum_fair") });
  const claims = [line("erratum_printed", printed), line("erratum_holds", product)];
  return html("aside", "spn-box", title, ...claims, fair);
}

class Dynamics extends Acts {
  constructor(view) {
    super(view);
    this.beta = 0.9; // of the classical momentum to compare with
    this.factor = 2; // that all sum weights are multiplied by
    this.gradientOnly = true;
    this.formulas = html("div", { class: "spn-formulas", role: "group", "aria-label": say("act_step") });
    this.path = html("div", { class: "spn-path", ...scrolled(say("act_step")) });
    this.scaled = html("div", "spn-scaled");
    const player = html("div", "spn-player", view.choices, view.transport.root);
    const top = view.head("pin", "share");
    this.root = html("div", "spn-lab spn-dyn", top, ...this.parts(), player, view.keys());
    this.plots.step.frame.append(view.wait);
  }

  parts() {
    const plot = this.plot.bind(this);
    const step = beside("step", plot("step", stepChart), this.formulas, this.path);
    step.classList.add("spn-wide-left");
    const row = html("div", {}, plot("row", rowChart), this.betaSlider());
    const floor = plot("floor", floorChart);
    floor.classList.add("spn-short");
    const kernel = plot("kernel", kernelChart, log);
    const norms = beside("norms", plot("norms", normsChart, log), plot("truestep", trueStepChart, log));
    return [
      part("step", step),
      part("residual", beside("residual", plot("residual", residualChart), erratum())),
      part("memory", beside("memory", kernel), pair(row, plot("start", startChart))),
      part("matrix", beside("matrix", plot("matrix", matrixChart, log), plot("eigenvalues", eigenvalueChart, log))),
      part("norms", norms, this.factorSlider(), this.scaled),
      part("kept", beside("kept", plot("balance", balanceChart), floor)),
      part("replay", beside("replay", plot("replay", replayChart), plot("replayerror", replayErrorChart))),
    ];
  }

  /** A slider with what it sets beside it. */
  slider(name, range, moved) {
    const output = html("output", { "aria-live": "off" }); // the slider says it
    const oninput = () => {
      moved(Number(input.value));
      show();
    };
    const input = html("input", { type: "range", "aria-label": say(name), "data-control": name, ...range, oninput });
    const show = () => {
      output.textContent = number(this[name]);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    show();
    return html("label", `spn-controls spn-${name}`, say(name), input, output);
  }

  betaSlider() {
    return this.slider("beta", { min: 0, max: 0.99, step: 0.01, value: this.beta }, (beta) => {
      this.beta = beta;
      this.plots.row.request();
    });
  }

  factorSlider() {
    return this.slider("factor", { min: -1, max: 1, step: 0.05, value: Math.log10(this.factor) }, (power) => {
      this.factor = Number((10 ** power).toPrecision(2));
      this.view.beat.wake();
    });
  }

  more(context) {
    const { beta, factor } = this;
    const k = context.choice.component;
    return { ...super.more(context, `k = ${k + 1}`), k, beta, factor, small: this.root.clientWidth < 680 };
  }

  follow(context) {
    const { step, norms } = this.plots;
    super.follow();
    if (step.visible || !this.formulas.firstChild) {
      showFormulas(this.formulas, equationsOf(context));
      this.path.replaceChildren(...layersTable(context));
      this.path.dataset.cursor = String(context.run.iteration(context.frame));
    }
    const scaled = norms.visible ? scaleTable(context) : null;
    if (scaled) this.scaled.replaceChildren(...scaled);
  }
}

export default viewing((view) => new Dynamics(view));

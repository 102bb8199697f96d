// The Dynamics page: the run of the lab, taken apart. Same cursor, component, curve and seed; charts in reading order.

import { html, number } from "../kit/dom.js";
import { both, coloured, math, row, sub, sup, under } from "../kit/maths.js";
import { Plot } from "../kit/plot.js";
import { mounting } from "../kit/view.js";
import { say } from "../kit/words.js";
import { Derived } from "../run/derived.js";
import { eigenvalueChart, matrixChart } from "./matrixview.js";
import { kernelChart, rowChart, startChart } from "./memoryview.js";
import { balanceChart, floorChart, normsChart, scaleTable, trueStepChart } from "./normsview.js";
import { replayChart, replayErrorChart } from "./replayview.js";
import { residualChart } from "./residualview.js";
import { equationsOf, layersTable, stepChart } from "./stepview.js";

const log = { log_y: true };
const pair = (...nodes) => html("div", { class: "spn-pair" }, ...nodes);

function act(name, ...content) {
  const prose = say(`prose_${name}`)
    .split("\n\n")
    .map((text) => html("p", { class: "spn-prose", text }));
  const title = say(`act_${name}`);
  const attributes = { class: "spn-act", id: `spn-${name}`, "aria-label": title };
  return html("section", attributes, html("h2", { text: title }), ...prose, ...content);
}

/** What the paper prints, what holds, and that both agree where the paper's derivation is made. */
function erratum() {
  const layer = (l) => both("w", "k", row("(", l, ")"));
  const rate = () => [coloured("rho", sub("ρ", "k")), "=", "η"];
  const printed = math(...rate(), sup(row("(", layer("0"), ")"), "2"));
  const product = math(...rate(), under("∏", row("l", "<", "L", "−", "1")), sup(row("(", layer("l"), ")"), "2"));
  const line = (word, formula) => html("p", {}, `${say(word)} `, formula, ".");
  return html(
    "aside",
    { class: "spn-box" },
    html("h3", { text: say("erratum_title") }),
    line("erratum_printed", printed),
    line("erratum_holds", product),
    html("p", { text: say("erratum_fair") }),
  );
}

/** A slider with its value beside it. */
function slider(name, range, kind, shown, moved) {
  const output = html("output", { text: shown(range.value) });
  const attributes = { type: "range", "aria-label": say(name), "data-control": name, ...range };
  const input = html("input", attributes);
  input.addEventListener("input", () => {
    moved(Number(input.value));
    output.textContent = shown(Number(input.value));
  });
  return html("label", { class: kind }, say(name), input, output);
}

/** The factor that a slider over its power of ten stands for, to two digits. */
const factorOf = (power) => Number((10 ** power).toPrecision(2));

export default mounting((view) => {
  const plots = {};
  const free = { beta: 0.9, factor: 2 };
  let derived = null;
  const plot = (key, build, options = {}) => {
    const settings = {
      key,
      build,
      options: { ...options },
      context: () => view.context(),
      sight: () => (view.moved = true),
    };
    plots[key] = new Plot(settings);
    return plots[key].root;
  };
  const formulas = html("div", { class: "spn-formulas", role: "group", "aria-label": say("act_step") });
  const path = html("div", { class: "spn-path", tabindex: 0 });
  const scaled = html("div", { class: "spn-scaled", "aria-live": "polite" });
  const beta = slider(
    "beta",
    { min: 0, max: 0.99, step: 0.01, value: 0.9 },
    "spn-controls spn-beta",
    String,
    (value) => {
      free.beta = value;
      plots.row.request();
    },
  );
  const range = { min: -1, max: 1, step: 0.05, value: Math.log10(2) };
  const factor = slider(
    "factor",
    range,
    "spn-controls",
    (power) => number(factorOf(power)),
    (power) => {
      free.factor = factorOf(power);
      view.moved = true;
    },
  );
  const step = pair(html("div", {}, formulas, path), plot("step", stepChart));
  step.classList.add("spn-wide-left");
  const memory = pair(plot("kernel", kernelChart, log), html("div", {}, plot("row", rowChart), beta));
  const norms = pair(plot("norms", normsChart, log), plot("truestep", trueStepChart, log));
  const floor = plot("floor", floorChart);
  floor.classList.add("spn-short");
  plots.step.frame.append(view.wait);

  const top = view.head("pin", "share");
  return {
    root: html(
      "div",
      { class: "spn-lab spn-dyn" },
      top,
      act("step", step),
      act("residual", pair(plot("residual", residualChart), erratum())),
      act("memory", memory, plot("start", startChart)),
      act("matrix", pair(plot("matrix", matrixChart, log), plot("eigenvalues", eigenvalueChart, log))),
      act("norms", norms, factor, scaled),
      act("kept", pair(plot("balance", balanceChart), floor)),
      act("replay", pair(plot("replay", replayChart), plot("replayerror", replayErrorChart))),
      html("div", { class: "spn-player" }, view.choices, view.transport.root),
      view.keys(),
    ),
    gradientOnly: true,
    charts: () => Object.values(plots),
    taken: (run) => (derived = new Derived(run, () => view.redraw())),
    more({ run, choice, frame, caption }) {
      const { names, seeds, depths } = run.layout;
      const t = run.iteration(frame);
      const where = `${names[choice.curve]}, k = ${choice.component + 1}, ${say("seed")} ${seeds[run.seed]}, t = ${t}`;
      const small = view.root.clientWidth < 680;
      return {
        ...free,
        derived,
        L: depths[choice.curve],
        k: choice.component,
        t: t - 1,
        caption: `${where} · ${caption}`,
        small,
      };
    },
    follow(context) {
      Object.values(plots).forEach((chart) => chart.follow());
      if (plots.step.visible || !formulas.firstChild) {
        formulas.replaceChildren(...equationsOf(context));
        path.replaceChildren(...layersTable(context));
      }
      const changed = plots.norms.visible ? scaleTable(context) : null;
      if (changed) scaled.replaceChildren(...changed);
    },
  };
});

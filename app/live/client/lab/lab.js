// The lab: the curves, the network of the chosen one, its equations, and more charts in tabs.

import { llhChart } from "../kit/curves.js";
import { html } from "../kit/dom.js";
import { Figure } from "../kit/figure.js";
import { Tabs } from "../kit/tabs.js";
import { mounting } from "../kit/view.js";
import { say } from "../kit/words.js";
import { SignedBars } from "./bars.js";
import { gapChart, lamChart, rhoChart } from "./charts.js";
import { equations } from "./equations.js";
import { Heatmap } from "./heatmap.js";
import { Network } from "./network.js";

const SECOND_CHART = 250; // ms between drawings of the chart in the tabs, so that the first one keeps its pace

export default mounting((view) => {
  const parts = { context: () => view.context(), pick: (k) => view.pick(k) };
  const llh = new Figure({
    ...parts,
    key: "llh",
    title: say("llh_title"),
    build: llhChart,
    options: { every_seed: false, log_x: false },
  });
  const second = (key, build, title, note, options) =>
    new Figure({ ...parts, key, build, title, note, options: { ...options, log_x: false }, shortest: SECOND_CHART });
  const rates = { all_components: false, log_y: true };
  const rho = second("rho", rhoChart, say("rho_title"), say("rho_note"), { ...rates });
  const lam = second("lam", lamChart, say("lam_title"), say("lam_note"), { ...rates });
  const gap = second("gap", gapChart, say("gap_title", { L: 1 }), say("gap_note"), {});
  const bars = new SignedBars(parts);
  const network = new Network(parts);
  const panels = { rho, lam, gap, components: new Heatmap(parts) };
  const named = Object.entries(panels).map(([key, { root }]) => ({
    key,
    label: say(`${key}_tab`, { L: 1 }),
    node: root,
  }));
  const tabs = new Tabs(named, () => (view.moved = true));
  const formulas = html("p", { class: "spn-equations" });
  llh.root.classList.add("spn-llh");
  llh.frame.append(view.wait);
  lam.frame.after(bars.root);
  lam.root.classList.add("spn-with-bars");
  network.header.insertBefore(view.choices, network.menu);

  /** Until someone picks a component, show one that matters: the largest, once the shown one is far behind it. */
  function showLargest() {
    const { run, choice } = view;
    if (choice.picked || !run.length) return;
    const weights = run.values(run.length - 1, choice.curve, "w", run.layout.num_components);
    const largest = weights.indexOf(Math.max(...weights));
    if (largest >= 0 && weights[choice.component] < weights[largest] / 2) choice.component = largest;
  }

  const shown = () => panels[tabs.key];
  const top = view.head("pin", "share");
  const content = [llh.root, network.root, view.transport.root, formulas, tabs.root];
  return {
    root: html("div", { class: "spn-lab" }, top, ...content, view.keys()),
    charts: () => [llh, shown()].filter((chart) => chart instanceof Figure),
    arrived: showLargest,
    named({ names, num_depths, depths: [L] }) {
      llh.rename(say(names.length > num_depths ? "llh_title_rivals" : "llh_title"));
      tabs.rename("gap", say("gap_tab", { L }));
      gap.rename(say("gap_title", { L }));
    },
    follow(context, grown) {
      llh.follow(grown);
      if (shown() instanceof Figure) shown().follow(grown);
      else shown().update();
      if (tabs.key === "lam") bars.update();
      network.update();
      formulas.replaceChildren(...equations(context));
    },
  };
});

// The lab: the curves, the network of the chosen one, its equations, and more charts in tabs.

import { llhChart } from "../kit/curves.js";
import { html } from "../kit/dom.js";
import { Figure } from "../kit/figure.js";
import { showFormulas } from "../kit/maths.js";
import { Tabs } from "../kit/tabs.js";
import { plainly } from "../kit/terms.js";
import { Tour } from "../kit/tour.js";
import { viewing } from "../kit/view.js";
import { say } from "../kit/words.js";
import { Awaited } from "./awaited.js";
import { SignedBars } from "./bars.js";
import { branching } from "./branch.js";
import { gapChart, lamChart, rhoChart, usedChart } from "./charts.js";
import { equations } from "./equations.js";
import { Heatmap } from "./heatmap.js";
import { Kind } from "./kind.js";
import { leftFree } from "./locked.js";
import { Network } from "./network.js";
import { SlowMotion } from "./slow.js";

const FOLLOWED = 250; // ms after a touch: by then its run is drawn, and the page may be busy with its widgets

class Lab {
  constructor(view) {
    this.view = view;
    const parts = { context: () => view.context(), pick: (k) => view.pick(k), wake: () => view.beat.wake() };
    const options = { whole_range: false, every_seed: false, log_x: false };
    const plain = ["whole_range"];
    this.llh = new Figure({ ...parts, key: "llh", title: say("LLH"), build: llhChart, options, plain });
    this.bars = new SignedBars(parts);
    const touch = (asked) => this.touch(asked);
    const hold = () => view.clock.seek(view.clock.frame);
    this.network = new Network({ ...parts, touch, hold, over: (under) => this.pointed(under) });
    this.kind = new Kind();
    this.branch = branching({ ...parts, touch });
    this.panels = this.makePanels(parts);
    const labelled = ([key, { root }]) => ({ key, label: say(`${key}_tab`, { L: 1 }), node: root });
    this.tabs = new Tabs(Object.entries(this.panels).map(labelled), (key) => this.showPanel(key));
    this.equations = html("div", "spn-equations");
    this.llh.root.classList.add("spn-llh");
    this.awaited = new Awaited();
    this.llh.frame.append(this.awaited.root, view.wait);
    this.network.header.insertBefore(view.choices, this.network.menu);
    this.llh.heading.parentElement?.after(plainly("llh_plain"));
    this.llh.root.append(view.pins.root);
    this.network.header.after(plainly("network_plain"));
    this.network.root.append(this.kind.root);
    const { clock } = view;
    const slow = (this.slow = new SlowMotion({ ...parts, clock, network: this.network, root: html("div", "spn-lab") }));
    const acts = html("div", "spn-acts", plainly("played_plain"), slow.words, slow.button, this.branch);
    const played = html("div", "spn-played", acts, view.transport.root);
    const why = html("div", "spn-why", this.equations, plainly("why_plain"));
    const drawn = [this.llh.root, this.network.root, played, why, this.tabs.root];
    this.root = slow.root;
    this.root.append(this.opening(played, why), ...drawn, view.keys());
  }

  /** Go on from the run as a touch asks: at once if the server will; the page, whose widgets follow, finds that run. */
  async touch(asked) {
    const { run, data } = this.view;
    if (!run || data.fixed) return; // a page that speaks of this run has no other
    const next = await run.touched(asked);
    if (next) this.view.expect(next, run.id);
    setTimeout(() => this.view.trigger("touch", { of: run.id, asked }), next ? FOLLOWED : 0);
  }

  /** The pointer is on a node with these components under it, or on none. */
  pointed(under) {
    this.kind.under = under;
    this.view.beat.wake();
  }

  taken({ layout }) {
    this.slow.dropped();
    this.kind.under = null;
    if (layout) layout.touch = leftFree(layout.touch, this.view.data.locked ?? []);
    this.branch.hidden = !layout?.touch?.rate;
  }

  /** What there is to say and to ask, and the tour of what follows. */
  opening(played, why) {
    const [told, asked] = [this.view.told.root, this.view.head("pin", "share")];
    const parts = [told, this.llh.root, this.network.root, played, why];
    this.tour = new Tour(["told", "llh", "network", "played", "why"].map((name, i) => [`${name}_stop`, parts[i]]));
    asked.lastElementChild?.prepend(this.tour.button);
    return html("div", "spn-opening", this.tour.root, asked);
  }

  makePanels(parts) {
    const figure = (key, build, more) => {
      const options = { ...more, log_x: false };
      const told = { title: say(`${key}_title`, { L: 1 }), note: say(`${key}_note`) };
      return new Figure({ ...parts, ...told, key, build, options });
    };
    const rates = { all_components: false, log_y: true };
    const rho = figure("rho", rhoChart, rates);
    rho.root.append(plainly("rho_plain", "spn-note"));
    const lam = figure("lam", lamChart, rates);
    lam.frame.after(this.bars.root);
    lam.root.classList.add("spn-with-bars");
    return {
      rho,
      lam,
      gap: figure("gap", gapChart, {}),
      used: figure("used", usedChart, {}),
      components: new Heatmap(parts),
    };
  }

  /** Whether the cursor stays where it is. */
  rests({ run, frame }) {
    const { playing, following } = this.view.clock;
    return !playing && (!following || (run.final && frame === run.length - 1));
  }

  get shown() {
    return this.panels[this.tabs.key];
  }

  showPanel(key) {
    this.panels[key].request?.();
    this.view.beat.wake();
  }

  charts() {
    return [this.llh, ...this.ofComponent()];
  }

  /** The charts that are others for another component. */
  ofComponent() {
    return [this.shown].filter((chart) => chart instanceof Figure);
  }

  /** What is pressed answers at once, with all else to follow. */
  picked() {
    this.network.update();
  }

  named({ names, num_depths, depths: [L], quantity }) {
    const title = names.length > num_depths ? "llh_title_rivals" : "llh_title";
    this.llh.rename(say(title, { quantity: say(quantity) }));
    this.tabs.rename("gap", say("gap_tab", { L }));
    this.panels.gap.rename(say("gap_title", { L }));
  }

  waits(published) {
    this.awaited.show(published);
  }

  follow(context, grown) {
    this.charts().forEach((chart) => chart.follow(grown));
    if (this.shown === this.panels.components) this.shown.update();
    if (this.shown === this.panels.lam) this.bars.update();
    this.network.update();
    this.kind.update(context, { rests: this.rests(context), people: Boolean(this.view.data.door) });
    showFormulas(this.equations, equations(context));
    this.equations.dataset.cursor = String(context.run.iteration(context.frame));
  }
}

export default viewing((view) => new Lab(view));

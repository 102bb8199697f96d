// The lab view: one run shown by several views that share a cursor, a component, a curve (depth or rival) and a seed.
//
// Streamlit calls the export again at every change of data or theme, with the same parent element: the view is made
// once per element and then brought up to date.

import { SignedBars } from "./bars.js";
import { gapChart, lamChart, llhChart, rhoChart } from "./charts.js";
import { html, icon } from "../kit/dom.js";
import { equations } from "./equations.js";
import { Figure, loadPlotly } from "../kit/figure.js";
import { Heatmap } from "./heatmap.js";
import { recall, remember } from "../run/memory.js";
import { Network } from "./network.js";
import { Series } from "../run/series.js";
import { Run } from "../run/store.js";
import { Tabs } from "../kit/tabs.js";
import { catalogue } from "../kit/text.js";
import { readTheme } from "../kit/theme.js";
import { calm, Clock, meaning, Transport } from "../kit/transport.js";

const SECOND_CHART = 250; // ms between drawings of the chart in the tabs, so that the first one keeps its pace
const CALM_REDRAW = 2000; // ms between drawings of a running run under reduced motion
const mounted = new WeakMap();

/** The entry of a page's module: makes its view once per element and keeps it up to date. */
export const mounting = (View) => ({ parentElement, data, setTriggerValue }) => {
  let lab = mounted.get(parentElement);
  if (!lab) mounted.set(parentElement, (lab = new View(parentElement, data)));
  const turn = lab.update(data, setTriggerValue);
  return () => {
    if (turn !== lab.turn) return; // a later call took over this element
    lab.close();
    mounted.delete(parentElement);
  };
};

export default (component) => mounting(Lab)(component);

export class Lab {
  constructor(parent, data) {
    this.say = catalogue(data.labels);
    this.turn = 0;
    this.letters = true;
    this.run = null; // on screen
    this.next = null; // asked for, nothing of it here yet
    this.baselines = [];
    this.published = [];
    this.view = { component: 0, depth: null };
    this.clock = new Clock({ length: () => this.run?.length ?? 0, total: () => this.run?.total ?? 1, ended: () => this.run?.final ?? true, moved: () => (this.moved = true) });
    this.stopper = new AbortController();
    this.build(parent);
    document.addEventListener("keydown", (event) => this.key(event), { signal: this.stopper.signal });
    document.addEventListener("pointerdown", (event) => this.closeMenus(event), { signal: this.stopper.signal });
    requestAnimationFrame((now) => this.animate(now, now));
  }

  build(parent) {
    const { say } = this;
    const context = () => this.context();
    const pick = (k) => this.pick(k);
    const act = this.actions();
    const figure = (key, build, title, note, options) => new Figure({ key, build, context, say, title, note, options, shortest: key === "llh" ? undefined : SECOND_CHART });
    this.llh = figure("llh", llhChart, say("llh_title"), "", { every_seed: false, log_x: false });
    this.rho = figure("rho", rhoChart, say("rho_title"), say("rho_note"), { all_components: false, log_y: true, log_x: false });
    this.lam = figure("lam", lamChart, say("lam_title"), say("lam_note"), { all_components: false, log_y: true, log_x: false });
    this.gap = figure("gap", gapChart, say("gap_title", { L: 1 }), say("gap_note"), { log_x: false });
    this.bars = new SignedBars({ say, context, pick });
    this.network = new Network({ say, context, pick });
    this.heatmap = new Heatmap({ say, context, pick });
    this.lam.frame.after(this.bars.root);
    this.lam.root.classList.add("spn-with-bars");
    this.transport = new Transport({ say, clock: this.clock, act });
    this.headline = html("p", { class: "spn-headline" });
    this.status = html("span", { role: "status" });
    this.events = html("details", { class: "spn-events", hidden: true }, html("summary"), html("ul"));
    const side = (name, key) => html("button", { type: "button", class: "spn-button spn-worded", "data-act": name, title: `${say(`${name}_help`)} (${key})`, onclick: () => act[name]() }, icon(name), html("span", { text: say(name) }), html("kbd", { text: key, "aria-hidden": "true" }));
    this.choices = this.selectors();
    this.network.header.insertBefore(this.choices, this.network.menu);
    this.equations = html("p", { class: "spn-equations" });
    this.wait = html("p", { class: "spn-wait" });
    this.llh.frame.append(this.wait);
    this.views = { rho: this.rho, lam: this.lam, gap: this.gap, components: this.heatmap };
    this.tabs = new Tabs(say, Object.entries(this.views).map(([key, view]) => ({ key, label: say(`${key}_tab`, { L: 1 }), node: view.root })), () => this.moved = true);
    this.root = html("div", { class: "spn-lab", "data-state": "loading" },
      html("div", { class: "spn-top" }, html("div", { class: "spn-said" }, this.headline, html("div", { class: "spn-status" }, this.status, this.events)), html("div", { class: "spn-sides" }, side("pin", "P"), side("share", "S"))),
      this.llh.root, this.network.root, this.transport.root, this.equations, this.tabs.root, this.shortcuts());
    parent.append(this.root);
    this.llh.root.classList.add("spn-llh");
  }

  /** Depth, component and seed shown in detail, shared by all views. */
  selectors() {
    const { say } = this;
    const select = (word, chosen) => html("select", { class: "spn-select", "data-choose": word, "aria-label": say(word), onchange: (event) => chosen(Number(event.target.value)) });
    this.chooseDepth = select("depth", (d) => ((this.view.depth = d), this.redraw()));
    this.chooseComponent = select("component", (k) => this.pick(k));
    this.chooseSeed = select("seed", (j) => this.run?.chooseSeed(j));
    return html("div", { class: "spn-choices" }, this.chooseDepth, this.chooseComponent, this.chooseSeed);
  }

  shortcuts() {
    const box = html("input", { type: "checkbox", checked: true, onchange: () => (this.letters = box.checked) });
    return html("label", { class: "spn-keys" }, box, this.say("keys"), html("kbd", { text: "P" }), html("kbd", { text: "S" }));
  }

  actions() {
    const step = (by) => () => this.clock.seek(this.clock.frame + by);
    return {
      play: () => this.clock.toggle(), first: () => this.clock.seek(0), last: () => this.clock.seek(this.clock.length() - 1),
      previous: step(-1), next: step(1), live: () => this.clock.follow(),
      stop: () => (this.next ?? this.run)?.stop(), pin: () => this.send("pin"), share: () => this.send("share"),
    };
  }

  send(event) {
    if (this.run) this.trigger?.(event, this.run.id);
  }

  /** Take new data from the page; gives the number of this call. */
  update(data, trigger) {
    Object.assign(this, { data, trigger });
    this.theme = readTheme(this.root.parentElement, data.view === "projector");
    for (const [name, value] of Object.entries({ ground: this.theme.ground, text: this.theme.text, picked: this.theme.picked, muted: this.theme.muted, line: this.theme.line, grid: this.theme.grid })) this.root.style.setProperty(`--spn-${name}`, value);
    this.root.dataset.view = data.view ?? "normal";
    this.root.dataset.theme = this.theme.mode;
    this.root.toggleAttribute("data-stale", Boolean(data.stale));
    this.load(data);
    this.redraw();
    return (this.turn += 1);
  }

  load(data) {
    if (data.run_id && data.run_id !== (this.next ?? this.run)?.id) {
      this.next?.close();
      this.next = new Run(data.run_id, data.base, (run) => this.changed(run));
    }
    const wanted = [data.baseline ?? []].flat();
    this.baselines.filter(({ id }) => !wanted.includes(id)).forEach((run) => run.close());
    this.baselines = wanted.map((id) => this.baselines.find((run) => run.id === id) ?? new Run(id, data.base, () => this.redraw()));
    if (data.published && !this.published.length && !this.publishing) this.loadPublished(data.base);
    loadPlotly(data.plotly).then(() => this.redraw(), () => ((this.failed = true), this.words()));
  }

  async loadPublished(base) {
    this.publishing = true;
    try {
      const { iteration, ...curves } = await (await fetch(`${base}/api/figure3`)).json();
      this.published = Object.entries(curves).map(([name, y]) => ({ depth: Number(name.replace("L", "")), x: iteration, y }));
      this.redraw();
    } catch {
      this.publishing = false; // a later update of the page asks again
    }
  }

  /** Something arrived. A new run takes the screen with its first frame, or when it can only be told in words. */
  changed(run) {
    if (run === this.next && (run.length || run.trouble || run.final)) this.take(run);
    if (run !== this.run) return this.words();
    const now = performance.now();
    if (calm() && !run.final && now - (this.calmAt ?? 0) < CALM_REDRAW) return this.words();
    this.calmAt = now;
    this.showLargest();
    this.comeBack();
    this.redraw();
  }

  take(run) {
    this.run?.close();
    Object.assign(this, { run, next: null, series: null });
    this.clock.at = 0;
    this.clock.follow();
    if (!run.layout) return;
    const { num_depths, num_components: K, seeds } = run.layout;
    this.view = { ...this.view, component: Math.min(this.view.component, K - 1), depth: num_depths - 1 };
    const options = (select, words) => select.replaceChildren(...words.map((text, value) => html("option", { value, text })));
    options(this.chooseDepth, this.shownCurves(run.layout).map((name, d) => (d < num_depths ? name : run.layout.learner_titles[d])));
    options(this.chooseComponent, Array.from({ length: K }, (_, k) => `k = ${k + 1}`));
    options(this.chooseSeed, seeds.map((seed) => `${this.say("seed")} ${seed}`));
    this.place = recall(run.id);
    this.comeBack();
    this.nameCharts(run.layout);
  }

  /** Go where the reader was in this run, on this page or another, as soon as that frame is here. */
  comeBack() {
    const { place, run } = this;
    if (!place || !run.length) return;
    const { num_components: K, seeds } = run.layout;
    const fits = place.depth < this.shownCurves(run.layout).length && place.component < K && place.seed < seeds.length;
    if (fits && !place.following && place.frame >= run.length && (!run.final || run.behind)) return;
    this.place = null;
    if (!fits) return;
    Object.assign(this.view, { component: place.component, depth: place.depth, picked: place.picked });
    run.chooseSeed(place.seed);
    if (!place.following) this.clock.seek(place.frame);
  }

  /** The names of the curves that can be looked at in detail. */
  shownCurves(layout) {
    return layout.names;
  }

  nameCharts({ names, num_depths, depths: [L] }) {
    this.llh.heading.textContent = this.llh.title = this.say(names.length > num_depths ? "llh_title_rivals" : "llh_title");
    this.tabs.rename("gap", this.say("gap_tab", { L }));
    this.gap.heading.textContent = this.gap.title = this.say("gap_title", { L });
  }

  pick(k) {
    Object.assign(this.view, { component: k, picked: true });
    this.redraw();
  }

  /** Until someone picks a component, show one that matters: the largest, once the shown one has fallen far behind it. */
  showLargest() {
    if (this.view.picked || !this.run.length) return;
    const weights = this.run.values(this.run.length - 1, this.view.depth, "w", this.run.layout.num_components);
    const largest = weights.indexOf(Math.max(...weights));
    if (largest >= 0 && weights[this.view.component] < weights[largest] / 2) this.view.component = largest;
  }

  /** What the views draw from, or null before the first frame. */
  context() {
    const { run, view, theme, say, clock } = this;
    if (!run?.layout || !run.length) return null;
    this.series ??= new Series(run);
    this.series.update();
    const baselines = this.baselines.filter((pinned) => pinned.length && pinned.id !== run.id).map((pinned) => (pinned.series ??= new Series(pinned)).update());
    const settings = Object.entries(run.layout.settings).map(([name, value]) => `${name} = ${value}`).join(", ");
    const count = clock.following ? clock.frame + 1 : run.length; // while following, curves grow with the cursor
    return {
      run, view, theme, say, baselines, count, growing: clock.following, series: this.series, frame: clock.frame, published: this.data.published ? this.published : [],
      atEnd: clock.frame >= count - 1, caption: `${run.layout.dataset?.title ?? ""} · ${settings} · ${location.href}`,
      seek: (iteration) => clock.seek(Math.round((iteration - 1) / run.stride)),
    };
  }

  /** Draw everything anew that is in sight, and the words. */
  redraw() {
    this.llh.request();
    this.views[this.tabs.key].request?.();
    this.moved = true;
    this.words();
  }

  /** Called for every animation frame: moves the clock, and the views that follow the cursor if it moved. */
  animate(now, before) {
    if (this.closed) return;
    if (window.Plotly || this.failed) this.clock.tick(Math.min(0.1, (now - before) / 1000)); // nobody misses the start
    if (this.moved && now - (this.followedAt ?? 0) > 30) this.follow(now);
    requestAnimationFrame((then) => this.animate(then, now));
  }

  follow(now) {
    this.followedAt = now;
    this.moved = false;
    const { run, clock } = this;
    if (run) this.transport.update(run);
    const context = this.context();
    if (!context) return;
    const shown = this.views[this.tabs.key];
    for (const figure of [this.llh, shown].filter(({ request }) => request)) {
      if (clock.following && this.drawn !== clock.frame) figure.request();
      else if (!figure.spec) figure.request();
      figure.place();
    }
    this.drawn = clock.frame;
    shown.update?.();
    if (this.tabs.key === "lam") this.bars.update();
    this.network.update();
    this.equations.replaceChildren(...equations(context));
    this.notePlace(run, clock);
  }

  /** Show and remember where the reader is. */
  notePlace(run, clock) {
    this.chooseDepth.value = this.view.depth;
    this.chooseComponent.value = this.view.component;
    this.chooseSeed.value = run.seed;
    if (!this.place) remember(run.id, { frame: clock.frame, following: clock.following, seed: run.seed, ...this.view });
    Object.assign(this.root.dataset, { run: run.id, length: run.length, cursor: clock.frame, iteration: run.iteration(clock.frame), component: this.view.component, depth: run.layout.depths[this.view.depth], learner: run.layout.learners[this.view.depth], seed: run.seed, playing: clock.playing, following: clock.following });
  }

  /** Headline, status and the words over an empty chart. */
  words() {
    const run = this.next ?? this.run;
    const { state, sentence } = this.status_of(run);
    const shown = this.run?.header.headline ?? "";
    if (this.headline.textContent !== shown) this.headline.textContent = shown;
    if (this.status.textContent !== sentence) this.status.textContent = sentence;
    this.root.dataset.state = state;
    this.tellEvents((run?.header.events ?? []).map(([, event]) => event));
    const waits = !this.run?.length || this.failed;
    this.wait.textContent = this.failed ? this.say("no_plotly") : waits ? this.waiting(run, sentence) : "";
    this.root.toggleAttribute("data-waiting", Boolean(waits));
    this.root.toggleAttribute("data-old", Boolean(this.next));
    if (run) this.transport.update(this.run ?? run);
  }

  /** What happened during the run that the charts should be read with, folded away. */
  tellEvents(events) {
    const key = events.join();
    if (key === this.told) return;
    this.told = key;
    this.events.hidden = !events.length;
    this.events.firstChild.textContent = this.say.count("notes", events.length);
    this.events.lastChild.replaceChildren(...events.map((text) => html("li", { text })));
  }

  waiting(run, sentence) {
    if (!run?.layout || run.final || run.trouble || run.state === "queued") return sentence;
    const { names, num_depths, num_seeds: seeds } = run.layout;
    const rivals = names.length > num_depths ? ` + ${this.say.count("rivals", names.length - num_depths)}` : "";
    return `${this.say("training", { d: this.say.count("depths", num_depths) + rivals, s: this.say.count("seeds", seeds) })} …`;
  }

  status_of(run) {
    const { say } = this;
    if (!run) return { state: "loading", sentence: say("loading") };
    const values = { t: run.length && run.layout ? run.iteration(run.length - 1) : 0, T: run.layout?.iterations ?? "" };
    if (run.trouble) return { state: run.trouble, sentence: say(run.trouble) };
    const { reason } = run.header;
    const own = reason && ["queued", "stopped"].includes(run.state) ? null : say(run.state, values); // there the reason says it all
    const told = [this.data.stale ? say("stale") : null, own, reason];
    return { state: run.state, sentence: told.filter(Boolean).join(" · ") };
  }

  key(event) {
    if (!this.root.isConnected || this.root.offsetParent === null) return;
    const name = meaning(event, this.letters);
    if (!name) return;
    event.preventDefault();
    this.actions()[name]();
  }

  closeMenus(event) {
    for (const menu of this.root.querySelectorAll("details.spn-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  }

  close() {
    this.closed = true;
    this.stopper.abort();
    [this.run, this.next, ...this.baselines].forEach((run) => run?.close());
    this.root.remove();
  }
}

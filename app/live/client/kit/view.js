// A run on the page: it and those pinned under it, one cursor, what is chosen, keys and words. It draws no chart: a
// page is made of it, of charts, and of what they do when something arrives or the cursor moves.
//
// Streamlit calls a page's export again at every change of data or theme, with the same parent element: the view is
// made once per element and then brought up to date.

import { recall, remember } from "../run/memory.js";
import { NONE, publishedCurves } from "../run/published.js";
import { range, seriesOf } from "../run/series.js";
import { Run } from "../run/store.js";
import { afterPaint, Beat, everyFrame } from "./beat.js";
import { carried } from "./carried.js";
import { html, icon, resized, wordedButton } from "./dom.js";
import { mounting } from "./mounted.js";
import { onPaper, PRINTED } from "./paper.js";
import { Pins } from "./pins.js";
import { loadPlotly } from "./plotly.js";
import { Handout, onPrint } from "./printing.js";
import { foldTerms } from "./terms.js";
import { readTheme } from "./theme.js";
import { Told } from "./told.js";
import { calm, Clock, meaning, Transport } from "./transport.js";
import { say } from "./words.js";

const CALM_REDRAW = 2000; // ms between drawings of a running run under reduced motion
const SIDES = { pin: "P", share: "S" }; // what a page may be asked beside the run, and the key for it

/** A list to choose from by place. */
function choose(word, chosen) {
  const onchange = (event) => chosen(Number(event.target.value));
  return html("select", { class: "spn-select", "data-choose": word, "aria-label": say(word), onchange });
}

/** The entry of a page's module; `make(view)` gives its page: see `Page` in types.d.ts. */
export const viewing = (make) => mounting((parent) => new View(parent, make));

class View {
  /** @param {(view: View) => import("../types").Page} make */
  constructor(parent, make) {
    this.parent = parent;
    this.data = /** @type {any} */ ({}); // what the page was called with last
    this.trigger = /** @type {any} */ (null);
    this.theme = /** @type {any} */ (null);
    this.calmAt = 0;
    this.turn = 0;
    this.letters = true;
    this.paper = false; // drawn for it
    this.run = /** @type {Run | null} */ (null); // on screen
    this.next = /** @type {Run | null} */ (null); // asked for, nothing of it here yet
    this.published = NONE;
    this.left = /** @type {string | null} */ (null); // the run that the page still names
    this.place = /** @type {any} */ (null); // where the reader was, until that frame is here
    this.choice = { component: 0, curve: 0, picked: false };
    this.clock = new Clock({
      length: () => this.run?.length ?? 0,
      total: () => this.run?.total ?? 1,
      ended: () => this.run?.final ?? true,
      moved: () => this.beat.wake(),
    });
    this.beat = new Beat({ clock: this.clock, show: () => this.follow() });
    this.act = /** @type {Record<string, () => void>} */ (this.actions());
    // What a page puts in its places: words, choices, the transport.
    this.told = new Told();
    this.wait = this.told.wait;
    this.handout = new Handout(() => this.print());
    this.transport = new Transport({ clock: this.clock, act: this.act });
    this.pins = new Pins({ changed: () => this.redraw(), remove: (id) => this.trigger("unpin", id) });
    this.chooseCurve = choose("curve", (curve) => ((this.choice.curve = curve), this.redraw()));
    this.chooseComponent = choose("component", (k) => this.pick(k));
    this.chooseSeed = choose("seed", (seed) => this.run?.chooseSeed(seed));
    this.choices = html("div", "spn-choices", this.chooseCurve, this.chooseComponent, this.chooseSeed);
    this.page = make(this);
    this.root = this.page.root;
    this.mount(parent);
    this.stopper = new AbortController();
    this.listen(this.stopper.signal);
    everyFrame({ move: (seconds) => this.move(seconds), draw: () => this.beat.tick(), ended: () => this.closed });
  }

  mount(parent) {
    this.root.dataset.state = "loading";
    this.root.append(this.handout.root);
    parent.append(this.root);
    carried().append(this.transport.carried);
  }

  /** Hear keys, presses beside an open menu or term, and that the page is printed. */
  listen(signal) {
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    document.addEventListener("pointerdown", (event) => this.closeMenus(event), { signal });
    foldTerms(signal);
    onPrint((paper) => this.onPaper(paper), signal);
  }

  actions() {
    const { clock } = this;
    return {
      play: () => clock.toggle(),
      first: () => clock.seek(0),
      last: () => clock.seek(clock.length() - 1),
      previous: () => clock.seek(clock.frame - 1),
      next: () => clock.seek(clock.frame + 1),
      live: () => clock.follow(),
      stop: () => (this.next ?? this.run)?.stop(),
    };
  }

  /** The head of a page: what there is to say, and buttons for what the page can be asked. */
  head(...asked) {
    const told = { pin: () => this.run?.id, share: () => this.data.base };
    const button = (name) => {
      const act = (this.act[name] = () => this.run && afterPaint(() => this.trigger(name, told[name]())));
      return wordedButton(name, act, { "data-act": name, key: SIDES[name] }, icon(name));
    };
    const sides = html("div", "spn-sides", ...asked.map(button), this.handout.button);
    return html("div", "spn-top", this.told.root, sides);
  }

  /** The switch of single letters as keys, which speech input would press by accident. */
  keys() {
    const box = html("input", { type: "checkbox", checked: true, onchange: () => (this.letters = box.checked) });
    const letters = Object.entries(SIDES).filter(([name]) => this.act[name]);
    return html("label", "spn-keys", box, say("keys"), ...letters.map(([, text]) => html("kbd", { text })));
  }

  /** Take new data from the page; gives the number of this call. */
  update(data, trigger) {
    Object.assign(this, { data, trigger });
    this.look();
    for (const name of ["stale", "door"]) this.root.toggleAttribute(`data-${name}`, Boolean(data[name]));
    this.load(data);
    const of = JSON.stringify([this.theme, data.view, data.pins, data.labels]); // what is drawn besides the run
    this.redraw(of === this.of ? [] : undefined);
    this.of = of;
    return (this.turn += 1);
  }

  /** Take the look of the page, or of paper while it is printed. */
  look() {
    const { view = "normal" } = this.data;
    const theme = readTheme(this.parent, view === "projector");
    this.theme = this.paper ? onPaper(theme, PRINTED) : theme;
    Object.entries(this.theme).forEach(([name, look]) => this.root.style.setProperty(`--spn-${name}`, look));
    Object.assign(this.root.dataset, { view, theme: this.theme.mode, hide: this.data.hide ?? "" });
    this.root.toggleAttribute("data-paper", this.paper);
  }

  /** Draw all of it for paper or for the screen, at once, since a browser prints what is there. */
  async onPaper(paper) {
    if (paper === this.paper) return;
    this.paper = paper;
    this.look();
    resized();
    const context = this.context();
    if (!context) return;
    this.handout.tell(context);
    this.page.follow(context, true);
    await Promise.all(this.page.charts().map((chart) => chart.draw(context)));
  }

  async print() {
    await this.onPaper(true);
    window.print();
  }

  load(data) {
    if (data.run_id !== this.left) this.left = null;
    if (data.run_id && ![this.left, (this.next ?? this.run)?.id].includes(data.run_id)) this.expect(data.run_id);
    this.pins.update(data.pins ?? [], data.base);
    if (data.published) publishedCurves(data.base).then((curves) => this.publish(curves));
    const failed = () => ((this.failed = true), this.words());
    if (!window.Plotly) loadPlotly(data.plotly).then(() => this.redraw(), failed);
  }

  publish(curves) {
    if (curves === this.published) return;
    this.published = curves;
    this.redraw();
  }

  /** Another run is to be shown as soon as it has something; the page may name the one that it leaves for a while. */
  expect(id, left = /** @type {string | null} */ (null)) {
    this.left = left;
    this.next?.close();
    this.next = new Run(id, this.data.base, (run) => this.changed(run), this.data.session);
  }

  /** Something arrived. A new run takes the screen with its first frame, or when it can only be told in words. */
  changed(run) {
    if (run === this.next && (run.length || run.trouble || run.final)) this.take(run);
    if (run !== this.run) return this.words();
    const now = performance.now();
    if (calm() && !run.final && now - this.calmAt < CALM_REDRAW) return this.words();
    this.calmAt = now;
    this.showLargest();
    this.comeBack();
    this.redraw();
  }

  take(run) {
    this.run?.close();
    Object.assign(this, { run, next: null });
    this.clock.at = 0;
    this.clock.follow();
    this.beat.jump();
    this.page.taken?.(run);
    if (!run.layout) return;
    const { num_depths, num_components: K, learner_titles, seeds } = run.layout;
    this.choice = { ...this.choice, component: Math.min(this.choice.component, K - 1), curve: num_depths - 1 };
    const options = (select, ...words) =>
      select.replaceChildren(...words.map((text, value) => html("option", { value, text })));
    options(this.chooseCurve, ...this.shown(run.layout).map((name, i) => (i < num_depths ? name : learner_titles[i])));
    options(this.chooseComponent, ...range(K).map((k) => `k = ${k + 1}`));
    options(this.chooseSeed, ...seeds.map((seed) => `${say("seed")} ${seed}`));
    this.place = recall(run.id);
    this.comeBack();
    this.page.named?.(run.layout);
  }

  /** The names of the curves that can be looked at in detail; a page about gradient steps leaves rivals out. */
  shown({ names, num_depths }) {
    return this.page.gradientOnly ? names.slice(0, num_depths) : names;
  }

  /** Go where the reader was in this run, on this page or another, as soon as that frame is here. */
  comeBack() {
    const { place, run } = this;
    if (!place || !run?.length) return;
    const { num_components: K, seeds } = run.layout;
    const { component, curve, picked, seed, frame, following } = place;
    const fits = curve < this.shown(run.layout).length && component < K && seed < seeds.length;
    if (fits && !following && frame >= run.length && (!run.final || run.behind)) return;
    this.place = null;
    if (!fits) return;
    Object.assign(this.choice, { component, curve, picked });
    run.chooseSeed(seed);
    if (!following) this.clock.seek(frame);
  }

  /** Until someone picks a component, show one that matters: the largest, once the shown one is far behind it. */
  showLargest() {
    const { run, choice } = this;
    if (choice.picked || !run?.length) return;
    const weights = run.values(run.length - 1, choice.curve, "w", run.layout.num_components);
    const largest = weights.indexOf(Math.max(...weights));
    if (weights[choice.component] < weights[largest] / 2) choice.component = largest;
  }

  pick(k) {
    Object.assign(this.choice, { component: k, picked: true });
    this.page.picked?.();
    this.redraw(this.page.ofComponent?.());
  }

  /** What the charts draw from, or null before the first frame. */
  context() {
    const { run, choice, theme, clock } = this;
    if (!run?.layout || !run.length) return null;
    const frame = Math.min(this.beat.frame, run.length - 1);
    const { settings, query } = this.data.about;
    const shown = clock.following ? frame + 1 : run.length; // while following, curves grow with the cursor
    const context = {
      run,
      layout: run.layout,
      choice,
      theme,
      series: seriesOf(run),
      pins: this.pins.drawn(run.id),
      published: this.data.published ? this.published : [],
      frame,
      count: shown,
      growing: clock.following,
      atEnd: frame >= shown - 1,
      caption: `${settings} ${location.origin}${location.pathname}?${query}`,
      seek: (iteration) => clock.seek(Math.round(iteration / run.stride)),
    };
    return { ...context, ...this.page.more?.(context) };
  }

  /** Draw these charts, or all that are in sight, anew, and the words. */
  redraw(charts = this.page.charts()) {
    charts.forEach((chart) => chart.request());
    this.beat.wake();
    this.words();
  }

  /** Move the cursor on by the seconds that passed. */
  move(seconds) {
    if (window.Plotly || this.failed) this.clock.tick(Math.min(0.25, seconds)); // nobody misses the start
  }

  /** Draw all that follows the cursor, at one frame. */
  follow() {
    const { run, clock, beat } = this;
    if (run) this.transport.update(run, beat.frame);
    const context = this.context();
    if (!context) return;
    const grown = this.drawn !== context.count; // with the cursor, or to all that is here once it is moved by hand
    this.drawn = context.count;
    this.page.follow(context, grown);
    this.notePlace(run, clock, context.frame);
  }

  /** Show and remember where the reader is. */
  notePlace(run, clock, frame) {
    const { curve, component } = this.choice;
    const { id, seed, length, layout } = run;
    this.chooseCurve.value = String(curve);
    this.chooseComponent.value = String(component);
    this.chooseSeed.value = String(seed);
    const { following, playing } = clock;
    if (!this.place) remember(id, { frame, following, seed, ...this.choice });
    const [depth, learner, iteration] = [layout.depths[curve], layout.learners[curve], run.iteration(frame)];
    const here = { run: id, length, seed, component, depth, learner, cursor: frame, iteration, playing, following };
    Object.assign(this.root.dataset, here);
  }

  /** What there is to say, and the transport. */
  words() {
    const run = this.next ?? this.run;
    const { state, waits } = this.told.tell(this.run, run, this.data.stale, this.failed);
    this.root.dataset.state = state;
    this.root.toggleAttribute("data-waiting", waits);
    this.page.waits?.(waits && this.data.published && !this.failed ? this.published : NONE);
    this.root.toggleAttribute("data-old", Boolean(this.next));
    if (run) this.transport.update(this.run ?? run, this.beat.frame);
  }

  key(event) {
    if (this.root.offsetParent === null) return; // out of sight
    const act = this.act[meaning(event, this.letters)];
    if (!act) return;
    event.preventDefault();
    act();
  }

  closeMenus(event) {
    for (const menu of this.root.querySelectorAll("details")) if (!menu.contains(event.target)) menu.open = false;
  }

  close() {
    this.closed = true;
    this.stopper.abort();
    [this.run, this.next, this.pins].forEach((held) => held?.close());
    this.transport.carried.remove();
    this.root.remove();
  }
}

// The bar at the foot of a small screen: where else to go, what can be set, and play. What is set stays in the one
// panel of controls, which is Streamlit's own: the bar opens it as a sheet under the chart, and closes it.

import { carried } from "../kit/carried.js";
import { html, icon } from "../kit/dom.js";
import { mounting } from "../kit/mounted.js";
import { readTheme } from "../kit/theme.js";
import { calm } from "../kit/transport.js";
import { say } from "../kit/words.js";

// Of Streamlit: the panel, which says whether it is open; what it does so with; and what stands in it.
const PANEL = "[data-testid=stSidebar]";
const OPENER = "[data-testid=stExpandSidebarButton]";
const CLOSER = "[data-testid=stSidebarCollapseButton] button";
const CONTROLS = "[data-testid=stSidebarUserContent]";
// Where a button leads in the panel; the pages and the settings are one at a time in it.
const LEADS = {
  pages: "[data-testid=stSidebarNav]",
  questions: `${CONTROLS} .st-key-questions`,
  depths: `${CONTROLS} [class*="_depths"]`,
  settings: `${CONTROLS} [data-testid=stElementContainer]`,
};
const FOLDED = "[data-testid=stPopover] button[aria-expanded=false]";
const FIRST = ":is(a, button, input):not([data-testid=stTooltipIcon] *)"; // not what explains it
const WATCHED = ".spn-llh, .spn-drawn, .spn-idea"; // what is looked at while something is set

const LATER = 300; // ms

const found = (selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector));
const soon = () => new Promise((resolve) => requestAnimationFrame(resolve));

class Bar {
  constructor(parent) {
    this.parent = parent;
    this.turn = 0;
    this.page = /** @type {string | null} */ (null);
    this.later = 0;
    this.shown = "settings"; // what of the panel its sheet shows
    const entry = (name) => {
      const act = () => this.press(name);
      return html("button", { type: "button", onclick: act }, icon(name), html("span", { text: say(`bar_${name}`) }));
    };
    this.entries = Object.fromEntries(Object.keys(LEADS).map((name) => [name, entry(name)]));
    this.pressed = "settings"; // what opened it
    this.root = html("nav", { class: "spn-bar", "aria-label": say("bar") }, ...Object.values(this.entries), carried());
    this.title = html("span", {});
    const fold = html("button", { type: "button", text: say("sheet_close"), onclick: () => this.fold() });
    this.head = html("div", "spn-sheet-head", this.title, fold);
    document.body.append(this.head, this.root);
    this.opened = new MutationObserver(() => this.sync());
    this.opened.observe(document.body, { subtree: true, attributeFilter: ["data-collapsed"] });
    this.stopper = new AbortController();
    this.listen(this.stopper.signal);
  }

  listen(signal) {
    addEventListener("resize", () => this.syncTwice(), { signal });
    visualViewport?.addEventListener("resize", () => this.makeRoom(), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  /** Be up to date with the page and its theme; coming to another page folds the list of them. */
  update({ page }) {
    if (this.page !== page && this.isOpen && this.shown === "pages") this.fold();
    this.page = page;
    const looks = Object.entries(readTheme(this.parent, false));
    for (const { style } of [this.root, this.head])
      looks.forEach(([name, look]) => style.setProperty(`--spn-${name}`, look));
    this.sync();
    return (this.turn += 1);
  }

  get isOpen() {
    return found(PANEL)?.dataset.collapsed === "false";
  }

  /** Offer what there is on this page, and say what is open. */
  sync() {
    const [open, can] = [this.isOpen, found(`${OPENER}, ${CLOSER}`) !== null];
    if (!found(LEADS.pages)) this.shown = "settings"; // a wide screen has the pages at its head
    for (const [name, entry] of Object.entries(this.entries)) {
      entry.hidden = !can || !found(LEADS[name]);
      entry.setAttribute("aria-expanded", String(open && this.pressed === name));
    }
    this.title.textContent = say(`bar_${this.shown}`);
    document.documentElement.dataset.sheet = open ? this.shown : "";
  }

  /** In a window of another size Streamlit's own part of the page is another one only a moment later. */
  syncTwice() {
    this.sync();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.sync(), LATER);
  }

  /** Open the panel where a button leads, or fold what it opened. */
  async press(name) {
    if (this.isOpen && this.pressed === name) return this.fold();
    this.pressed = name;
    this.shown = name === "pages" ? "pages" : "settings";
    if (!this.isOpen) found(OPENER)?.click();
    await soon();
    this.sync();
    this.lead(name);
    if (name !== "pages") this.watch();
  }

  /** Bring what a button leads to in sight, and the focus to it; what is folded there unfolds. */
  lead(name) {
    const place = found(LEADS[name]);
    place?.scrollIntoView({ block: "start" });
    const folded = /** @type {HTMLElement | null} */ (place?.querySelector(FOLDED) ?? null);
    const first = /** @type {HTMLElement | null} */ (place?.querySelector(FIRST) ?? null);
    first?.focus({ preventScroll: true });
    folded?.click();
  }

  /** Keep in sight what is to be watched while something is set. */
  watch() {
    found(WATCHED)?.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  }

  fold() {
    const inside = this.holds(document.activeElement);
    found(CLOSER)?.click();
    if (inside) this.entries[this.pressed].focus();
  }

  holds(node) {
    return Boolean(found(PANEL)?.contains(node)) || this.head.contains(node);
  }

  key(event) {
    if (event.key !== "Escape" || event.defaultPrevented || !this.holds(event.target)) return;
    if (this.head.checkVisibility()) this.fold();
  }

  /** A keyboard may cover the foot of the page without making the page smaller: the sheet then stands on it. */
  makeRoom() {
    const { height = innerHeight, offsetTop = 0, scale = 1 } = visualViewport ?? {};
    const covered = scale > 1 ? 0 : Math.max(0, innerHeight - height - offsetTop);
    document.documentElement.style.setProperty("--spn-keyboard", `${covered}px`);
  }

  close() {
    clearTimeout(this.later);
    this.opened.disconnect();
    this.stopper.abort();
    this.head.remove();
    this.root.remove();
  }
}

export default mounting((parent) => new Bar(parent));

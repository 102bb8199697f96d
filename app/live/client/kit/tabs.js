// Tabs on a wide view, one select on a narrow one; both show the same panel, at first the one that was shown last.

import { recallTab, rememberTab } from "../run/memory.js";
import { html, set } from "./dom.js";
import { say } from "./words.js";

export class Tabs {
  /** Panels are {key, label, node}; `shown(key)` is called when another one is chosen. */
  constructor(panels, shown) {
    this.panels = panels;
    this.shown = shown;
    const named = { "aria-label": say("views") };
    this.buttons = panels.map(({ key, label: text, node }) => {
      const id = `spn-tab-${key}`;
      set(node, { role: "tabpanel", "aria-labelledby": id });
      const own = { id, "data-tab": key, text, onclick: () => this.show(key) };
      return html("button", { type: "button", role: "tab", class: "spn-tab", ...own });
    });
    const options = panels.map(({ key, label }) => html("option", { value: key, text: label }));
    const onchange = () => this.show(this.select.value);
    this.select = html("select", { class: "spn-select spn-tab-select", ...named, onchange }, ...options);
    const onkeydown = (event) => this.move(event);
    const list = html("div", { role: "tablist", class: "spn-tabs", ...named, onkeydown }, ...this.buttons);
    this.root = html("div", "spn-tabbed", list, this.select, ...panels.map(({ node }) => node));
    this.show(recallTab(panels.map(({ key }) => key)));
  }

  show(key) {
    this.key = key;
    this.panels.forEach(({ key: own, node }, i) => {
      node.hidden = own !== key;
      set(this.buttons[i], { "aria-selected": own === key, tabindex: own === key ? 0 : -1 });
    });
    this.select.value = key;
    rememberTab(key);
    this.shown(key);
  }

  rename(key, label) {
    const i = this.panels.findIndex((panel) => panel.key === key);
    this.buttons[i].textContent = label;
    this.select.options[i].textContent = label;
  }

  move(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = this.panels.findIndex(({ key }) => key === this.key);
    const next = (place + step + this.panels.length) % this.panels.length;
    this.show(this.panels[next].key);
    this.buttons[next].focus();
  }
}

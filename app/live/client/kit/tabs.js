// Tabs on a wide view, one select on a narrow one; both show the same panel.

import { html } from "./dom.js";
import { say } from "./words.js";

export class Tabs {
  /** Panels are {key, label, node}; `shown(key)` is called when another one is chosen. */
  constructor(panels, shown) {
    this.panels = panels;
    this.shown = shown;
    this.buttons = panels.map(({ key, label }) =>
      html("button", {
        type: "button",
        role: "tab",
        class: "spn-tab",
        id: `spn-tab-${key}`,
        "data-tab": key,
        text: label,
        onclick: () => this.show(key),
      }),
    );
    this.select = html(
      "select",
      { class: "spn-select spn-tab-select", "aria-label": say("views"), onchange: () => this.show(this.select.value) },
      ...panels.map(({ key, label }) => html("option", { value: key, text: label })),
    );
    this.list = html(
      "div",
      { role: "tablist", class: "spn-tabs", "aria-label": say("views"), onkeydown: (event) => this.move(event) },
      ...this.buttons,
    );
    panels.forEach(({ key, node }) => {
      node.setAttribute("role", "tabpanel");
      node.setAttribute("aria-labelledby", `spn-tab-${key}`);
    });
    this.root = html("div", { class: "spn-tabbed" }, this.list, this.select, ...panels.map(({ node }) => node));
    this.show(panels[0].key);
  }

  show(key) {
    this.key = key;
    this.panels.forEach(({ key: own, node }, i) => {
      node.hidden = own !== key;
      this.buttons[i].setAttribute("aria-selected", String(own === key));
      this.buttons[i].tabIndex = own === key ? 0 : -1;
    });
    this.select.value = key;
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

// The small menu of a view: toggles and actions behind one button, closed by Escape or a click elsewhere.

import { html } from "./dom.js";

/** Items are {label, act, checked?}; `checked()` makes a toggle of an item. */
export function menu(label, of, items) {
  const buttons = items.map(({ label: text, act, checked }) => {
    const button = html("button", { type: "button", text, onclick: () => (act(), refresh(), checked ? undefined : close()) });
    if (checked) button.refresh = () => button.setAttribute("aria-pressed", String(Boolean(checked())));
    return button;
  });
  const refresh = () => buttons.forEach((button) => button.refresh?.());
  const summary = html("summary", { text: label, "aria-label": `${label}: ${of}` });
  const root = html("details", { class: "spn-menu" }, summary, html("div", { class: "spn-menu-items" }, ...buttons));
  const close = () => (root.open = false);
  root.addEventListener("toggle", refresh);
  root.addEventListener("focusout", (event) => event.relatedTarget && !root.contains(event.relatedTarget) && close());
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !root.open) return;
    close();
    summary.focus();
  });
  return root;
}

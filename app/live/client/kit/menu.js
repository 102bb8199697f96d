// The small menu of a view: toggles and actions behind one button, closed by Escape or a click elsewhere.

import { html } from "./dom.js";
import { say } from "./words.js";

/**
 * Items are {label, act, checked?}; `checked()` makes a toggle of an item, `act(button)` is told what opens the menu;
 * a label may be what gives it when the menu opens; `of` is the name of the view, `word` what opens the menu; `more()`
 * gives items that there are only when the menu is opened.
 */
export function menu(of, items, { word = say("options"), more = () => /** @type {any[]} */ ([]) } = {}) {
  const made = ({ label, act, checked }) => {
    const onclick = () => (checked ? undefined : leave(), act(summary), refresh());
    const button = html("button", { type: "button", text: typeof label === "string" ? label : "", onclick });
    const refresh = () => {
      if (typeof label !== "string") button.textContent = label();
      if (checked) button.setAttribute("aria-pressed", String(Boolean(checked())));
    };
    return { button, refresh };
  };
  const own = items.map(made);
  let added = /** @type {typeof own} */ ([]);
  const refresh = () => [...own, ...added].forEach((item) => item.refresh());
  const summary = html("summary", { text: word, "aria-label": `${word}: ${of}` });
  const list = html("div", "spn-menu-items", ...own.map(({ button }) => button));
  const root = html("details", "spn-menu", summary, list);
  const close = () => (root.open = false);
  const leave = () => (close(), summary.focus());
  // The same items stay, and with them the focus: a menu that opens is told of it late.
  const add = (items) => {
    if (items.map(({ label }) => label).join() === added.map(({ button }) => button.textContent).join()) return;
    added.forEach(({ button }) => button.remove());
    added = items.map(made);
    list.append(...added.map(({ button }) => button));
  };
  root.addEventListener("toggle", () => {
    if (root.open) add(more());
    refresh();
  });
  root.addEventListener("focusout", ({ relatedTarget: to }) => to instanceof Node && !root.contains(to) && close());
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.open) leave();
  });
  return root;
}

/** Toggles of options by these words; `changed()` is called after each. */
export const toggles = (options, words, changed) =>
  words.map((word) => ({
    label: say(word),
    checked: () => options[word],
    act: () => ((options[word] = !options[word]), changed()),
  }));

/** A toggle that is always in sight, beside the menu. */
export function toggleButton({ label, checked, act }) {
  const onclick = () => (act(), button.setAttribute("aria-pressed", String(checked())));
  const look = { type: "button", class: "spn-toggle", "aria-pressed": String(checked()) };
  const button = html("button", { ...look, text: label, onclick });
  return button;
}

/** What every view offers: its numbers as a table that is shown or not, its data if it has a file, and its figure. */
export function viewItems(view, refresh) {
  const { grid } = view;
  const act = () => ((grid.hidden = !grid.hidden), refresh());
  const table = grid ? [{ label: say("table"), checked: () => !grid.hidden, act }] : [];
  const data = view.saveData ? [{ label: say("csv"), act: () => view.saveData() }] : [];
  return [...table, ...data, { label: say("save_menu"), act: (opener) => saving(view.saved(), opener) }];
}

/** Open the dialog in which a figure is saved; what it takes is loaded only then. Nothing, while there is none. */
export async function saving(/** @type {object | null} */ saved, opener) {
  if (!saved) return;
  const { save } = await import("./saving.js");
  save(saved, opener);
}

// Runs that are pinned under the one on screen: what has arrived of them, and the list that names and removes them.

import { seriesOf } from "../run/series.js";
import { Run } from "../run/store.js";
import { html } from "./dom.js";
import { sample } from "./legend.js";
import { markerOf } from "./theme.js";
import { say } from "./words.js";

const ALL = "all"; // in place of a run's id

/** What is pinned of `wanted`, with the runs that are here already, and the runs that are wanted no more. */
export function paired(pins, wanted, make) {
  const known = (id) => pins.find(({ run }) => run.id === id)?.run;
  const dropped = pins.filter(({ run }) => !wanted.some(({ id }) => id === run.id)).map(({ run }) => run);
  return { pins: wanted.map((pin) => ({ ...pin, run: known(pin.id) ?? make(pin.id) })), dropped };
}

export class Pins {
  /** `changed()` is called when something arrives, `remove(id)` to remove one pin or ALL. */
  constructor({ changed, remove }) {
    this.changed = changed;
    this.remove = remove;
    this.pins = /** @type {any[]} */ ([]);
    this.list = html("ul", { "aria-label": say("pinned_runs") });
    const all = { type: "button", class: "spn-toggle", text: say("unpin_all"), onclick: () => remove(ALL) };
    this.all = html("button", all);
    this.root = html("div", { class: "spn-pinned", hidden: true, "aria-live": "polite" }, this.list, this.all);
  }

  /** Follow these pins and no others: {id, mark, words} of each. */
  update(wanted, base) {
    const { pins, dropped } = paired(this.pins, wanted, (id) => new Run(id, base, this.changed));
    dropped.forEach((run) => run.close());
    this.pins = pins;
    this.fill();
  }

  /** The list anew; who stood in it stands on what takes that place, or at last on the button that pins. */
  fill() {
    const held = this.root.contains(document.activeElement);
    const place = [...this.list.children].findIndex((entry) => entry.contains(document.activeElement));
    const entries = this.pins.map((pin) => this.entry(pin));
    this.list.replaceChildren(...entries);
    this.root.hidden = !entries.length;
    this.all.hidden = entries.length < 2;
    if (!held || (place < 0 && !this.all.hidden)) return;
    const next = entries[Math.max(0, Math.min(place, entries.length - 1))];
    const pin = this.root.closest(".spn-lab")?.querySelector("[data-act=pin]");
    /** @type {HTMLElement | null | undefined} */ (next?.querySelector("button") ?? pin)?.focus();
  }

  entry({ id, mark, words }) {
    const look = { stroke: "currentColor", width: 1.2, symbol: markerOf(mark), drawn: true };
    const onclick = () => this.remove(id);
    const named = { "aria-label": say("unpin", { words }), title: say("unpin", { words }) };
    const button = html("button", { type: "button", class: "spn-remove", ...named, text: "×", onclick });
    return html("li", {}, sample(look), html("span", { text: words }), button);
  }

  /** Those that can be drawn; the run on screen itself is not drawn twice. */
  drawn(onScreen) {
    const here = this.pins.filter(({ run }) => run.length && run.id !== onScreen);
    return here.map(({ run, mark, words }) => ({ series: seriesOf(run), mark, words }));
  }

  close() {
    this.pins.forEach(({ run }) => run.close());
  }
}

// Printing: what is printed is drawn for paper first, and for the screen again afterwards.

import { html, icon, wordedButton } from "./dom.js";
import { say } from "./words.js";

/**
 * `drawn(true)` is called before the page is printed, and has to have drawn when it returns; `drawn(false)` afterwards.
 * @param {(paper: boolean) => void} drawn
 * @param {AbortSignal} signal
 */
export function onPrint(drawn, signal) {
  addEventListener("beforeprint", () => drawn(true), { signal });
  addEventListener("afterprint", () => drawn(false), { signal });
  matchMedia("print").addEventListener("change", ({ matches }) => drawn(matches), { signal });
}

/** What makes a handout of a page: a button to print it, and below all else what it was made with. */
export class Handout {
  constructor(print) {
    this.button = wordedButton("print", print, { "data-act": "print" }, icon("print"));
    this.root = html("p", "spn-handout spn-note");
  }

  tell({ caption }) {
    this.root.textContent = `${caption} ${say("cite")}`;
  }
}

// Printing: what is printed is drawn for paper first, and for the screen again afterwards.

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

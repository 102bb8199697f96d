// What a step of a lesson points at in the view of a run: those parts are shown, the others are folded away until the
// reader asks for all of it. The view is another component's, which may come later and change.

export class Pointing {
  constructor() {
    this.parts = /** @type {Record<string, boolean | null>} */ ({}); // selectors, and whether the step points at them
    this.whole = false;
    this.asked = 0;
    this.changes = new MutationObserver(() => (this.asked ||= requestAnimationFrame(() => this.apply())));
    this.changes.observe(document.body, { childList: true, subtree: true });
  }

  /** Show these parts of the view, or all of it with these marked. */
  show(parts, whole) {
    this.apply((each) => this.mark(each, false, false));
    Object.assign(this, { parts, whole });
    this.apply();
  }

  /** Mark every part that is there; what is neither pointed at nor not is always folded away. */
  apply(act = (each, is) => this.mark(each, is === null || (!is && !this.whole), Boolean(is) && this.whole)) {
    this.asked = 0;
    for (const [selector, is] of Object.entries(this.parts)) {
      for (const each of document.querySelectorAll(`.spn-lab ${selector}`)) act(each, is);
    }
  }

  mark(each, folded, pointed) {
    each.toggleAttribute("data-lesson-folded", folded);
    each.toggleAttribute("data-lesson-pointed", pointed);
  }

  close() {
    this.changes.disconnect();
    cancelAnimationFrame(this.asked);
    this.apply((each) => this.mark(each, false, false));
  }
}

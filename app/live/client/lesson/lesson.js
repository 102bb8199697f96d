// What a lesson has in the browser: the reader's answers, kept by this browser alone; the chart on which a guess is
// drawn; what a step points at in the view of a run; and what came out, read out once it is there.

import { html } from "../kit/dom.js";
import { mounting } from "../kit/mounted.js";
import { readTheme } from "../kit/theme.js";
import { recallAnswers, rememberAnswers } from "../run/memory.js";
import { Drawing } from "./drawing.js";
import { Pointing } from "./pointing.js";

let here = ""; // the step on screen, whatever element shows it

class Lesson {
  constructor(parent) {
    this.parent = parent;
    this.turn = 0;
    this.asked = ""; // the lesson whose kept answers the server was told
    this.told = /** @type {string | null} */ (null);
    this.trigger = /** @type {any} */ (null);
    this.pointing = new Pointing();
    this.drawing = new Drawing((value) => this.trigger("said", { guess: { kind: "curve", value } }));
    this.heard = html("p", { class: "spn-lesson-told", "aria-live": "polite" });
    this.root = html("div", "spn-lesson", this.drawing.root, this.heard);
    parent.append(this.root);
  }

  update({ lesson, kept, step, chart, parts, whole, told, view }, trigger) {
    this.trigger = trigger;
    const theme = readTheme(this.parent, view === "projector");
    Object.entries(theme).forEach(([name, look]) => this.root.style.setProperty(`--spn-${name}`, look));
    this.root.dataset.view = view;
    this.keep(lesson, kept);
    this.pointing.show(parts, whole);
    this.drawing.update(chart, theme, `${lesson} ${step}`);
    this.come(`${lesson} ${step}`, told.join(" "));
    return (this.turn += 1);
  }

  /** Keep the answers; or, once, tell the server what was kept before. */
  keep(lesson, kept) {
    if (kept !== null) return rememberAnswers(lesson, JSON.parse(kept));
    if (this.asked === lesson) return;
    this.asked = lesson;
    const before = recallAnswers(lesson);
    this.trigger("said", { kept: before ? JSON.stringify(before) : "" });
  }

  /** Go to the head of another step; read out what comes out of one while the reader is there. */
  come(step, told) {
    const [moved, first] = [here !== step, !here];
    here = step;
    if (moved && !first) this.toTop();
    const isNew = !moved && this.told !== null && told !== this.told;
    this.told = told;
    this.heard.textContent = isNew ? told : moved ? "" : this.heard.textContent;
  }

  toTop() {
    const title = /** @type {HTMLElement | null} */ (document.querySelector("[data-testid=stMain] h1"));
    title?.setAttribute("tabindex", "-1");
    title?.focus();
    title?.scrollIntoView({ block: "center" });
  }

  close() {
    this.pointing.close();
    this.drawing.close();
    this.root.remove();
  }
}

export default mounting((parent) => new Lesson(parent));

// Another learning rate from the cursor on: the run on screen stays as a pin, and the new one departs from it there.

import { html, number } from "../kit/dom.js";
import { menu } from "../kit/menu.js";
import { say } from "../kit/words.js";
import { etaAt } from "../run/series.js";
import { within } from "./edges.js";

const FACTORS = { "÷ 10": 0.1, "÷ 3": 1 / 3, "× 3": 3, "× 10": 10 };

/** A menu of rates to go on with from the cursor; `touch(asked)` asks for one. */
export function branching({ context, touch }) {
  const here = () => {
    const { run, frame } = context();
    const at = run.iteration(frame);
    return { at, eta: etaAt(run.layout, at), ends: run.layout.touch.ends };
  };
  const rate = (factor) => within(here().eta, factor, here().ends);
  const items = Object.entries(FACTORS).map(([words, factor]) => ({
    label: () => (context() ? say("branch_rate", { words, eta: number(rate(factor)) }) : words),
    act: () => context() && touch({ at: here().at, rate: rate(factor) }),
  }));
  const root = menu(say("branch_of"), items, { word: say("branch") });
  root.dataset.act = "branch";
  root.querySelector("summary")?.setAttribute("title", say("branch_help"));
  root.querySelector(".spn-menu-items")?.append(own({ context, here, touch, close: () => (root.open = false) }));
  return root;
}

/** A field for any other rate. */
function own({ context, here, touch, close }) {
  const field = html("input", { type: "number", step: "any", min: 0, required: true, "aria-label": say("branch_own") });
  const go = html("button", { type: "submit", text: say("branch_go") });
  const onsubmit = (event) => {
    event.preventDefault();
    if (!context() || !field.valueAsNumber) return;
    touch({ at: here().at, rate: within(field.valueAsNumber, 1, here().ends) });
    close();
  };
  return html("form", { class: "spn-branch-own", onsubmit }, html("span", { text: "η =" }), field, go);
}

// A button that prints the page, for one that shows no run.

import { html, icon } from "../kit/dom.js";
import { mounting } from "../kit/mounted.js";
import { say } from "../kit/words.js";

class Print {
  constructor(parent) {
    this.turn = 0;
    const named = { type: "button", class: "spn-print", title: say("teach_print_help"), "data-act": "print" };
    this.root = html("button", { ...named, onclick: () => window.print() }, icon("print"), say("teach_print"));
    parent.append(this.root);
  }

  update() {
    return (this.turn += 1);
  }

  close() {
    this.root.remove();
  }
}

export default mounting((parent) => new Print(parent));

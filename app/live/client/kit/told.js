// What there is to say of a run: its headline and status, what happened during it, and words over an empty chart.

import { html } from "./dom.js";
import { count, say } from "./words.js";

/**
 * State of a run, the sentence about it, and what of it is `heard`, if that is less; `stale` if the page's settings are
 * not its own any more.
 */
function sentenceOf(run, stale) {
  if (!run) return { state: "loading", sentence: say("loading") };
  if (run.trouble) return { state: run.trouble, sentence: say(run.trouble) };
  const { unstopped } = run;
  if (unstopped !== null && !run.final)
    return { state: run.state, sentence: say(unstopped ? "unstopped" : "unreached", { why: unstopped }) };
  const { reason } = run.header;
  const T = run.layout?.iterations ?? 0;
  const values = { t: run.length && run.layout ? run.iteration(run.length - 1) : 0, T, updates: count("updates", T) };
  const enough = reason && ["queued", "stopped"].includes(run.state); // there the reason says it all
  const { state: saved, why } = run.header.saved ?? {};
  const kept = saved === "saved" || saved === "unsaved" ? say(saved, { why }) : null;
  const sentences = [stale ? say("stale") : null, enough ? null : say(run.state, values), reason];
  const together = (...parts) => parts.filter(Boolean).join(" · ");
  // That all is well need not be spoken a moment after the end; that it is not must be.
  const heard = together(...sentences, saved === "unsaved" ? kept : null);
  return { state: run.state, sentence: together(...sentences, kept), heard };
}

/** What is being waited for while a run has nothing to draw. */
function waiting(run, sentence) {
  if (!run?.layout || run.final || run.trouble || run.state === "queued") return sentence;
  const { names, num_depths, num_seeds } = run.layout;
  const rivals = names.length > num_depths ? ` + ${count("rivals", names.length - num_depths)}` : "";
  return `${say("training", { d: count("depths", num_depths) + rivals, s: count("seeds", num_seeds) })} …`;
}

/** What is spoken of a run: that it trains, once, whatever its numbers do meanwhile; and at its end what it showed. */
function spoken(run, sentence) {
  if (run?.final && !run.trouble) return [run.header.headline, sentence].filter(Boolean).join(" ");
  return (run?.unstopped ?? null) === null ? waiting(run, sentence) : sentence;
}

// A live region speaks at a change.
const write = (node, text) => node.textContent === text || (node.textContent = text);

export class Told {
  constructor() {
    this.headline = html("h2", "spn-headline");
    this.details = html("p", { class: "spn-details", hidden: true }); // read after the headline, not spoken at a change
    this.status = html("span", {});
    this.spoken = html("p", { class: "spn-spoken", role: "status" }); // the rest changes too often
    this.notes = html("ul");
    this.noted = html("summary");
    this.events = html("details", { class: "spn-events", hidden: true }, this.noted, this.notes);
    this.wait = html("p", "spn-wait");
    const status = html("div", "spn-status", this.status, this.events);
    this.root = html("div", "spn-said", this.headline, this.details, status, this.spoken);
  }

  /** Tell of the run on screen and of the one that was asked for; gives its state, and whether a chart has to wait. */
  tell(shown, asked, stale, failed) {
    const { state, sentence, heard = sentence } = sentenceOf(asked, stale);
    const waits = Boolean(!shown?.length || failed);
    write(this.headline, shown?.header.headline ?? "");
    write(this.details, shown?.header.details ?? "");
    this.details.hidden = !this.details.textContent;
    // On a narrow screen its end is folded away until it is pressed or reached by Tab.
    this.details.tabIndex = this.details.scrollHeight > this.details.clientHeight ? 0 : -1;
    write(this.status, sentence);
    write(this.spoken, spoken(asked, heard));
    write(this.wait, failed ? say("no_plotly") : waits ? waiting(asked, sentence) : "");
    this.tellEvents((asked?.header.events ?? []).map(([, event]) => event));
    return { state, waits };
  }

  /** What happened during the run that the charts should be read with, folded away. */
  tellEvents(events) {
    const key = events.join();
    if (key === this.told) return;
    this.told = key;
    this.events.hidden = !events.length;
    this.noted.textContent = count("notes", events.length);
    this.notes.replaceChildren(...events.map((text) => html("li", { text })));
  }
}

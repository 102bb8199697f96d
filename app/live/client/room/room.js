// A room as the browser follows it: who is where, what was answered, and all starts of the class as one distribution.
// What is said of them the server says; the page around is told only when step, pace, study, pause or end change.

import { html, llh, table } from "../kit/dom.js";
import { mounting } from "../kit/mounted.js";
import { readTheme } from "../kit/theme.js";
import { count, say } from "../kit/words.js";
import { askJson, refusalOf } from "../run/wire.js";
import { answers, nicknames, where } from "./answers.js";
import { actKey, Feed, Telling } from "./feed.js";
import { drawCurves, drawEnds, legend, linesOf, tallOf } from "./picture.js";
import { isGrowing, isShown } from "./shapes.js";

const ASK_MS = 15_000; // after which an answer is taken for lost
const HEAR_MS = 10_000; // between two times that an arrival is read out

/** What a room stands in. */
function places() {
  const wrong = html("p", { class: "spn-room-wrong", role: "status" });
  const heard = html("p", { class: "spn-room-heard", role: "status" });
  const seats = html("p", {});
  const asked = html("div", "spn-room-asked");
  const curves = html("div", "spn-room-curves");
  const curvesTitle = html("figcaption", {});
  const marks = html("div", "spn-room-legend");
  const curvesFigure = html("figure", {}, curvesTitle, curves, marks);
  const ends = html("div", "spn-room-ends");
  const endsMarks = html("div", "spn-room-legend");
  const endsTitle = html("figcaption", { text: say("room_ends") });
  const endsFigure = html("figure", {}, endsTitle, ends, endsMarks);
  const said = html("div", "spn-room-said");
  const tabled = html("div", {});
  const unfolded = html("details", {}, html("summary", { text: say("room_table") }), tabled);
  const people = html("div", {});
  const pictures = html("div", "spn-room-pictures", curvesFigure, endsFigure);
  const parts = [wrong, heard, seats, people, asked, pictures, said, unfolded];
  const root = html("div", "spn-room", ...parts);
  const own = { wrong, heard, seats, asked, curves, curvesTitle, curvesFigure, marks };
  return { ...own, ends, endsFigure, endsMarks, said, tabled, unfolded, people, root };
}

class Room {
  constructor(parent) {
    this.parent = parent;
    this.turn = 0;
    this.data = /** @type {any} */ (null);
    this.trigger = /** @type {any} */ (null);
    this.feed = /** @type {any} */ (null);
    this.trouble = "";
    this.heardAt = -Infinity;
    this.drawn = "";
    this.telling = new Telling();
    this.at = places();
    parent.append(this.at.root);
    const again = () => !document.hidden && this.feed?.now();
    this.stopper = new AbortController();
    document.addEventListener("visibilitychange", again, { signal: this.stopper.signal });
    window.addEventListener("online", again, { signal: this.stopper.signal });
    this.widths = new ResizeObserver(() => this.draw());
    this.widths.observe(this.at.curves);
  }

  update(data, trigger) {
    Object.assign(this, { data, trigger });
    this.at.root.dataset.view = data.view;
    this.at.root.dataset.who = data.who;
    if (!this.feed) this.open();
    this.drawn = "";
    this.look();
    return (this.turn += 1);
  }

  open() {
    const address = `${this.data.base}api/rooms/${this.data.code}`;
    const ask = (seq) => askJson(`${address}?from=${seq}`, AbortSignal.timeout(ASK_MS));
    this.feed = new Feed(ask, (room, trouble) => this.come(room, trouble));
    this.feed.now();
  }

  /** An answer came, or none. */
  come(room, trouble) {
    this.trouble = trouble;
    if (room && !trouble && this.telling.needs(this.data.known, room)) this.trigger("changed", room.seq);
    this.look();
  }

  /** Show how the room stands; nothing is made anew that is as it was. */
  look() {
    const { room } = this.feed;
    write(this.at.wrong, this.trouble ? say(`room_${this.trouble}`) : "");
    this.at.wrong.hidden = !this.trouble;
    if (!room) return;
    const { questions, who } = this.data;
    write(this.at.seats, `${count("room_seats", room.members)} ${say("room_here", { here: room.here })}`);
    const now = JSON.stringify([room.seq, room.hidden, room.announced, questions, this.turn]);
    if (now === this.drawn) return;
    this.drawn = now;
    this.shown = isShown(room, who);
    this.at.asked.replaceChildren(...answers(room, questions));
    this.tell(room);
    this.lead(room);
    this.draw();
  }

  /** What the server says of all starts, and its numbers as a table. */
  tell(room) {
    const { hidden, arrived } = room;
    const sentences = this.shown
      ? [room.class.arrival, ...room.class.curves.flatMap(({ said }) => said), room.class.comparison]
      : [room.study ? (hidden ? count("room_hidden", arrived) : say("room_waits")) : ""];
    if (this.shown && isGrowing(room)) sentences.push(say("room_two_intervals"));
    this.at.said.replaceChildren(...sentences.filter(Boolean).map((text) => html("p", { text })));
    this.hear(room);
    this.at.unfolded.hidden = !this.shown;
    if (this.shown) this.at.tabled.replaceChildren(asTable(room));
  }

  /** Read out how many have arrived, now and then and at the end. */
  hear(room) {
    const all = room.announced !== null && room.arrived >= room.announced;
    if (!this.shown || (!all && performance.now() - this.heardAt < HEAR_MS)) return;
    this.heardAt = performance.now();
    write(this.at.heard, room.class.arrival);
  }

  /** What only the teacher sees. */
  lead(room) {
    const { who, titles } = this.data;
    if (who !== "teacher") return;
    const isOpen = this.at.people.querySelector("details")?.open ?? false;
    const list = nicknames(room, (seat) => this.remove(seat));
    list.open = isOpen;
    this.at.people.replaceChildren(where(room, titles), list);
  }

  async remove(seat) {
    const body = JSON.stringify({ seat, key: actKey() });
    const refused = await refusalOf(`${this.data.base}api/rooms/${this.data.code}/remove`, { body });
    if (refused !== null) write(this.at.heard, refused || say("room_lost"));
    this.feed.now();
  }

  draw() {
    const room = this.feed?.room;
    if (!room) return;
    const { view, axes, questions } = this.data;
    const theme = readTheme(this.parent, view === "projector");
    Object.entries(theme).forEach(([name, look]) => this.at.root.style.setProperty(`--spn-${name}`, look));
    const guessed = Boolean(questions?.open) && Object.values(questions.curves).some((name) => room.guesses[name]);
    const [curves, ends] = [this.shown || (guessed && axes), this.shown];
    this.at.curvesFigure.hidden = !curves;
    this.at.endsFigure.hidden = !ends;
    if (curves) {
      write(this.at.curvesTitle, say(this.shown ? "room_curves" : "room_curves_empty"));
      const drawn = { room, axes, questions, shown: this.shown };
      this.at.marks.replaceChildren(...linesOf(theme, drawn, guessed));
      if (this.at.curves.clientWidth > 60)
        this.at.curves.replaceChildren(drawCurves(this.at.curves, theme, drawn, said(room)));
    }
    if (ends) {
      this.at.ends.style.height = `${tallOf(room) * theme.textScale}px`;
      this.at.endsMarks.replaceChildren(...legend(theme, room));
      if (this.at.ends.clientWidth > 60) this.at.ends.replaceChildren(drawEnds(this.at.ends, theme, room, said(room)));
    }
  }

  close() {
    this.feed?.close();
    this.stopper.abort();
    this.widths.disconnect();
    this.at.root.remove();
  }
}

const said = (room) => room.class?.arrival ?? "";

// A live region speaks at a change.
const write = (node, text) => node.textContent === text || (node.textContent = text);

/** An interval of which a bound may not be known. */
function span(low, high) {
  if (low === null && high === null) return say("room_open_both");
  if (low === null) return say("room_open_below", { high: llh(high) });
  if (high === null) return say("room_open_above", { low: llh(low) });
  return say("room_from_to", { low: llh(low), high: llh(high) });
}

function asTable(room) {
  const heads = ["name", "median", "so_far", "at_end"].map((each) => say(`room_table_${each}`));
  const line = ({ name, median, low, high, at_end: end }) => [
    name,
    llh(median.at(-1) ?? NaN),
    span(low.at(-1), high.at(-1)),
    end ? span(end[0], end[1]) : "–",
  ];
  return table(say("room_ends"), heads, room.class.curves.map(line));
}

export default mounting((parent) => new Room(parent));

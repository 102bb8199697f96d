// What a class answered and where it is, as bars with their numbers; and who has a nickname, for the teacher.

import { html, number } from "../kit/dom.js";
import { count, say } from "../kit/words.js";
import { bars } from "./shapes.js";

/** Lines with a bar and a number each. */
function barred(lines) {
  const bar = (share) => html("span", { class: "spn-room-bar", style: `--share: ${share}`, "aria-hidden": "true" });
  const line = ({ n, share }, i) =>
    html("li", {}, html("span", { text: lines[i].text }), bar(share), html("b", { text: String(n) }));
  return html("ul", "spn-room-bars", ...bars(lines.map(({ n }) => n)).map(line));
}

/** How many are at each step. */
export function where(room, titles) {
  const name = (at) => (at ? say("room_step_line", { n: at, title: titles[at - 1] ?? "" }) : say("room_before_steps"));
  const lines = Object.entries(room.steps).map(([at, n]) => ({ text: name(Number(at)), n }));
  return html("section", {}, html("h3", { text: say("room_where") }), barred(lines));
}

/** The votes of a question, which who has not voted does not see. */
function vote(room, { question, words, options, open }) {
  const tally = room.votes[question] ?? options.map(() => 0);
  const all = tally.reduce((sum, n) => sum + n, 0);
  const lines = tally.map((n, i) => ({ text: options[i] ?? "", n }));
  const given = html("p", { text: count("room_answers", all) });
  const shown = open ? barred(lines) : html("p", { class: "spn-room-faint", text: say("room_answer_first") });
  return html("section", {}, html("h3", { text: words }), given, shown);
}

/** Guesses of a number. */
function numbers(room, { question, words }, open) {
  const guess = room.guesses[question];
  if (!guess) return null;
  const [, low, middle, high] = guess.fan[0].map((value) => number(value));
  const guesses = count("room_guesses", guess.number);
  const text = open ? say("room_number", { guesses, low, middle, high }) : guesses;
  return html("section", {}, html("h3", { text: words }), html("p", { text }));
}

/** All that was asked in a step, as far as somebody has answered. */
export function answers(room, questions) {
  if (!questions) return [];
  const votes = questions.votes.filter(({ question }) => room.votes[question]?.some((n) => n));
  const asked = questions.number ? [numbers(room, questions.number, questions.open)] : [];
  return [...asked, ...votes.map((each) => vote(room, each))].filter((each) => each !== null);
}

/** Seats with a nickname, each with a button that takes it away; `remove(seat)` does. */
export function nicknames(room, remove) {
  const named = (room.seats ?? []).filter(({ nickname }) => nickname);
  const line = ({ seat, nickname }) => {
    const look = { type: "button", class: "spn-room-remove", text: say("room_remove") };
    const label = { "aria-label": say("room_remove_of", { seat }), onclick: () => remove(seat) };
    const text = say("room_nickname_of", { seat, name: nickname });
    return html("li", {}, html("span", { text }), html("button", { ...look, ...label }));
  };
  const list = named.length
    ? html("ul", "spn-room-names", ...named.map(line))
    : html("p", { text: say("room_no_nicknames") });
  return html("details", {}, html("summary", { text: say("room_nicknames") }), list);
}

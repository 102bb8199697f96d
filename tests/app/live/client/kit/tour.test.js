import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Tour } from "../../../../../app/live/client/kit/tour.js";
import { learn } from "../../../../../app/live/client/kit/words.js";
import { Element, page } from "./elements.js";

const words = { tour_at: "{at} of {of}. {said}", tour_next: "Next", tour_done: "Done", one: "First", two: "Second" };
learn(words);

let seen;
const storage = { getItem: (key) => seen.get(key) ?? null, setItem: (key, text) => seen.set(key, text) };
Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
beforeEach(() => (seen = new Map()));

function made(look) {
  const { press, listeners } = page(look);
  const parts = [new Element("p"), new Element("p")];
  const tour = new Tour([
    ["one", parts[0]],
    ["two", parts[1]],
  ]);
  const marked = () => parts.map((part) => "data-toured" in part.attributes);
  return { tour, parts, marked, press, listeners };
}

test("it goes from stop to stop, marks the part it speaks of, and ends after the last", () => {
  const { tour, marked, listeners } = made();
  assert.equal(tour.root.hidden, true);
  tour.button.click();
  assert.equal(tour.root.hidden, false);
  assert.equal(document.activeElement, tour.root);
  assert.equal(tour.said.textContent, "1 of 2. First");
  assert.deepEqual([marked(), tour.back.disabled, tour.next.textContent], [[true, false], true, "Next"]);
  tour.next.click();
  assert.equal(tour.said.textContent, "2 of 2. Second");
  assert.deepEqual([marked(), tour.back.disabled, tour.next.textContent], [[false, true], false, "Done"]);
  tour.next.click();
  assert.deepEqual([tour.root.hidden, marked(), listeners()], [true, [false, false], 0]);
  assert.equal(document.activeElement, tour.button, "who was in the tour is back at its button");
});

test("back at the first stop the focus is not lost with the button that goes no further", () => {
  const { tour } = made();
  tour.button.click();
  tour.next.click();
  tour.back.focus();
  tour.back.click();
  assert.equal(document.activeElement, tour.next);
});

test("Escape and its own button leave it, the focus stays where it is; it is found again at the start", () => {
  const { tour, marked, press, listeners } = made();
  for (const leave of [() => press("Escape"), () => tour.button.click()]) {
    tour.button.click();
    tour.next.click();
    const elsewhere = new Element("input");
    elsewhere.focus();
    press("a");
    assert.equal(tour.root.hidden, false);
    leave();
    assert.deepEqual([tour.root.hidden, marked(), listeners()], [true, [false, false], 0]);
    assert.equal(document.activeElement, elsewhere);
    assert.equal(tour.button.attributes["aria-expanded"], "false");
  }
  tour.button.click();
  assert.equal(tour.said.textContent, "1 of 2. First");
});

test("its button stands out until it was pressed once, in this browser", () => {
  const first = made().tour;
  assert.ok("data-new" in first.button.attributes);
  first.button.click();
  assert.ok(!("data-new" in first.button.attributes));
  assert.ok(!("data-new" in made().tour.button.attributes));
});

test("it glides to its parts, and jumps for who wants no motion", () => {
  for (const calm of [false, true]) {
    const { tour, parts } = made({ calm });
    tour.button.click();
    assert.deepEqual(parts[0].scrolled, { block: "nearest", behavior: calm ? "auto" : "smooth" });
    tour.end();
  }
});

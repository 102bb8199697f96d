import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import {
  recall,
  recallTab,
  remember,
  rememberTab,
  rememberTour,
  tourSeen,
} from "../../../../../app/live/client/run/memory.js";

let kept;
beforeEach(() => {
  kept = new Map();
  globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text) };
});

const PLACE = { frame: 7, following: false, component: 2, curve: 1, seed: 0, picked: true };

test("a place is found again in its own run only", () => {
  remember("a", PLACE);
  assert.deepEqual(recall("a"), PLACE);
  assert.equal(recall("b"), null);
});

test("what is no place is forgotten", () => {
  for (const text of [
    "null",
    "{",
    "{}",
    JSON.stringify({ ...PLACE, curve: "1" }),
    JSON.stringify({ ...PLACE, frame: 0.5 }),
  ]) {
    kept.set("spn-lab-a", text);
    assert.equal(recall("a"), null, text);
  }
});

test("the tab that was shown is shown again where the page has it, else the first", () => {
  assert.equal(recallTab(["rho", "gap"]), "rho");
  rememberTab("gap");
  assert.equal(recallTab(["rho", "gap"]), "gap");
  assert.equal(recallTab(["rho", "used"]), "rho");
});

test("a browser that forbids storage forgets", () => {
  globalThis.sessionStorage = {
    getItem() {
      throw new Error("forbidden");
    },
    setItem() {
      throw new Error("forbidden");
    },
  };
  remember("a", PLACE);
  rememberTab("gap");
  assert.equal(recall("a"), null);
  assert.equal(recallTab(["rho", "gap"]), "rho");
});

test("that the tour was seen outlives the tab, and a browser that forbids storage forgets it", () => {
  const browser = new Map();
  const storage = { getItem: (key) => browser.get(key) ?? null, setItem: (key, text) => browser.set(key, text) };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  assert.equal(tourSeen(), false);
  rememberTour();
  assert.equal(tourSeen(), true);
  assert.equal(kept.size, 0);
  const forbidden = () => {
    throw new Error("forbidden");
  };
  Object.defineProperty(globalThis, "localStorage", { get: forbidden, configurable: true });
  rememberTour();
  assert.equal(tourSeen(), false);
});

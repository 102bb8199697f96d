import assert from "node:assert/strict";
import { test } from "node:test";

/** As much of an element as two lines of words need. */
class Node {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {}, textContent: "", hidden: false });
  }
  append(...children) {
    this.children.push(...children);
  }
  replaceChildren(...children) {
    this.children = children;
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
}
globalThis.document = { createElement: (tag) => new Node(tag) };
const { Told } = await import("../../../../../app/live/client/kit/told.js");
const { learn } = await import("../../../../../app/live/client/kit/words.js");
learn({
  notes: { one: "{n} note", other: "{n} notes" },
  updates: { one: "1 update", other: "{n} updates" },
  done: "Finished, {updates}",
  running: "Training",
  training: "Training {d} × {s}",
  depths: { one: "1 depth", other: "{n} depths" },
  seeds: { one: "1 seed", other: "{n} seeds" },
  unstopped: "Stop was refused. {why}",
  unreached: "Stop did not reach the server.",
});

const run = (state, headline, details) => ({
  state,
  final: state !== "running",
  length: 1,
  header: { headline, details, events: [] },
  layout: null,
  unstopped: null,
});

test("both lines are shown of a run that is live, stopped or done, and go with it", () => {
  const told = new Told();
  for (const state of ["running", "stopped", "done"]) {
    const shown = run(state, `L=3 is first, ${state}.`, `By 173 updates, ${state}.`);
    told.tell(shown, shown, false, false);
    assert.equal(told.headline.textContent, shown.header.headline);
    assert.equal(told.details.textContent, shown.header.details);
    assert.equal(told.details.hidden, false);
  }
  const early = run("running", "Training starts.", "");
  told.tell(early, early, false, false);
  assert.equal(told.details.hidden, true);
  told.tell(null, null, false, false);
  assert.equal(told.headline.textContent + told.details.textContent, "");
});

test("a run that has ended says how many updates it made, also where that is one or none", () => {
  const told = new Told();
  for (const [iterations, words] of [
    [0, "0 updates"],
    [1, "1 update"],
    [500, "500 updates"],
  ]) {
    const ended = { ...run("done", "", ""), iteration: (i) => i, layout: { iterations } };
    told.tell(ended, ended, false, false);
    assert.equal(told.status.textContent, `Finished, ${words}`);
  }
});

test("the second line is read after the first and before the state; none of them is spoken at a change", () => {
  const told = new Told();
  const [first, second, third] = told.root.children;
  assert.deepEqual([first, second], [told.headline, told.details]);
  assert.ok(third.children.includes(told.status));
  for (const { attributes } of [first, second, third, told.status])
    assert.ok(!("role" in attributes || "aria-live" in attributes));
});

test("a run is spoken of when it begins and with its headline when it ends, whatever changes in between", () => {
  const told = new Told();
  assert.equal(told.spoken.attributes.role, "status");
  const layout = { names: ["L = 1", "L = 2"], num_depths: 2, num_seeds: 3, iterations: 9 };
  const heard = ["After 1 update L=1 leads.", "After 2 updates L=2 leads."].map((headline, t) => {
    const going = { ...run("running", headline, ""), layout, iteration: () => t };
    told.tell(going, going, false, false);
    return told.spoken.textContent;
  });
  assert.deepEqual(heard, Array(2).fill("Training 2 depths × 3 seeds …"));
  const ended = { ...run("done", "L=2 is first.", ""), layout, iteration: () => 9 };
  told.tell(ended, ended, false, false);
  assert.equal(told.spoken.textContent, "L=2 is first. Finished, 9 updates");
});

test("a run that could not be stopped says why until it ends", () => {
  const told = new Told();
  const said = (state, unstopped) => {
    const asked = {
      ...run(state, "", ""),
      iteration: (i) => i,
      layout: { iterations: 2, names: ["L = 1"], num_depths: 1, num_seeds: 1 },
      unstopped,
      final: state === "done",
    };
    told.tell(asked, asked, false, false);
    return told.status.textContent;
  };
  assert.equal(said("running", "Name the setting."), "Stop was refused. Name the setting.");
  assert.equal(said("running", ""), "Stop did not reach the server.");
  assert.equal(said("running", null), "Training");
  assert.equal(said("done", "Name the setting."), "Finished, 2 updates");
});

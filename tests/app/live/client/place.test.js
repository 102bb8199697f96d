// Where the lab's addresses begin is told only where the server takes them to begin elsewhere; the address says what
// it is told once, in the entry of the history that is there; links to pages get what goes along, and no others.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

class Element {
  constructor(link) {
    this.link = link;
  }
  closest() {
    return this.link;
  }
}
class HTMLAnchorElement {
  constructor(href) {
    this.href = href;
  }
  get hash() {
    return new URL(this.href).hash;
  }
}
Object.assign(globalThis, { Element, HTMLAnchorElement });

let number = 0;

/** A tab at an address: what the server was told, what the history was told, and what comes near a link there. */
async function tab(address, baseURI = address) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const listeners = [];
  const addEventListener = (name, heard) => listeners.push(heard);
  const taken = [];
  const getElementById = (id) => ({ remove: () => taken.push(id) });
  globalThis.document = { baseURI, addEventListener, getElementById, querySelector: () => null };
  globalThis.location = { href: address };
  const said = [];
  const written = [];
  globalThis.history = {
    state: "kept",
    replaceState: (state, title, to) => (written.push([state, to.href]), (globalThis.location.href = to.href)),
  };
  const { default: place } = await import(`../../../../app/live/client/place.js?${(number += 1)}`);
  const call = (data) =>
    place({ data: { query: "", along: "", ...data }, setStateValue: (name, value) => said.push([name, value]) });
  const near = (href) => {
    const link = new HTMLAnchorElement(href);
    listeners.forEach((heard) => heard({ target: new Element(link) }));
    return link.href;
  };
  return { said, written, call, near, listeners, taken };
}

test("the root is told where the server is mistaken about it", async () => {
  const said = [["root", "https://h/lab/"]];
  for (const address of ["https://h/lab/ask?v=1", "https://h/lab/"]) {
    const here = await tab(address);
    here.call({ root: "https://h/course/" });
    assert.deepEqual(here.said, said);
  }
});

test("nothing is told where the server is right, so that no page runs twice", async () => {
  const here = await tab("https://h/lab/ask?v=1#a");
  here.call({ root: "https://h/lab/" });
  assert.deepEqual(here.said, []);
});

test("what a page hides while it opens is taken away once, a while after that", async () => {
  const here = await tab("https://h/lab/");
  for (let call = 0; call < 3; call += 1) here.call({ root: "https://h/lab/" });
  assert.deepEqual(here.taken, []);
  mock.timers.tick(2000);
  assert.deepEqual(here.taken, ["spn-opening"]);
});

test("the address says what it is told in the entry that is there, and once", async () => {
  const here = await tab("https://h/lab/ask");
  const data = { root: "https://h/lab/", query: "v=1&k=5" };
  here.call(data);
  assert.deepEqual(here.written, [["kept", "https://h/lab/ask?v=1&k=5"]]);
  globalThis.location.href = "https://h/lab/ask?v=1&k=6";
  here.call(data);
  assert.equal(here.written.length, 1, "the page has changed since");
  here.call({ ...data, query: "" });
  globalThis.location.href = "https://h/lab/ask";
  here.call(data);
  assert.equal(here.written.length, 2, "somebody has come again");
  assert.deepEqual(here.said, []);
});

test("an address that says it already is left alone", async () => {
  const here = await tab("https://h/ask?v=1");
  here.call({ root: "https://h/", query: "v=1" });
  assert.deepEqual(here.written, []);
});

test("a link to a page of the lab gets what goes along before it is followed, and keeps what it says", async () => {
  const here = await tab("https://h/lab/ask?view=projector", "https://h/lab/ask");
  here.call({ root: "https://h/lab/", along: "view=projector&room=a+b" });
  here.call({ root: "https://h/lab/", along: "view=projector&room=a+b" });
  assert.equal(here.listeners.length, 3, "however often the page changes");
  assert.equal(here.near("https://h/lab/maths"), "https://h/lab/maths?view=projector&room=a+b");
  assert.equal(here.near("https://h/lab/?v=2&view=embed"), "https://h/lab/?v=2&view=embed&room=a+b");
  for (const other of [
    "https://h/lab/maths#scale",
    "https://h/lab/media/x.csv",
    "https://h/other",
    "https://g/lab/a",
  ]) {
    assert.equal(here.near(other), other);
  }
  here.call({ root: "https://h/lab/" });
  assert.equal(here.near("https://h/lab/maths"), "https://h/lab/maths");
});

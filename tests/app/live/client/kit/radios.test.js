import assert from "node:assert/strict";
import { test } from "node:test";

import { checked, radios } from "../../../../../app/live/client/kit/radios.js";

test("an arrow chooses the mark beside and goes there; at the end and for other keys nothing happens", () => {
  const [picked, focused] = [[], []];
  const marks = [0, 1, 2].map((k) => ({ focus: () => focused.push(k) }));
  const group = radios(
    "Component",
    () => marks,
    (k) => picked.push(k),
  );
  assert.deepEqual([group.role, group["aria-label"]], ["radiogroup", "Component"]);
  let kept = 0;
  const press = (key, at) => group.onkeydown({ key, target: marks[at], preventDefault: () => (kept += 1) });
  press("ArrowRight", 0);
  press("ArrowUp", 2);
  assert.deepEqual([picked, focused, kept], [[1, 1], [1, 1], 2]);
  press("ArrowLeft", 0);
  press("ArrowDown", 2);
  press("a", 1);
  assert.equal(kept, 2);
});

test("Tab stops at the one that is chosen", () => {
  assert.deepEqual(checked(true), { "aria-checked": true, tabindex: 0 });
  assert.deepEqual(checked(false), { "aria-checked": false, tabindex: -1 });
});

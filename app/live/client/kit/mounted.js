// What is on the page: one thing per element, made at the first call of a module's export and then brought up to date.

import { usePalette } from "./theme.js";
import { learn } from "./words.js";

const mounted = new WeakMap();

/**
 * The entry of a module. `make(parent)` gives what is mounted: `update(data, trigger)` numbers its calls, the last
 * number is its `turn`; `close()` takes it away.
 */
export const mounting = (make) => (component) => {
  const { parentElement, data, setTriggerValue, words, palette } = component;
  learn({ ...words, ...data.labels });
  usePalette(palette);
  let view = mounted.get(parentElement);
  if (!view) mounted.set(parentElement, (view = make(parentElement)));
  const turn = view.update(data, setTriggerValue);
  return () => {
    if (turn !== view.turn) return; // a later call took over this element
    view.close();
    mounted.delete(parentElement);
  };
};

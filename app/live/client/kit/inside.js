// What a pointer does inside a chart over updates, as items of its menu: to look closer, to hide lines and show them.

import { placed } from "./axis.js";
import { unescaped } from "./legend.js";
import { say } from "./words.js";

const CLOSER = 0.5; // of the axis, at each press

/** The items of a chart as it is now. */
export function insideItems(figure) {
  if (!figure.spec?.over) return [];
  const zoom = (word, by) => ({ label: say(word), act: () => zoomed(figure, by) });
  return [zoom("zoom_in", CLOSER), zoom("zoom_out", 1 / CLOSER), ...lineItems(figure)];
}

/** A toggle for each group of lines that has a name. */
function lineItems(figure) {
  const named = figure.spec.data.filter(({ legendgroup, name }) => legendgroup && name);
  const groups = [...new Map(named.map(({ legendgroup, name }) => [legendgroup, name]))];
  if (groups.length < 2) return [];
  const checked = (group) => () => !figure.hidden.has(group);
  return groups.map(([group, name]) => ({
    label: unescaped(name),
    checked: checked(group),
    act: () => hide(figure, group),
  }));
}

/** Hide the lines of a group, or show them again. It answers Plotly's question whether to do so itself. */
export function hide(figure, group) {
  if (!group) return true;
  if (!figure.hidden.delete(group)) figure.hidden.add(group);
  figure.request();
  return false;
}

/** Show `by` as much of the axis over updates, about the cursor; no more than all of it. */
function zoomed(figure, by) {
  const { xaxis } = figure.plot._fullLayout ?? {};
  const context = figure.context();
  if (!xaxis || !context || !figure.whole) return;
  const middle = xaxis.c2l(placed(context.run.iteration(context.frame), xaxis.type === "log"));
  figure.closer = scaled(xaxis.range, middle, by, figure.whole);
  figure.request();
}

/** A range that is `by` as long, about a middle that may lie outside of it; all of the whole at most, and within it. */
export function scaled([low, high], middle, by, [first, last]) {
  const length = Math.min((high - low) * by, last - first);
  const begin = Math.min(Math.max(middle + (low - middle) * by, first), last - length);
  return [begin, begin + length];
}

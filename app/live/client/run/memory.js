// What this browser tab keeps: where the reader was in a run (cursor, component, curve and seed), so that every page
// about the run opens at the same place, which tab is shown, and how each chart is. What the browser keeps: that the
// tour was seen, and what was answered in a lesson.

const tab = () => sessionStorage;
const browser = () => localStorage;

/** Keep something; a browser that forbids storage forgets it. */
function keep(key, value, where = tab) {
  try {
    where().setItem(`spn-lab-${key}`, JSON.stringify(value));
  } catch {
    // private windows may refuse
  }
}

function kept(key, where = tab) {
  try {
    return JSON.parse(where().getItem(`spn-lab-${key}`) ?? "null");
  } catch {
    return null;
  }
}

/** Keep the place in a run. */
export const remember = (id, place) => keep(id, place);

/** The kept place {frame, following, component, curve, seed, picked}, or null. */
export function recall(id) {
  const place = kept(id);
  const whole = place && ["frame", "component", "curve", "seed"].every((name) => Number.isInteger(place[name]));
  return whole ? place : null;
}

/** Keep which tab is shown. */
export const rememberTab = (key) => keep("tab", key);

/** The one of these tabs that was shown, else the first. */
export const recallTab = (keys) => keys.find((key) => key === kept("tab")) ?? keys[0];

/** Keep that the tour was begun once. */
export const rememberTour = () => keep("tour", true, browser);

/** Whether it was. */
export const tourSeen = () => kept("tour", browser) === true;

/** Keep the document of the answers to a lesson; app/kit/answers.py describes it. */
export const rememberAnswers = (lesson, document) => keep(`lesson-${lesson}`, document, browser);

/** The document of the answers to a lesson, or null. */
export const recallAnswers = (lesson) => kept(`lesson-${lesson}`, browser);

/** Keep how a chart is shown. */
export const rememberOptions = (chart, options) => keep(`options-${chart}`, options);

/** How a chart was shown: the kept ones of its options. */
export function recallOptions(chart, options) {
  const found = kept(`options-${chart}`) ?? {};
  return Object.fromEntries(Object.entries(found).filter(([word, is]) => word in options && typeof is === "boolean"));
}

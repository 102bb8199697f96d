// Where the reader was in a run: cursor, component, curve and seed, kept per run for this browser tab, so that every
// page about the run opens at the same place.

const key = (id) => `spn-lab-${id}`;

/** Keep the place; a browser that forbids storage forgets it. */
export function remember(id, place) {
  try {
    sessionStorage.setItem(key(id), JSON.stringify(place));
  } catch {
    // private windows may refuse
  }
}

/** The kept place {frame, following, component, curve, seed, picked}, or null. */
export function recall(id) {
  try {
    const place = JSON.parse(sessionStorage.getItem(key(id)) ?? "null");
    return place && ["frame", "component", "curve", "seed"].every((name) => Number.isInteger(place[name]))
      ? place
      : null;
  } catch {
    return null;
  }
}

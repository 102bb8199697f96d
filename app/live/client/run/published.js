// The curves of Figure 3 as they were published in 2019, asked for once.

/** Where there are none to show. */
export const NONE = [];
let asked = /** @type {Promise<any[]> | null} */ (null);

/** The server's readings of them, {depth, x, y} of each; none while they cannot be had: a later call asks again. */
export function publishedCurves(base) {
  asked ??= ask(base).catch(() => ((asked = null), NONE));
  return asked;
}

async function ask(base) {
  const { iteration, ...curves } = await (await fetch(`${base}api/figure3`)).json();
  return Object.entries(curves).map(([name, y]) => ({ depth: Number(name.replace("L", "")), x: iteration, y }));
}

// What of a drawing may be touched where the link that opened the page locks settings; the server refuses the rest.

/**
 * @param {import("../types").Layout["touch"]} touch
 * @param {string[]} locked
 */
export function leftFree(touch, locked) {
  const free = (...names) => !names.some((name) => locked.includes(name));
  return {
    ...touch,
    weights: touch.weights && free("changes"),
    rate: touch.rate && free("changes", "learning_rate"),
    layers: free("depths") ? touch.layers : 0,
  };
}

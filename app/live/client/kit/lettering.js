// The letters of saved figures, which come with them: a figure is then as wide everywhere as it was measured here.

import { fonts } from "./theme.js";

export const FAMILY = "Lab Sans";
let loading = /** @type {Promise<[string, string][]> | null} */ (null);

/** The font by weight as data addresses, fetched once and by then known to the page, too. */
export function lettering(base) {
  loading ??= Promise.all(Object.entries(fonts()).map(([weight, path]) => letters(base + path, weight))).catch(
    (error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

/** @returns {Promise<[string, string]>} */
async function letters(url, weight) {
  const blob = await (await fetch(url)).blob();
  const face = new FontFace(FAMILY, await blob.arrayBuffer(), { weight });
  document.fonts.add(await face.load());
  const reader = new FileReader();
  const read = new Promise((resolve) => (reader.onload = () => resolve(String(reader.result))));
  reader.readAsDataURL(blob);
  return [weight, await read];
}

/** The rules by which an SVG has the letters with it. */
export const rules = (/** @type {[string, string][]} */ found) =>
  found.map(([weight, url]) => `@font-face{font-family:"${FAMILY}";font-weight:${weight};src:url(${url})}`).join("");

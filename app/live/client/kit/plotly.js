// plotly.js, which draws every chart of the lab.

import { html } from "./dom.js";

let loading = null;

/** plotly.js, fetched once for all views; asked for again after a failure. */
export function loadPlotly(url) {
  loading ??= new Promise((resolve, reject) => {
    const ended = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("no Plotly")));
    document.head.append(html("script", { src: url, async: true, onload: ended, onerror: ended }));
  }).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** A chart as an SVG of a size, drawn apart from the page. */
export async function plotted(data, layout, width, height) {
  const said = { format: "svg", width, height, imageDataOnly: true };
  const text = await window.Plotly.toImage({ data: structuredClone(data), layout: { ...layout, width, height } }, said);
  const drawn = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return document.importNode(drawn, true);
}

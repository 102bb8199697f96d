// View 5: what first order leaves of a step, against the learning rate, with ρ as a product and as the paper prints it.

import { number } from "../kit/dom.js";
import { SYMBOLS } from "./stepview.js";

const inWords = (slope) => (slope === null ? "–" : slope.toFixed(2));

export function residualChart(c) {
  const answer = c.derived.point("residual", { depth: c.L, k: c.k, t: c.t });
  if (!answer) return null;
  const { header, values } = answer;
  const n = values.length / 3;
  const [eta, product, printed] = [0, 1, 2].map((i) => Array.from(values.subarray(i * n, (i + 1) * n)));
  const differ = c.L >= 3 && printed.some(Number.isFinite);
  const colours = { product: SYMBOLS[c.theme.mode].rho, printed: c.theme.picked };
  const positive = (line) => line.map((v) => (v > 1e-15 && Number.isFinite(v) ? v : null));
  const line = (name, y, colour, more = {}) => ({ type: "scatter", mode: "lines", name, x: eta, y: positive(y), line: { color: colour, width: 2.4 * c.theme.lineScale, ...more }, hovertemplate: `η = %{x:.2e}: %{y:.3e}<extra>${name}</extra>` });
  const drawn = (c.L > 1 && positive(product).some((v) => v !== null)) || (differ && positive(printed).some((v) => v !== null));
  const at = header.at_now;
  const ends = [Math.log10(eta[0]), Math.log10(eta.at(-1))];
  const highest = Math.max(...[...product, ...printed].filter(Number.isFinite), 1e-15);
  const guides = [[2, product, header.slopes[0]], ...(differ ? [[1, printed, header.slopes[1]]] : [])].flatMap(([slope, y, fitted]) => {
    const i = Math.floor(n * 0.3);
    return fitted === null || !(y[i] > 1e-15) ? [] : [{ type: "scatter", mode: "lines", x: eta, y: eta.map((e) => (2.2 * y[i] * (e / eta[i]) ** slope > highest * 30 ? null : 2.2 * y[i] * (e / eta[i]) ** slope)), name: c.say("slope_guide", { slope }), line: { color: c.theme.muted, width: 1, dash: "dot" }, hoverinfo: "skip" }];
  });
  const points = [[at[0], colours.product], ...(differ ? [[at[1], colours.printed]] : [])].filter(([y]) => y > 1e-15);
  return {
    moves: true, at: header.at + 1, legend: drawn, revision: `${c.L}-${c.k}`,
    data: drawn ? [
      ...guides, line(c.say("form_product", { slope: inWords(header.slopes[0]) }), product, colours.product),
      ...(differ ? [line(c.say("form_printed", { slope: inWords(header.slopes[1]) }), printed, colours.printed, { dash: "8px,4px" })] : []),
      { type: "scatter", mode: "markers", showlegend: false, x: points.map(() => header.now), y: points.map(([y]) => y), marker: { size: 11, color: points.map(([, colour]) => colour), line: { width: 2, color: c.theme.ground } }, hoverinfo: "skip" },
    ] : [],
    x: { type: "log", title: { text: c.say("eta_axis") }, range: n ? ends : [-6, 0], dtick: n && ends[1] - ends[0] > 9 ? 2 : 1 },
    y: { type: "log", title: { text: c.say("residual_axis") }, nticks: 7 },
    shapes: n ? [{ type: "line", x0: header.now, x1: header.now, yref: "paper", y0: 0, y1: 1, layer: "below", line: { color: c.theme.line, dash: "dash", width: 1 }, label: { text: c.say("eta_now"), padding: 4, textposition: "start", textangle: 0, xanchor: n && Math.log10(header.now) < (2 * ends[0] + ends[1]) / 3 ? "left" : "right", yanchor: "bottom", font: { size: 11, color: c.theme.muted } } }] : [],
    sentence: () => residualSentence(c, header),
    table: () => ({ head: ["η", c.say("form_product_short"), c.say("form_printed_short")], rows: eta.map((e, i) => [e, product[i], printed[i]]) }),
  };
}

function residualSentence(c, { at, now, at_now: [product, printed], slopes, limit }) {
  const { say } = c;
  const values = { t: at + 1, eta: number(now), k: c.k + 1 };
  if (limit === null) return say("residual_none", values);
  if (c.L === 1) return say("residual_exact", values);
  const share = (x) => number(x, 3);
  const here = say(product < 0.1 ? "residual_small" : "residual_large", { ...values, share: share(product), limit: number(limit, 2) });
  const forms = slopes[0] === null ? "" : slopes[1] === null ? say("residual_log", { slope: inWords(slopes[0]) }) : c.L === 2 ? say("residual_one", { slope: inWords(slopes[0]) })
    : say("residual_two", { a: inWords(slopes[0]), b: inWords(slopes[1]), printed: share(printed) });
  return `${here} ${forms}`;
}

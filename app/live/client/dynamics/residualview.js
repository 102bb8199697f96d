// View 5: what first order leaves of a step, against the learning rate, with ρ as a product and as the paper prints it.

import { number } from "../kit/dom.js";
import { say } from "../kit/words.js";

const LEAST = 1e-15; // what is smaller is rounding
const slopeWords = (slope) => (slope === null ? "–" : slope.toFixed(2));
const drawable = (line) => line.map((v) => (v > LEAST && Number.isFinite(v) ? v : null));
const lines = { type: "scatter", mode: "lines" };

/** The two forms of ρ: product and, where they differ, as printed. */
function forms(c, { header, values }) {
  const n = values.length / 3;
  const [eta, product, printed] = [0, 1, 2].map((i) => Array.from(values.subarray(i * n, (i + 1) * n)));
  const differ = c.L >= 3 && printed.some(Number.isFinite);
  const { slopes, at_now: at } = header;
  const of = (word, y, i, colour, guide, look) => ({ word, y, slope: slopes[i], now: at[i], colour, guide, look });
  const own = of("form_product", product, 0, c.theme.rho, 2, {});
  const paper = of("form_printed", printed, 1, c.theme.picked, 1, { dash: "8px,4px" });
  return { eta, product, printed, known: differ ? [own, paper] : [own] };
}

function formLine(c, eta, { word, y, slope, colour, look }) {
  const name = say(word, { slope: slopeWords(slope) });
  const line = { color: colour, width: 2.4 * c.theme.lineScale, ...look };
  const hovertemplate = `η = %{x:.2e}: %{y:.3e}<extra>${name}</extra>`;
  return { ...lines, name, x: eta, y: drawable(y), line, hovertemplate };
}

/** A dotted line of the slope that theory says, a little above the one that is drawn. */
function guideLine(c, eta, highest, { y, slope: fitted, guide: slope }) {
  const i = Math.floor(eta.length * 0.3);
  if (fitted === null || !(y[i] > LEAST)) return [];
  const heights = eta.map((e) => 2.2 * y[i] * (e / eta[i]) ** slope);
  const line = { color: c.theme.muted, width: 1, dash: "dot" };
  const shown = heights.map((height) => (height > highest * 30 ? null : height));
  return [{ ...lines, x: eta, y: shown, name: say("slope_guide", { slope }), line, hoverinfo: "skip" }];
}

/** The η of this run as a vertical line. */
function nowLine({ theme }, now, /** @type {number[]} */ [low, high]) {
  const xanchor = Math.log10(now) < (2 * low + high) / 3 ? "left" : "right";
  const place = { padding: 4, textposition: "start", textangle: 0, xanchor, yanchor: "bottom" };
  return {
    type: "line",
    x0: now,
    x1: now,
    yref: "paper",
    y0: 0,
    y1: 1,
    layer: "below",
    line: { color: theme.line, dash: "dash", width: 1 },
    label: { text: say("eta_now"), ...place, font: { size: 11, color: theme.muted } },
  };
}

export function residualChart(c) {
  const answer = c.derived.point("residual", { depth: c.L, k: c.k, t: c.t });
  if (!answer) return null;
  const { header } = answer;
  const { eta, product, printed, known } = forms(c, answer);
  const drawn = known.some(({ y, guide }) => (c.L > 1 || guide === 1) && drawable(y).some((v) => v !== null));
  const ends = eta.length ? [Math.log10(eta[0]), Math.log10(eta.at(-1))] : [-6, 0];
  const highest = Math.max(...[...product, ...printed].filter(Number.isFinite), LEAST);
  const points = known.filter(({ now }) => now > LEAST);
  const marker = { size: 11, color: points.map(({ colour }) => colour), line: { width: 2, color: c.theme.ground } };
  const dots = { x: points.map(() => header.now), y: points.map(({ now }) => now), marker };
  return {
    moves: true,
    at: header.at + 1,
    legend: drawn,
    revision: `${c.L}-${c.k}`,
    data: drawn
      ? [
          ...known.flatMap((form) => guideLine(c, eta, highest, form)),
          ...known.map((form) => formLine(c, eta, form)),
          { type: "scatter", mode: "markers", showlegend: false, ...dots, hoverinfo: "skip" },
        ]
      : [],
    x: {
      type: "log",
      title: { text: say("eta_axis") },
      range: ends,
      dtick: eta.length && ends[1] - ends[0] > 9 ? 2 : 1,
    },
    y: { type: "log", title: { text: say("residual_axis") }, nticks: 7 },
    shapes: eta.length ? [nowLine(c, header.now, ends)] : [],
    sentence: () => residualSentence(c, header),
    table: () => ({
      head: ["η", say("form_product_short"), say("form_printed_short")],
      rows: eta.map((e, i) => [e, product[i], printed[i]]),
    }),
  };
}

function residualSentence(c, { at, now, at_now: [product, printed], slopes, limit }) {
  const values = { t: at + 1, eta: number(now), k: c.k + 1 };
  if (limit === null) return say("residual_none", values);
  if (c.L === 1) return say("residual_exact");
  const [slope, a, b] = [slopes[0], ...slopes].map(slopeWords);
  const size = { ...values, share: number(product), limit: number(limit, 2) };
  const here = say(product < 0.1 ? "residual_small" : "residual_large", size);
  if (slopes[0] === null) return `${here} `;
  if (slopes[1] === null) return `${here} ${say("residual_log", { slope })}`;
  if (c.L === 2) return `${here} ${say("residual_one", { slope })}`;
  return `${here} ${say("residual_two", { a, b, printed: number(printed) })}`;
}

// View 5: what first order leaves of a step, against the learning rate: ρ as a product, and as the paper prints it.

import { number } from "../kit/dom.js";
import { scaled, upright } from "../kit/spec.js";
import { say } from "../kit/words.js";
import { rowsOf } from "../run/series.js";

const LEAST = 1e-15; // what is smaller is rounding
const onLogs = ({ layout }) => layout.settings.parametrisation === "log";
const exact = (c) => c.L === 1 && !onLogs(c); // one weight, one step on it
const slopeWords = (slope) => (slope === null ? "–" : slope.toFixed(2));
const drawable = (line) => line.map((v) => (v > LEAST && Number.isFinite(v) ? v : null));

/** The two forms of ρ: product and, where they differ, as printed. */
function forms(c, { header, values }) {
  const [eta, product, printed] = rowsOf(values, 3);
  const differ = c.L >= 3 && printed.some(Number.isFinite);
  const known = [
    { word: "form_product", y: product, colour: c.theme.rho, guide: 2, dash: "solid" },
    ...(differ ? [{ word: "form_printed", y: printed, colour: c.theme.picked, guide: 1, dash: "8px,4px" }] : []),
  ].map((form, i) => ({ ...form, slope: header.slopes[i], now: header.at_now[i] }));
  return { eta, product, printed, known };
}

function formLine(c, eta, { word, y, slope, colour, dash }) {
  const name = say(word, { slope: slopeWords(slope) });
  const line = { color: colour, width: 2.4 * c.theme.lineScale, dash };
  const hovertemplate = `η = %{x:.2e}: %{y:.3e}<extra>${name}</extra>`;
  return { name, x: eta, y: drawable(y), line, hovertemplate };
}

/** A dotted line of the slope that theory says, a little above the one that is drawn. */
function guideLine(c, eta, highest, { y, slope: fitted, guide: slope }) {
  const i = Math.floor(eta.length * 0.3);
  if (fitted === null || !(y[i] > LEAST)) return [];
  const heights = eta.map((e) => 2.2 * y[i] * (e / eta[i]) ** slope);
  const line = { color: c.theme.muted, width: 1, dash: "dot" };
  const shown = heights.map((height) => (height > highest * 30 ? null : height));
  return [{ x: eta, y: shown, name: say("slope_guide", { slope }), line, hoverinfo: "skip" }];
}

/** The η of this run as a vertical line. */
function nowLine(c, now, /** @type {number[]} */ [low, high]) {
  const xanchor = Math.log10(now) < (2 * low + high) / 3 ? "left" : "right";
  const place = { padding: 4, textposition: "start", xanchor, yanchor: "bottom" };
  return upright(c, now, say("eta_now"), { color: c.theme.line, dash: "dash" }, place, c.theme.muted);
}

export function residualChart(c) {
  const answer = c.answer("residual", { k: c.k });
  if (!answer) return null;
  const { header } = answer;
  const { eta, product, printed, known } = forms(c, answer);
  const drawn = !exact(c) && known.some(({ y }) => drawable(y).some((v) => v !== null));
  const ends = eta.length ? [Math.log10(eta[0]), Math.log10(eta.at(-1))] : [-6, 0];
  const highest = Math.max(...[...product, ...printed].filter(Number.isFinite), LEAST);
  const points = known.filter(({ now }) => now > LEAST);
  const marker = { size: 11, color: points.map(({ colour }) => colour), line: { width: 2, color: c.theme.ground } };
  const dots = { x: points.map(() => header.now), y: points.map(({ now }) => now), marker };
  return {
    at: header.at,
    legend: drawn,
    revision: `${c.L}-${c.k}`,
    data: drawn
      ? [
          ...known.flatMap((form) => guideLine(c, eta, highest, form)),
          ...known.map((form) => formLine(c, eta, form)),
          { mode: "markers", showlegend: false, ...dots, hoverinfo: "skip" },
        ]
      : [],
    x: { type: "log", title: say("eta_axis"), range: ends, dtick: ends[1] - ends[0] > 9 ? 2 : 1 },
    ...scaled("residual_axis", true),
    shapes: eta.length ? [nowLine(c, header.now, ends)] : [],
    sentence: () => residualSentence(c, header),
    table: () => ({
      head: ["η", say("form_product_short"), say("form_printed_short")],
      rows: eta.map((e, i) => [e, product[i], printed[i]]),
    }),
  };
}

function residualSentence(c, { at, now, at_now: [product, printed], slopes, limit }) {
  const values = { t: at, eta: number(now), k: c.k + 1 };
  if (limit === null) return say("residual_none", values);
  if (exact(c)) return say("residual_exact");
  const [a, b] = slopes.map(slopeWords);
  const size = { ...values, share: number(product), limit: number(limit, 2) };
  const small = onLogs(c) ? "residual_small_log" : "residual_small";
  const large = onLogs(c) ? "residual_large_log" : "residual_large";
  const here = say(product < 0.1 ? small : large, size);
  if (slopes[0] === null) return `${here} `;
  if (slopes[1] === null) return `${here} ${say("residual_log", { slope: a })}`;
  if (c.L === 2) return `${here} ${say("residual_one", { slope: a })}`;
  return `${here} ${say("residual_two", { a, b, printed: number(printed) })}`;
}

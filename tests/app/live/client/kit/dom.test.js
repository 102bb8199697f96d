import assert from "node:assert/strict";
import { test } from "node:test";

import {
  inWords,
  llh,
  number,
  plotlyText,
  shorten,
  subscript,
  superscript,
  tabular,
} from "../../../../../app/live/client/kit/dom.js";
import { powerOfTen, signedScale } from "../../../../../app/live/client/kit/spec.js";
import { near } from "../fixture.js";

test("numbers are for reading: three digits, a true minus sign, powers of ten where they are long", () => {
  const written = {
    0: "0",
    1: "1",
    "-1.5": "−1.5",
    0.12345: "0.123",
    1234.5: "1230",
    9999: "10000",
    12345: "1.23·10⁴",
    1e-4: "0.0001",
    "-0.00012345": "−0.000123",
    0.00001234: "1.23·10⁻⁵",
    "1e300": "1·10³⁰⁰",
  };
  for (const [value, text] of Object.entries(written)) assert.equal(number(Number(value)), text, value);
  assert.equal(number(0.123456, 5), "0.12346");
  assert.deepEqual(
    [NaN, Infinity, undefined, null].map((value) => number(value)),
    ["–", "–", "–", "–"],
  );
});

test("a number that changes in place has all its digits, whatever they are", () => {
  const written = {
    0.1: "0.1000",
    0.10642: "0.1064",
    2e-7: "2.000·10⁻⁷",
    12: "12.00",
    "-0.5": "−0.5000",
    12345: "1.235·10⁴",
  };
  for (const [value, text] of Object.entries(written)) assert.equal(tabular(Number(value)), text);
  assert.deepEqual(
    [0, NaN].map((value) => tabular(value)),
    ["0", "–"],
  );
  assert.equal(tabular(2e-4, 3), "0.000200");
});

test("a number in words is the number, to its digits", () => {
  const value = (text) => {
    const raised = (power) =>
      [...power]
        .map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))
        .map((i) => (i ? i - 1 : "-"))
        .join("");
    const [mantissa, power] = text.replaceAll("−", "-").split("·10");
    return Number(mantissa) * 10 ** (power ? Number(raised(power)) : 0);
  };
  for (let i = -40; i <= 40; i += 1)
    for (const sign of [1, -1]) near(value(number(sign * 1.7 ** i, 8)) / (sign * 1.7 ** i), 1, 1e-7);
});

test("log-likelihoods line up at three decimals", () => {
  assert.deepEqual([-7.0455363, 0, -12, NaN].map(llh), ["−7.046", "0.000", "−12.000", "–"]);
});

test("raised and lowered digits", () => {
  assert.deepEqual([superscript(-305), subscript(12)], ["⁻³⁰⁵", "₁₂"]);
  assert.deepEqual([1e-6, -1e4, 100, 0.03].map(powerOfTen), ["10⁻⁶", "−10⁴", "100", "0.03"]);
});

test("ticks of a signed scale stand where their numbers are drawn, the same on both sides of zero", () => {
  const { drawn, ticks } = signedScale(1e-3, 50);
  near(Math.sinh(drawn(0.4) * Math.LN10) * 1e-3, 0.4, 1e-12);
  assert.equal(ticks.ticktext[ticks.tickvals.indexOf(0)], "0");
  ticks.tickvals.forEach((at, i) =>
    assert.ok(
      ticks.tickvals.some((other) => Math.abs(other + at) < 1e-12),
      ticks.ticktext[i],
    ),
  );
  near(ticks.tickvals.at(ticks.ticktext.indexOf("100")), drawn(100), 1e-12);
});

test("names stay short, on their line, and are no markup", () => {
  assert.equal(plotlyText("a<b>&"), "a&lt;b&gt;&amp;");
  assert.equal(shorten("eating"), "eating");
  assert.equal(inWords("getting_about_outside"), "getting about outside");
  assert.equal(shorten("x".repeat(99), 10), `${"x".repeat(9)}…`);
  assert.equal(shorten("a\u202eb\nc"), "a�b�c");
  assert.equal(shorten("a\u0300\u0301\u0302\u0303".normalize("NFD")).length, 1);
});

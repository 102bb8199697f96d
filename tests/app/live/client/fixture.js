// Answers of the server's own encoder, with numbers of the engine's traces beside them; made by test_fixture.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const stored = JSON.parse(readFileSync(new URL("run.json", import.meta.url), "utf8"));

const buffer = (text) => Uint8Array.from(Buffer.from(text, "base64")).buffer;

export const { layout, expected } = stored;
export const [start, rest, norms] = ["start", "rest", "norms"].map((name) => buffer(stored[name]));
export const SEED = 1;

/** A server for one test: `answer(url)` gives {json} or {octets} or {status} or {page}; the addresses asked for. */
export function serve(answer) {
  const asked = [];
  globalThis.document = { hidden: false };
  globalThis.fetch = async (url, { signal } = {}) => {
    asked.push(String(url));
    signal?.throwIfAborted();
    const { json, octets, page, status = 200 } = await answer(String(url));
    const kind = json ? "application/json" : octets ? "application/octet-stream" : "text/html";
    return new Response(json ? JSON.stringify(json) : (octets ?? page ?? ""), {
      status,
      headers: { "content-type": kind },
    });
  };
  return asked;
}

/** Wait until something holds. */
export async function until(holds) {
  for (let i = 0; i < 500 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(holds(), "never came true");
}

export const near = (one, other, tolerance = 1e-6) =>
  assert.ok(Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(other)), `${one} is not ${other}`);

/** An envelope as the server writes it, with a header of any length. */
export function envelope(header, values, pad = 0) {
  const text = new TextEncoder().encode(JSON.stringify(header) + " ".repeat(pad));
  const whole = new Uint8Array(4 + text.length + 4 * values.length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, text.length, true);
  whole.set(text, 4);
  values.forEach((value, i) => view.setFloat32(4 + text.length + 4 * i, value, true));
  return whole.buffer;
}

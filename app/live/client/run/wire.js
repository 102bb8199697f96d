// What the server sends: a JSON header and float32 numbers after it, and rows of such numbers that grow.

export class Refused extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/**
 * Split an answer of the run routes into its JSON header and float32 body.
 * @param {ArrayBuffer} buffer
 */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = 4 + length;
  return { header, values: new Float32Array(start % 4 ? buffer.slice(start) : buffer, start % 4 ? 0 : start) };
}

/** Fetch what never may be a page: a wrong path answers Streamlit's own with status 200. */
async function ask(url, kind, options) {
  const answer = await fetch(url, { cache: "no-store", ...options });
  if (!answer.ok) throw new Refused(answer.status);
  if (!(answer.headers.get("content-type") ?? "").startsWith(kind)) throw new Refused(404);
  return answer;
}

export const askNumbers = async (url, signal) =>
  decode(await (await ask(url, "application/octet-stream", { signal })).arrayBuffer());

export const askJson = async (url, signal, options = {}) =>
  (await ask(url, "application/json", { signal, ...options })).json();

/**
 * Ask for something to be done; null when it was, else the server's sentence, "" where what answered has none.
 * @param {string} url
 * @param {RequestInit} options
 * @returns {Promise<string | null>}
 */
export async function refusalOf(url, options) {
  try {
    const answer = await fetch(url, { method: "POST", ...options });
    return answer.ok ? null : ((await answer.json()).error ?? "");
  } catch {
    return ""; // nothing came back, or the page of a proxy
  }
}

/** Rows of as many float32 numbers each as there are fields. */
export class Rows {
  constructor() {
    this.length = 0;
    this.width = 0;
    this.values = new Float32Array(0);
  }

  /**
   * Put `count` rows after those that are here.
   * @param {Float32Array} values
   * @param {number} count
   * @param {number} width
   */
  add(values, count, width) {
    const needed = (this.length + count) * width;
    if (needed > this.values.length) {
      const grown = new Float32Array(Math.max(needed, 2 * this.values.length));
      grown.set(this.values.subarray(0, this.length * width));
      this.values = grown;
    }
    this.values.set(values.subarray(0, count * width), this.length * width);
    this.width = width;
    this.length += count;
  }

  /** One number; NaN where there is no such row. */
  at(row, place) {
    return row < 0 || row >= this.length ? NaN : this.values[row * this.width + place];
  }

  /** `count` numbers of the nearest row there is, as a view. */
  slice(row, place, count) {
    const start = Math.max(0, Math.min(row, this.length - 1)) * this.width + place;
    return this.values.subarray(start, start + count);
  }
}

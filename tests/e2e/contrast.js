// The texts on screen that stand out too little from what is behind them, by the pixels of a picture of the page: what
// a text stands on is the commonest colour in its box. Disabled controls and icons are left out, as WCAG does.
async ({ picture }) => {
  const [LEAST, LEAST_LARGE, LARGE, LARGE_BOLD, BOLD] = [4.5, 3, 24, 18.66, 700];
  const APART = 24; // of the sum over red, green and blue: a shade of the letters' own colour is not their ground
  const LEFT_OUT = "script, style, noscript, option, :disabled, [aria-disabled=true]";

  const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const drawn = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  drawn.drawImage(bitmap, 0, 0);
  const dot = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  function channels(colour) {
    dot.clearRect(0, 0, 1, 1);
    dot.fillStyle = colour;
    dot.fillRect(0, 0, 1, 1);
    return [...dot.getImageData(0, 0, 1, 1).data];
  }

  const linear = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) =>
    colour.reduce((sum, part, i) => sum + [0.2126, 0.7152, 0.0722][i] * linear(part / 255), 0);
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  /** The colours in the middle of a box, where its letters are, the commonest first. */
  function coloursIn({ left, top, width, height }) {
    const [x, y] = [left, top + 0.2 * height].map(Math.round);
    const { data } = drawn.getImageData(x, y, Math.ceil(width), Math.ceil(0.6 * height));
    const counts = new Map();
    for (let i = 0; i < data.length; i += 4) {
      const colour = `${data[i]},${data[i + 1]},${data[i + 2]}`;
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    const ordered = [...counts].sort(([, one], [, other]) => other - one);
    return ordered.map(([colour]) => colour.split(",").map(Number));
  }

  /** The colour that letters are drawn in, and how much of it covers what is behind. */
  function inkOf(element) {
    const style = getComputedStyle(element);
    const svg = element instanceof SVGElement;
    const [r, g, b, a] = channels(svg ? style.fill : style.color);
    let covers = (a / 255) * (svg ? Number(style.fillOpacity) : 1);
    for (let at = element; at; at = at.parentElement) covers *= Number(getComputedStyle(at).opacity);
    return { ink: [r, g, b], covers };
  }

  function isOnTop(element, { left, top, width, height }) {
    const [x, y] = [left + width / 2, top + height / 2];
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return false;
    if (getComputedStyle(element).pointerEvents === "none") return true;
    const hit = document.elementFromPoint(x, y);
    return Boolean(hit) && (hit.contains(element) || element.contains(hit));
  }

  /** What is written: texts with the element they are in and their boxes. */
  function* written() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { currentNode: node } = walker;
      if (!node.data.trim() || node.parentElement.closest("textarea, select")) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      yield { text: node.data.trim(), element: node.parentElement, box: range.getClientRects()[0] };
    }
    for (const field of document.querySelectorAll("textarea, select, input:not([type=range], [type=checkbox])"))
      yield { text: field.value, element: field, box: field.getBoundingClientRect() };
  }

  const found = [];
  let count = 0;
  for (const { text, element, box } of written()) {
    if (!box || box.width < 2 || box.height < 2 || element.closest(LEFT_OUT) || !text) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || !isOnTop(element, box))
      continue;
    const { ink, covers } = inkOf(element);
    if (!covers) continue;
    const mixed = (ground) => ink.map((part, i) => part * covers + ground[i] * (1 - covers));
    const away = (one, other) => one.reduce((sum, part, i) => sum + Math.abs(part - other[i]), 0);
    const colours = coloursIn(box);
    const ground = colours.find((colour) => away(colour, mixed(colour)) > APART) ?? colours[0];
    const { fontSize, fontWeight, fontFamily } = getComputedStyle(element);
    if (/Material/.test(fontFamily)) continue;
    const size = Number.parseFloat(fontSize);
    const large = size >= LARGE || (size >= LARGE_BOLD && Number(fontWeight) >= BOLD);
    const reached = contrast(mixed(ground), ground);
    count += 1;
    if (reached < (large ? LEAST_LARGE : LEAST)) {
      const where = element.closest("[data-testid], [class*=spn-]");
      const place = where?.dataset.testid ?? where?.getAttribute("class") ?? element.localName;
      found.push(`${reached.toFixed(2)} ${place}: “${text.slice(0, 40)}” ${ink} on ${ground}`);
    }
  }
  return { count, faint: found };
};

// The dialog in which a figure is saved: for which width, as what kind of file, with its caption or without.

import { addressOf, download, html, svg } from "./dom.js";
import { flattened } from "./flatten.js";
import { lettering, rules } from "./lettering.js";
import { INCH, SIZES } from "./paper.js";
import { sheet } from "./sheet.js";
import { say } from "./words.js";

const DOTS = 300; // per inch, of a PNG
const FORMATS = ["pdf", "svg", "png"];
const CLOSED = 350; // ms until what was asked for has surely been taken
const chosen = { size: "column", format: "pdf", captioned: true }; // as chosen last

/**
 * Open the dialog for `view`, which gives what `sheet` needs, `name` for its files, `base`, the lab's root, and its
 * `place` on the page; the focus goes back to `opener`.
 */
export function save(view, opener) {
  const said = html("p", { class: "spn-said-of-file", role: "status" });
  const caption = html("textarea", { readonly: true, rows: 4, "aria-label": say("caption") });
  const told = () => (caption.value = `${view.title}. ${view.caption}`);
  const choice = (word, named) => radios(word, named, () => (said.textContent = ""));
  const onchange = (event) => (chosen.captioned = event.target.checked);
  const captioned = html("input", { type: "checkbox", checked: chosen.captioned, onchange });
  const shut = html("button", { type: "button", text: say("close"), onclick: () => dialog.close() });
  const made = html("button", { type: "submit", class: "spn-primary", text: say("save") });
  const onsubmit = (event) => (event.preventDefault(), make(view, made, said));
  const form = html(
    "form",
    { onsubmit },
    html("h2", { text: say("save_figure"), id: "spn-saving" }),
    choice(
      "size",
      called(Object.keys(SIZES), (size) => say(`size_${size}`)),
    ),
    choice(
      "format",
      called(FORMATS, (format) => say(`format_${format}`)),
    ),
    html("label", {}, captioned, say("captioned")),
    caption,
    said,
    html("div", "spn-saving-buttons", made, shut),
  );
  const onclose = () => (dialog.remove(), opener?.focus());
  const named = { class: "spn-saving", role: "dialog", "aria-labelledby": "spn-saving" };
  const dialog = html("dialog", { ...named, onclose }, form);
  told();
  view.place.append(dialog);
  dialog.showModal();
}

const called = (values, words) => values.map((value) => [value, words(value)]);

/** A choice of one of some values, each with what it is called. */
function radios(word, named, changed) {
  const options = named.map(([value, text]) => {
    const onchange = () => ((chosen[word] = value), changed());
    const input = html("input", { type: "radio", name: word, value, checked: chosen[word] === value, onchange });
    return html("label", {}, input, text);
  });
  return html("fieldset", {}, html("legend", { text: say(word) }), ...options);
}

/** Make the file and hand it to the browser; what hinders that is said. */
async function make(view, button, said) {
  button.disabled = true;
  said.textContent = say("making");
  const { size, format, captioned } = chosen;
  try {
    const letters = await lettering(view.base);
    const whole = await sheet(view, SIZES[size], captioned);
    const url = await MAKERS[format](whole, view, letters);
    download(url, `${view.name}-${size}.${format}`);
    said.textContent = say("made");
  } catch (error) {
    said.textContent = error instanceof Unmade ? error.message : say("unmade");
  } finally {
    setTimeout(() => (button.disabled = false), CLOSED);
  }
}

/** A file could not be made; the message says why. */
class Unmade extends Error {}

/** The SVG with the letters that it uses. */
function written(whole, letters) {
  const heavy = whole.querySelector("[font-weight='600'], [font-weight='700'], [style*='font-weight: 6']");
  const used = letters.filter(([weight]) => weight === "400" || heavy);
  whole.prepend(svg("style", { text: rules(used) }));
  return addressOf(new XMLSerializer().serializeToString(whole), "image/svg+xml");
}

const MAKERS = { svg: async (whole, _, letters) => written(whole, letters), png, pdf };

async function png(whole, _, letters) {
  const { width, height } = whole.viewBox.baseVal;
  const image = new Image();
  image.src = written(whole, letters);
  await image.decode();
  const [wide, tall] = [width, height].map((pixels) => Math.round((pixels / INCH) * DOTS));
  const canvas = html("canvas", { width: wide, height: tall });
  canvas.getContext("2d")?.drawImage(image, 0, 0, wide, tall);
  return canvas.toDataURL("image/png");
}

/** The server writes the PDF of what is drawn; it is sent lines, areas and words, nothing that could be run. */
async function pdf(whole, { base, title }) {
  const drawing = JSON.stringify(await flattened(whole, title));
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${base}api/pdf`, { method: "POST", headers, body: drawing });
  if (answer.ok) return addressOf(await answer.blob(), "application/pdf");
  const { error } = await answer.json().catch(() => ({}));
  throw new Unmade(error ?? say("unmade"));
}

// Tells the server where the lab's addresses begin, where it takes them to begin elsewhere: what it hears of the
// browser's address is, inside a frame of the same site, that of the page around it. And does with addresses what no
// script on the server can: lets the one entry of the history that Streamlit makes of a page say what the page shows,
// and gives links to other pages what goes along with the reader. It is on every page, so it also ends its opening.

const NEAR = ["pointerover", "touchstart", "focusin"]; // before somebody follows a link, or copies its address

const OPENED_MS = 2000; // by then nothing is hidden any more

let told = ""; // what the address was to say last: this is called at every change of the page
let along = ""; // what goes along
let leading = false;
let stood = /** @type {{ element: Element, key: string } | null} */ (null); // on what the focus was last

export default function place({ data, setStateValue }) {
  const root = new URL(".", document.baseURI).href;
  if (root !== data.root) setStateValue("root", root);
  if (data.query && data.query !== told) say(data.query);
  told = data.query;
  along = data.along;
  if (leading) return;
  leading = true;
  NEAR.forEach((near) => document.addEventListener(near, lead, { capture: true, passive: true }));
  keepFocus();
  setTimeout(() => document.getElementById("spn-opening")?.remove(), OPENED_MS);
}

/** Let the address say what the page shows: by no entry more, and by no other run of the page's script. */
function say(query) {
  const here = new URL(location.href);
  here.search = query;
  if (here.href !== location.href) history.replaceState(history.state, "", here);
}

/** Give a link to a page of the lab what goes along; links within a page, and to files, have no need of it. */
function lead({ target }) {
  const link = along && target instanceof Element ? target.closest("a[href]") : null;
  const root = new URL(".", document.baseURI).href;
  if (!(link instanceof HTMLAnchorElement) || !link.href.startsWith(root) || link.hash) return;
  const address = new URL(link.href);
  if (address.pathname.slice(new URL(root).pathname.length).includes("/")) return;
  for (const [name, text] of new URLSearchParams(along)) {
    if (!address.searchParams.has(name)) address.searchParams.set(name, text);
  }
  if (address.href !== link.href) link.href = address.href;
}

/** Streamlit makes some widgets anew when a script has run; who stood on one stands on what took its place. */
function keepFocus() {
  const app = document.querySelector("[data-testid=stApp]");
  if (!app) return;
  document.addEventListener("focusin", ({ target }) => (stood = placeOf(target)));
  new MutationObserver(stand).observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
}

const KEY = /(?:^| )(st-key-\S+)/;

function placeOf(element) {
  const key = KEY.exec(element.closest("[class*='st-key-']")?.className ?? "")?.[1];
  return key ? { element, key } : null;
}

function stand() {
  if (!stood || stood.element.isConnected || document.activeElement !== document.body) return;
  const again = document.querySelector(`.${CSS.escape(stood.key)} :is(button, input, [tabindex="0"])`);
  if (again instanceof HTMLElement) again.focus();
}

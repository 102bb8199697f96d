// Mounts a view of a run, or a figure. Streamlit sends this text with every update, so it only fetches what is loaded
// once per page.
// It runs from a blob, so addresses begin where the lab's pages lie side by side, as those of Streamlit's own files do.

export default async function chart(component) {
  const { parentElement, data } = component;
  const host = hostIn(parentElement);
  const base = new URL(".", document.baseURI).href;
  let loaded;
  try {
    const files = [import(base + data.module), json(base, data.words), json(base, data.palette)];
    loaded = await Promise.all([...files, ...data.styles.map((path) => addStyle(base + path))]);
  } catch {
    host.textContent = data.not_loaded;
    return undefined;
  }
  const [{ default: mount }, words, palette] = loaded;
  const based = { ...data, base, plotly: base + data.plotly };
  return mount({ ...component, data: based, parentElement: host, words, palette });
}

/** What a file holds, asked for once per page; what could not be had is asked for again. */
function json(base, path) {
  const kept = (window.spnKept ??= {});
  const ask = async () => (await fetch(base + path)).json();
  const forget = (error) => (delete kept[path], Promise.reject(error));
  return path && (kept[path] ??= ask().catch(forget));
}

function hostIn(parent) {
  let host = parent.querySelector(":scope > .spn-host");
  if (!host) {
    host = document.createElement("div");
    host.className = "spn-host";
    parent.append(host);
  }
  return host;
}

function addStyle(url) {
  /** @type {HTMLLinkElement | null} */
  const here = document.querySelector(`link[href="${url}"]`);
  if (here) return here.loaded;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = url;
  link.dataset.spn = "";
  link.loaded = new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
  });
  document.head.append(link);
  return link.loaded;
}

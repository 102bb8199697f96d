// Mounts a view of a run. Streamlit sends this text with every update, so it only fetches what is loaded once per page.

export default async function chart(component) {
  const { parentElement, data } = component;
  const host = hostIn(parentElement);
  const address = (path) => new URL(path, document.baseURI).href; // this text runs from a blob
  const json = async (path) => (await fetch(address(path))).json();
  let loaded;
  try {
    const files = [import(address(data.module)), json(data.words), json(data.palette)];
    loaded = await Promise.all([...files, ...data.styles.map(addStyle)]);
  } catch {
    host.textContent = data.not_loaded;
    return undefined;
  }
  const [{ default: mount }, words, palette] = loaded;
  return mount({ ...component, parentElement: host, words, palette });
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

// Mounts the lab view. Streamlit sends this text with every update, so it only fetches the modules, once per page.

export default async function chart(component) {
  const { parentElement, data } = component;
  const host = hostIn(parentElement);
  let mount;
  try {
    await addStyle(data.style);
    ({ default: mount } = await import(new URL(data.module, document.baseURI).href)); // this text runs from a blob
  } catch {
    host.textContent = data.not_loaded;
    return undefined;
  }
  return mount({ ...component, parentElement: host });
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
  const here = [...document.querySelectorAll("link[data-spn]")].find((link) => link.getAttribute("href") === url);
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

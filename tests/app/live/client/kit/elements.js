// As much of a page's elements as words, buttons and marks need.

export class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, textContent: "", hidden: false });
  }
  append(...children) {
    this.children.push(...children);
  }
  addEventListener(name, act) {
    this.listeners[name] = act;
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
    if (name === "hidden") this.hidden = true;
  }
  removeAttribute(name) {
    delete this.attributes[name];
  }
  toggleAttribute(name, is) {
    if (is) this.attributes[name] = "";
    else delete this.attributes[name];
  }
  contains(other) {
    return this === other || this.children.some((child) => child instanceof Element && child.contains(other));
  }
  focus() {
    document.activeElement = this;
  }
  click() {
    this.listeners.click();
  }
  scrollIntoView(how) {
    this.scrolled = how;
  }
}

/** A document that makes such elements and hears keys; gives `press(key)`. */
export function page({ calm = false } = {}) {
  let heard = [];
  globalThis.document = {
    createElement: (tag) => new Element(tag),
    createElementNS: (_, tag) => new Element(tag),
    querySelector: () => null,
    activeElement: null,
    addEventListener(name, act, { signal }) {
      const listener = { name, act };
      heard.push(listener);
      signal.addEventListener("abort", () => (heard = heard.filter((one) => one !== listener)));
    },
  };
  globalThis.matchMedia = () => ({ matches: calm });
  const press = (key) => heard.filter(({ name }) => name === "keydown").forEach(({ act }) => act({ key }));
  return { press, listeners: () => heard.length };
}

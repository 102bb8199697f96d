// Marks of a drawing that are chosen like radio buttons: one stop of Tab, and an arrow chooses the mark beside.

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** Attributes of the group of `marks()`, which is called so; `pick(k)` chooses the kth. */
export function radios(name, marks, pick) {
  const onkeydown = (event) => {
    const all = marks();
    const to = all.indexOf(event.target) + STEPS[event.key];
    if (!(to >= 0 && to < all.length)) return;
    event.preventDefault();
    pick(to);
    all[to].focus();
  };
  return { role: "radiogroup", "aria-label": name, onkeydown };
}

/** Attributes of one mark. */
export const radio = (name) => ({ role: "radio", "aria-label": name, tabindex: -1, "aria-checked": false });

/** What follows from whether it is chosen. */
export const checked = (is) => ({ "aria-checked": is, tabindex: is ? 0 : -1 });

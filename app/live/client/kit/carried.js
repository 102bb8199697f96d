// What the bar at the foot of a small screen carries for the view on the page, which brings it up to date and takes it
// away again.

import { html } from "./dom.js";

let place = /** @type {HTMLElement | null} */ (null);

/** Its place in the bar, empty while no view is on the page. */
export const carried = () => (place ??= html("div", "spn-carried"));

// The waiting page: asks for its place in the line, says it, and loads the lab when there is a place for it.

const EVERY = 2000; // ms
const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const place = /** @type {HTMLElement} */ (main.querySelector(".place"));

function say(/** @type {string} */ sentence) {
  if (place.textContent !== sentence) place.textContent = sentence; // what is said twice is read aloud twice
}

async function ask() {
  try {
    const answer = await fetch(/** @type {string} */ (main.dataset.ask), { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { place: number, said, title } = await answer.json();
    if (number === 0) return location.reload();
    say(said);
    document.title = title;
  } catch {
    say(/** @type {string} */ (main.dataset.lost));
  }
  setTimeout(ask, EVERY);
}

ask();

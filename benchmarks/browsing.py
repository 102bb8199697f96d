"""Real Chromium at the lab of any build: a page, the run on it, its controls."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, repeat
from typing import Any, NamedTuple

WAIT_MS = 180_000
RATE, START = "learning rate (η)", "starting weight (w0)"  # controls, as both builds call them
STEPS = 5  # of the learning rate, one way
RUN = "() => document.querySelector('.spn-lab')?.dataset.run ?? ''"
STALE = ".spn-lab[data-stale]"  # the settings are not the run's, which waits for a press
SETTLED = """(before) => {
    const lab = document.querySelector('.spn-lab');
    const { state, run, cursor, length } = lab?.dataset ?? {};
    const ended = ['done', 'stopped'].includes(state) && !lab.matches('[data-stale], [data-old]');
    return ended && run && run !== before && Number(cursor) === Number(length) - 1;
}"""


class Screen(NamedTuple):
    """The size of a window, in CSS pixels, and whether fingers touch it."""

    width: int
    height: int
    touch: bool = False


LAPTOP, PHONE = Screen(1366, 768), Screen(390, 844, touch=True)


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser of this computer; the environment's CHROMIUM names another."""
    from playwright.sync_api import sync_playwright

    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, screen: Screen = LAPTOP, script: str = "") -> Iterator[Any]:
    """A page with a cache of its own; `script` runs in it before the lab's own scripts do."""
    size = {"width": screen.width, "height": screen.height}
    context = browser.new_context(viewport=size, has_touch=screen.touch)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    yield page
    context.close()


class Lab:
    """A page with a run, of a build that trains a changed setting by itself or when Train is pressed."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.changes = page, _changes()
        page.goto(address)
        self.settle()

    @property
    def run(self) -> str:
        """The id of the run on screen."""
        return str(self.page.evaluate(RUN))

    def settle(self, before: str = "") -> None:
        """Wait until a run, which is not this one, has ended and is drawn to its end."""
        self.page.wait_for_function(SETTLED, arg=before, polling=100)

    def change(self) -> None:
        """Move a slider by one step; no settings come twice."""
        name, key = next(self.changes)
        self.page.get_by_role("slider", name=name).press(key)

    def waits(self, before: str) -> bool:
        """Wait until another run than this one is on screen, or the page waits for a press; whether it does."""
        asked = f"(before) => ({RUN})() !== before || document.querySelector('{STALE}')"
        self.page.wait_for_function(asked, arg=before, polling=100)
        return self.run == before

    def train(self) -> bool:
        """Change a setting and wait for the end of its run; whether Train had to be pressed."""
        before = self.run
        self.change()
        pressed = self.waits(before)
        if pressed:
            self.page.get_by_role("button", name="Train").click()
        self.settle(before)
        return pressed


def _changes() -> Iterator[tuple[str, str]]:
    """Sliders and keys: down and up the learning rates, and at each end to the next starting weight."""
    for way in cycle(("ArrowLeft", "ArrowRight")):
        yield from repeat((RATE, way), STEPS)
        yield START, "ArrowRight"

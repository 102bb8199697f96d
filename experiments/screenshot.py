"""Take the README's picture: `python -m experiments.screenshot docs/lab.png`, the lab at the end of its default run.

Needs Chromium (CHROMIUM=/path/to/chromium if it has another name); the pages are those that `make run` serves.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.conftest import CHROMIUM, CHROMIUM_ARGS, LAB, AppServer


def take(path: Path, scheme: str) -> None:
    """Open the lab, wait for its default run to end, and save what a 1366×768 screen shows."""
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = AppServer(LAB, Path(folder) / "server.log")
        browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        try:
            context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme=scheme)
            page = context.new_page()
            page.goto(server.url)
            page.locator('[data-state="done"]').wait_for(timeout=60_000)
            page.keyboard.press("End")
            page.wait_for_timeout(1500)  # the last drawing
            path.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=path)
        finally:
            browser.close()
            server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    options = parser.parse_args()
    take(options.path, options.scheme)

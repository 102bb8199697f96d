"""Pictures of this build and an earlier one: `python -m benchmarks.sheet CHECKOUT` takes those of docs/before-after.

Each view as a screen of the same size shows it when its run is drawn to its end. What was measured is put into that
page by `benchmarks.readme`, from what `benchmarks.touch` and `benchmarks.page_weight` printed.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.browsing import LAPTOP, PHONE, Screen, opened
from benchmarks.browsing import chromium as started
from benchmarks.document import ROOT
from benchmarks.page_weight import shown
from benchmarks.server import running

FOLDER = ROOT / "docs" / "before-after"
VIEWS = {
    "lab": ("", LAPTOP),
    "lab-phone": ("", PHONE),
    "dynamics": ("dynamics", LAPTOP),
    "circuits": ("circuits", LAPTOP),
    "maths": ("maths", LAPTOP),
}
MOST_BYTES = 58_000
QUALITIES = range(85, 10, -5)


def main(checkout: str) -> None:
    """Take the pictures of both builds."""
    FOLDER.mkdir(exist_ok=True)
    with started() as browser:
        for when, folder in {"before": Path(checkout), "now": ROOT}.items():
            with running(folder) as server:
                for name, (path, screen) in VIEWS.items():
                    picture = taken(browser, f"http://127.0.0.1:{server.port}/{path}", screen)
                    (FOLDER / f"{name}-{when}.webp").write_bytes(packed(picture))


def taken(browser: Any, address: str, screen: Screen) -> Image.Image:
    """What a screen shows of a page, once its run, if it has one, is drawn to its end and nothing comes any more."""
    with opened(browser, screen) as page:
        shown(page, address)
        return Image.open(BytesIO(page.screenshot()))


def packed(picture: Image.Image) -> bytes:
    """A picture as WebP, as good as fits."""
    for quality in QUALITIES:
        file = BytesIO()
        picture.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


if __name__ == "__main__":
    main(*sys.argv[1:])

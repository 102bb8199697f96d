"""The fonts that figures are lettered with in a PDF: `python -m tests.lettering` makes them anew from Streamlit's own.

That takes fonttools and brotli, as `tests.icons` does. A PDF can hold neither a compressed font nor one of all weights,
so two weights are taken out of it, with the letters of European names and the signs of formulas.
"""

from __future__ import annotations

from typing import Any

from app.live.paper import FONTS, VENDOR
from tests.icons import STATIC

WEIGHTS = {False: 400, True: 600}
FAMILY = "Lab Sans"  # the licence reserves the name of the whole font
NAMES = {1: FAMILY, 4: FAMILY, 6: "LabSans"}
LETTERS = (  # Unicode's blocks, first and last
    *((0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x302), (0x370, 0x3FF), (0x400, 0x45F)),
    *((0x2000, 0x20BF), (0x2100, 0x214F), (0x2190, 0x22FF), (0x25A0, 0x25FF), (0xFB01, 0xFB02)),
)


def make(bold: bool) -> None:
    """Write one weight of the font."""
    from fontTools import subset, ttLib  # type: ignore[import-not-found, unused-ignore]
    from fontTools.varLib import instancer  # type: ignore[import-not-found, unused-ignore]

    [whole] = (STATIC / "media").glob("SourceSansVF-Upright.*.woff2")
    font: Any = ttLib.TTFont(whole)
    font.flavor = None
    font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS[bold]})
    options = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[letter for first, last in LETTERS for letter in range(first, last + 1)])
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in NAMES:
            record.string = f"{NAMES[record.nameID]}{('-Regular', '-Semibold')[bold] if record.nameID == 6 else ''}"
    font.save(VENDOR / f"{FONTS[bold]}.ttf")


if __name__ == "__main__":
    for bold in WEIGHTS:
        make(bold)

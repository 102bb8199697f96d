"""The fonts that figures are lettered with in a PDF: `python -m tests.lettering` makes them anew from Streamlit's own.

That takes fonttools and brotli, as `tests.icons` does. A PDF can hold neither a compressed font nor one of all weights,
so two weights are taken out of it, with the letters of European names and the signs of formulas.
"""

from __future__ import annotations

from typing import Any

from app.live.assets import FONTS
from tests.icons import STATIC

FAMILY = "Lab Sans"  # the licence reserves the name of the whole font
NAMES = {1: FAMILY, 4: FAMILY, 6: "LabSans"}
LETTERS = (  # Unicode's blocks, first and last
    *((0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x302), (0x370, 0x3FF), (0x400, 0x45F)),
    *((0x2000, 0x20BF), (0x2100, 0x214F), (0x2190, 0x22FF), (0x25A0, 0x25FF), (0xFB01, 0xFB02)),
)


def make(weight: int) -> None:
    """Write one weight of the font."""
    from fontTools import subset, ttLib  # type: ignore[import-not-found, unused-ignore]
    from fontTools.varLib import instancer  # type: ignore[import-not-found, unused-ignore]

    [whole] = (STATIC / "media").glob("SourceSansVF-Upright.*.woff2")
    font: Any = ttLib.TTFont(whole)
    font.flavor = None
    font = instancer.instantiateVariableFont(font, {"wght": weight})
    options = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[letter for first, last in LETTERS for letter in range(first, last + 1)])
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in NAMES:
            style = {400: "-Regular", 600: "-Semibold"}[weight] if record.nameID == 6 else ""
            record.string = NAMES[record.nameID] + style
    font.save(FONTS[weight])


if __name__ == "__main__":
    for weight in FONTS:
        make(weight)

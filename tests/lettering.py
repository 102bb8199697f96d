"""The fonts that pages and figures are lettered with: `python -m tests.lettering` makes them from Streamlit's own.

That takes fonttools and brotli, as `tests.icons` does. All have the letters of European names and the signs of formulas
alone. A PDF can hold neither a compressed font nor one of all weights, so two weights are taken out for figures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.live.assets import FONTS, TEXT
from tests.icons import STATIC

FAMILY = "Lab Sans"  # the licence reserves the name of the whole font
NAMES = {1: FAMILY, 4: FAMILY, 6: "LabSans"}
LETTERS = (  # Unicode's blocks, first and last
    *((0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x304), (0x370, 0x3FF), (0x400, 0x45F)),
    *((0x2000, 0x20BF), (0x2100, 0x214F), (0x2190, 0x22FF), (0x25A0, 0x25FF), (0xFB01, 0xFB02)),
)


# What pages ask for, what browsers use unasked, and what FreeType looks at to hint raised and lowered figures.
FEATURES = "ccmp kern mark mkmk locl liga lnum tnum sups subs".split()
NAME_IDS = [0, 1, 2, 3, 4, 5, 6, 13, 14]


def whole_font() -> Path:
    """Streamlit's font of all letters in all weights."""
    [font] = (STATIC / "media").glob("SourceSansVF-Upright.*.woff2")
    return font


def make_figures(weight: int) -> None:
    """Write one weight of the font."""
    from fontTools.varLib import instancer  # type: ignore[import-not-found, unused-ignore]

    font = instancer.instantiateVariableFont(_cut(layout_features=[]), {"wght": weight})
    _rename(font, {400: "-Regular", 600: "-Semibold"}[weight])
    font.save(FONTS[weight])


def make_text() -> None:
    """Write the font of pages, of all weights: it is smaller than that of some."""
    font = _cut(layout_features=FEATURES)
    _rename(font, "")
    font.flavor = "woff2"
    font.save(TEXT)


def _cut(**what: Any) -> Any:
    """The font with our letters alone."""
    from fontTools import subset, ttLib  # type: ignore[import-not-found, unused-ignore]

    font: Any = ttLib.TTFont(whole_font())
    font.flavor = None
    subsetter = subset.Subsetter(subset.Options(name_IDs=NAME_IDS, hinting=False, **what))
    subsetter.populate(unicodes=[letter for first, last in LETTERS for letter in range(first, last + 1)])
    subsetter.subset(font)
    return font


def _rename(font: Any, style: str) -> None:
    for record in font["name"].names:
        if record.nameID in NAMES:
            record.string = NAMES[record.nameID] + (style if record.nameID == 6 else "")


if __name__ == "__main__":
    for weight in FONTS:
        make_figures(weight)
    make_text()

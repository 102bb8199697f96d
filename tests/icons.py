"""The icons that a page can show, and the font that holds no others: `python -m tests.icons` makes it anew.

That takes fonttools and brotli, which nothing else here needs: `pip install fonttools brotli` in an environment that is
not this one's, or `uv run --with fonttools,brotli python -m tests.icons`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import streamlit

from app.live.assets import ICONS
from tests.places import ROOT

STATIC = Path(streamlit.__file__).with_name("static") / "static"
NAMED = re.compile(r":material/([a-z0-9_]+)")
OF_PAGES = re.compile(r'\("\w+", "\w*", "(\w+)"\)')  # in main.py's table, where a name stands alone
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


def whole_font() -> Path:
    """Streamlit's font of all icons."""
    [font] = (STATIC / "media").glob("MaterialSymbols-Rounded.*.woff2")
    return font


def used() -> set[str]:
    """The names of all icons in the lab's pages and in Streamlit's own files."""
    texts = [path.read_text(encoding="utf-8") for path in _sources()]
    return {name for text in texts for name in NAMED.findall(text)}.union(of_pages())


def of_pages() -> list[str]:
    """The icon of every page in the menu."""
    return OF_PAGES.findall((ROOT / "app" / "main.py").read_text(encoding="utf-8"))


def _sources() -> Iterator[Path]:
    yield from (STATIC / "js").glob("*.js")
    yield from (path for ending in ("py", "md", "json") for path in (ROOT / "app").rglob(f"*.{ending}"))


def make() -> None:
    """Write the font: of Streamlit's the letters, the icons that are used, and how letters become these."""
    from fontTools import subset  # type: ignore[import-not-found, unused-ignore]

    options = subset.Options(flavor="woff2", layout_features=["rlig"], layout_closure=False, notdef_outline=True)
    font: Any = subset.load_font(str(whole_font()), options)
    letter_of = {glyph: chr(letter) for letter, glyph in font.getBestCmap().items() if chr(letter) in LETTERS}
    icons = {
        "".join(letter_of.get(glyph, "?") for glyph in (first, *ligature.Component)): ligature.LigGlyph
        for lookup in font["GSUB"].table.LookupList.Lookup
        for table in lookup.SubTable
        for first, found in table.ExtSubTable.ligatures.items()
        for ligature in found
    }
    subsetter = subset.Subsetter(options)
    subsetter.populate(glyphs=[icons[name] for name in used() & set(icons)], text=LETTERS)
    subsetter.subset(font)
    subset.save_font(font, str(ICONS), options)


if __name__ == "__main__":
    make()

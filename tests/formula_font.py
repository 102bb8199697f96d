"""The font of formulas, cut down to what they are written with: `python -m tests.formula_font WHOLE` makes it anew.

WHOLE is Latin Modern Math, the design that Streamlit's own formulas have, as GUST publishes it
(latinmodern-math.otf, of Debian's package fonts-lmodern). That takes fonttools and brotli, as `tests.icons` does.
"""

from __future__ import annotations

import re
import sys
from string import ascii_letters, digits
from typing import Any

from app.live.assets import FORMULAS

NAME = "SPNLabFormulas"
GREEK = "αβγδεηθκλμνρστφχψω"
SIGNS = " .,:;!?'()[]{}|/+−-=<>≤≥≈≠·×∕–…→←∏∑∫∇∂∈∋∩∪∞√‖′∗*¯𝓛ℒℓ∂"
ITALIC = (0x1D434, 0x1D44E, 0x1D6FC)  # where the slanted A, a and α stand, which a browser puts for a single letter


def slanted() -> str:
    """All letters as a browser slants them in a formula; the slanted h is Planck's."""
    capitals, small, greek = ITALIC
    latin = [chr(first + i) for first in (capitals, small) for i in range(26)]
    return "".join(latin) + "ℎ" + "".join(chr(greek + ord(letter) - ord("α")) for letter in GREEK)


def written() -> str:
    """Every character that a formula can hold."""
    return ascii_letters + digits + GREEK + SIGNS + slanted()


def make(whole: str) -> None:
    """Write the font: those characters, the sizes that brackets and sums grow to, and the measures of formulas."""
    from fontTools import subset  # type: ignore[import-not-found, unused-ignore]

    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    font: Any = subset.load_font(whole, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=written())
    subsetter.subset(font)
    for record in font["name"].names:  # a name of its own, as its licence asks of what is derived from it
        if record.nameID:  # 0 is the copyright
            record.string = re.sub("Latin ?Modern ?Math", NAME, str(record))
    font["CFF "].cff.fontNames = [NAME]
    subset.save_font(font, str(FORMULAS), options)


if __name__ == "__main__":
    make(sys.argv[1])

"""Terms that unfold in place: `[[seed]]` in a text is a term to be pressed, `[[seed|six]]` another word for it.

Pressing shows the one sentence that the catalogue `terms` has for it, under its line and over what follows; it takes
no script, and the browser's half (kit/terms.js) makes the same elements of the same marks. Their look is page.css's.
"""

import re
from collections.abc import Mapping
from html import escape

from app.live.catalogues import catalogue

TERMS: Mapping[str, str] = catalogue("terms")
_MARK = re.compile(r"\[\[(\w+)(?:\|([^\]]*))?\]\]")


def unfolding(words: str) -> str:
    """A text as HTML, its marked terms as words that unfold their sentence."""
    return f'<div class="spn-terms">{_MARK.sub(_term, escape(words))}</div>'


def sentence(name: str) -> str:
    """What a term means, in its one sentence."""
    return TERMS[f"term_{name}_is"]


def glossary() -> str:
    """All terms with their sentences, as a list in Markdown."""
    names = [key.removesuffix("_is") for key in TERMS if key.endswith("_is")]
    return "\n".join(f"- **{TERMS[name]}**: {TERMS[f'{name}_is']}" for name in names)


def _term(found: re.Match[str]) -> str:
    name, said = found.groups()
    shown, means = said or escape(TERMS[f"term_{name}"]), escape(sentence(name))
    return f'<details class="spn-term" name="term"><summary>{shown}</summary><span>{means}</span></details>'

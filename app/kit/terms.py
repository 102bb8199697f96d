"""Terms that unfold in place: `[[seed]]` in a text is a term to be pressed, `[[seed|six]]` another word for it.

Pressing shows the one sentence that the catalogue `terms` has for it, under its line and over what follows; it takes
no script, and the browser's half (kit/terms.js) makes the same elements of the same marks.
"""

import re
from collections.abc import Mapping
from html import escape

from app.live.catalogues import catalogue

TERMS: Mapping[str, str] = catalogue("terms")
_MARK = re.compile(r"\[\[(\w+)(?:\|([^\]]*))?\]\]")
# For all pages, whichever half writes the term. A sentence is as wide as the text it stands in at most.
STYLE = """
.spn-terms { position: relative; }
.spn-term { display: inline-block; }
.spn-term > summary { list-style: none; cursor: pointer; text-decoration: underline dotted; }
.spn-term > summary { text-underline-offset: 0.2em; border-radius: 2px; padding: 0.3em 0; margin: -0.3em 0; }
.spn-term > summary::-webkit-details-marker { display: none; }
.spn-term > summary:focus-visible { outline: 2px solid; outline-offset: 2px; }
.spn-term[open] > summary { text-decoration-style: solid; }
.spn-term > span { position: absolute; left: 0; right: 0; z-index: 30; max-width: 34rem; margin-top: 0.25rem; }
.spn-term > span { padding: 0.5rem 0.75rem; border: 1px solid; border-radius: 0.5rem; line-height: 1.4; }
.spn-term > span { background: var(--spn-ground, Canvas); color: var(--spn-text, CanvasText); }
"""


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

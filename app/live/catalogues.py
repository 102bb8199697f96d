"""The interface's words: JSON files in `app/text/`; one per page of the browser's half, which is sent them as JSON.

An entry is an id and its English text, or two texts {"one", "other"} where a number decides; {names} in braces are
filled in by the caller. Ids are unique over all pages, and `say("id")` in the browser finds them; `WORDS["id"]` finds
what only the server says. To translate, run `python -m app.live.catalogues > spnlab.pot`: every entry as gettext has
it, with its page and id as `msgctxt`, its English as `msgid` (and `msgid_plural`), so that msginit, msgmerge, msgfmt
and every editor of .po files take it as it is. Ids and not sentences stand in the code, since one sentence may need two
translations, and since the server may then send a language's texts under the same ids.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "text"
KIT = "kit"  # what every page shows
TERMS = "terms"  # that unfold on every page, whichever half shows them
PAGES = ("lab", "dynamics", "circuits", "ideas", "lesson", "room")
# What only the server says, or sends with what it mounts.
PYTHON = ("words", "choices", "teach", "handin", "door", "bar")


@cache
def catalogue(name: str) -> dict[str, Any]:
    """The entries of one file by id: a text, or {"one", "other"}."""
    entries: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return entries


def words_of(page: str) -> dict[str, Any]:
    """All that a page may say: its own entries and those of every page."""
    return {**catalogue(KIT), **catalogue(TERMS), **catalogue(page)}


def template() -> str:
    """The catalogues as one gettext template (.pot)."""
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    names = (KIT, TERMS, *PAGES, *PYTHON)
    entries = [(f"{name}.{id_}", entry) for name in names for id_, entry in catalogue(name).items()]
    return "\n".join([header, *(_block(context, entry) for context, entry in entries if entry)])


def _block(context: str, entry: str | dict[str, str]) -> str:
    lines = [f"msgctxt {_quoted(context)}"]
    if isinstance(entry, str):
        lines += [f"msgid {_quoted(entry)}", 'msgstr ""']
    else:
        plural = f"msgid_plural {_quoted(entry['other'])}"
        lines += [f"msgid {_quoted(entry['one'])}", plural, 'msgstr[0] ""', 'msgstr[1] ""']
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # the same escapes as in a .po file


if __name__ == "__main__":
    print(template(), end="")

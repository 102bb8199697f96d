"""A comparison of linear networks as plain `name=value` pairs of a link, and back; what is wrong is refused in words.

As in `permalink`, a link leaves out what equals the defaults of its version, and those are frozen here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from app.kit.study_links import MAX_CHARACTERS, MAX_SENTENCES
from spncore.studies.linear import FIELDS, LinearStudy, LinearStudyError

VERSION = 1
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")

# Never change a row: links out there rely on it. New defaults are a new version.
DEFAULTS: Mapping[int, Mapping[str, str]] = {
    1: {
        "p": "4",
        "dimension": "2",
        "condition": "10",
        "num_layers": "2",
        "init_scale": "0.3",
        "each_at": "best",
        "learning_rate": "0.2",
    }
}


def encode(study: LinearStudy) -> dict[str, str]:
    """The version and every setting that differs from its defaults."""
    defaults = _study(VERSION, {})
    changed = {name: _text(study, name) for name in FIELDS if getattr(study, name) != getattr(defaults, name)}
    return {"v": str(VERSION), **changed}


def query_string(study: LinearStudy) -> str:
    """`encode` as the part of an address after the question mark."""
    return urlencode(encode(study))


def decode(params: Mapping[str, str | Sequence[str]]) -> tuple[LinearStudy, list[str]]:
    """The comparison that a link describes, and one sentence for each thing refused; the default is kept for those."""
    known = {str(version): version for version in DEFAULTS}
    refusals: list[str] = []
    values: dict[str, str] = {}
    for name in params:
        if name == "view":
            continue
        try:
            text = _only(name, params[name])
            if name == "v" and text not in known:
                sentence = f"v: this link is of version {_shown(text)}; this release reads {', '.join(known)}"
                return _study(VERSION, {}), [f"{sentence}. The defaults are shown."]
            if name != "v":
                values[_known(name)] = text
                _study(VERSION, {name: text})
        except LinearStudyError as error:
            values.pop(name, None)
            refusals.append(f"{error}. The default is kept.")
    more = len(refusals) - MAX_SENTENCES
    shown = refusals if more <= 0 else [*refusals[:MAX_SENTENCES], f"{more} more settings were refused."]
    return _study(VERSION, values), shown


def _study(version: int, values: Mapping[str, str]) -> LinearStudy:
    texts = {**DEFAULTS[version], **values}
    return LinearStudy(**{name: _value(name, text) for name, text in texts.items()})  # type: ignore[arg-type]


def _value(name: str, text: str) -> str | int | float:
    kind = FIELDS[name].kind
    if kind is str:
        if text not in FIELDS[name].choices:
            raise LinearStudyError(f"{name}: {_shown(text)} is not known; allowed: {FIELDS[name].allowed()}")
        return text
    if not _NUMBER.fullmatch(text) or (kind is int and not text.isdigit()):
        what = "a whole number" if kind is int else "a number"
        raise LinearStudyError(f"{name}: {_shown(text)} is not {what}")
    return int(text) if kind is int else float(text)


def _text(study: LinearStudy, name: str) -> str:
    value = getattr(study, name)
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _known(name: str) -> str:
    if name not in FIELDS:
        raise LinearStudyError(f"{_shown(name)}: no such setting in a link to this page")
    return name


def _only(name: str, value: str | Sequence[str]) -> str:
    values = [value] if isinstance(value, str) else list(value)
    if len(values) != 1:
        raise LinearStudyError(f"{_shown(name)}: given {len(values)} times; a link gives each setting once")
    if len(values[0]) > MAX_CHARACTERS:
        raise LinearStudyError(f"{_shown(name)}: the value has more than {MAX_CHARACTERS} characters")
    return values[0]


def _shown(text: str) -> str:
    return ascii(text[:40]) + ("…" if len(text) > 40 else "")

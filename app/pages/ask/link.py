"""A question to a network as plain `name=value` pairs of a link, and back; what is wrong is refused in words.

As in `permalink`, a link leaves out what equals the defaults of its version, and those are frozen here. Evidence is
written by codes, `e=Y3:1,Y7:0`; none at all is `e=none`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from app.kit.study_links import MAX_SENTENCES
from app.pages.ask.networks import NETWORKS
from app.pages.ask.question import Question
from spncore.data.dataset import is_upload
from spncore.data.library import DATASETS
from spncore.limits import LIMITS

VERSION = 1
LAB = "lab"  # the network of the run on screen in the lab, which a link cannot carry
NO_EVIDENCE = "none"
MAX_CHARACTERS = 8 * LIMITS.columns  # of one value: evidence on every variable
_CODE = r"[Yx][1-9][0-9]{0,3}"
_EVIDENCE = re.compile(rf"({_CODE}):([01])")
_SHA = re.compile(r"sha256:[0-9a-f]{64}")

# Never change a row: links out there rely on it. New defaults are a new version.
DEFAULTS: Mapping[int, Mapping[str, str]] = {
    1: {"data": "nltcs", "net": "mixture", "k": "8", "e": "none", "about": "", "seed": "0"}
}
FIRST_EVIDENCE: Mapping[int, Mapping[str, str]] = {1: {"nltcs": "Y4:1", "nltcs-twin": "Y4:1"}}  # `e` on these data


class AskLinkError(ValueError):
    """A part of a link that is refused; the text says what is allowed."""


def encode(question: Question) -> dict[str, str]:
    """The version and every part that differs from its defaults."""
    texts = {
        "data": question.dataset,
        "net": question.network,
        "k": str(question.num_components),
        "e": ",".join(f"{code}:{value}" for code, value in question.evidence) or NO_EVIDENCE,
        "about": question.target,
        "seed": str(question.seed),
    }
    defaults = _defaults(question.dataset)
    return {"v": str(VERSION), **{name: text for name, text in texts.items() if text != defaults[name]}}


def _defaults(dataset: str) -> Mapping[str, str]:
    """The defaults of this version; those of the evidence depend on the data."""
    defaults = DEFAULTS[VERSION]
    return {**defaults, "e": FIRST_EVIDENCE[VERSION].get(dataset, defaults["e"])}


def query_string(question: Question) -> str:
    """`encode` as the part of an address after the question mark."""
    return urlencode(encode(question), safe=",:")


def decode(params: Mapping[str, str | Sequence[str]]) -> tuple[Question, list[str]]:
    """The question that a link asks, and one sentence for each thing refused; the default is kept for those."""
    known = {str(version) for version in DEFAULTS}
    texts, refusals = dict[str, str](), list[str]()
    for name in params:
        if name == "view":
            continue
        try:
            text = _only(name, params[name])
            if name == "v":
                if text not in known:
                    sentence = f"v: this link is of version {_shown(text)}; this release reads {', '.join(known)}"
                    return _question({}), [f"{sentence}. The default question is asked."]
                continue
            if name not in DEFAULTS[VERSION]:
                raise AskLinkError(f"{_shown(name)}: no such setting in a link to this page")
            _question({name: text})
            texts[name] = text
        except AskLinkError as error:
            refusals.append(f"{error}. The default is kept.")
    more = len(refusals) - MAX_SENTENCES
    shown = refusals if more <= 0 else [*refusals[:MAX_SENTENCES], f"{more} more settings were refused."]
    return _question(texts), shown


def _question(given: Mapping[str, str]) -> Question:
    """The question of these texts; AskLinkError names the first that is refused."""
    texts = {**_defaults(given.get("data", DEFAULTS[VERSION]["data"])), **given}
    return Question(
        _data(texts["data"]),
        _network(texts["net"]),
        _whole("k", texts["k"], 1, LIMITS.num_components),
        _evidence(texts["e"]),
        _target(texts["about"]),
        _whole("seed", texts["seed"], 0, LIMITS.seed),
    )


def _data(text: str) -> str:
    if text not in DATASETS and not _SHA.fullmatch(text):
        raise AskLinkError(f"data: {_shown(text)} is not known; allowed: {', '.join(DATASETS)}, sha256:…")
    return text


def _network(text: str) -> str:
    if text not in (*NETWORKS, LAB):
        raise AskLinkError(f"net: {_shown(text)} is not known; allowed: {', '.join((*NETWORKS, LAB))}")
    return text


def _evidence(text: str) -> tuple[tuple[str, int], ...]:
    if text == NO_EVIDENCE:
        return ()
    parts = [_EVIDENCE.fullmatch(part) for part in text.split(",")]
    found = [(part[1], int(part[2])) for part in parts if part]
    if len(found) < len(parts):
        raise AskLinkError(f"e: {_shown(text)} is not understood; write e=Y3:1,Y7:0, or e={NO_EVIDENCE}")
    if len({code for code, _ in found}) < len(found):
        raise AskLinkError(f"e: {_shown(text)} names a variable twice; each has one value")
    return tuple(sorted(found, key=lambda pair: (pair[0][0], int(pair[0][1:]))))


def _target(text: str) -> str:
    if text and not re.fullmatch(_CODE, text):
        raise AskLinkError(f"about: {_shown(text)} is no variable; write about=Y5")
    return text


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or not low <= int(text) <= high:
        raise AskLinkError(f"{name}: {_shown(text)} is not a whole number from {low} to {high}")
    return int(text)


def _only(name: str, value: str | Sequence[str]) -> str:
    values = [value] if isinstance(value, str) else list(value)
    if len(values) != 1:
        raise AskLinkError(f"{_shown(name)}: given {len(values)} times; a link gives each setting once")
    if len(values[0]) > MAX_CHARACTERS:
        raise AskLinkError(f"{_shown(name)}: the value has more than {MAX_CHARACTERS} characters")
    return values[0]


def _shown(text: str) -> str:
    return ascii(text[:40]) + ("…" if len(text) > 40 else "")


def cannot_carry(question: Question) -> bool:
    """Whether the link names something it does not hold: an upload, or the run in the lab."""
    return is_upload(question.dataset) or question.network == LAB

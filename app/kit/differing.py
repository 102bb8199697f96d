"""What differs between two studies, in words: only the settings that differ, and only those that change something."""

from collections.abc import Sequence
from typing import Any

from app.kit.controls import MATTERS, settings
from app.kit.text import choice, number, value_text
from spncore.data.dataset import is_upload
from spncore.data.library import DATASETS
from spncore.learning.learners import title
from spncore.record import Field
from spncore.runs.changes import read_all
from spncore.runs.experiment import FIELDS
from spncore.runs.study import Study

HASH = 12  # characters that name an uploaded table
UPLOAD = "sha256:"
FIRST = ("dataset", "depths")


def differing(study: Study, other: Study) -> list[str]:
    """Each setting of a study that is another in the other one, as `η = 0.1` or `parametrisation: log`."""
    own, others = settings(study), settings(other)
    fields = Study.declared()
    matters = {name for name in own if name not in MATTERS or MATTERS[name](own)}
    order = dict.fromkeys([*FIRST, *(name for name in own if name in fields and name != "depth")])
    return [
        _said(fields[name], name, own[name], own["momentum"])
        for name in order
        if name in matters and own[name] != others[name]
    ]


def apart(studies: Sequence[Study]) -> list[tuple[str, list[str]]]:
    """Each setting in which studies are not all alike: what it is called, and of each study what it is.

    Nothing is said of a study in which the setting changes nothing.
    """
    said, fields = [settings(study) for study in studies], Study.declared()
    order = dict.fromkeys([*FIRST, *(name for name in said[0] if name in fields and name != "depth")])
    found = []
    for name in order:
        matters = [name not in MATTERS or MATTERS[name](own) for own in said]
        if any(own[name] != said[0][name] for own in said) and any(matters):
            words = [
                _said(fields[name], name, own[name], own["momentum"]) if does else ""
                for own, does in zip(said, matters, strict=True)
            ]
            found.append((fields[name].title, words))
    return found


def setting_words(name: str, value: Any) -> str:
    """A setting of an experiment with its value, as it is said of what differs."""
    return _said(FIELDS[name], name, value, 0.0)


def _said(field: Field, name: str, value: Any, momentum: float) -> str:
    """A setting with its value: by its symbol where that is a number, else by its label."""
    if name == "dataset":
        return f"on {_data(value)}"
    if name == "depths":
        return f"{field.symbol} = {', '.join(map(str, value))}"
    if name == "changes":
        return ", ".join(each.words for each in read_all(value)) or "nothing changed on the way"
    if name == "rivals":
        return f"{field.label}: {', '.join(title(one, momentum) for one in value) or 'none'}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{field.symbol or field.label} = {number(value)}"
    words = choice(name, value) if isinstance(value, str) else value_text(name, value)
    return f"{field.label}: {words}"


def _data(name: str) -> str:
    if is_upload(name):
        return f"your table {name.removeprefix(UPLOAD)[:HASH]}…"
    return DATASETS[name].title

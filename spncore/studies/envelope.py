"""The file of a study's results: which study, the SHA-256 of the rows it was made on, the versions, and its body.

What ships in data/ and what the command `study` writes are the same files, written and read here.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from spncore.files.places import SHIPPED
from spncore.files.provenance import made_by, versions
from spncore.files.strict_json import parse_object
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment

FORMAT, READ = 3, (2, 3)  # format 2 counted states, the start among them, where updates now count from 0
FILES = {
    "figure3": "figure3_runs",
    "held_equal": "held_equal",
    "update2020": "update2020",
    "phase": "phase-default",
    "grid": "grid-default",
    "classes": "classes_runs",
}
MAX_CHARACTERS = 100_000_000


class StudyError(ExperimentError):
    """A study's file is refused, or where it goes; the text names what is wrong."""


class Envelope(NamedTuple):
    """What a file holds; `versions` are those that made it."""

    format: int
    study: str
    data: Mapping[str, str]
    versions: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def counts_from(self) -> int:
        """What the start is called where updates are counted: 0, and 1 in a file of format 2."""
        return int(self.format == 2)

    @property
    def made_by(self) -> str:
        """The command that makes what ships, and the versions that ran it."""
        return f"“python -m spncore study {self.study} --ship” with {made_by(self.versions)}"


def place(study: str) -> Path:
    """Where the file of a study ships."""
    return SHIPPED / f"{FILES[study]}.json"


def write(study: str, data: Mapping[str, str], body: Mapping[str, Any]) -> str:
    """The text of a file, `data` by name: a line per part of the body, and per member of a list of records."""
    head = _compact(Envelope(FORMAT, study, data, versions(), {})._asdict())
    parts = ",\n".join(f"{_compact(name)}:{_lines(value)}" for name, value in body.items())
    return f"{head[:-2]}\n{parts}}}}}\n"


def read(text: str, study: str) -> Envelope:
    """What `write` wrote of a study; StudyError or JsonError says why it is something else."""
    values = parse_object(text, "a file of results", MAX_CHARACTERS)
    if values.get("format") not in READ:
        known = " and ".join(map(str, READ))
        raise StudyError(f"format: {ascii(values.get('format'))[:20]} is not known; this release reads {known}")
    if values.get("study") != study:
        raise StudyError(f"study: these are results of {ascii(values.get('study'))[:40]}, not of {study}")
    if set(values) != set(Envelope._fields):
        raise StudyError(f"{study}: expected {', '.join(Envelope._fields)}, got {ascii(sorted(values))[:80]}")
    return Envelope(**values)


def shipped(study: str) -> Envelope:
    """The results of a study that ship with the lab."""
    return read(place(study).read_text(encoding="utf-8"), study)


def _lines(value: Any) -> str:
    members = [_compact(each) for each in value] if isinstance(value, list) else []
    return "[\n" + ",\n".join(members) + "\n]" if members and members[0][0] == "{" else _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Experiment):
        return value.to_dict()
    return {field.name: getattr(value, field.name) for field in fields(value)}

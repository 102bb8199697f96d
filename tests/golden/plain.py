"""Product texts and values reduced to what a golden keeps: structure, sentences, and numbers that hold everywhere."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

_VERSIONS = re.compile(r"\b(spnlab|python|numpy|scipy)( |==)[0-9][\w.+]*")
_ARITHMETIC = re.compile(r"\b(BLAS kernel|SIMD|BLAS threads) [\w+]+(?![\w+ ])")  # a value, no word of a sentence
_ROUNDING = re.compile(r"\b[0-9](\.[0-9]+)?e-(09|1[0-9]|2[0-9])\b")
_SECONDS = re.compile(r'"seconds": [0-9.e-]+')
MOST_KINDS = 24  # text values of a column that are listed one by one


def plain(value: Any) -> Any:
    """A value as JSON has it: arrays and tuples as lists, records as objects, infinities as words."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | range | set | frozenset):
        return [plain(each) for each in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def changes(record: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What a record has otherwise than a base."""
    return {name: value for name, value in record.items() if name not in base or base[name] != value}


def masked(value: Any) -> Any:
    """A text, or all texts of a value, without what differs between machines: versions, BLAS and SIMD, wall time."""
    if isinstance(value, dict):
        return {name: masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each) for each in value]
    if not isinstance(value, str):
        return value
    value = _ARITHMETIC.sub(r"\1 ‹its own›", _VERSIONS.sub(r"\1\2‹version›", value))
    return _SECONDS.sub('"seconds": "‹seconds›"', value)


def without_rounding(text: str) -> str:
    """A sentence without the numbers that are rounding errors, which may also be zero."""
    return _ROUNDING.sub("‹rounding›", text).replace("difference 0 nats", "difference ‹rounding› nats")


def table(text: str) -> dict[str, Any]:
    """A CSV text without its numbers: remarks, columns, how many rows, and what stands in columns of words."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    first = next((i for i, row in enumerate(rows) if not row[0].startswith("#")), len(rows))
    columns, body = rows[first], rows[first + 1 :]
    words = {name: _words(row[i] for row in body) for i, name in enumerate(columns)}
    return {
        "remarks": [masked(",".join(row)) for row in rows[:first]],
        "columns": columns,
        "rows": len(body),
        "words": {name: found for name, found in words.items() if found},
        "line ends": "CRLF" if "\r\n" in text else "LF",
    }


def _words(values: Iterable[str]) -> list[str] | str:
    found = list(dict.fromkeys(value for value in values if not _is_number(value)))
    if len(found) > MOST_KINDS:
        return f"{len(found)} kinds, from {found[0]} to {found[-1]}"
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def shape(value: Any) -> Any:
    """Keys, types and lengths of a JSON value; the members of a list are described together."""
    if isinstance(value, Mapping):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return {"list of": len(value), "each": _merged([shape(each) for each in value])}
    return {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null"}[type(value)]


def _merged(shapes: list[Any]) -> Any:
    """One shape for all members: lengths as a range, and which keys are not in every member."""
    kinds = list({json.dumps(each, sort_keys=True): each for each in shapes}.values())
    if len(kinds) < 2:
        return kinds[0] if kinds else "nothing"
    if all(isinstance(each, dict) and "list of" in each for each in kinds):
        lengths = [_ends(each["list of"]) for each in kinds]
        low, high = min(low for low, _ in lengths), max(high for _, high in lengths)
        return {
            "list of": low if low == high else f"{low} to {high}",
            "each": _merged([each["each"] for each in kinds]),
        }
    if all(isinstance(each, dict) and "list of" not in each for each in kinds):
        names = list(dict.fromkeys(name for each in kinds for name in each))
        return {
            name + ("" if all(name in each for each in kinds) else "?"): _merged([e[name] for e in kinds if name in e])
            for name in names
        }
    return " or ".join(sorted({each if isinstance(each, str) else json.dumps(each, sort_keys=True) for each in kinds}))


def _ends(length: int | str) -> tuple[int, int]:
    ends = [int(end) for end in str(length).split(" to ")]
    return ends[0], ends[-1]

"""Stored goldens: a file per topic, a list of cases, each with what the product gives for it."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "stored"
SAME = 1e-9  # relative; and absolute for numbers around zero
Entry = dict[str, Any]


def names() -> list[str]:
    """The topics that have a file."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read(name: str) -> list[Entry]:
    """The entries of a topic: `case` and what it `gives`."""
    entries: list[Entry] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return entries


def write(name: str, entries: list[Entry]) -> None:
    """Replace a topic's file."""
    (FOLDER / f"{name}.json").write_text(_text(entries), encoding="utf-8")


def differences(name: str, gives: Callable[[Any], Any], exact: bool) -> str:
    """What the product gives now against what is stored, as a unified diff of the entries that differ; empty if none.

    Unless `exact`, floating-point numbers may differ by one part in 10⁹.
    """
    lines: list[str] = []
    for entry in read(name):
        expected, found = entry["gives"], as_json(gives(entry["case"]))
        found = found if exact else _settled(found, expected)
        if _text(found) != _text(expected):
            lines += [f"case {json.dumps(entry['case'], ensure_ascii=False)}"]
            lines += difflib.unified_diff(
                *(_text(each).splitlines() for each in (expected, found)), "stored", "now", n=1, lineterm=""
            )
    return "\n".join(lines)


def differs(found: Any, expected: Any, exact: bool) -> bool:
    """Whether two JSON values are different, numbers that are close enough counting as equal unless `exact`."""
    return _text(found if exact else _settled(found, expected)) != _text(expected)


def as_json(value: Any) -> Any:
    """The value as it reads back from a file, its keys sorted; those of a case keep their order, as in an address."""
    return json.loads(json.dumps(value, allow_nan=False, sort_keys=True))


def _settled(found: Any, expected: Any) -> Any:
    """`found` with every number that is close to its stored one replaced by that."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return {name: _settled(each, expected.get(name)) for name, each in found.items()}
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        return [_settled(*pair) for pair in zip(found, expected, strict=True)]
    numbers = isinstance(found, float | int) and isinstance(expected, float | int)
    return expected if numbers and math.isclose(found, expected, rel_tol=SAME, abs_tol=SAME) else found


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"

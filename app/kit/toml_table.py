"""A table of a TOML file: what is taken from it is checked, and what is left over is refused, a sentence each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

NAME = re.compile(r"[a-z][a-z0-9_]*")


class FileError(ValueError):
    """A file that is refused; the text is a sentence that says where, what and what is allowed."""


class Table:
    """A table of a file: what is taken from it is checked, and what is left over in the end is refused."""

    def __init__(self, place: str, key: str, values: Mapping[str, Any]) -> None:
        self.place, self.key, self.values, self.taken = place, key, values, set[str]()

    @classmethod
    def of(cls, path: Path) -> Table:
        """The outermost table of a file."""
        place = f"{path.parent.name}/{path.name}"
        try:
            return cls(place, "", tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise FileError(f"{place}: it cannot be read as TOML ({error}).") from error

    def refused(self, key: str, why: str) -> FileError:
        """The sentence about one of its keys."""
        return FileError(f"{self.place}: {self.key}{key} {why}.")

    def take(self, key: str, fits: Callable[[Any], bool], allowed: str, default: Any = None) -> Any:
        """What a key says, if it fits; the default where it says nothing, unless that is None."""
        self.taken.add(key)
        if key not in self.values:
            if default is None:
                raise self.refused(key, f"is missing; give {allowed}")
            return default
        value = self.values[key]
        if not fits(value):
            raise self.refused(key, f"is {str(value)[:40]!r}; allowed: {allowed}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        said: str = self.take(key, lambda value: isinstance(value, str) and bool(value.strip()), "a text", default)
        return said.strip()

    def name(self, key: str) -> str:
        """A name of small letters, digits and _."""
        said: str = self.take(key, is_name, "a name of small letters, digits and _")
        return said

    def whole(self, key: str) -> int:
        """A whole number from 1."""
        said: int = self.take(key, lambda value: type(value) is int and value > 0, "a whole number from 1")
        return said

    def number(self, key: str) -> float:
        """A number."""
        return float(self.take(key, lambda value: type(value) in (int, float), "a number"))

    def truth(self, key: str) -> bool:
        """True or false."""
        said: bool = self.take(key, lambda value: isinstance(value, bool), "true or false")
        return said

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """One of these texts."""
        said: str = self.take(key, lambda value: isinstance(value, str) and value in allowed, ", ".join(allowed))
        return said

    def several(self, key: str, allowed: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of texts, of those that are allowed where these are named."""

        def fits(value: Any) -> bool:
            texts = isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)
            return texts and (not allowed or set(value) <= set(allowed))

        return tuple(self.take(key, fits, f"a list of {', '.join(allowed) or 'texts'}"))

    def table(self, key: str) -> Table:
        """A table in it."""
        return Table(self.place, f"{self.key}{key}.", self.take(key, lambda value: isinstance(value, dict), "a table"))

    def tables(self, key: str) -> list[Table]:
        """Several tables in it, at least one."""
        rows = self.take(key, _is_tables, f"tables, [[{self.key}{key}]] each")
        return [Table(self.place, f"{self.key}{key}[{at}].", row) for at, row in enumerate(rows, 1)]

    def end(self) -> None:
        """Nothing else may stand in it."""
        for key in self.values:
            if key not in self.taken:
                raise self.refused(key, f"is not known; allowed: {', '.join(sorted(self.taken))}")


def is_name(value: Any) -> bool:
    """Whether it is a name of small letters, digits and _."""
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)

"""Records whose settings are declared once: what each may be, how it is checked, read and written, and its words."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, ClassVar, NamedTuple, Self

from spncore.files.strict_json import shorten, shown

KINDS = {int: "not a whole number", float: "not a number", bool: "neither true nor false", str: "not a name"}


class ExperimentError(ValueError):
    """A setting is refused; the text names it, the value and what is allowed."""


def cut(value: object) -> str:
    """A text that a stranger wrote, for a sentence: its first 40 characters, in ASCII; other values as they are."""
    return ascii(value[:40]) + "…" * (len(value) > 40) if isinstance(value, str) else shown(value)


class Manner(NamedTuple):
    """How texts are read and refused: the patterns of numbers, the sentences, how the text is shown in them.

    Links out there rely on it: what a page has once read, it reads for ever. A written number loses its `ending`.
    """

    whole: str = r"[+-]?[0-9]{1,20}"
    number: str = r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,4})?"
    unread: str = "is {what}; allowed: {allowed}"
    outside: str = "is out of range; allowed: {allowed}"
    one_of: str = "one of "
    shown: Callable[[object], str] = shown
    ending: str = ""


@dataclass(frozen=True)
class Field:
    """How one setting is declared: its kind, what it may be, and the words a control shows."""

    kind: type
    label: str = ""
    symbol: str = ""
    help: str = ""
    low: float = 0.0
    high: float = 0.0
    choices: tuple[Any, ...] = ()
    zero_allowed: bool = False  # a log-scaled number that may also be exactly 0
    log_scale: bool = False
    named: Mapping[str, float] = dataclasses.field(default_factory=dict)  # points a control can jump to
    only: tuple[float, ...] = ()  # the numbers that are allowed, where not all between `low` and `high` are
    pattern: str = "(?!)"  # of names that are allowed beside the choices: none
    said: str = ""  # what is allowed, where the sentence is another than that made of the choices or the range
    refused: str = ""  # the sentence about a text, where it is another than the manner's
    name: str = ""  # in links and sentences, where it is another than the record's
    manner: Manner = Manner()

    @property
    def title(self) -> str:
        """The label, then the symbol: `components (K)`."""
        return f"{self.label} ({self.symbol})" if self.symbol else self.label

    def allowed(self) -> str:
        """The sentence part that says what this field may be."""
        if self.said or self.kind is bool:
            return self.said or "true or false"
        if self.choices:
            return self.manner.one_of + ", ".join(map(str, self.choices))
        form = "g" if self.kind is float else ".0f"
        span = " or ".join(map(str, self.only)) or f"{self.low:{form}} to {self.high:{form}}"
        return "0 or " * self.zero_allowed + span

    def parse(self, text: str) -> Any:
        """The value that a link's or command line's text gives; ExperimentError if it is refused."""
        value = self._read(text)
        if value is None or (self.refused and not self._fits(value)):
            raise self.refusal(text, self.refused or self.manner.unread)
        return self.check(value)

    def text(self, value: Any) -> str:
        """The shortest text that `parse` reads back to the same value."""
        return str(value).lower() if self.kind is bool else str(value).removesuffix(self.manner.ending)

    def check(self, value: Any) -> Any:
        """The value as its kind; ExperimentError if it is not allowed."""
        if type(value) is not self.kind and (self.kind, type(value)) != (float, int):
            raise self.refusal(value, self.manner.unread)
        if not self._fits(value):
            raise self.refusal(value, "is not known; allowed: {allowed}" if self.kind is str else self.manner.outside)
        return self.kind(value)

    def refusal(self, value: object, sentence: str) -> ExperimentError:
        """The error that names the setting, the value and what is allowed."""
        said = sentence.format(what=KINDS.get(self.kind), allowed=self.allowed())
        return ExperimentError(f"{self.name}: {self.manner.shown(value)} {said}")

    def _read(self, text: str) -> Any:
        if self.kind is bool:
            return {"true": True, "false": False}.get(text)
        pattern = {int: self.manner.whole, float: self.manner.number}.get(self.kind, "(?s).*")
        return self.kind(text) if re.fullmatch(pattern, text) else None

    def _fits(self, value: Any) -> bool:
        if self.kind is str:
            return value in self.choices or re.fullmatch(self.pattern, value) is not None
        inside = self.kind not in (int, float) or self.low <= value <= self.high  # false for NaN
        return inside and value in (self.only or (value,)) or (self.zero_allowed and value == 0)


@dataclass(frozen=True)
class Several(Field):
    """Some of the choices, each once, written with commas; put in order, or refused if they are not where `rising`."""

    rising: bool = False  # then at least one

    def parse(self, text: str) -> Any:
        """The choices that a text names, in any order."""
        parts = text.split(",") if text or self.rising else []
        if not {*parts} <= {*map(str, self.choices)}:
            raise self.refusal(text, self.refused)
        return tuple(choice for choice in self.choices if str(choice) in parts)

    def text(self, value: Any) -> str:
        """The choices with commas."""
        return ",".join(map(str, value))

    def check(self, value: Any) -> Any:
        """The choices in order."""
        ordered = tuple(choice for choice in self.choices if choice in value)
        order = list if self.rising else sorted
        if order(map(repr, value)) != order(map(repr, ordered)) or len(ordered) < self.rising:
            raise self.refusal(value, "is refused; allowed: {allowed}")
        return ordered


@dataclass(frozen=True)
class Span(Several):
    """The two ends of a range, rising within the numbers that are allowed, with a comma between them."""

    def parse(self, text: str) -> Any:
        """The two numbers that a text names."""
        ends = [*map(self._read, text.split(","))]
        return self.check(text if None in ends else ends)

    def check(self, value: Any) -> Any:
        """The ends."""
        if isinstance(value, str) or len(value) != 2 or not self.low <= value[0] < value[1] <= self.high:
            raise self.refusal(value, "is refused; allowed: two numbers, rising within {allowed}")
        return tuple(value)


class Record:
    """A frozen dataclass whose declared fields hold only what they allow; ExperimentError names the first that is not.

    `fields` has them by attribute, `parts` the records that are part of it. What links, files and commands say is by
    the names of fields, those of parts included. A manner named in the class statement is that of all own fields.
    """

    fields: ClassVar[Mapping[str, Field]]
    parts: ClassVar[Mapping[str, type[Record]]]

    def __init_subclass__(cls, **common: Any) -> None:
        said = {name: getattr(each, "metadata", {}) for name, each in vars(cls).items()}
        cls.parts = {name: each["part"] for name, each in said.items() if "part" in each}
        fields = {name: each["field"] for name, each in said.items() if "field" in each}
        cls.fields = {
            name: dataclasses.replace(field, name=field.name or name, **common) for name, field in fields.items()
        }

    def __post_init__(self) -> None:
        for attribute, field in self.fields.items():
            object.__setattr__(self, attribute, field.check(getattr(self, attribute)))

    @classmethod
    @cache
    def declared(cls) -> Mapping[str, Field]:
        """The fields by name."""
        found = {name: field for part in cls.parts.values() for name, field in part.declared().items()}
        return found | {field.name: field for field in cls.fields.values()}

    def settings(self) -> dict[str, Any]:
        """The values by name."""
        found = {name: value for part in self.parts for name, value in getattr(self, part).settings().items()}
        return found | {field.name: getattr(self, attribute) for attribute, field in self.fields.items()}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """The record with these values by name, and the defaults of what is not among them."""
        parts = {name: part.of(settings) for name, part in cls.parts.items()}
        own = {name: settings[field.name] for name, field in cls.fields.items() if field.name in settings}
        return cls(**parts, **own)

    @classmethod
    def known(cls, name: str) -> Field:
        """The field of this name; ExperimentError if there is none."""
        declared = cls.declared()
        if name not in declared:
            raise ExperimentError(f"{shorten(name)}: no such setting; known are {', '.join(declared)}")
        return declared[name]

    def changed(self, settings: Sequence[str]) -> Self:
        """It with settings as words `name=value` say, each given once; ExperimentError names what is refused."""
        values = {name: self.known(name).parse(text) for name, text in by_name(settings).items()}
        return self.of(self.settings() | values)


def by_name(
    settings: Sequence[str], form: str = "field=value, for example depth=2", again: str = "keep one"
) -> dict[str, str]:
    """The texts of `name=value` words; the sentences say how one is written, and what to do with a repeated name."""
    texts: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ExperimentError(f"{setting}: write {form}")
        if name in texts:
            raise ExperimentError(f"{name}: given twice; {again}")
        texts[name] = text
    return texts


def declare(default: Any, field: Field) -> Any:
    """A dataclass field with its declaration; `dataclasses.MISSING` is no default."""
    return dataclasses.field(default=default, metadata={"field": field})


def part(record: type[Record], default: Any = dataclasses.MISSING) -> Any:
    """A dataclass field that is a record, whose settings are the whole's."""
    return dataclasses.field(default=default, metadata={"part": record})


def _of_kind(kind: type, default: Any, title: str, *words: Any, **rest: Any) -> Any:
    label, _, symbol = title.removesuffix(")").partition(" (")
    return declare(default, Field(kind, label, symbol, *words, **rest))


# Declare a setting: its default, its label with the symbol in brackets, the help, the range of a number.
number, whole, switch = partial(_of_kind, float), partial(_of_kind, int), partial(_of_kind, bool)


def choice(default: Any, title: str, help: str = "", choices: Iterable[str] = (), **rest: Any) -> Any:
    """Declare a name out of some."""
    return _of_kind(str, default, title, help, choices=tuple(choices), **rest)

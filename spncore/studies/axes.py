"""The axes of a grid: settings of an experiment that vary, each with its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from spncore.limits import LIMITS
from spncore.record import ExperimentError, Field, cut
from spncore.runs.experiment import FIELDS

# What may vary: every setting but the rows, the seeds, which all cells share, and what a cell cannot have.
VARIED = {name: field for name, field in FIELDS.items() if name not in ("dataset", "num_seeds", "seed", "changes")}


class Axis(NamedTuple):
    """A setting that varies, and its values; written `learning_rate:0.01,0.1`."""

    name: str
    values: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.name}:{self.values_text}"

    @property
    def field(self) -> Field:
        """The setting as it is declared."""
        return FIELDS[self.name]

    @property
    def values_text(self) -> str:
        """The values with commas."""
        return ",".join(map(self.field.text, self.values))


def read(name: str, values: str) -> Axis:
    """The axis of a setting with its values as a text, with commas; ExperimentError if it is refused."""
    texts = filter(None, map(str.strip, values.split(",")))
    return checked(name, map(_varied(name).parse, texts))


def checked(name: str, values: Iterable[Any]) -> Axis:
    """The axis if it can be one, numbers in order; ExperimentError names what is refused."""
    field = _varied(name)
    found = [field.check(value) for value in values]
    if not found:
        raise ExperimentError(f"{name}: no value given; write one or more, with commas, as {_example(field)}")
    value, times = Counter(found).most_common(1)[0]
    if times > 1:
        raise ExperimentError(f"{name}: {field.text(value)} is given twice; keep one")
    return Axis(name, tuple(sorted(found) if field.kind in (int, float) else found))


def _varied(name: str) -> Field:
    if name not in VARIED:
        raise ExperimentError(f"{cut(name)} is not a setting that can vary; those are {', '.join(VARIED)}")
    return VARIED[name]


def _example(field: Field) -> str:
    """Two values that a setting may have."""
    ends = (True, False) if field.kind is bool else field.choices[:2] or (field.kind(field.low), field.kind(field.high))
    return ",".join(map(field.text, ends))


@dataclass(frozen=True)
class Axes(Field):
    """The declaration of axes: across, upwards, and a panel for each; written with a space between them."""

    def parse(self, text: str) -> Any:
        """The axes that a text names."""
        parts = [part.partition(":") for part in text.split()]
        if not all(colon for _, colon, _ in parts):
            raise self.refusal(text, "is not understood; allowed: {allowed}")
        try:
            return self.check([read(name, values) for name, _, values in parts])
        except ExperimentError as error:
            raise self._own(error) from None

    def text(self, value: Any) -> str:
        """The axes with spaces."""
        return " ".join(map(str, value))

    def check(self, value: Any) -> Any:
        """Each with its values in order, of a setting of its own."""
        try:
            found = tuple(checked(*each) for each in value)
        except ExperimentError as error:
            raise self._own(error) from None
        twice = [name for name, times in Counter(each.name for each in found).items() if times > 1]
        if twice:
            raise ExperimentError(f"{self.name}: {twice[0]} is given twice; keep one")
        if not 1 <= len(found) <= LIMITS.grid_axes:
            raise ExperimentError(f"{self.name}: {len(found)} settings are refused; allowed: {self.said}")
        return found

    def _own(self, error: ExperimentError) -> ExperimentError:
        """The refusal of one axis as that of all."""
        name = f"{self.name}: "
        return ExperimentError(name + str(error).removeprefix(name))

"""What a page offered, and whether what comes back is among it: a widget in the browser never sends anything else."""

import math
from dataclasses import dataclass
from typing import Any, Protocol

from app.live.catalogues import catalogue

SHOWN = 40  # characters of a foreign value
LISTED = 8  # options
NUMBERS = ("double_value", "int_value", "double_array_value", "int_array_value")
TEXTS = ("string_value", "string_array_value", "bool_value")


class Offer(Protocol):
    """What one widget may say."""

    def refusal(self, kind: str, value: Any) -> str | None:
        """A sentence where a value of this kind is none that the widget offers, else None."""


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`."""

    label: str
    low: float
    high: float
    whole: bool = False

    def refusal(self, kind: str, value: Any) -> str | None:
        """A sentence where a value of this kind is none that the widget offers, else None."""
        if kind in NUMBERS:
            numbers = list(value.data) if kind.endswith("array_value") else [value]
            if all(self.low <= one <= self.high and (not self.whole or one == math.floor(one)) for one in numbers):
                return None
        return _sentence(self.label, kind, value, f"{self.low:g} to {self.high:g}")


@dataclass(frozen=True)
class Options:
    """One or more of some options, which may stand in an order."""

    label: str
    options: tuple[Any, ...]
    ordered: bool = False

    def refusal(self, kind: str, value: Any) -> str | None:
        """A sentence where a value of this kind is none that the widget offers, else None."""
        if kind in TEXTS and all(
            one in self.options for one in (value.data if kind.endswith("array_value") else [value])
        ):
            return None
        return _sentence(self.label, kind, value, self._allowed())

    def _allowed(self) -> str:
        if self.ordered:
            return f"{self.options[0]} to {self.options[-1]}"
        return ", ".join(map(str, self.options[:LISTED])) + (", …" if len(self.options) > LISTED else "")


def _sentence(label: str, kind: str, value: Any, allowed: str) -> str:
    given = value.data[:LISTED] if kind.endswith("array_value") else [value]
    said = ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in given)
    shown = said if len(said) <= SHOWN else said[:SHOWN] + "…"
    return str(catalogue("door")["not_offered"].format(label=label, value=shown or "this", allowed=allowed))

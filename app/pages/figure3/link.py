"""What an address says of the page of Figure 3."""

from dataclasses import dataclass

from app.kit.results import SHIPPED, SOURCE
from spncore.record import Record, declare, number
from spncore.studies.figure3 import EARLY_NOISES, NOISES, ROUNDING

EARLY = tuple(filter(None, EARLY_NOISES))


@dataclass(frozen=True)
class Look(Record):
    """The numbers on show, and the noise at the start of the table and of the first steps."""

    source: str = declare(SHIPPED, SOURCE)
    noise: float = number(ROUNDING, "noise at the start, for the table (ε)", "", NOISES[0], NOISES[-1], only=NOISES)
    early: float = number(ROUNDING, "noise (ε)", "", NOISES[0], NOISES[-1], only=EARLY)

"""Which run the Dynamics page takes apart, as its address says it beside the lab's settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.kit.text import WORDS
from spncore.record import Record, choice

HELD, LAB_RUN = "held", "lab"


@dataclass(frozen=True)
class Look(Record):
    """The choice of the run; a link without it means the run of its settings, and without settings the one held."""

    run: str = choice("", WORDS["dynamics_which"], choices=("", HELD, LAB_RUN))


def meant(asked: Mapping[str, object]) -> str:
    """The run that an address means which does not say it, by what it asks for of the lab's settings."""
    return LAB_RUN if asked else HELD


def said(run: str, settings: Mapping[str, str]) -> dict[str, str]:
    """What the address says of a run and of the lab's settings; which run only where it would mean the other."""
    asked = settings if set(settings) - {"v"} else {}
    return {**asked, **({"run": run} if run != meant(asked) else {})}

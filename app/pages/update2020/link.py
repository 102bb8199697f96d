"""What an address says of the page of the update of 2020."""

from dataclasses import dataclass

from app.kit.results import SHIPPED, SOURCE
from spncore.record import Record, choice, declare
from spncore.studies.update2020 import DATA_SETS, RATES


@dataclass(frozen=True)
class Look(Record):
    """The data set, the learning rate and the numbers on show."""

    data: str = choice("nltcs", "data set", choices=DATA_SETS)
    rate: str = choice("0.1", "learning rate (η)", choices=map(str, RATES))
    source: str = declare(SHIPPED, SOURCE)

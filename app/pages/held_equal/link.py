"""What an address says of the page "What is held equal"."""

from dataclasses import dataclass

from app.kit.results import SHIPPED, SOURCE
from spncore.record import Record, declare, switch
from spncore.studies.held_equal import Case

TOPOLOGY, WEIGHTS, COMPONENTS = (Case.fields[name] for name in ("topology", "weights", "components"))


@dataclass(frozen=True)
class Look(Record):
    """The case on show, its numbers, and the axis of updates."""

    topology: str = declare(TOPOLOGY.choices[0], TOPOLOGY)
    weights: str = declare(WEIGHTS.choices[0], WEIGHTS)
    components: str = declare(COMPONENTS.choices[0], COMPONENTS)
    source: str = declare(SHIPPED, SOURCE)
    log: bool = switch(True, "updates on a log axis")

"""Links of the page of linear networks: a comparison, and how its charts are looked at."""

from dataclasses import dataclass

from app.kit.link import Links
from spncore.record import Record, choice, whole
from spncore.studies.linear import LinearStudy

AXES = ("linear", "log")
LINKS = Links(
    LinearStudy,
    {1: "p=4&dimension=2&condition=10&num_layers=2&init_scale=0.3&each_at=best&learning_rate=0.2"},
)


@dataclass(frozen=True)
class Look(Record):
    """The axes of updates, and after how many updates the numbers of one step stand in the equations."""

    loss_axis: str = choice("linear", "Axis of updates", choices=AXES)
    rho_axis: str = choice("log", "Axis of updates", choices=AXES)
    lam_axis: str = choice("log", "Axis of updates", choices=AXES)
    t: int = whole(5, "after updates (t)", "", 0, 1_000_000)

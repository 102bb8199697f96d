"""Links of the page of the phase diagram: the plane that is computed, and how its diagram is looked at."""

from dataclasses import dataclass

from app.kit.link import Links
from app.kit.results import SHIPPED, SOURCE
from spncore.record import Record, choice, declare
from spncore.studies.phase import Plane

NOISE = 1e-3  # at the start, of components that are not fitted: alike, they would learn as one
AGAINST = {"same": "compared with L = 1 at the same η", "times": "with L = 1 at L·η"}
LINKS = Links(
    Plane,
    {
        1: "dataset=nltcs&init_convention=per_layer&component_init=fitted&topology=tree&parametrisation=linear"
        "&num_components=8&num_seeds=3&iterations=500&resolution=1&depths=1,2,3&train_components=false&control=true"
        "&init_noise=0.0&init_scale=0.1"
    },
    where={("component_init", name): f"init_noise={NOISE}" for name in ("uniform", "random")},
    refused={
        "init_scale": "init_scale: the diagram has all starting weights, in its rows.",
        "init_noise": "init_noise: this page has its own for each way to start the components.",
    },
    reads="{known}. The default plane is open.",
)


@dataclass(frozen=True)
class Look(Record):
    """Which diagram is on show, the one that ships or that of the plane, made here; and whom it compares with."""

    source: str = declare(SHIPPED, SOURCE)
    against: str = choice("same", "compared with", choices=AGAINST)

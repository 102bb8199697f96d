"""The published Figure 3: our readings of its curves, and the levels it is compared at."""

import csv

import numpy as np

from spncore.arrays import Floats
from spncore.files.places import SHIPPED
from spncore.studies.cells import DEPTHS

TARGETS = (-8.0, -7.5, -7.2, -7.1)


def published_figure3() -> dict[int, Floats]:
    """LLH by depth, (500,) nats per row at iterations 1 to 500, read off the published figure's vector data."""
    with (SHIPPED / "figure3_published.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {depth: np.array([float(row[f"L{depth}"]) for row in rows]) for depth in DEPTHS}

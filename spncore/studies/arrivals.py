"""When runs arrive: updates to a target, or why there are none, as whole numbers in arrays (…, S) over S seeds.

What the phase diagram and every other grid keep of their runs.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.studies.shipped import thrown_off
from spncore.sweep import SeedOutcome

MISSED, THROWN, FAILED = -1, -2, -3  # in place of updates, which count from 0
LOST = {MISSED: "missed", THROWN: "thrown off", FAILED: "failed"}
Updates = NDArray[np.int64]


def code(seed: SeedOutcome) -> int:
    """The updates after which a seed reached its first target, else MISSED; THROWN whatever it had reached.

    Of a run that was to reach nothing, the updates it has made.
    """
    at = seed.reached[0] if seed.reached else seed.iterations
    return THROWN if thrown_off(seed) else MISSED if at is None else at


def arrivals(runs: Updates) -> Floats:
    """Updates (…, S), infinite for a run that does not arrive."""
    return np.where(runs >= 0, runs, np.inf)


def medians(runs: Updates) -> Floats:
    """Median updates (…, S) -> (…); infinite where not even half of the seeds arrive."""
    return np.asarray(np.median(arrivals(runs), axis=-1))


def states(runs: Updates) -> NDArray[np.str_]:
    """`reached`, `missed`, `thrown` or `failed` (…, S) -> (…), as most of the seeds."""
    found = np.full(runs.shape[:-1], "missed", dtype="<U7")
    found[2 * (runs == THROWN).sum(axis=-1) > runs.shape[-1]] = "thrown"
    found[np.isfinite(medians(runs))] = "reached"
    found[(runs == FAILED).any(axis=-1)] = "failed"
    return found


def reached(runs: Updates) -> list[int | None]:
    """Updates of one cell (S,), seed by seed, None for a run that does not arrive."""
    return [at if at >= 0 else None for at in runs.tolist()]


def described(dataset: Dataset) -> dict[str, Any]:
    """What a result says of the rows it was trained on."""
    names = ("title", "sha256", "synthetic")
    return {**{name: getattr(dataset, name) for name in names}, "rows": dataset.num_rows}

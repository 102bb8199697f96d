"""What can be done about a run that left the finite numbers: the cause, and only advice that can help."""

import numpy as np

from spncore.arrays import Bools, Floats
from spncore.inference.values import log_values
from spncore.learning.kept import Kept
from spncore.learning.learners import LEARNERS, TAKES_MOMENTUM, TITLES, LearnerSettings
from spncore.learning.problem import Problem
from spncore.learning.states import StepInfo
from spncore.limits import LIMITS
from spncore.words import counted


class DivergenceError(ArithmeticError):
    """A number left the finite range; the text names the iteration, the seed and the quantity."""


def divergence(problem: Problem, settings: LearnerSettings, kept: Kept, seen: StepInfo, iteration: int) -> str:
    """What left the finite numbers first of what is kept, the first state being after `iteration` updates."""
    after = kept.parameters[1:]
    if problem.zeros is not None:
        after = np.where(problem.zeros[: after.shape[2]], 0.0, after)
    found: tuple[tuple[int, str, Bools], ...] = (
        (0, "the log-likelihood", np.isfinite(seen.llh)),
        (0, "the logarithm of a node's weight", ~kept.empty),
        (1, "a weight", np.asarray(np.isfinite(after).all(axis=2))),
    )
    ends = [
        (int(np.argmin(sound.all(axis=1))) + late, late, name, sound) for late, name, sound in found if not sound.all()
    ]
    updates, late, quantity, sound = min(ends, key=lambda end: (end[0], -end[1]))
    place = updates - late
    seed, info = int(np.argmin(sound[place])), seen.part(place)
    row = np.concatenate([info.layer_weights[seed], *(array[seed].ravel() for array in info.inputs)])
    values = [info.llh[seed], info.value[seed], *info.flow[seed]]
    said = verdict(problem, settings, row, bool(iteration + place == 0 and not np.isfinite(values).all()))
    return f"after {counted(iteration + updates, 'update')}, {quantity} of seed {settings.seeds[seed]} {said}"


def verdict(problem: Problem, settings: LearnerSettings, row: Floats, at_start: bool) -> str:
    """What a quantity is that left the finite numbers at the weights `row` (P,) or after them, and what can be done.

    `at_start`: these are the start, and its own numbers are not finite.
    """
    num_rows, impossible = _impossible(problem, row)
    if impossible and (at_start or problem.zeros is not None):
        return (
            f"is not a finite number: {impossible:,} of {num_rows:,} different rows have probability 0, and a weight "
            "of 0 stays 0, so no learning rate can help; smooth what was learned, or start the components otherwise"
        )
    if at_start:
        return "is not a finite number at the start, so no learning rate can help; try starting weights nearer to 1"
    return f"is no longer a finite number; {_remedy(settings)}"


def _remedy(settings: LearnerSettings) -> str:
    if LEARNERS[settings.optimiser].fixed_rate is not None:
        return f"{TITLES[settings.optimiser]} has no learning rate to lower: try a larger floor or another start"
    if settings.learning_rate > LIMITS.smallest_rate:
        return f"try a learning rate below {settings.learning_rate:g}"
    others = ["a larger starting weight", *(["less momentum"] if settings.optimiser in TAKES_MOMENTUM else [])]
    return f"its learning rate is the smallest there is: try {' or '.join(others)}"


def _impossible(problem: Problem, row: Floats) -> tuple[int, int]:
    """How many different rows the data has, and how many of them have probability 0."""
    rows = problem.bag.rows[problem.bag.counts > 0]
    with np.errstate(all="ignore"):
        values = log_values(problem.model(row), rows)
    return len(rows), int(np.isneginf(values).sum())

"""What a touch on the drawing asks for, as a study: a weight set by hand, another rate from here on, another depth.

The browser sends plain values; the engine checks them as it checks those of a link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.study import Study

TOUCH_SECONDS = 8.0  # of CPU; a study that takes no more is trained without a press
WEIGHT = ("depth", "layer", "weight", "at", "value")
RATE = ("at", "rate")
DEPTH = ("add", "remove")


def after(study: Study, asked: Any) -> Study:
    """The study on screen as a touch leaves it; ExperimentError where that cannot be.

    `asked`: depth, layer, weight (from 0), at (updates) and value; or at and rate; or a depth to add or to remove. What
    was changed later than `at` is left out: from there on the run is another one, and where no update was left, one of
    twice as many.
    """
    names = set(asked) if isinstance(asked, Mapping) else set()
    if names == set(WEIGHT):
        what = f"L{_whole(asked, 'depth')}.w{_whole(asked, 'layer')}.{_whole(asked, 'weight') + 1}"
        return _changed(study, _whole(asked, "at"), what, asked["value"])
    if names == set(RATE):
        return _changed(study, _whole(asked, "at"), "rate", asked["rate"])
    if len(names) == 1 and names <= set(DEPTH):
        (name,) = names
        return _with_depth(study, name, _whole(asked, name))
    raise ExperimentError("touch: what the drawing asked for is not understood; reload the page")


def is_branch(asked: Any) -> bool:
    """Whether another rate is asked for, beside whose curve the present one is to stay."""
    return isinstance(asked, Mapping) and set(asked) == set(RATE)


def with_changes(study: Study, changes: Sequence[str]) -> Study:
    """The study with these changes on the way."""
    return replace(study, experiment=study.experiment.replace(changes=tuple(changes)))


def _changed(study: Study, at: int, what: str, value: Any) -> Study:
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    before = [each for each in study.experiment.on_the_way if each.at <= at and (each.at, each.what) != (at, what)]
    return with_changes(_longer(study, at), [*map(str, before), f"{at}:{what}:{number!r}"])


def _longer(study: Study, at: int) -> Study:
    """Twice as many updates where none is left after `at`."""
    if at < study.experiment.iterations:
        return study
    if at >= LIMITS.iterations:
        raise ExperimentError(f"iterations: no update is left after {at}; go back with the cursor, then change it")
    longer = study.experiment.replace(iterations=min(max(2 * at, 1), LIMITS.iterations))
    return replace(study, experiment=longer)


def _with_depth(study: Study, name: str, depth: int) -> Study:
    wanted = {*study.depths, depth} if name == "add" else {*study.depths} - {depth}
    return replace(study, depths=tuple(sorted(wanted)))


def _whole(asked: Mapping[str, Any], name: str) -> int:
    value = asked[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not float(value).is_integer():
        raise ExperimentError(f"{name}: what the drawing asked for is no whole number; reload the page")
    return int(value)

"""A study's two lines, from its traces; and those of a circuit beside the mixture of its induced trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.stats  # noqa: F401  half a second, at the server's start and not in somebody's first answer

from app.live.headline.first_line import Case, first_line
from app.live.headline.second_line import LINES
from app.live.headline.standing import Curve, Race, coincide, own_runs, trained
from spncore import Dataset, Experiment, Trace
from spncore.arrays import Floats
from spncore.data.library import product_of_marginals_llh
from spncore.limits import LIMITS
from spncore.runs.study import Study
from spncore.studies.target import Fixed
from spncore.trees.induced import written
from spncore.words import counted, listed, signed

GENERATIVE = "generative"
TREES = "the mixture of its trees"


class Course(NamedTuple):
    """How one curve went: what it is compared by (S, T), after 0, 1, … updates, and why it ended early, else None.

    That is the objective it was trained by, or the log-likelihood where the objective is named generative.
    """

    experiment: Experiment
    objective: str
    values: Floats
    stopped: str | None

    @classmethod
    def of(cls, trace: Trace) -> Course:
        """Of a trace, by what it was trained by."""
        return cls(trace.experiment, trace.experiment.objective, trained(trace), trace.stopped)


class Told(NamedTuple):
    """The headline, and what it leaves out; both are sentences, the second may be empty."""

    headline: str
    details: str


def told(
    traces: Sequence[Trace], dataset: Dataset, target: Fixed | None, ended: bool = True, num_rivals: int = 0
) -> Told:
    """What traces of the same experiment show at several depths, complete or not, in any order.

    The last `num_rivals` traces are of other learners on the plain network. Curves that diverged are named and not
    compared.
    """
    return _depths_told([Course.of(trace) for trace in traces], dataset, target, ended, num_rivals)


def circuit_told(traces: Sequence[Trace], dataset: Dataset, ended: bool, shallow: bool) -> Told:
    """What a circuit shows at several depths and, if `shallow`, last the mixture of its trees."""
    return _circuit_told([Course.of(trace) for trace in traces], dataset, ended, shallow)


def kept_told(
    study: Study, llh: Sequence[Floats], stopped: Sequence[str | None], dataset: Dataset | None, target: Fixed | None
) -> Told:
    """The same of a study whose LLH is kept, curve by curve (S, T), and nothing else; also without its data."""
    kept = zip(study.experiments(), llh, stopped, strict=True)
    courses = [Course(experiment, GENERATIVE, values, why) for experiment, values, why in kept]
    if study.deep:
        return _circuit_told(courses, dataset, True, study.shallow)
    return _depths_told(courses, dataset, target, True, len(study.rivals))


def _depths_told(
    courses: Sequence[Course], dataset: Dataset | None, target: Fixed | None, ended: bool, num_rivals: int
) -> Told:
    first_rival = len(courses) - num_rivals
    depths = sorted(courses[:first_rival], key=lambda course: course.experiment.depth)
    names = [f"L={course.experiment.depth}" for course in depths]
    names += [course.experiment.learner_title for course in courses[first_rival:]]
    return _told([*depths, *courses[first_rival:]], names, dataset, target, ended, num_rivals)


def _circuit_told(courses: Sequence[Course], dataset: Dataset | None, ended: bool, shallow: bool) -> Told:
    depths = [course.experiment.depth for course in (courses[:-1] if shallow else courses)]
    names = [f"L={depth}" for depth in depths] if len(depths) > 1 else ["the circuit"] * len(depths)
    found = _told(courses, names + [TREES] * (shallow and bool(courses)), dataset, None, ended, 0)
    if not shallow or not found.details:
        return found
    apart = float(np.abs(courses[0].values[:, 0] - courses[-1].values[:, 0]).max())
    same = f"{names[0]} and {TREES} start as one function (difference {apart:.1g} nats)"
    return found._replace(details=f"{_sentences([same])} {found.details}")


def trees_sentence(num: int) -> str:
    """κ in words, and what follows from it."""
    exact = f"{num:,}" if num < 10**15 else written(num)
    if num == 1:
        return "κ = 1: this circuit is one induced tree, so there is nothing to mix."
    if num > LIMITS.live_trees:
        return f"κ = {exact} induced trees: too many to train side by side; limit {LIMITS.live_trees:,}."
    return f"κ = {exact} induced trees: their mixture is trained beside the circuit, from the same start."


def _told(
    courses: Sequence[Course],
    names: Sequence[str],
    dataset: Dataset | None,
    target: Fixed | None,
    ended: bool,
    num_rivals: int,
) -> Told:
    """The two lines of named courses, the rivals last."""
    if max((course.values.shape[1] for course in courses), default=0) < 2:
        return Told("Nothing trained yet." if ended else "Training starts.", "")
    first, named = courses[0], dict(zip(names, courses, strict=True))
    experiment = first.experiment
    lost = [f"{name} diverged {_made(course)}" for name, course in named.items() if course.stopped]
    curves, runs = _curves({name: course.values for name, course in named.items() if not course.stopped}, target)
    depths = [curve for curve in curves if curve.name in names[: len(names) - num_rivals]]
    rivals = [curve for curve in curves if curve not in depths]
    if not depths:
        at = [f"{curve.name} is at {signed(curve.middle)}" for curve in rivals]
        return Told(f"{listed(names[: len(names) - num_rivals])} diverged: nothing to compare.", _sentences(lost + at))
    case = Case(
        race=Race(tuple(depths), any(curve.arrival is not None for curve in depths)),
        diverged=[name for name in names[: len(names) - num_rivals] if named[name].stopped],
        rivals=rivals,
        target=target.title if target else None,
        seeds=experiment.num_seeds,
        runs=runs,
        ended=ended,
        total=experiment.iterations,
        objective=_objective(first.objective),
        alike=len(depths) > 1 and coincide(depths),
        unmixed=_unmixed(experiment, dataset),
        independent=product_of_marginals_llh(dataset) if dataset and first.objective == GENERATIVE else None,
    )
    rest = [sentence for line in LINES for sentence in line(case)]
    return Told(first_line(case), _sentences([*rest, *lost, *_of_target(target, dataset, case), *_of_seeds(case)]))


def _curves(values: Mapping[str, Floats], target: Fixed | None) -> tuple[list[Curve], int]:
    """The curves as far as all go, each run once, and how many runs there are."""
    if not values:
        return [], 0
    own, length = own_runs(list(values.values())), min(array.shape[1] for array in values.values())
    levels = None if target is None else np.array(target.levels)[own]
    return [Curve(name, array[own, :length], levels) for name, array in values.items()], len(own)


def _made(course: Course) -> str:
    made = course.values.shape[1] - 1
    return f"after {counted(made, 'update', '')}" if made > 0 else "at the start"


def _objective(name: str) -> str:
    return "" if name == GENERATIVE else f" by the {name.replace('_', '-')} objective"


def _unmixed(experiment: Experiment, dataset: Dataset | None) -> str:
    """Why there is nothing to mix, if so."""
    if dataset and dataset.num_variables == 1:
        return "D = 1"
    return "K = 1" * (experiment.structure == "mixture" and experiment.num_components == 1)


def _of_target(target: Fixed | None, dataset: Dataset | None, case: Case) -> list[str]:
    if target is None:
        return ["No target: compared where they stand"]
    synthetic = dataset is not None and dataset.synthetic
    real = ", on the real NLTCS, not on this stand-in" * (target.rule == "published" and synthetic)
    return [f"Target: {target.title}, {target.reason}{real}, fixed before the run{_missed(case)}"]


def _missed(case: Case) -> str:
    """By whom the target was not reached, if by no depth in most seeds."""
    depths = case.race.curves
    if case.race.by_target:
        return ""
    yet, most = " yet" * (not case.ended), " in most seeds" * (case.runs > 1)
    if any(curve.in_most for curve in depths):
        return f", kept by no depth{most}{yet}"
    if any(curve.in_seeds for curve in depths):
        return f", reached by no depth{most}{yet}"
    return f", {'reached by no depth' if any(curve.in_seeds for curve in case.rivals) else 'not reached'}{yet}"


def _of_seeds(case: Case) -> list[str]:
    if case.seeds == 1:
        return []
    if case.runs == 1:
        return [f"Nothing random enters: {case.seeds} seeds are one run and count once"]
    once = [f"{case.seeds} seeds are {case.runs} different runs, each counted once"] * (case.runs < case.seeds)
    return [*once, "Seeds are restarts on one data set"]


def _sentences(clauses: Sequence[str]) -> str:
    return " ".join(f"{clause[0].upper()}{clause[1:]}." for clause in clauses)

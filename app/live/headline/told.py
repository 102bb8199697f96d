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
from spncore.studies.target import Fixed
from spncore.trees.induced import written
from spncore.words import counted, listed, signed

GENERATIVE = "generative"
TREES = "the mixture of its trees"


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
    first_rival = len(traces) - num_rivals
    depths = sorted(traces[:first_rival], key=lambda trace: trace.experiment.depth)
    names = [f"L={trace.experiment.depth}" for trace in depths]
    names += [trace.experiment.learner_title for trace in traces[first_rival:]]
    return _told([*depths, *traces[first_rival:]], names, dataset, target, ended, num_rivals)


def circuit_told(traces: Sequence[Trace], dataset: Dataset, ended: bool, shallow: bool) -> Told:
    """What a circuit shows at several depths and, if `shallow`, last the mixture of its trees."""
    depths = [trace.experiment.depth for trace in (traces[:-1] if shallow else traces)]
    names = [f"L={depth}" for depth in depths] if len(depths) > 1 else ["the circuit"] * len(depths)
    found = _told(traces, names + [TREES] * (shallow and bool(traces)), dataset, None, ended, 0)
    if not shallow or not found.details:
        return found
    apart = float(np.abs(trained(traces[0])[:, 0] - trained(traces[-1])[:, 0]).max())
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
    traces: Sequence[Trace], names: Sequence[str], dataset: Dataset, target: Fixed | None, ended: bool, num_rivals: int
) -> Told:
    """The two lines of named traces, the rivals last."""
    if max((trained(trace).shape[1] for trace in traces), default=0) < 2:
        return Told("Nothing trained yet." if ended else "Training starts.", "")
    experiment, named = traces[0].experiment, dict(zip(names, traces, strict=True))
    lost = [f"{name} diverged {_made(trace)}" for name, trace in named.items() if trace.stopped]
    curves, runs = _curves({name: trained(trace) for name, trace in named.items() if not trace.stopped}, target)
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
        objective=_objective(experiment),
        alike=len(depths) > 1 and coincide(depths),
        unmixed=_unmixed(experiment, dataset),
        independent=product_of_marginals_llh(dataset) if experiment.objective == GENERATIVE else None,
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


def _made(trace: Trace) -> str:
    made = trained(trace).shape[1] - 1
    return f"after {counted(made, 'update', '')}" if made > 0 else "at the start"


def _objective(experiment: Experiment) -> str:
    if experiment.objective == GENERATIVE:
        return ""
    return f" by the {experiment.objective.replace('_', '-')} objective"


def _unmixed(experiment: Experiment, dataset: Dataset) -> str:
    """Why there is nothing to mix, if so."""
    if dataset.num_variables == 1:
        return "D = 1"
    return "K = 1" * (experiment.structure == "mixture" and experiment.num_components == 1)


def _of_target(target: Fixed | None, dataset: Dataset, case: Case) -> list[str]:
    if target is None:
        return ["No target: compared where they stand"]
    real = ", on the real NLTCS, not on this stand-in" * (target.rule == "published" and dataset.synthetic)
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

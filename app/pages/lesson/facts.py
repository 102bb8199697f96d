"""The numbers of a lesson: facts by name, computed from the runs on screen, that sentences of steps are made of.

Pure: no Streamlit. Verdicts, intervals and arrivals are those of `spncore.studies.statistics`, the headline is the
lab's own. A fact of one depth has the depth at its end: `end_3`. Seeds that are one run count once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from app.kit.lessons import FACT, Step
from app.live.headline.standing import Curve, own_runs
from app.live.headline.told import Told, told
from spncore import Trace, Trainer
from spncore.arrays import Floats
from spncore.data.dataset import empirical_llh
from spncore.data.library import Dataset, product_of_marginals_llh
from spncore.dynamics.steps import momentum_row
from spncore.inference.queries import conditionals
from spncore.runs.study import Study
from spncore.runs.training import learner_of
from spncore.studies import statistics
from spncore.studies.target import Fixed
from spncore.words import JOINED, counted, listed, percent, raised, signed

BETA = 0.9  # of the momentum that memory is compared with
TENTH = 10  # a run of 5,000 updates had 500 behind it then
UNKNOWN = -1


class FactError(ValueError):
    """A sentence names what is no fact, or what a run does not have; the text says which and what is allowed."""


class Expected(NamedTuple):
    """P(x_d = 1) of each variable (D,), before and after it is known that the one at `place` is 1."""

    place: int
    before: Floats
    after: Floats


@dataclass(frozen=True, eq=False)
class Seen:
    """A run that has ended, and the runs of the step that stand before it; `given` is a variable that is known."""

    study: Study
    dataset: Dataset
    traces: Sequence[Trace]  # one per curve, the depths first
    target: Fixed | None
    given: str = ""
    before: tuple[Seen, ...] = field(default=(), repr=False)

    @cached_property
    def own(self) -> list[int]:
        """The places of the seeds that are runs of their own."""
        return own_runs([trace.llh for trace in self.depths])

    @property
    def depths(self) -> Sequence[Trace]:
        """The traces of the depths, the shallowest first."""
        return self.traces[: len(self.study.depths)]

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The LLH of the depths (S, T), as far as all go, with the level that each seed is to reach."""
        length = min(trace.llh.shape[1] for trace in self.depths)
        levels = None if self.target is None else np.array(self.target.levels)[self.own]
        pairs = zip(self.study.names(), self.depths, strict=False)
        return tuple(Curve(name, trace.llh[self.own, :length], levels) for name, trace in pairs)

    @cached_property
    def lines(self) -> Told:
        """The lab's two lines."""
        return told(self.traces, self.dataset, self.target, True, len(self.study.rivals))

    @property
    def updates(self) -> int:
        """Updates behind all depths."""
        return self.curves[0].updates

    @property
    def ends(self) -> tuple[Curve, Curve]:
        """The deepest and the shallowest."""
        return self.curves[-1], self.curves[0]

    def at(self, update: int) -> str:
        """What the paired seeds say of the deepest and the shallowest after so many updates."""
        deep, shallow = self.ends
        pair = (curve.values[:, update].tolist() for curve in self.ends)
        return statistics.scored(deep.name, shallow.name, *pair)

    @cached_property
    def widest(self) -> int:
        """After how many updates the medians of the deepest and the shallowest are furthest apart."""
        deep, shallow = (np.median(curve.values, axis=0) for curve in self.ends)
        return int(np.argmax(np.abs(deep - shallow)))

    def of(self, depth: int) -> Trace:
        """The trace of a depth."""
        return self.depths[self.study.depths.index(depth)]

    def curve(self, depth: int) -> Curve:
        """The curve of a depth."""
        return self.curves[self.study.depths.index(depth)]

    @cached_property
    def component(self) -> int:
        """The component, from 0, that weighs most in the end of the deepest network's first seed."""
        return int(np.argmax(self.depths[-1].effective_weights[self.own[0], -1]))

    @cached_property
    def lam(self) -> Floats:
        """λ of that component and network before each update (T,)."""
        return np.asarray(self.depths[-1].lam[self.own[0], : self.updates, self.component])

    @cached_property
    def memory(self) -> Floats:
        """μ(t, τ) of it in the last update t, of all earlier τ (T − 1,)."""
        rho = self.depths[-1].rho[self.own[0], : self.updates, self.component]
        found = momentum_row(rho, self.lam, self.updates - 1)
        if len(found) < 2 or not found[-1]:
            raise FactError("memory_ratio: this run remembers nothing; it has no layer above that moves.")
        return found

    @cached_property
    def expected(self) -> Expected:
        """What the shallowest network's first seed expects of every variable, without and with the one given."""
        trace, names = self.depths[0], self.dataset.variables
        if self.given not in names or trace.final_state is None:
            raise FactError(f"given: no variable {self.given!r}; allowed: {', '.join(names)}.")
        return expected(trace, names.index(self.given))


def expected(trace: Trace, place: int) -> Expected:
    """What the first seed of a trace that has ended expects once the variable at a place is known to be 1."""
    trainer = Trainer(trace.problem, learner_of(trace.experiment))
    assert trace.final_state is not None
    model = trainer.model(trace.final_state)
    rows = np.full((2, model.circuit.num_variables), UNKNOWN, dtype=np.int64)
    rows[1, place] = 1
    before, after = conditionals(model, rows).probabilities[:, :, 1]
    return Expected(place, before, after)


def _arrived(seen: Seen) -> str:
    if seen.target is None:
        raise FactError("arrived: this run has no target; compare where it ends.")
    deep, shallow = seen.ends
    return statistics.compared(deep.name, shallow.name, deep.arrivals, shallow.arrivals, seen.updates)


def _change(seen: Seen, rank: int) -> str:
    """The variable whose probability changes most (0), or least (−1), by the one that is given."""
    found = seen.expected
    change = np.abs(found.after - found.before)
    order = [place for place in np.argsort(-change, kind="stable").tolist() if place != found.place]
    place = order[rank]
    name = seen.dataset.variables[place].replace("_", " ")
    return f"{name} from {percent(found.before[place])} to {percent(found.after[place])}"


def _best_rates(seen: Seen) -> str:
    """Of the runs of the step that differ in their rate alone, each depth's with the earliest median arrival."""
    rate = seen.study.experiment.learning_rate
    alike = [one for one in (*seen.before, seen) if _at_rate(one.study, rate) == seen.study]
    return listed([_best_rate(alike, depth) for depth in seen.study.depths])


def _best_rate(alike: Sequence[Seen], depth: int) -> str:
    found = [(one.curve(depth).arrival, one.study.experiment.learning_rate) for one in alike]
    arrived = [(at, rate) for at, rate in found if at is not None]
    if not arrived:
        return f"L={depth} at none"
    at, rate = min(arrived)
    return f"L={depth} at {rate:g} ({counted(at, 'update', 'g')})"


def _at_rate(study: Study, rate: float) -> Study:
    return Study(study.experiment.replace(learning_rate=rate), study.depths, study.rivals)


def _apart(seen: Seen) -> str:
    """How far the curves of this run ever are from those of the step's first run."""
    if not seen.before:
        raise FactError("apart: it is of a run after the step's first.")
    gaps = [one.values - other.values for one, other in zip(seen.curves, seen.before[0].curves, strict=True)]
    return small(max(float(np.abs(gap).max()) for gap in gaps))


def _between_depths(seen: Seen) -> str:
    return small(float(np.ptp(np.stack([curve.values for curve in seen.curves]), axis=0).max()))


def _times(changes: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(changes, f"{changes} times")


def _first(seen: Seen, values: Floats) -> float:
    """Of values (S, T, K) the one of the component and seed that a step speaks of, at the start."""
    return float(values[seen.own[0], 0, seen.component])


def _weight_change(seen: Seen, depth: int) -> str:
    weights = seen.of(depth).effective_weights[seen.own[0], :2, seen.component]
    return f"{raised(signed(100 * float(weights[1] / weights[0] - 1), '+.3g'))}{JOINED}%"


def _over_independent(seen: Seen, depth: int) -> float:
    return seen.curve(depth).middle - product_of_marginals_llh(seen.dataset)


def small(value: float) -> str:
    """A size of which the first two digits matter: `3.1·10⁻⁷`."""
    return raised(f"{value:.2g}")


FACTS: Mapping[str, Callable[[Seen], str]] = {
    "headline": lambda seen: seen.lines.headline.removesuffix("."),
    "details": lambda seen: seen.lines.details.removesuffix("."),
    "seeds": lambda seen: counted(len(seen.own), "seed"),
    "updates": lambda seen: f"{seen.updates:,}",
    "tenth_at": lambda seen: f"{seen.updates // TENTH:,}",
    "widest_at": lambda seen: f"{seen.widest:,}",
    "deep": lambda seen: seen.ends[0].name,
    "shallow": lambda seen: seen.ends[1].name,
    "ended": lambda seen: seen.at(-1),
    "tenth": lambda seen: seen.at(seen.updates // TENTH),
    "widest": lambda seen: seen.at(seen.widest),
    "arrived": _arrived,
    "target": lambda seen: seen.target.title if seen.target else "no level",
    "best_rates": _best_rates,
    "combinations": lambda seen: f"{2**seen.dataset.num_variables:,}",
    "uniform": lambda seen: signed(-seen.dataset.num_variables * math.log(2)),
    "independent": lambda seen: signed(product_of_marginals_llh(seen.dataset)),
    "entropy": lambda seen: signed(empirical_llh(seen.dataset)),
    "component": lambda seen: str(seen.component + 1),
    "seed": lambda seen: str(seen.study.experiment.seeds[seen.own[0]]),
    "memory_ratio": lambda seen: small(float(seen.memory[0] / seen.memory[-1])),
    "memory_apart": lambda seen: f"{len(seen.memory) - 1:,}",
    "memory_sign": lambda seen: "positive" if seen.memory[-1] > 0 else "negative",
    "momentum_left": lambda seen: small(BETA ** (len(seen.memory) - 1)),
    "sign_changes": lambda seen: _times(int((np.diff(np.sign(seen.lam)) != 0).sum())),
    "apart": _apart,
    "between_depths": _between_depths,
    "given": lambda seen: seen.given.replace("_", " "),
    "largest_change": lambda seen: _change(seen, 0),
    "smallest_change": lambda seen: _change(seen, -1),
}
OF_DEPTH: Mapping[str, Callable[[Seen, int], str]] = {
    "start": lambda seen, depth: signed(float(np.median(seen.curve(depth).values[:, 0]))),
    "end": lambda seen, depth: signed(seen.curve(depth).middle),
    "gain": lambda seen, depth: signed(float(np.median(seen.curve(depth).last - seen.curve(depth).values[:, 0]))),
    "over_independent": lambda seen, depth: signed(_over_independent(seen, depth)),
    "times_independent": lambda seen, depth: f"{float(f'{math.exp(_over_independent(seen, depth)):.2g}'):,.12g}",
    "rho": lambda seen, depth: raised(f"{_first(seen, seen.of(depth).rho) / seen.study.experiment.learning_rate:.3g}"),
    "lam": lambda seen, depth: raised(signed(_first(seen, seen.of(depth).lam), ".3g")),
    "change": _weight_change,
}


def fact(name: str, seen: Seen) -> str:
    """The fact of a run by its name; FactError if there is none."""
    if name in FACTS:
        return FACTS[name](seen)
    begin, _, depth = name.rpartition("_")
    if begin in OF_DEPTH and depth in map(str, seen.study.depths):
        return OF_DEPTH[begin](seen, int(depth))
    of_depths = [f"{one}_{depth}" for one in OF_DEPTH for depth in seen.study.depths]
    raise FactError(f"{name}: no fact of this run; allowed: {', '.join([*FACTS, *of_depths])}.")


def told_of(sentence: str, seen: Mapping[str, Seen]) -> str:
    """A sentence of a step with its facts, which are of runs by their names; of the only one where none is named."""

    def filled(name: str) -> str:
        run, _, one = name.rpartition(".")
        return fact(one, seen[run] if run else next(iter(seen.values())))

    return FACT.sub(lambda found: filled(found[1]), sentence)


def all_told(step: Step, seen: Mapping[str, Seen]) -> list[str]:
    """The sentences of a step whose runs have all ended, in their order."""
    known = [one for one in step.reveal if step.needs(one) <= set(seen)]
    return [told_of(sentence, seen) for sentence in known]

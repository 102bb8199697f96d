"""The comparison of the linear networks page: its settings, and what is computed for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore import fit as fit_network
from spncore.data.library import Dataset, load
from spncore.limits import LIMITS
from spncore.linear import network
from spncore.linear.network import LinearExperiment, LinearTrace, traced
from spncore.linear.rates import BestRate, RateOutcome, Search, follow, search
from spncore.linear.steps import StepTerms, step_terms
from spncore.record import Manner, Record, choice, cut, number, whole
from spncore.runs.study import Study
from spncore.runs.trace import Trace
from spncore.studies import presets
from spncore.studies.envelope import Envelope
from spncore.sweep import Reporter, quiet
from spncore.words import lowered

MAX_UPDATES = 3000
MAX_TERMS = 500  # steps taken apart
EACH_AT = ("best", "chosen")

# What the page has read and said from its first links on.
MANNER = Manner(
    whole="[0-9]{1,9}",
    number=r"[0-9]{1,9}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?",
    unread="is {what}",
    outside="is not allowed; allowed: {allowed}",
    shown=cut,
    ending=".0",
)


@dataclass(frozen=True)
class LinearStudy(Record, manner=MANNER):
    """One comparison: plain w against w as a product of a vector and N − 1 scalars."""

    p: int = whole(
        4, "loss exponent (p)", "ℓ_p regression: the loss is the sum of |error|^p over p.", 2, 4, only=(2, 4)
    )
    dimension: int = whole(2, "weights (D)", "How many numbers the model has to find.", 1, 16)
    condition: float = number(
        10.0,
        "condition number (κ)",
        "How many times steeper the steepest direction is than the flattest.",
        1,
        1000,
        log_scale=True,
    )
    num_layers: int = whole(2, "layers (N)", "How many factors w is a product of.", 2, LIMITS.depth)
    init_scale: float = number(
        0.3,
        "starting weight (w0)",
        "Every factor starts here; the plain model starts at the same product.",
        1e-3,
        2,
        log_scale=True,
    )
    each_at: str = choice(
        "best",
        "learning rate",
        "Each model at its own best rate, or both at one chosen rate.",
        EACH_AT,
    )
    learning_rate: float = number(
        0.2,
        "chosen learning rate (η)",
        "The rate of both models.",
        LIMITS.smallest_rate,
        LIMITS.largest_rate,
        log_scale=True,
    )

    def model(self, num_layers: int) -> LinearExperiment:
        """The run of one model; both start at the same product, and the rows lie on the axes."""
        start = self.init_scale if num_layers > 1 else self.init_scale**self.num_layers
        return LinearExperiment(
            p=self.p,
            dimension=self.dimension,
            num_rows=self.dimension,
            condition=self.condition,
            num_layers=num_layers,
            init_scale=start,
            learning_rate=self.learning_rate,
            iterations=MAX_UPDATES,
        )


class Side(NamedTuple):
    """One model of a comparison at the rate it is shown at.

    `needed` updates reach the target, None where none do; after `lost` updates it is lost again, None where it is
    kept for as many updates again and some more.
    """

    name: str
    experiment: LinearExperiment
    outcomes: tuple[RateOutcome, ...]  # at all rates that were tried
    best: BestRate | None
    trace: LinearTrace  # ends at the target, or where that is lost again
    needed: int | None
    lost: int | None

    @property
    def relative_loss(self) -> NDArray[np.float64]:
        """The loss over its start, (T + 1,); over 1 where the start is the solution."""
        return np.asarray(self.trace.loss / (self.trace.loss[0] or 1.0))


class Comparison(NamedTuple):
    """Both models, and the steps of the overparametrised one taken apart."""

    study: LinearStudy
    plain: Side
    factors: Side
    terms: StepTerms

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both models."""
        return self.plain, self.factors


SHIPPED = (LinearStudy(),)  # nothing of it ships in data/: the page runs it in about a second
COLUMNS = ("model", "eta", "t", "quantity", "value")


def run(study: LinearStudy, data: Dataset | None = None, report: Reporter = quiet) -> Comparison:
    """Search both models' rates, run both, and take the overparametrised run apart; no data set is needed."""
    report(0, 2)
    plain = _side(study, 1)
    report(1, 2)
    factors = _side(study, study.num_layers)
    report(2, 2)
    terms = step_terms(factors.experiment, min(len(factors.trace.loss) - 1, MAX_TERMS))
    return Comparison(study, plain, factors, terms)


def pack(results: Sequence[Comparison]) -> dict[str, Any]:
    """One comparison as plain values."""
    return results[0]._asdict()


def unpack(packed: Envelope) -> list[Comparison]:
    """What `pack` made."""
    body = packed.body
    plain, factors = (_unpacked(*body[name]) for name in ("plain", "factors"))
    study, (*terms, scalars) = LinearStudy(**body["study"]), map(np.array, body["terms"])
    shaped = [term.reshape(-1, study.dimension) for term in terms]  # of no step, a list loses its shape
    return [Comparison(study, plain, factors, StepTerms._make([*shaped, scalars]))]


def rows(comparison: Comparison) -> Iterator[tuple[str, float, int, str, float]]:
    """The table of `COLUMNS`: every state of both runs; t counts updates done."""
    for side in comparison.sides:
        trace, rate = side.trace, side.experiment.learning_rate
        columns = {"loss": trace.loss, "rho": trace.rho, "lambda": trace.lam}
        columns |= {f"w[{i + 1}]": trace.weights[:, i] for i in range(trace.weights.shape[1])}
        for quantity, values in columns.items():
            for t, value in enumerate(values.tolist()):
                yield side.name, rate, t, quantity, value


def tidy(result: Comparison) -> list[dict[str, Any]]:
    """`rows` by name."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows(result)]


def _unpacked(name: str, experiment: Any, outcomes: Any, best: Any, trace: Any, *counts: Any) -> Side:
    found = tuple(RateOutcome(*each) for each in outcomes)
    shown = LinearTrace._make([*map(np.array, trace[:-1]), trace[-1]])
    return Side(name, LinearExperiment(**experiment), found, best and BestRate(*best), shown, *counts)


def _side(study: LinearStudy, num_layers: int) -> Side:
    model = study.model(num_layers)
    found = search(model, LIMITS.smallest_rate, LIMITS.largest_rate)
    rate = model.learning_rate if study.each_at == "chosen" or _solved(model) else _shown_rate(found)
    infos, needed, lost = follow(replace(model, learning_rate=rate))
    trace = traced(infos[: needed + 1] if needed is not None and lost is None else infos)
    shown = replace(model, learning_rate=rate, iterations=max(len(trace.loss) - 1, 1))
    name = "plain" if num_layers == 1 else "w₁" + "⋯" * (num_layers > 2) + f"w{lowered(num_layers)}"
    return Side(name, shown, *found, trace, needed, lost)


def _solved(model: LinearExperiment) -> bool:
    """Whether the start is the solution already, so that no rate is better than another."""
    _, info = next(network.run(model))
    return info.loss == 0.0


def _shown_rate(found: Search) -> float:
    """The best rate; without one the largest below all that diverge, or the smallest of all."""
    if found.best:
        return found.best.learning_rate
    stable = [each.learning_rate for each in takewhile(lambda each: not each.diverged, found.outcomes)]
    return (stable or [found.outcomes[0].learning_rate])[-1]


class SharedScalar(NamedTuple):
    """Runs of the lab's preset "shared-scalar", by depth; one seed, on a set that ships with the lab."""

    study: Study
    llh: dict[str, NDArray[np.float64]]  # (T,) by "L = 1", …
    scalars: dict[str, NDArray[np.float64]]  # (T,) the root's scalar over its start, from L = 2 on
    gap: float  # largest difference of a LLH from L = 1
    flow: float  # largest |Σ_k a_k| of all steps
    moved: float  # largest |scalar / start − 1|


def shared_scalar(report: Reporter = quiet) -> SharedScalar:
    """Train the preset at its depths and collect what its shared scalars do."""
    study = presets.PRESETS["shared-scalar"].on("two-clusters")
    study = Study(study.experiment.replace(num_seeds=1), study.depths)
    traces = list[Trace]()
    for experiment in study.experiments():
        report(len(traces), len(study.depths))
        traces.append(fit_network(experiment, load("two-clusters")))
    llh = {f"L = {trace.experiment.depth}": trace.llh[0] for trace in traces}
    scalars = {f"L = {t.experiment.depth}": t.weights[0, :, 0] / t.weights[0, 0, 0] for t in traces[1:]}
    return SharedScalar(
        study,
        llh,
        scalars,
        gap=max(float(np.abs(values - llh["L = 1"]).max()) for values in llh.values()),
        flow=max(float(np.abs(trace.flow.sum(axis=-1)).max()) for trace in traces),
        moved=max(float(np.abs(values - 1.0).max()) for values in scalars.values()),
    )

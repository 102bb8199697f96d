"""The comparison of the linear networks page: its settings, what is computed for them, and the sentences about it.

No page and no framework here. A study is frozen and hashable, so everything computed can be cached by content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.experiment import Field
from spncore.limits import LIMITS
from spncore.linear_dynamics import StepTerms, step_terms
from spncore.linear_network import LinearExperiment, LinearTrace, fit
from spncore.linear_rates import TARGET, RateOutcome, best_rate, outcomes_by_rate

RATES_PER_DECADE = 12
RATES = tuple(float(f"{rate:.4g}") for rate in np.logspace(-5, 1, 6 * RATES_PER_DECADE + 1))
MAX_STEPS = 4000
PATIENCE = 3.0  # how many times the best rate's steps the other rates are followed
EACH_AT = ("best", "chosen")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

FIELDS: Mapping[str, Field] = {
    "p": Field(int, "loss exponent", "p", "ℓ_p regression: the loss is the sum of |error|^p over p.", 2, 4),
    "dimension": Field(int, "weights", "D", "How many numbers the model has to find.", 1, 16),
    "condition": Field(
        float, "condition number", "κ", "How many times steeper the steepest direction is than the flattest.",
        1, 1000, log_scale=True,
    ),
    "num_layers": Field(int, "layers", "N", "How many factors w is a product of.", 2, LIMITS.depth),
    "init_scale": Field(
        float, "starting weight", "w0",
        "Every factor starts here; the plain model starts at the same product.", 1e-3, 2, log_scale=True,
    ),
    "each_at": Field(
        str, "learning rate", "", "Each model at its own best rate of the grid, or both at one chosen rate.",
        choices=EACH_AT,
    ),
    "learning_rate": Field(
        float, "chosen learning rate", "η", "The rate of both models.",
        LIMITS.smallest_rate, LIMITS.largest_rate, log_scale=True,
    ),
}  # fmt: skip


class LinearStudyError(ValueError):
    """A setting is refused; the text names it and says what is allowed."""


@dataclass(frozen=True)
class LinearStudy:
    """One comparison: plain w against w as a product of a vector and N − 1 scalars."""

    p: int = 4
    dimension: int = 2
    condition: float = 10.0
    num_layers: int = 2
    init_scale: float = 0.3
    each_at: str = "best"
    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            value = getattr(self, name)
            right_type = type(value) is field.kind or (field.kind is float and type(value) is int)
            inside = value in field.choices if field.choices else right_type and field.low <= value <= field.high
            if not (right_type and inside) or (name == "p" and value not in (2, 4)):
                allowed = "2 or 4" if name == "p" else field.allowed()
                raise LinearStudyError(f"{name}: {value!r} is not allowed; allowed: {allowed}")
            object.__setattr__(self, name, field.kind(value))

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
            iterations=MAX_STEPS,
        )


class Side(NamedTuple):
    """One model of a comparison at the rate it is shown at; `needed` is None where the target is not reached."""

    name: str
    experiment: LinearExperiment
    outcomes: tuple[RateOutcome, ...]  # over the grid
    best: RateOutcome | None
    trace: LinearTrace
    needed: int | None

    @property
    def relative_loss(self) -> NDArray[np.float64]:
        """The loss over its start, (T,)."""
        return np.asarray(self.trace.loss / self.trace.loss[0])


class Comparison(NamedTuple):
    """Both models, and the steps of the overparametrised one taken apart."""

    study: LinearStudy
    plain: Side
    factors: Side
    terms: StepTerms


def compare(study: LinearStudy) -> Comparison:
    """Search both models' rates, run both, and take the overparametrised run apart."""
    plain, factors = _side(study, 1), _side(study, study.num_layers)
    terms = step_terms(factors.experiment, min(len(factors.trace.loss), 1000))
    return Comparison(study, plain, factors, terms)


def product_name(num_layers: int) -> str:
    """w = w₁w₂ for two layers, w = w₁⋯w₅ for more."""
    last = f"w{num_layers}".translate(SUBSCRIPTS)
    return "w₁" + ("" if num_layers == 2 else "⋯") + last


def _side(study: LinearStudy, num_layers: int) -> Side:
    model = study.model(num_layers)
    outcomes = tuple(outcomes_by_rate(model, RATES, patience=PATIENCE))
    best = best_rate(model, outcomes)
    if study.each_at == "best" and best is not None:
        shown = replace(model, learning_rate=best.learning_rate, iterations=(best.iterations or 0) + 1)
    else:
        [chosen] = outcomes_by_rate(model, [model.learning_rate])
        steps = MAX_STEPS if chosen.iterations is None else chosen.iterations + chosen.iterations // 10 + 3
        shown = replace(model, iterations=min(steps, MAX_STEPS))
    trace = fit(shown)
    reached = trace.loss <= TARGET * trace.loss[0]
    needed = int(np.argmax(reached)) if reached.any() else None
    if needed is not None:
        trace = _cut(trace, needed + 1)
    return Side("plain" if num_layers == 1 else product_name(num_layers), shown, outcomes, best, trace, needed)


def _cut(trace: LinearTrace, steps: int) -> LinearTrace:
    loss, weights, gradient, rho, lam, stopped = trace
    return LinearTrace(loss[:steps], weights[:steps], gradient[:steps], rho[:steps], lam[:steps], stopped)


def setting(study: LinearStudy) -> str:
    """What is compared, in a few words."""
    return f"ℓ{str(study.p).translate(SUBSCRIPTS)} regression, D = {study.dimension}, condition {study.condition:g}"


def headline(comparison: Comparison) -> str:
    """The result in one or two sentences, every number from the runs."""
    study, plain, factors = comparison.study, comparison.plain, comparison.factors
    if study.each_at == "best":
        where = "each at its own best learning rate"
    else:
        where = f"both at η = {study.learning_rate:g}"
    said = f"{setting(study)}: plain {_needs(study, plain)}, overparametrised ({factors.name}) {_needs(study, factors)}"
    return f"{said}, {where}. {_factor(plain, factors)}".rstrip()


def _needs(study: LinearStudy, side: Side) -> str:
    if side.needed is not None:
        return f"needs **{side.needed:,} steps**"
    if side.trace.stopped:
        return f"**diverges** after {len(side.trace.loss):,} steps"
    rates = f" at any of the {len(RATES)} rates" if study.each_at == "best" else ""
    return f"is **not there after {MAX_STEPS:,} steps**{rates}"


def _factor(plain: Side, factors: Side) -> str:
    if not plain.needed or not factors.needed:
        return ""
    more, fewer = sorted((plain.needed, factors.needed), reverse=True)
    if more == fewer:
        return "Neither is faster."
    who = "Overparametrised" if factors.needed < plain.needed else "Plain"
    return f"{who} is **{more / fewer:.1f} times** as fast."


def at_chosen_start(comparison: Comparison) -> str:
    """Which rates the sides are shown at, and how fair that is."""
    sides = (comparison.plain, comparison.factors)
    shown = ", ".join(f"η = {side.experiment.learning_rate:.3g} ({side.name})" for side in sides)
    return (
        f"Shown at {shown}. Target: a millionth of the first loss. Both start at the same product, "
        f"w = {comparison.plain.experiment.init_scale:.3g} in every place."
    )


def csv_rows(comparison: Comparison) -> Iterator[tuple[str, float, int, str, float]]:
    """The tidy table (model, eta, t, quantity, value) of every step of both runs; t counts updates done."""
    for side in (comparison.plain, comparison.factors):
        trace, rate = side.trace, side.experiment.learning_rate
        columns = {"loss": trace.loss, "rho": trace.rho, "lambda": trace.lam}
        columns |= {f"w[{i + 1}]": trace.weights[:, i] for i in range(trace.weights.shape[1])}
        for quantity, values in columns.items():
            for t, value in enumerate(values.tolist()):
                yield side.name, rate, t, quantity, value


def rate_rows(comparison: Comparison) -> Iterator[tuple[str, float, str, str]]:
    """The table (model, eta, steps to the target, outcome) over the grid."""
    for side in (comparison.plain, comparison.factors):
        for rate, steps, diverged in side.outcomes:
            outcome = "reached" if steps is not None else "diverged" if diverged else "not reached"
            yield side.name, rate, "" if steps is None else str(steps), outcome

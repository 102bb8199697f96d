"""What the linear networks page says about its runs: every number generated from them; and its tables."""

from collections.abc import Iterator

from app.kit.files import Row
from spncore.studies.linear import MAX_STEPS, RATES, Comparison, LinearStudy, SharedScalar, Side
from spncore.words import listed, lowered, signed


def setting(study: LinearStudy) -> str:
    """What is compared, in a few words."""
    return f"ℓ{lowered(study.p)} regression, D = {study.dimension}, condition {study.condition:g}"


def headline(comparison: Comparison) -> str:
    """The result in one or two sentences, every number from the runs."""
    study, plain, factors = comparison.study, comparison.plain, comparison.factors
    best = study.each_at == "best"
    where = "each at its own best learning rate" if best else f"both at η = {study.learning_rate:g}"
    said = f"plain {_needs(best, plain)}, overparametrised ({factors.name}) {_needs(best, factors)}"
    return f"{setting(study)}: {said}, {where}. {_factor(plain, factors)}".rstrip()


def _needs(best: bool, side: Side) -> str:
    never = f"is **not there after {MAX_STEPS:,} steps**"
    if best and side.best is None:
        return f"{never} at any of {len(RATES)} rates"
    if side.needed is not None:
        return f"needs **{side.needed:,} steps**"
    return f"**diverges** after {len(side.trace.loss):,} steps" if side.trace.stopped else never


def _factor(plain: Side, factors: Side) -> str:
    if not plain.needed or not factors.needed:
        return ""
    fewer, more = sorted((plain.needed, factors.needed))
    if more == fewer:
        return "Neither is faster."
    who = "Overparametrised" if factors.needed == fewer else "Plain"
    return f"{who} is **{more / fewer:.1f} times** as fast."


def at_chosen_start(comparison: Comparison) -> str:
    """Which rates the sides are shown at, and how fair that is."""
    shown = ", ".join(f"η = {side.experiment.learning_rate:.3g} ({side.name})" for side in comparison.sides)
    return (
        f"Shown at {shown}. Target: a millionth of the first loss. Both start at the same product, "
        f"w = {comparison.plain.experiment.init_scale:.3g} in every place."
    )


def rate_rows(comparison: Comparison) -> Iterator[Row]:
    """The table (model, eta, steps to the target, outcome) over the grid."""
    for side in comparison.sides:
        for rate, steps, diverged in side.outcomes:
            outcome = "reached" if steps is not None else "diverged" if diverged else "not reached"
            yield side.name, rate, "" if steps is None else str(steps), outcome


def network_sentence(runs: SharedScalar) -> str:
    """What the shared scalar did in the runs, every number from them."""
    first, last = (float(runs.llh["L = 1"][place]) for place in (0, -1))
    scalar = "does not move at all" if runs.moved == 0 else f"moves by {runs.moved:.1g} of its start"
    depths = listed(list(runs.llh)[1:])
    return (
        f"In {len(runs.llh['L = 1']):,} steps the LLH rises from {first:.3f} to {last:.3f} nats per row, and "
        f"{depths} differ from L = 1 by at most **{runs.gap:.1g}**: rounding. The scalar {scalar}. "
        f"Its flow, Σ a_k, was never larger than {runs.flow:.1g}."
    )


def scalar_sentence(comparison: Comparison) -> str:
    """How far the scalar of the linear network went."""
    scalars = comparison.terms.scalars[:, 0]
    return f"The linear network's scalar went from {scalars[0]:.3g} to {scalars[-1]:.3g} in {len(scalars):,} steps."


def rate_sentence(comparison: Comparison) -> str:
    """How ρ and λ of the overparametrised run went."""
    trace, rate = comparison.factors.trace, comparison.factors.experiment.learning_rate
    low, high = float(trace.rho.min()) / rate, float(trace.rho.max()) / rate
    strongest = float(trace.lam[abs(trace.lam).argmax()])
    pull = "stretches w by up to" if strongest < 0 else "shrinks w by up to"
    return (
        "The plain model's ρ stays at η, and it has no λ. "
        f"Overparametrised, ρ runs between {low:.2g} η and {high:.2g} η. λ starts at {trace.lam[0]:.2g} and ends at "
        f"{trace.lam[-1]:.1g}; at its strongest it {pull} {abs(strongest):.0%} in a step."
    )


def step_table(comparison: Comparison, step: int) -> str:
    """One step's terms for the flattest and the steepest direction, as a Markdown table."""
    terms, places = comparison.terms, ["flattest direction", "steepest direction"][: comparison.study.dimension]
    rows = {
        "w": terms.before,
        "− ρ∇": terms.adaptive,
        "− λw": terms.multiplicative,
        "+ η²∇w₁∇w₂" if comparison.study.num_layers == 2 else "higher orders": terms.higher,
        "**sum**": terms.predicted,
        "**w(t+1) of the run**": terms.after,
    }
    lines = ["| |" + "|".join(places) + "|", "|---|" + "---:|" * len(places)]
    for name, values in rows.items():
        form = ".12f" if name.startswith("**") else "+.12f"
        cells = [signed(value, form) for value in values[step, [0, -1][: len(places)]]]
        lines.append("|".join(["", name, *cells, ""]))
    return "\n".join(lines)


def residual_sentence(comparison: Comparison) -> str:
    """What the identity leaves of the run, and what it would leave without its last term."""
    terms = comparison.terms
    without = abs(terms.higher).max(axis=1) / abs(terms.after).max(axis=1)
    return (
        f"Over {len(terms.before):,} steps the largest relative difference between the sum and the run is "
        f"**{terms.residual:.1g}**: rounding. Without the term of higher order it would be {without.max():.2g}."
    )


def term_rows(comparison: Comparison) -> Iterator[Row]:
    """The table (t, weight, term, value) of every step taken apart."""
    for name in "before adaptive multiplicative higher after".split():
        for t, row in enumerate(getattr(comparison.terms, name).tolist()):
            yield from ((t, place, name, value) for place, value in enumerate(row, 1))


def network_rows(runs: SharedScalar) -> Iterator[Row]:
    """The table (L, t, quantity, value) of the network's LLH and of its scalar over its start."""
    for quantity, by_depth in (("llh", runs.llh), ("scalar over start", runs.scalars)):
        for name, values in by_depth.items():
            depth = int(name.removeprefix("L = "))
            yield from ((depth, t, quantity, value) for t, value in enumerate(values.tolist(), 1))

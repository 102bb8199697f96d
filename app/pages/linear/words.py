"""What the linear networks page says about its runs: every number generated from them; and its tables."""

from collections.abc import Iterator

from app.pages.linear import verdict
from spncore.files.export import Row
from spncore.studies.linear import MAX_UPDATES, Comparison, LinearStudy, SharedScalar, Side
from spncore.words import JOINED, counted, listed, lowered, raised, signed

_ONE = "The linear network's scalar"


def setting(study: LinearStudy) -> str:
    """What is compared, in a few words; one weight has no condition number."""
    condition = f", condition {study.condition:g}" if study.dimension > 1 else ""
    return f"ℓ{lowered(study.p)} regression, D = {study.dimension}{condition}"


def headline(comparison: Comparison) -> str:
    """The result in a few sentences, every number from the runs."""
    plain, factors, what = comparison.plain, comparison.factors, setting(comparison.study)
    if solved(comparison):
        return f"{what}: both models start at the solution; there is nothing to learn, at any learning rate."
    said = f"plain {_needs(comparison, plain)}, overparametrised ({factors.name}) {_needs(comparison, factors)}"
    return f"{what}: {said}{_where(comparison)}. {verdict.sentence(comparison)}"


def solved(comparison: Comparison) -> bool:
    """Whether the start is the solution."""
    return comparison.plain.needed == 0


def _where(comparison: Comparison) -> str:
    if comparison.study.each_at == "chosen":
        return f", both at η = {comparison.study.learning_rate:g}"
    return ", each at its own best learning rate" if comparison.plain.best and comparison.factors.best else ""


def _needs(comparison: Comparison, side: Side) -> str:
    """What became of a model at the rate it is shown at, or, where it has no best rate, at all rates."""
    best = comparison.study.each_at == "best"
    if best and side.best is None:
        return _nowhere(side)
    if side.needed is None:
        never = f"is **not there after {MAX_UPDATES:,} updates**"
        return f"**diverges** at update {len(side.trace.loss):,}" if side.trace.stopped else never
    alone = " at its best learning rate" * (best and None in (comparison.plain.best, comparison.factors.best))
    if side.lost is None:
        return f"needs **{counted(side.needed, 'update')}**{alone}"
    return f"reaches the target after **{counted(side.needed, 'update')}**{alone} and loses it again at {side.lost:,}"


def _nowhere(side: Side) -> str:
    tried, landed = len(side.outcomes), sum(each.updates is not None for each in side.outcomes)
    if landed:
        return f"has no best rate (it gets there at {landed} of {tried} rates, none of them steady)"
    if all(each.diverged for each in side.outcomes):
        return f"**diverges** at each of {tried} rates"
    return f"is **not there after {MAX_UPDATES:,} updates** at any of {tried} rates"


def at_chosen_start(comparison: Comparison) -> str:
    """Which rates the sides are shown at, and how fair that is."""
    study = comparison.study
    shown = ", ".join(_shown(study, side) for side in comparison.sides)
    place = " in every place" if study.dimension > 1 else ""
    return (
        f"Shown at {shown}. Target: a millionth of the first loss. Both start at the same product, "
        f"w = {comparison.plain.experiment.init_scale:.3g}{place}."
    )


def _shown(study: LinearStudy, side: Side) -> str:
    why = ""
    if study.each_at == "best" and side.best is None:
        stable = not side.outcomes[0].diverged
        why = ": it has no best rate; this is the largest below all that diverge" if stable else ": the smallest"
    return f"η = {side.experiment.learning_rate:.3g} ({side.name}{why})"


def rate_rows(comparison: Comparison) -> Iterator[Row]:
    """The table (model, eta, updates to the target, outcome) over all rates that were tried."""
    for side in comparison.sides:
        for rate, updates, diverged, lost in side.outcomes:
            reached = "reached and lost" if lost else "reached"
            outcome = reached if updates is not None else "diverged" if diverged else "not reached"
            yield side.name, rate, "" if updates is None else str(updates), outcome


def network_sentence(runs: SharedScalar) -> str:
    """What the shared scalar did in the runs, every number from them."""
    first, last = (float(runs.llh["L = 1"][place]) for place in (0, -1))
    scalar = "does not move at all" if runs.moved == 0 else f"moves by {runs.moved:.1g} of its start"
    depths = listed(list(runs.llh)[1:])
    return raised(
        f"In {len(runs.llh['L = 1']) - 1:,} updates the LLH rises from {signed(first)} to {signed(last)} nats per row, "
        f"and {depths} differ from L = 1 by at most **{runs.gap:.1g}**: rounding. The scalar {scalar}. "
        f"Its flow, Σ a_k, was never larger than {runs.flow:.1g}."
    )


def scalar_sentence(comparison: Comparison) -> str:
    """How far the scalars of the linear network went."""
    scalars, several = comparison.terms.scalars[:, 0], comparison.study.num_layers - 2
    which = f"Each of the linear network's {several + 1} scalars, which stay equal," if several else _ONE
    updates, whole = len(scalars) - 1, len(comparison.factors.trace.loss) - 1
    first = "its first " if updates < whole else ""
    if not updates:
        return f"{which} stays at {scalars[0]:.3g}: no update is made."
    return f"{which} went from {scalars[0]:.3g} to {signed(scalars[-1], '.3g')} in {first}{counted(updates, 'update')}."


def rate_sentence(comparison: Comparison) -> str:
    """How ρ and λ of the overparametrised run went."""
    trace, rate = comparison.factors.trace, comparison.factors.experiment.learning_rate
    low, high = (f"{bound / rate:.2g} η" for bound in (trace.rho.min(), trace.rho.max()))
    rho = f"ρ runs between {low} and {high}" if low != high else f"ρ stays at {low}"
    first, last, strongest = (float(lam) for lam in (trace.lam[0], trace.lam[-1], trace.lam[abs(trace.lam).argmax()]))
    lam = "λ is 0 throughout"
    if strongest:
        ends = f"λ starts at {signed(first, '.2g')} and ends at {signed(last, '.2g')}"
        ends = ends if len(trace.lam) > 1 else f"λ is {signed(first, '.2g')} at the start"
        lam = f"{ends}; at its strongest it {_pull(strongest)}"
    return f"The plain model's ρ stays at η, and it has no λ. Overparametrised, {rho}. {lam}."


def _pull(lam: float) -> str:
    """What the term −λw does to w in a step, by itself: w becomes (1 − λ)w."""
    if lam < -1:
        return f"stretches w to {1 - lam:.2g} times its length in a step"
    if lam < 1:
        return f"{'stretches' if lam < 0 else 'shrinks'} w by {100 * abs(lam):.2g}{JOINED}% in a step"
    if lam == 1:
        return "takes all of w away in a step"
    length = f"{100 * (lam - 1):.2g}{JOINED}% of" if lam < 2 else f"{lam - 1:.2g} times"
    return f"turns w round in a step, to {length} its length"


def step_table(comparison: Comparison, step: int) -> str:
    """One step's terms for the flattest and the steepest direction, as a Markdown table; step t is update t + 1."""
    terms, places = comparison.terms, _places(comparison.study)
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


def _places(study: LinearStudy) -> list[str]:
    """What the first and the last weight are called: the rows lie on the axes, from the flattest to the steepest."""
    if study.dimension == 1:
        return ["w"]
    return ["flattest direction", "steepest direction"] if study.condition > 1 else ["first weight", "last weight"]


def residual_sentence(comparison: Comparison) -> str:
    """What the identity leaves of the run, and what it would leave without its last term."""
    terms = comparison.terms
    if not len(terms.before):
        return "The run has no update that could be taken apart."
    return raised(
        f"Over {counted(len(terms.before), 'update')} the largest difference between the sum and the run, relative to "
        f"the largest number in its step, is **{terms.residual:.1g}**: rounding. "
        f"Without the term of higher order it would be {terms.missing:.2g}."
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

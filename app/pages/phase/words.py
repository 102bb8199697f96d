"""What the phase diagram says: where depth helps and where not, in sentences and a table made from its numbers."""

from itertools import pairwise
from typing import Any

import numpy as np

from app.kit.text import number
from spncore.arrays import Floats
from spncore.studies.phase import Diagram
from spncore.studies.statistics import FEW, LEVEL, Iterations, bound, covered, median, median_interval
from spncore.words import counted, percent


def summary(diagram: Diagram, depth: int) -> list[str]:
    """What the numbers say of one depth: where it helps, along which stripe most, and against the two controls."""
    speed, shown = diagram.speed_up(depth), f"L={depth}"
    sentences = [
        _together(speed, shown, "L=1"),
        f"Only {shown} reaches it in {np.isposinf(speed).sum()} cells, only L=1 in {np.isneginf(speed).sum()}; "
        f"neither in {np.isnan(speed).sum()} of {speed.size}.",
        *_stripes(diagram, depth, speed),
        *_best_rates(diagram, depth),
    ]
    if (1, depth) in diagram.runs:
        faster = diagram.speed_up(depth, control=True)
        sentences.append(
            f"{_together(faster, shown, f'L=1 at {depth}·η')} Only {shown} in {np.isposinf(faster).sum()}, only L=1 at "
            f"{depth}·η in {np.isneginf(faster).sum()}."
        )
    return sentences


def _together(speed: Floats, shown: str, rival: str) -> str:
    """In how many cells depth is faster and slower, how many there are where both arrive, and the median factor."""
    both = speed[np.isfinite(speed)]
    if not both.size:
        return f"{shown} and {rival} reach the target together in no cell."
    faster, slower = int((both > 0).sum()), int((both < 0).sum())
    return (
        f"{shown} is faster than {rival} in {faster} of the {counted(both.size, 'cell')} where both reach the target, "
        f"slower in {slower}, equal in {both.size - faster - slower}; median factor {2 ** np.median(both):.2f}."
    )


def in_words(diagram: Diagram) -> str:
    """What is held equal and what counts as reached, in one line."""
    plane, base = diagram.plane, diagram.plane.base
    start = {"fitted": "fitted by EM", "uniform": "uniform", "random": "random"}[base.component_init]
    trained = "then trained" if base.train_components else "held"
    equal = "every weight starts at w0" if base.init_convention == "per_layer" else "every product w_k starts at w0"
    synthetic = " (synthetic)" if diagram.data["synthetic"] else ""
    return (
        f"{diagram.data['title']}{synthetic}, {base.num_components} components {start}, {trained}; {base.topology} of "
        f"{base.parametrisation} weights; {equal}. Target: {percent(plane.gain)} of the gain that EM finds, within "
        f"{base.iterations:,} updates; median of {counted(base.num_seeds, 'seed')}."
    )


def fairness(diagram: Diagram, control: bool = False) -> str:
    """How many squares are compared, with how many seeds each, how many are settled, and how many by chance."""
    plane, seeds = diagram.plane, diagram.plane.base.num_seeds
    cells = list(np.ndindex(len(plane.scales), len(plane.rates)))
    verdicts = [diagram.wins(depth, i, j, control).verdict for depth in plane.depths[1:] for i, j in cells]
    coverage = covered(median_interval([0] * seeds).coverage)
    said = (
        f"{counted(len(verdicts), 'square')} are compared, each by {counted(seeds, 'seed')}; the interval of a median "
        f"holds it with {coverage}."
    )
    if seeds < FEW:
        return (
            f"{said} So few seeds settle no square by itself, even when all agree: only what many squares do together "
            "counts, and neighbours on one stripe are nearly the same run."
        )
    return (
        f"{said} Their seeds settle {verdicts.count('ahead')} for depth and {verdicts.count('behind')} for L = 1; if "
        f"depth made no difference, up to {percent(1.0 - LEVEL)} or {(1.0 - LEVEL) * len(verdicts):.0f} would be "
        "settled by chance."
    )


def comparison(diagram: Diagram, control: bool = False) -> list[dict[str, Any]]:
    """One row per square: both medians (None: missed) with intervals, the factor, seeds; fastest first."""
    rows = []
    for depth in diagram.plane.depths[1:]:
        arms = {"L = 1": (1, depth if control else 1), "L": (depth, 1)}
        for i, j in np.ndindex(len(diagram.plane.scales), len(diagram.plane.rates)):
            reached = {name: diagram.reached(arm, i, j) for name, arm in arms.items()}
            shallow, deep = (median(each) for each in reached.values())
            wins = diagram.wins(depth, i, j, control)
            rows.append(
                {
                    "L": depth,
                    "learning rate η": diagram.plane.rates[j],
                    "starting weight w0": diagram.plane.scales[i],
                    "updates, L = 1": shallow,
                    "interval, L = 1": interval(reached["L = 1"], diagram),
                    "updates, L": deep,
                    "interval, L": interval(reached["L"], diagram),
                    "times as fast": round(shallow / deep, 4) if shallow and deep else None,
                    "seeds ahead": wins.ahead,
                    "seeds behind": wins.behind,
                    "row": i,
                    "column": j,
                }
            )
    return sorted(rows, key=lambda row: -(row["times as fast"] or 0.0))


def interval(reached: Iterations, diagram: Diagram) -> str:
    """The bounds of a median: `94 to 104`; beyond the end where they were not reached."""
    found, end = median_interval(reached), diagram.plane.base.iterations
    return f"{bound(found.low, end)} to {bound(found.high, end)}"


def _stripes(diagram: Diagram, depth: int, speed: Floats) -> list[str]:
    """The diagonals with the largest and the smallest median speed-up among those with three cells or more."""
    stripes = np.round(diagram.log_stripe(depth) * diagram.plane.per_decade) / diagram.plane.per_decade
    medians = {
        float(stripe): float(np.median(speed[chosen]))
        for stripe in np.unique(stripes)
        if (chosen := (stripes == stripe) & np.isfinite(speed)).sum() >= 3
    }
    if not medians:
        return []
    best, worst = max(medians, key=lambda at: medians[at]), min(medians, key=lambda at: medians[at])
    name = diagram.plane.stripe_name(depth)
    return [
        f"Of {counted(len(medians), 'stripe')}, {name} near {_near(best)} is best for depth, {2 ** medians[best]:.3g} "
        f"times as fast as L=1, and near {_near(worst)} worst, {2 ** medians[worst]:.3g} times."
    ]


def _near(power: float) -> str:
    """A stripe's value, to one digit."""
    return number(float(f"{10**power:.1g}"))


def _best_rates(diagram: Diagram, depth: int) -> list[str]:
    """Each depth at the learning rate of this plane that suits it best, over the rows where slower ones lie around it.

    No verdict where the gap is one update, or no more than the step between two rates of the plane may explain.
    """
    medians = np.stack(diagram.shallow_and_deep(depth))  # (2, rows, columns)
    best = medians.min(axis=2)
    arrive = np.isfinite(best).all(axis=0)
    inside = arrive & (np.minimum(medians[..., 0], medians[..., -1]) > best).all(axis=0)
    if not arrive.any():
        return []
    starts = f"{inside.sum()} of {counted(int(arrive.sum()), 'start')}"
    if not inside.any():
        return [
            f"Each at its own best η: nothing is known, since in {starts} the best of both lies inside the plane; "
            "elsewhere it may lie beyond its edge."
        ]
    shallow, deep = np.median(best[:, inside], axis=1).tolist()
    step = max(high / low for low, high in pairwise(diagram.plane.rates))
    slow, gap = max(shallow, deep), abs(shallow - deep)
    told = gap > max(1.0, slow - slow / step)
    doubt = "" if told else f"; rates lie {step:.2g} times apart, which may explain it, so they are not told apart"
    return [
        f"Each at its own best η, the median start needs {counted(shallow, 'update', 'g')} with L=1 and {deep:g} with "
        f"L={depth}{doubt}. In {starts} the best of both lies inside the plane; only those count."
    ]

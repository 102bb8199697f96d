"""What the phase diagram says: where depth helps and where not, in sentences and a table made from its numbers."""

import math
from typing import Any

import numpy as np

from spncore.arrays import Floats
from spncore.studies.phase import Diagram
from spncore.words import counted


def summary(diagram: Diagram, depth: int) -> list[str]:
    """What the numbers say of one depth: where it helps, along which stripe most, and against the two controls."""
    speed, shown = diagram.speed_up(depth), f"L={depth}"
    faster, slower, both, factor = _counted(speed)
    if not both:
        return [f"{shown} and L=1 reach the target together in no cell."]
    sentences = [
        f"{shown} is faster than L=1 in {faster} of the {both} cells where both reach the target and slower in "
        f"{slower}; median factor {factor:.2f}.",
        f"Only {shown} reaches it in {np.isposinf(speed).sum()} cells, only L=1 in {np.isneginf(speed).sum()}; "
        f"neither in {np.isnan(speed).sum()} of {speed.size}.",
        *_best_stripe(diagram, depth, speed),
        *_best_rates(diagram, depth),
    ]
    if (1, depth) in diagram.runs:
        faster, slower, both, factor = _counted(diagram.speed_up(depth, control=True))
        sentences.append(
            f"Against L=1 at {depth}·η, {shown} is faster in {faster} and slower in {slower} of {both} cells; median "
            f"factor {factor:.2f}."
            if both
            else f"L=1 at {depth}·η and {shown} reach the target together in no cell."
        )
    return sentences


def _counted(speed: Floats) -> tuple[int, int, int, float]:
    """In how many cells depth is faster and slower, how many there are where both arrive, and the median factor."""
    both = speed[np.isfinite(speed)]
    factor = 2 ** float(np.median(both)) if both.size else 1.0
    return int((both > 0).sum()), int((both < 0).sum()), both.size, factor


def in_words(diagram: Diagram) -> str:
    """What is held equal and what counts as reached, in one line."""
    plane, base = diagram.plane, diagram.plane.base
    start = {"fitted": "fitted by EM", "uniform": "uniform", "random": "random"}[base.component_init]
    trained = "then trained" if base.train_components else "held"
    equal = "every weight starts at w0" if base.init_convention == "per_layer" else "every product w_k starts at w0"
    synthetic = " (synthetic)" if diagram.data["synthetic"] else ""
    return (
        f"{diagram.data['title']}{synthetic}, {base.num_components} components {start}, {trained}; {base.topology} of "
        f"{base.parametrisation} weights; {equal}. Target: {plane.gain:.0%} of the gain that EM finds, within "
        f"{base.iterations:,} iterations; median of {counted(base.num_seeds, 'seed')}."
    )


def comparison(diagram: Diagram, control: bool = False) -> list[dict[str, Any]]:
    """One row per square: both medians (None: missed), how many times as fast, seeds ahead; fastest first."""
    rows = []
    for depth in diagram.plane.depths[1:]:
        medians = np.stack(diagram.shallow_and_deep(depth, control), axis=2)
        ahead = diagram.ahead(depth, control)
        for i, j in np.ndindex(ahead.shape):
            shallow, deep = (each if math.isfinite(each) else None for each in medians[i, j].tolist())
            rows.append(
                {
                    "L": depth,
                    "learning rate η": diagram.plane.rates[j],
                    "starting weight w0": diagram.plane.scales[i],
                    "iterations, L = 1": shallow,
                    "iterations, L": deep,
                    "times as fast": round(shallow / deep, 4) if shallow and deep else None,
                    "seeds ahead": int(ahead[i, j]),
                    "row": i,
                    "column": j,
                }
            )
    return sorted(rows, key=lambda row: -(row["times as fast"] or 0.0))


def _best_stripe(diagram: Diagram, depth: int, speed: Floats) -> list[str]:
    """The diagonal with the largest median speed-up among those with three cells or more."""
    stripes = np.round(diagram.log_stripe(depth) * diagram.plane.per_decade) / diagram.plane.per_decade
    medians = {
        float(stripe): float(np.median(speed[chosen]))
        for stripe in np.unique(stripes)
        if (chosen := (stripes == stripe) & np.isfinite(speed)).sum() >= 3
    }
    if not medians:
        return []
    best = max(medians, key=lambda stripe: medians[stripe])
    name = diagram.plane.stripe_name(depth)
    return [f"Best for depth: {name} near {10**best:.1g}, there {2 ** medians[best]:.2f} times as fast as L=1."]


def _best_rates(diagram: Diagram, depth: int) -> list[str]:
    """Each depth at the learning rate of this plane that suits it best, over the rows."""
    shallow, deep = np.min(diagram.shallow_and_deep(depth), axis=2)
    both = np.isfinite(shallow + deep)
    if not both.any():
        return []
    return [
        f"Each at its own best η, the median start needs {np.median(shallow[both]):g} iterations with L=1 and "
        f"{np.median(deep[both]):g} with L={depth}."
    ]

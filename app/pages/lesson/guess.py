"""A drawn guess beside the run: who was drawn first at the target and who was, and how far the curves are apart.

Pure: no Streamlit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.kit.answers import along
from app.kit.marking import first_of
from app.live.catalogues import catalogue
from app.pages.lesson.facts import Seen
from spncore.arrays import Floats
from spncore.runs.trace import first_at
from spncore.words import counted, listed, signed

SAY: Mapping[str, Any] = catalogue("lesson")
TRUTH_POINTS = 120  # of a true curve that is drawn over the guess


def truth(seen: Seen) -> dict[str, list[list[float]]]:
    """The medians of the depths, thinned: of each depth (updates, LLH)."""
    at = np.unique(np.linspace(0, seen.updates, TRUTH_POINTS).astype(int))
    medians = {name: np.median(curve.values[:, at], axis=0) for name, curve in _by_depth(seen).items()}
    return {name: np.stack([at, line], axis=1).round(4).tolist() for name, line in medians.items()}


def beside(drawn: Mapping[str, Sequence[float]], seen: Seen) -> list[str]:
    """What a guess and the run have in common and what not, in sentences; of the depths that were drawn."""
    curves = {name: curve for name, curve in _by_depth(seen).items() if name in drawn}
    if not curves:
        return []
    lines = {name: along(drawn[name], seen.updates) for name in curves}
    return [*_at_target(lines, seen), _how_far(lines, seen)]


def _by_depth(seen: Seen) -> dict[str, Any]:
    return {str(depth): curve for depth, curve in zip(seen.study.depths, seen.curves, strict=True)}


def _at_target(lines: Mapping[str, Floats], seen: Seen) -> list[str]:
    """After how many updates each curve was drawn to be at the target, and after how many the run's median was."""
    if seen.target is None or len(set(seen.target.levels)) > 1:
        return []
    level, curves = seen.target.levels[0], _by_depth(seen)
    guessed = dict(zip(lines, first_at(np.array([*lines.values()]), level), strict=True))
    ran = {name: curves[name].arrival for name in lines}
    words = {"target": seen.target.title, "drawn": _in_order(guessed, seen), "ran": _in_order(ran, seen)}
    first = first_of(guessed), first_of(ran)
    ended = "none" if not all(first) else "same" if first[0] == first[1] else "other"
    return [SAY["guess_at_target"].format(**words), *([SAY[f"guess_first_{ended}"]] if ended != "none" else [])]


def _in_order(arrivals: Mapping[str, float | None], seen: Seen) -> str:
    ranked = sorted(arrivals, key=lambda name: (arrivals[name] is None, arrivals[name] or 0, int(name)))
    return listed([f"L={name} {_when(arrivals[name], seen.updates)}" for name in ranked])


def _when(at: float | None, end: int) -> str:
    if at is None:
        return str(SAY["guess_never"].format(end=f"{end:,}"))
    return str(SAY["guess_after"].format(at=counted(at, "update", "g")))


def _how_far(lines: Mapping[str, Floats], seen: Seen) -> str:
    """The mean distance of each drawn curve from the run's median."""
    curves = _by_depth(seen)
    gaps = {name: np.abs(line - np.median(curves[name].values, axis=0)).mean() for name, line in lines.items()}
    said = listed([f"{signed(gap, '.2f')} (L={name})" for name, gap in gaps.items()])
    return str(SAY["guess_how_far"].format(gaps=said))

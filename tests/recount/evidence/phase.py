"""Judge of the phase diagram: from every run that its page hands out."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from tests.recount.evidence.counting import Runs, covered, interval, table, tally, verdict, when

Place = tuple[int, int]  # row and column of a square
Square = dict[tuple[int, int], Runs]  # by depth, and factor of the control's learning rate


def judge(
    runs: str, end: float, sentences: Mapping[int, Sequence[str]], fairness: str, rows: Sequence[Mapping[str, Any]]
) -> int:
    """The findings of every depth, the count of squares and the table. Says how many sentences were judged."""
    squares, rates, scales = squares_of(runs)
    for depth, said in sentences.items():
        findings(said, depth, squares, rates, scales)
    pairs = [(squares[at][depth, 1], squares[at][1, 1]) for depth in sentences for at in squares]
    in_all(fairness, pairs)
    for row in rows:
        in_the_table(row, squares[row["row"], row["column"]], end)
    return sum(map(len, sentences.values())) + 1 + len(rows)


def findings(
    said: Sequence[str], depth: int, squares: Mapping[Place, Square], rates: Sequence[float], scales: Sequence[float]
) -> None:
    """What is said of one depth."""
    speed = {at: times(square[1, 1], square[depth, 1]) for at, square in squares.items()}
    together(said[0], f"L={depth}", "L=1", speed)
    deep, shallow, never = (sum(each == alone for each in speed.values()) for alone in (math.inf, 0.0, None))
    assert said[1] == (
        f"Only L={depth} reaches it in {deep} cells, only L=1 in {shallow}; neither in {never} of {len(speed)}."
    )
    for each in said[2:]:
        if each.startswith("Each at its own best η"):
            best_of_plane(each, depth, squares, rates, scales)
        if each.startswith("Of "):
            best_stripe(each, speed, rates, scales)
        if f"L=1 at {depth}·η" in each:
            control = {at: times(square[1, depth], square[depth, 1]) for at, square in squares.items()}
            together(each, f"L={depth}", f"L=1 at {depth}·η", control)
            deep, shallow = (sum(alone == found for found in control.values()) for alone in (math.inf, 0.0))
            assert each.endswith(f"Only L={depth} in {deep}, only L=1 at {depth}·η in {shallow}.")


def best_stripe(
    said: str, speed: Mapping[Place, float | None], rates: Sequence[float], scales: Sequence[float]
) -> None:
    """Of linear weights that start alike in every layer: squares of one η/w0², three or more where both arrive."""
    per_decade = round((len(rates) - 1) / math.log10(rates[-1] / rates[0]))
    stripes: dict[int, list[float]] = defaultdict(list)
    for (i, j), each in speed.items():
        if each not in (None, 0.0, math.inf):
            stripes[round(math.log10(rates[j] / scales[i] ** 2) * per_decade)].append(math.log2(each))
    factors = sorted(2 ** median(each) for each in stripes.values() if len(each) >= 3)
    found = re.match(r"Of (\d+) stripes?, .* best for depth, ([0-9.e+-]+) times .* worst, ([0-9.e+-]+) times\.", said)
    assert found and found.groups() == (str(len(factors)), f"{factors[-1]:.3g}", f"{factors[0]:.3g}"), said


def in_all(said: str, pairs: Sequence[tuple[Runs, Runs]]) -> None:
    """How many squares are compared by how many seeds, and how many of them are settled."""
    seeds, told = len(pairs[0][0]), [verdict(*pair) for pair in pairs]
    assert said.startswith(f"{len(pairs)} square") and f"{seeds} seed" in said and covered(pairs[0][0]) in said
    if seeds < 6:
        assert "settle no square by itself" in said and not {"ahead", "behind"} & set(told)
        return
    assert f"settle {told.count('ahead')} for depth and {told.count('behind')} for L = 1" in said
    assert f"or {0.05 * len(pairs):.0f} would be" in said


def in_the_table(row: Mapping[str, Any], square: Square, end: float) -> None:
    """One square as a row."""
    shallow, deep = square[1, 1], square[row["L"], 1]
    assert (row["seeds ahead"], row["seeds behind"]) == tally(deep, shallow)[:2]
    for name, own in (("L = 1", shallow), ("L", deep)):
        assert (math.inf if row[f"updates, {name}"] is None else row[f"updates, {name}"]) == median(own.values())
        bounds = [f"> {end:g}" if math.isinf(each) else f"{each:g}" for each in interval(own)[:2]]
        assert row[f"interval, {name}"] == " to ".join(bounds)


def squares_of(runs: str) -> tuple[dict[Place, Square], list[float], list[float]]:
    """By row and column, by depth and factor of the control, every run; the rates and the starts."""
    found: dict[Place, Square] = defaultdict(lambda: defaultdict(dict))
    rows = table(runs)
    scales = sorted({float(row["init_scale"]) for row in rows})
    rates = {
        factor: sorted({float(row["learning_rate"]) for row in rows if row["control_of_depth"] == factor})
        for factor in {row["control_of_depth"] for row in rows}
    }
    for row in rows:
        factor = row["control_of_depth"]
        at = scales.index(float(row["init_scale"])), rates[factor].index(float(row["learning_rate"]))
        assert bool(row["updates"]) == (row["state"] == "reached")
        found[at][int(row["depth"]), int(factor or 1)][row["seed"]] = when(row["updates"])
    return found, rates[""], scales


def times(shallow: Runs, deep: Runs) -> float | None:
    """How many times as fast the deep one is; infinite, 0 or None where only it, only the other or neither arrives."""
    slow, fast = median(shallow.values()), median(deep.values())
    if math.isinf(slow) or math.isinf(fast):
        return None if math.isinf(slow) and math.isinf(fast) else math.inf if math.isinf(slow) else 0.0
    return max(slow, 1.0) / max(fast, 1.0)


def together(said: str, name: str, rival: str, speed: Mapping[Any, float | None]) -> None:
    """In how many squares depth is faster and slower where both arrive."""
    both = [each for each in speed.values() if each not in (None, 0.0, math.inf)]
    if not both:
        assert said.startswith(f"{name} and {rival} reach the target together in no cell.")
        return
    faster, slower = sum(each > 1.0 for each in both), sum(each < 1.0 for each in both)
    middle_one = 2 ** median(math.log2(each) for each in both)
    plural = "" if len(both) == 1 else "s"
    assert said.startswith(
        f"{name} is faster than {rival} in {faster} of the {len(both)} cell{plural} where both reach the target, "
        f"slower in {slower}, equal in {len(both) - faster - slower}; median factor {middle_one:.2f}."
    ), said


def best_of_plane(
    said: str, depth: int, squares: Mapping[Place, Square], rates: Sequence[float], scales: Sequence[float]
) -> None:
    """Each at its own best η: only starts count whose best lies inside the plane for both."""
    inside, arrive = [], 0
    for row in range(len(scales)):
        medians = [[median(squares[row, j][arm].values()) for j in range(len(rates))] for arm in ((1, 1), (depth, 1))]
        best = [min(each) for each in medians]
        arrive += not any(map(math.isinf, best))
        if not any(map(math.isinf, best)) and all(min(m[0], m[-1]) > b for m, b in zip(medians, best, strict=True)):
            inside.append(best)
    starts = f"{len(inside)} of {arrive} start" + "s" * (arrive != 1)
    assert starts in said, said
    if not inside:
        assert "nothing is known" in said
        return
    shallow, deep = (median(each) for each in zip(*inside, strict=True))
    assert f"needs {shallow:g} update{'s' * (shallow != 1)} with L=1 and {deep:g} with L={depth}" in said, said
    step, slow = max(b / a for a, b in pairwise(rates)), max(shallow, deep)
    assert ("not told apart" in said) == (abs(shallow - deep) <= max(1.0, slow - slow / step)), said

"""Which model of a comparison is faster: said only where neither luck nor the rates tried nor one update decide it."""

from spncore.studies.linear import Comparison, Side
from spncore.words import counted

FEW = 10  # one update is a tenth or more of a smaller count: no factor is given
OPEN = "Which one is faster is not decided"


def sentence(comparison: Comparison) -> str:
    """Who is how many times as fast, or why that is open."""
    best = comparison.study.each_at == "best"
    return _at_best(comparison) if best else _at_chosen(comparison)


def who(comparison: Comparison, side: Side) -> str:
    """What a model is called in a sentence."""
    return "plain" if side is comparison.plain else "overparametrised"


def _at_best(comparison: Comparison) -> str:
    without = [side for side in comparison.sides if side.best is None]
    if len(without) == 2:
        return f"{OPEN}: neither has a best rate."
    if without:
        [side] = without
        landed = any(each.updates is not None for each in side.outcomes)
        other = next(each for each in comparison.sides if each.best)
        if landed or other.lost is not None:
            return f"{OPEN}: {who(comparison, side)} has no best rate."
        return f"Only {who(comparison, other)} gets there."
    return _open(comparison) or _overlap(comparison) or _decided(comparison)


def _at_chosen(comparison: Comparison) -> str:
    arrived = [side for side in comparison.sides if side.needed is not None and side.lost is None]
    if not arrived:
        stay = " to stay" * any(side.needed is not None for side in comparison.sides)
        return f"{OPEN}: neither gets there{stay}."
    if len(arrived) == 1:
        return f"At this rate only {who(comparison, arrived[0])} gets there to stay; at others it may be otherwise."
    return _open(comparison) or f"{_decided(comparison)} At other rates it may be otherwise."


def _open(comparison: Comparison) -> str:
    """Why the two counts decide nothing, whatever the neighbours say; empty where they may."""
    for side in comparison.sides:
        name, best = who(comparison, side), side.best
        if side.lost is not None:
            return f"{OPEN}: {name} does not keep the target."
        if comparison.study.each_at == "best" and best and not best.interior:
            return f"{OPEN}: {name} is fastest at an end of the rates that were tried."
    fast, slow = _ordered(comparison)
    if _count(slow) - _count(fast) > 1:
        return ""
    return f"{OPEN}: they are one update apart." if _count(slow) > _count(fast) else "Neither is faster."


def _overlap(comparison: Comparison) -> str:
    """The counts at neighbouring rates, where these leave it open."""
    fast, slow = (side.best for side in _ordered(comparison))
    assert fast and slow
    if fast.most < slow.fewest:
        return ""
    ranges = (f"{side.best.fewest:,} to {side.best.most:,}" for side in comparison.sides if side.best)
    return f"{OPEN}: at neighbouring rates they need {' and '.join(ranges)} updates, which overlap."


def _decided(comparison: Comparison) -> str:
    fast, slow = _ordered(comparison)
    name = who(comparison, fast).capitalize()
    if _count(fast) < FEW:
        return f"{name} is **faster**; for fewer than {FEW} updates no factor is given."
    if (factor := _count(slow) / _count(fast)) < 1.1:
        return f"{name} needs **{counted(_count(slow) - _count(fast), 'update')}** fewer."
    said = f"{name} is **{_times(factor)} times** as fast"
    if comparison.study.each_at == "chosen" or not (fast.best and slow.best):
        return f"{said}."
    low, high = slow.best.fewest / fast.best.most, slow.best.most / fast.best.fewest
    return f"{said} ({_times(low)} to {_times(high)} times over the neighbouring rates)."


def _times(factor: float) -> str:
    return f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}"


def _ordered(comparison: Comparison) -> list[Side]:
    return sorted(comparison.sides, key=_count)


def _count(side: Side) -> int:
    assert side.needed is not None
    return side.needed

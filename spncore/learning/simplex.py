"""Weights in groups that each add to one: totals, normalising, and the nearest point of a simplex with a floor.

A flat vector of P entries holds many groups (the weights of a sum node, both values of a Bernoulli leaf). Every
function works on the last axis, for all groups at once; leading axes (seeds) are treated alike. Entries in no group are
returned as they came. A NaN makes its whole group NaN, so that a run that diverges is seen.
"""

from dataclasses import dataclass, field

import numpy as np

from spncore.arrays import Array, Bools, Floats, Ints
from spncore.plan import whole

_TINY, _HUGE = 1e-300, 1e300  # between them sums have all their digits, and so have their inverses


@dataclass(frozen=True, eq=False)
class Groups:
    """Who belongs together: `of` (P,) is the group number of every entry, −1 for an entry in no group.

    `order` (Q,) lists the entries that are in a group, group after group; `starts` and `sizes` (G,) cut it up.
    """

    of: Ints
    order: Ints
    starts: Ints
    sizes: Ints
    _bounds: dict[float, Floats] = field(default_factory=dict, repr=False)

    def bounds(self, floor: float) -> Floats:
        """The least value (P,) of every entry: `floor`, but 1/(2n) in groups of n where n floors would take over half.

        Worked out once for each floor.
        """
        if floor not in self._bounds:
            self._bounds[floor] = spread(np.minimum(floor, 0.5 / self.sizes), self, floor)
        return self._bounds[floor]


def groups_of(of: Ints) -> Groups:
    """Groups from the group number (P,) of every entry; ValueError unless they are −1 or 0 … G−1, each one in use."""
    if of.min(initial=0) < -1:
        raise ValueError(f"group numbers: expected −1 or more, got {of.min()}; use −1 for an entry in no group")
    sizes = np.bincount(of[of >= 0])
    if not sizes.all():
        raise ValueError(f"group numbers: {int(np.argmin(sizes))} has no entry; number the groups without gaps")
    order = np.argsort(of, kind="stable")[np.count_nonzero(of < 0) :]
    return Groups(of, order, np.cumsum(sizes) - sizes, sizes)


def all_in_groups(groups: Groups) -> bool:
    """Whether every entry is in a group."""
    return len(groups.order) == len(groups.of)


def totals(values: Floats, groups: Groups) -> Floats:
    """The sum of every group: (..., P) -> (..., G)."""
    return _reduced(np.add, values, groups)


def largest(values: Floats, groups: Groups) -> Floats:
    """The largest entry of every group: (..., P) -> (..., G)."""
    return _reduced(np.maximum, values, groups)


def spread(per_group: Array, groups: Groups, outside: float) -> Array:
    """Every entry gets its group's value, an entry in no group `outside`: (..., G) -> (..., P)."""
    if all_in_groups(groups):
        return per_group.take(groups.of, axis=-1)
    last = np.full((*per_group.shape[:-1], 1), outside)
    return np.concatenate([per_group, last], axis=-1).take(groups.of, axis=-1)  # group −1 reads the last column


@whole
def normalise(weights: Floats, groups: Groups, floor: float, unreached: Floats | None = None) -> Floats:
    """Each group in proportion to `weights`, adding to one, nothing under its lower bound: max(bound, c·w).

    This is the M-step under that bound: it maximises Σ w log p. Negative weights count as zero; a group of zeros is
    uniform, or as `unreached` (..., P) has it.
    """
    bounds, outside = groups.bounds(floor), None if all_in_groups(groups) else groups.of < 0
    shares, total, empty = _summable(np.maximum(weights, 0.0), groups)
    fitted = shares * spread(1.0 / total, groups, 1.0)
    held = more = _below(fitted, bounds, outside)
    while more.any():  # those that are held take from the room of the others, of which then more may be held
        room = 1.0 - totals(np.where(held, bounds, 0.0), groups)
        factor = spread(room / totals(np.where(held, 0.0, shares), groups), groups, 1.0)
        fitted = np.where(held, bounds, shares * factor)
        more = _below(fitted, bounds, outside) & ~held
        held = held | more
    if empty is not None and unreached is not None:
        fitted = np.where(empty, unreached, fitted)
    return fitted if outside is None else np.where(outside, weights, fitted)


def _below(values: Floats, bounds: Floats, outside: Bools | None) -> Bools:
    """Which entries of groups lie under their bound."""
    return values < bounds if outside is None else (values < bounds) & ~outside


def _summable(shares: Floats, groups: Groups) -> tuple[Floats, Floats, Bools | None]:
    """Shares ≥ 0 of any magnitude in the same proportions, all alike where all are 0, and the sums of the groups.

    Last, whose group is all 0, None if none is.
    """
    with np.errstate(over="ignore"):
        total = totals(shares, groups)
    sound = (total > _TINY) & (total < _HUGE)
    if sound.all():
        return shares, total, None
    top = spread(largest(shares, groups), groups, 1.0)
    empty = top == 0.0
    scaled = np.where(empty, 1.0, shares / np.where(empty, 1.0, top))  # at most 1: no sum overflows
    shares = np.where(spread(sound, groups, True), shares, scaled)
    return shares, totals(shares, groups), empty


@whole
def project(values: Floats, groups: Groups, floor: float) -> Floats:
    """The nearest point, in Euclidean distance, whose groups add to one with nothing under its lower bound.

    max(bound, v − θ), θ as in Duchi, Shalev-Shwartz, Singer & Chandra (2008), Fig. 1, found without sorting.
    """
    below = values - spread(largest(values, groups), groups, 0.0)
    below = np.maximum(below, -1.0)  # a shift changes nothing, nor does what lies further than 1 below the largest
    bounds, free, low = groups.bounds(floor), groups.of >= 0, None
    least = bounds[groups.order[groups.starts]]
    while low is None or low.any():  # held entries stay held, and end as those that sorting finds (Michelot 1986)
        free = free if low is None else free & ~low
        count = totals(free.astype(float), groups)
        room = 1.0 - (groups.sizes - count) * least
        fitted = below - spread((totals(np.where(free, below, 0.0), groups) - room) / count, groups, 0.0)
        low = free & ~(fitted >= bounds)
    return np.where(groups.of < 0, values, np.maximum(fitted, bounds))


def _reduced(operation: np.ufunc, values: Floats, groups: Groups) -> Floats:
    return operation.reduceat(values.take(groups.order, axis=-1), groups.starts, axis=-1)

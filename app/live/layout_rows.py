"""Orders the items of a layered drawing so that few lines cross, and sets them apart."""

import numpy as np

from spncore.arrays import Floats, Ints

SWEEPS = 8
BETWEEN_GROUPS = 0.35  # more than between two items of one group


def arranged(rows: Ints, ends: Ints, groups: Ints) -> Floats:
    """Horizontal places (n,), from 0.5 on, of items in these rows; items of a row are at least 1 apart.

    `ends` (lines, 2): upper and lower item. Starts from the order in which lines lead down, then moves each row to the
    means of the rows above and below it by turns; Sugiyama et al., Methods for visual understanding of hierarchical
    system structures, 1981. A tree keeps its order, in which nothing crosses.
    """
    x = _walked(rows, ends)
    is_tree = len(ends) < len(rows)
    levels = [np.flatnonzero(rows == row) for row in np.unique(rows)]
    for sweep in range(2 * SWEEPS):
        down = sweep % 2 == 0
        order = levels[1:] if down else levels[-2::-1]
        wanted_by, seen_from = (1, 0) if down else (0, 1)
        for level in order:
            wanted = _means(x, ends[:, wanted_by], ends[:, seen_from], level)
            x[level] = _apart(wanted, x[level] if is_tree else wanted, groups[level])
    return np.asarray(x - x.min() + 0.5)


def _walked(rows: Ints, ends: Ints) -> Floats:
    """Places in the order of going down from the root: a tree's lines then do not cross."""
    below: list[list[int]] = [[] for _ in rows]
    for one, other in ends.tolist():
        below[one].append(other)
    stack, order = np.flatnonzero(rows == 0).tolist()[::-1], dict[int, None]()
    while stack:
        item = stack.pop()
        if item not in order:
            order[item] = None
            stack += reversed(below[item])
    x = np.zeros(len(rows))
    x[list(order)] = np.arange(len(order))
    return x


def _means(x: Floats, here: Ints, there: Ints, level: Ints) -> Floats:
    """The mean place of each item's neighbours on one side, its own where it has none."""
    sums, counts = np.bincount(here, x[there], len(x)), np.bincount(here, minlength=len(x))
    return np.where(counts[level] > 0, sums[level] / np.maximum(counts[level], 1), x[level])


def _apart(wanted: Floats, ordered_by: Floats, groups: Ints) -> Floats:
    """The nearest places in a given order that keep their distance: least squares by pooling neighbours."""
    order = np.argsort(ordered_by, kind="stable")
    gaps = 1.0 + BETWEEN_GROUPS * (np.diff(groups[order]) != 0)
    shift = np.concatenate([[0.0], np.cumsum(gaps)])
    blocks: list[list[float]] = []  # mean, how many
    for value in (wanted[order] - shift).tolist():
        blocks.append([value, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (before, many), (mean, count) = blocks[-2:]
            blocks[-2:] = [[(before * many + mean * count) / (many + count), many + count]]
    placed = np.concatenate([np.full(int(count), mean) for mean, count in blocks]) + shift
    result = np.empty(len(wanted))
    result[order] = placed
    return result

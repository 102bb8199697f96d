"""Bags of evidence from arrays of real rows with weights, with or without a class; NaN is a missing value."""

from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Floats, Generator, Ints
from spncore.learning.bag import Bag, Term


def weighted_bag(rows: Floats, weights: Floats, mix: float = 1.0) -> Bag:
    """The evidence of rows (N, D) with weights (N,) > 0, of which only the ratios count; each row is one item.

    With `mix` below 1 the last column is a class, NaN where it is not known, and the objective of a row is
    log f(x, y) − (1 − mix) log f(x, ·) − mix log Z, or mix (log f(x, ·) − log Z) without its class. So 1 is the
    generative objective, which is also the semi-supervised one, and 0 the discriminative one.
    """
    shares, num_items = weights / weights.mean(), len(rows)
    distinct, place = _distinct(rows, mix < 1.0)
    own = Term(place[:num_items], shares)
    terms = [own]
    if mix < 1.0:
        unknown, without = np.isnan(rows[:, -1]), place[num_items : 2 * num_items]
        terms = [own._replace(factor=np.where(unknown, mix, 1.0) * shares)]
        terms.append(Term(without, np.where(unknown, 0.0, mix - 1.0) * shares))
    return Bag(distinct, np.ones(num_items, dtype=int), tuple(terms), own, -mix * shares)


def _distinct(rows: Floats, has_class: bool) -> tuple[Floats, Ints]:
    """The distinct ones of all rows, as they come, of these without their class if there is one, and of the empty row.

    The empty one is last. Also the place of each of them all among the distinct ones. Rows are told apart by a number
    for each; should two different rows have the same, by others.
    """
    for seed in count():
        first, place = _in_order(_numbers(_columns(rows, has_class), np.random.default_rng(seed)))
        found = np.empty((rows.shape[1], len(first)))
        for column, values in zip(found, _columns(rows, has_class), strict=True):
            column[...] = values if len(first) == len(values) else values[first]
            if len(first) < len(values) and not np.array_equal(column[place], values, equal_nan=True):
                break
        else:
            break
    return found.T, place


def _in_order(numbers: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Where each number (N,) is first found, in this order but the last one's at the end; which of these each is."""
    _, first, place = np.unique(numbers, return_index=True, return_inverse=True)
    if len(first) == len(numbers):
        return np.arange(len(first)), np.arange(len(first))
    when = first.copy()
    when[place[-1]] = len(numbers)
    order = np.argsort(when)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[place]


def _columns(rows: Floats, has_class: bool) -> Iterator[Floats]:
    """Column by column: the rows, these without their class, and an empty one."""
    empty = np.full(1, np.nan)
    for d, column in enumerate(rows.T):
        is_class = d == rows.shape[1] - 1
        without = [np.full(len(rows), np.nan) if is_class else column] if has_class else []
        yield np.concatenate([column, *without, empty])


def _numbers(columns: Iterator[Floats], rng: Generator) -> NDArray[np.uint64]:
    """A number for each row, (N,): equal ones of equal rows, and hardly ever of others."""
    result: NDArray[np.uint64] | None = None
    for column in columns:
        words = (np.where(np.isnan(column), np.nan, column) + 0.0).view(np.uint64)  # one NaN, one zero
        for shift in (32, 29):  # so that all bits count, not those of large numbers alone
            words ^= words >> np.uint64(shift)
            words *= rng.integers(2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        result = words if result is None else np.add(result, words, out=result)
    assert result is not None
    return result

"""Bags of evidence from arrays of real rows with weights, with or without a class; NaN is a missing value."""

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.learning.bag import Bag, Term


def weighted_bag(rows: Floats, weights: Floats, mix: float = 1.0) -> Bag:
    """The evidence of rows (N, D) with weights (N,) > 0, of which only the ratios count; each row is one item.

    With `mix` below 1 the last column is a class, NaN where it is not known, and the objective of a row is
    log f(x, y) − (1 − mix) log f(x, ·) − mix log Z, or mix (log f(x, ·) − log Z) without its class. So 1 is the
    generative objective, which is also the semi-supervised one, and 0 the discriminative one.
    """
    shares, unknown, items = weights / weights.mean(), np.isnan(rows[:, -1]), np.arange(len(rows))
    parts = [rows, np.full((1, rows.shape[1]), np.nan)]
    if mix < 1.0:
        parts.insert(1, np.concatenate([rows[:, :-1], np.full((len(rows), 1), np.nan)], axis=1))
    distinct, place = _distinct(np.concatenate(parts))
    own = place[items]
    terms = [Term(own, shares * np.where(unknown, mix, 1.0))]
    if mix < 1.0:
        terms.append(Term(place[len(rows) + items], np.where(unknown, 0.0, (mix - 1.0) * shares)))
    return Bag(distinct, np.ones_like(items), tuple(terms), Term(own, shares), -mix * shares)


def _distinct(rows: Floats) -> tuple[Floats, Ints]:
    """The distinct rows, the empty one last, and the place of every row among them."""
    found, place = np.unique(np.where(np.isnan(rows), np.inf, rows), axis=0, return_inverse=True)
    return np.where(np.isinf(found), np.nan, found), place

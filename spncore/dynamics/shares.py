"""How the partition function of a mixture is spread over its components, and when one of them holds all of it."""

import numpy as np
from scipy.special import entr, softmax

from spncore.arrays import Floats

ALL = 1.01  # the largest effective number at which one component is said to hold all of Z


def log_masses(leaves: Floats) -> Floats:
    """log C_k(∗) (..., K) of leaves (..., 2, K, D), the weights of a 0 and of a 1, which need not sum to 1."""
    masses: Floats = np.add.reduce(np.log(leaves[..., 0, :, :] + leaves[..., 1, :, :]), axis=-1)
    return masses


def component_shares(weights: Floats, masses: Floats) -> Floats:
    """z_k = w_k C_k(∗)/Z, what component k holds of the partition function, (..., K); they sum to 1.

    `weights` w_k and `masses`, their `log_masses`, (..., K).
    """
    with np.errstate(all="ignore"):
        shares: Floats = softmax(np.log(weights) + masses, axis=-1)
    return shares


def effective_number(shares: Floats) -> Floats:
    """exp of the entropy of shares, (..., K) -> (...): K where all are equal, 1 where one holds everything."""
    number: Floats = np.exp(entr(shares).sum(axis=-1))
    return number


def alone_since(numbers: Floats) -> list[int | None]:
    """Per seed of effective numbers (S, T) the first state from which on one component holds all, None if never."""
    places = [np.flatnonzero(row) for row in ~(numbers <= ALL)]  # where it is spread over several, or no number
    since = [int(spread[-1]) + 1 if spread.size else 0 for spread in places]
    return [at if at < numbers.shape[1] else None for at in since]

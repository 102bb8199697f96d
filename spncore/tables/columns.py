"""Tables of numbers as evidence: the family of every column, and codes for its values.

Whole numbers become codes 0 … V−1 of categorical leaves; real columns are standardised, so that starts, floors and the
smallest scale of a Gaussian mean the same in every unit. NaN is a missing value throughout.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Bools, Floats
from spncore.circuits.families import FAMILIES
from spncore.structures.nodes import Column

MOST_VALUES = 32  # whole-number columns with more distinct values are real ones, unless named categorical
_FARTHEST = 1e100  # in standard deviations: its square is still a number, and so is its log-density
_CONSTANT = 1e-13  # a deviation below this share of the largest value is rounding


class Coding(NamedTuple):
    """How one column is written for the leaves: x -> place in `values` if categorical, else (x − centre) / scale."""

    family: str
    values: Floats
    centre: float = 0.0
    scale: float = 1.0

    @property
    def column(self) -> Column:
        """What its leaves are; a categorical one has at least two values."""
        return Column(self.family, max(2, len(self.values)))


def codings(rows: Floats, weights: Floats, families: str | Sequence[str]) -> tuple[Coding, ...]:
    """The coding of every column of rows (N, D) with weights (N,) > 0.

    `families` names one per column, or is "auto": categorical where all known values are whole numbers of at most
    MOST_VALUES kinds, else Gaussian. ValueError if the names do not fit the columns, or a column does not fit its name.
    """
    num_columns = rows.shape[1]
    names = [_family(column) for column in _columns(rows)] if isinstance(families, str) else list(families)
    if (isinstance(families, str) and families != "auto") or len(names) != num_columns or not {*names} <= {*FAMILIES}:
        raise ValueError(
            f"families: expected 'auto' or one of {', '.join(FAMILIES)} for each of {num_columns} columns, "
            f"got {families!r:.80}"
        )
    centres, scales = weighted_moments(rows, weights)
    return tuple(_coding(name, *column) for name, *column in zip(names, rows.T, centres, scales, strict=True))


def encode(rows: Floats, columns: Sequence[Coding]) -> Floats:
    """Rows (N, D) as the leaves take them; a value that a categorical column never had becomes NaN, see `unseen`."""
    result = np.empty(rows.shape, order="F")
    for d, (coding, column) in enumerate(zip(columns, _columns(rows), strict=True)):
        if coding.family == "categorical":
            places = np.searchsorted(coding.values, column).clip(max=len(coding.values) - 1)
            result[:, d] = np.where(coding.values[places] == column, places, np.nan)
        else:
            with np.errstate(over="ignore"):
                scaled = np.divide(column - coding.centre, coding.scale, out=result[:, d])
            np.clip(scaled, -_FARTHEST, _FARTHEST, out=scaled)
    return result


def unseen(rows: Floats, encoded: Floats) -> Bools:
    """Which rows (N,) hold a value that its categorical column never had: their probability is zero."""
    result = np.zeros(len(rows), dtype=bool)
    for column, code in zip(rows.T, encoded.T, strict=True):
        result |= np.isnan(code) & ~np.isnan(column)
    return result


def decode(rows: Floats, columns: Sequence[Coding]) -> Floats:
    """Rows (N, D) without missing values in the data's own units."""
    result = np.empty(rows.shape)
    for d, (coding, column) in enumerate(zip(columns, rows.T, strict=True)):
        if coding.family == "categorical":  # a leaf of two values may belong to a column of one
            result[:, d] = coding.values[np.minimum(column.astype(int), len(coding.values) - 1)]
        else:
            result[:, d] = column * coding.scale + coding.centre
    return result


def log_scales(rows: Floats, columns: Sequence[Coding]) -> Floats:
    """log |∂x/∂z| (N,) of the known values: subtracted from log p(z) it gives the density of x in its own units."""
    result = np.zeros(len(rows))
    for coding, column in zip(columns, rows.T, strict=True):
        if coding.scale != 1.0:
            result += np.where(np.isnan(column), 0.0, np.log(coding.scale))
    return result


def weighted_moments(rows: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the known values of each column, (D,) each; 0 and 1 where none is known.

    A constant column has its own size as deviation, so that dividing by it is harmless.
    """
    mean, deviation = np.array([_moments(column, weights) for column in _columns(rows)]).T
    return mean, deviation


def _moments(column: Floats, weights: Floats) -> tuple[float, float]:
    seen = ~np.isnan(column)
    known, shares = (column, weights) if seen.all() else (column[seen], weights[seen])
    if not len(known):
        return 0.0, 1.0
    unit = np.max(np.abs(known)) or 1.0
    known, shares = known / unit, shares / shares.sum()  # squares do not overflow
    mean = shares @ known
    deviation = np.sqrt(shares @ (known - mean) ** 2)
    return float(mean * unit), float((deviation if deviation > _CONSTANT else 1.0) * unit)


def _columns(rows: Floats) -> Iterator[Floats]:
    """Column by column, each in one piece: every pass over a strided one costs ten times as much."""
    return map(np.ascontiguousarray, rows.T)


def _family(column: Floats) -> str:
    known = column[~np.isnan(column)]
    whole = len(known) > 0 and (known == np.floor(known)).all() and len(np.unique(known)) <= MOST_VALUES
    return "categorical" if whole else "gaussian"


def _coding(family: str, column: Floats, centre: float, scale: float) -> Coding:
    if family == "gaussian":
        return Coding(family, np.empty(0), centre, scale)
    known = np.unique(column[~np.isnan(column)])
    if family == "categorical":
        return Coding(family, known if len(known) else np.zeros(1))
    if not FAMILIES[family](2).supports(known).all():
        raise ValueError(
            f"families: a {family} column holds {FAMILIES[family](2).support}, got {known[0]:g}; change it"
        )
    return Coding(family, known[:0])

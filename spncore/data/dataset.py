"""A data set as distinct rows with counts, and the two bounds of its log-likelihood.

NLTCS has 16,181 rows but 2,671 distinct ones, and every sum over rows is a sum over distinct rows weighted
by their counts. Whoever needs a data set gets it here, checked, read-only and with a hash of its content.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import entr

from spncore.arrays import Array, Bits, Generator, Ints

WORD_BITS = 64
CHECKED_ROWS = 1024  # at once, in the processor's cache


class DataError(ValueError):
    """Data that was refused; the text is one sentence that says what, where and what is allowed."""


@dataclass(frozen=True)
class Dataset:
    """Rows of zeros and ones, each distinct row once with its count; compared and hashed by content.

    `rows` is (N', D) in lexicographic order and `counts` (N',), both read-only. `sha256` covers the shape
    and all N rows in their original order. `source` says in words where they came from, without paths.
    """

    name: str
    title: str
    variables: tuple[str, ...]
    rows: Bits = field(compare=False, repr=False)
    counts: Ints = field(compare=False, repr=False)
    sha256: str
    source: str
    synthetic: bool

    def __post_init__(self) -> None:
        self.rows.flags.writeable = self.counts.flags.writeable = False

    @property
    def num_rows(self) -> int:
        """N, duplicates included."""
        return int(self.counts.sum())

    @property
    def num_distinct(self) -> int:
        """N', the number of distinct rows."""
        return len(self.rows)

    @property
    def num_variables(self) -> int:
        """D, the number of columns."""
        return int(self.rows.shape[1])


def shown(text: str, limit: int = 24) -> str:
    """Return `text` quoted for a message: shortened, with everything that does not print escaped."""
    short = text if len(text) <= limit else text[:limit] + "…"
    return "'" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in short) + "'"


def default_names(num_variables: int) -> tuple[str, ...]:
    """Return x1 … xD, the names of columns that have none."""
    return tuple(f"x{d}" for d in range(1, num_variables + 1))


def from_array(
    array: Array,
    name: str = "array",
    variables: Sequence[str] | None = None,
    *,
    title: str | None = None,
    source: str = "An array given by the caller.",
    synthetic: bool = False,
) -> Dataset:
    """Return the (N, D) array of zeros and ones as a Dataset; the array is copied, never kept.

    Real numeric types and bool are accepted in any memory order. Raises DataError for everything else: other
    types (object, complex, text, sparse, masked), other shapes, no rows, no columns, other values than 0, 1.
    """
    bits = _checked_bits(array, name)  # (N, D) uint8
    names = default_names(bits.shape[1]) if variables is None else tuple(variables)
    _check_names(names, bits.shape[1], name)
    rows, counts = distinct_rows(bits)
    return Dataset(name, title or name, names, rows, counts, _identity(bits), source, synthetic)


def distinct_rows(bits: Bits) -> tuple[Bits, Ints]:
    """Return the distinct rows of a (N, D) bit array in lexicographic order, and how often each occurs."""
    order, starts = _runs(bits)
    return bits[order[starts]], np.diff(starts, append=len(bits)).astype(int)


def distinct_without(bits: Bits, column: int) -> tuple[Ints, Ints]:
    """Return where the distinct rows of a (N, D) bit array without one column are found, and which each row is (N,)."""
    order, starts = _runs(bits, column)
    place = np.empty(len(bits), dtype=int)
    place[order] = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(bits)))
    return order[starts], place


def _runs(bits: Bits, left_out: int | None = None) -> tuple[Ints, Ints]:
    """The lexicographic order of the rows (N,) but for one column, and where in it each distinct one begins."""
    num_rows, num_variables = bits.shape
    packed = np.zeros((num_rows, -(-num_variables // WORD_BITS) * WORD_BITS // 8), dtype=np.uint8)
    packed[:, : -(-num_variables // 8)] = np.packbits(bits, axis=1)  # first column is the highest bit
    if left_out is not None:
        packed[:, left_out // 8] &= ~np.uint8(128 >> left_out % 8)
    words = packed.view(">u8").astype(np.uint64)  # (N, W): rows compare as their words do
    order = np.lexsort(words.T[::-1])
    ordered = words[order]
    is_first = np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)]
    return order, np.flatnonzero(is_first)


def hold_out(dataset: Dataset, share: float, rng: Generator) -> tuple[Dataset, Dataset]:
    """Return the rows without a random `share` of them, and that share, each at least one row; names stay.

    Drawn without replacement. DataError when there are fewer than two rows.
    """
    if dataset.num_rows < 2:
        raise DataError(f"{dataset.title}: at least two rows are needed to hold some out, got {dataset.num_rows}.")
    num_held = min(max(round(share * dataset.num_rows), 1), dataset.num_rows - 1)
    held = rng.multivariate_hypergeometric(dataset.counts, num_held)
    return _times(dataset, dataset.counts - held), _times(dataset, held)


def _times(dataset: Dataset, counts: Ints) -> Dataset:
    """The data set with other counts (N',), some of them 0."""
    rows = dataset.rows[counts > 0]
    counts = counts[counts > 0]
    return replace(dataset, rows=rows, counts=counts, sha256=_identity(np.repeat(rows, counts, axis=0)))


def product_of_marginals_llh(dataset: Dataset) -> float:
    """Return the mean LLH, in nats per row, of independent variables with the data's own frequencies."""
    frequencies = dataset.counts @ dataset.rows / dataset.num_rows  # (D,)
    return float(-(entr(frequencies) + entr(1.0 - frequencies)).sum())


def empirical_llh(dataset: Dataset) -> float:
    """Return minus the entropy of the rows, in nats per row: no model can exceed it on these rows."""
    return float(-entr(dataset.counts / dataset.num_rows).sum())


def _checked_bits(array: Array, name: str) -> Bits:
    """Return a fresh uint8 copy in C order, or raise DataError."""
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        hint = "; call .toarray() first" if hasattr(array, "toarray") else ""
        raise DataError(f"{name}: a plain NumPy array is needed, got {type(array).__name__}{hint}.")
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name}: bool, integer or real values are needed, got dtype {array.dtype}.")
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"{name}: at least one row and one column are needed, got shape {array.shape}.")
    bits = np.empty(array.shape, dtype=np.uint8)
    for begin in range(0, len(array), CHECKED_ROWS):
        part = array[begin : begin + CHECKED_ROWS]
        wrong = (part != 0) & (part != 1)  # NaN differs from both
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            place = f"{name}: row {begin + row + 1}, column {column + 1}"
            raise DataError(f"{place}: found {part[row, column]!s}; only 0 and 1 are allowed.")
        bits[begin : begin + CHECKED_ROWS] = part
    return bits


def _check_names(variables: tuple[str, ...], num_variables: int, name: str) -> None:
    """Raise DataError unless there is one non-empty name of its own for each column."""
    if len(variables) != num_variables:
        raise DataError(f"{name}: {num_variables} columns need as many names, got {len(variables)}.")
    if not all(variables) or len(set(variables)) < num_variables:
        raise DataError(f"{name}: every column needs a name of its own; one is empty or used twice.")


def _identity(bits: Bits) -> str:
    """Return the SHA-256 of the shape and of every row in its original order."""
    digest = hashlib.sha256("rows {} x {}\n".format(*bits.shape).encode())
    digest.update(bits.data)
    return digest.hexdigest()


UPLOAD = "sha256:[0-9a-f]{64}"  # what an experiment calls uploaded data


def is_upload(dataset: str) -> bool:
    """Whether a study's data set is uploaded data, which a link names by content and cannot carry."""
    return dataset.startswith("sha256:")

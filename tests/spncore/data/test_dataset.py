"""Distinct rows with counts, and what an array must be to become a data set."""

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import sparse

from spncore.data.library import DataError, empirical_llh, from_array, product_of_marginals_llh
from tests.closeness import assert_close

PLAIN = np.array([[0, 1, 1], [1, 0, 0], [0, 1, 1], [0, 0, 1]], dtype=np.uint8)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


EQUAL = {
    "bool": PLAIN.astype(bool),
    "int8": PLAIN.astype(np.int8),
    "int64": PLAIN.astype(np.int64),
    "uint64": PLAIN.astype(np.uint64),
    "float16": PLAIN.astype(np.float16),
    "float64": PLAIN.astype(np.float64),
    "minus zero": np.where(PLAIN == 0, -0.0, 1.0),
    "read-only": read_only(PLAIN.copy()),
    "Fortran order": np.asfortranarray(PLAIN),
    "non-native bytes": PLAIN.astype(np.dtype(np.int32).newbyteorder()),
    "negative strides": PLAIN[::-1, ::-1].copy()[::-1, ::-1],
    "every second row": np.repeat(PLAIN, 2, axis=0)[::2],
    "broadcast": np.broadcast_to(PLAIN[:, None, :], (4, 1, 3))[:, 0],
}
REFUSED = {
    "object": (PLAIN.astype(object), "dtype object"),
    "complex": (PLAIN.astype(complex), "dtype complex128"),
    "text": (PLAIN.astype(str), "dtype <U"),
    "dates": (PLAIN.astype("datetime64[s]"), "dtype datetime64"),
    "record": (np.zeros(3, dtype=[("a", np.uint8)]), "dtype"),
    "sparse": (sparse.csr_array(PLAIN), "call .toarray()"),
    "list": ([[0, 1]], "got list"),
    "masked": (np.ma.masked_equal(PLAIN, 0), "got MaskedArray"),
    "1-D": (PLAIN[0], r"got shape \(3,\)"),
    "3-D": (PLAIN[None], r"got shape \(1, 4, 3\)"),
    "0 rows": (PLAIN[:0], r"got shape \(0, 3\)"),
    "0 columns": (PLAIN[:, :0], r"got shape \(4, 0\)"),
    "NaN": (np.array([[0.0, 1.0], [1.0, np.nan]]), "row 2, column 2: found nan; only 0 and 1"),
    "infinity": (np.array([[np.inf]]), "row 1, column 1: found inf"),
    "two": (np.array([[0, 1], [2, 0]]), "row 2, column 1: found 2"),
    "minus one": (np.array([[0, -1]]), "row 1, column 2: found -1"),
    "256, which is 0 in uint8": (np.array([[256]]), "found 256"),
    "nearly one": (np.array([[1.0 + 1e-15]]), "found 1.000000000000001"),
}


@pytest.mark.fault("B10")
@pytest.mark.parametrize("array", EQUAL.values(), ids=EQUAL)
def test_every_accepted_array_equals_plain_uint8_bit_for_bit(array: NDArray[Any]) -> None:
    expected, actual = from_array(PLAIN), from_array(array)
    assert actual == expected
    for got, wanted in ((actual.rows, expected.rows), (actual.counts, expected.counts)):
        assert got.dtype == wanted.dtype and got.flags.c_contiguous
        assert got.tobytes() == wanted.tobytes()


@pytest.mark.fault("B10")
@pytest.mark.parametrize(("array", "message"), REFUSED.values(), ids=REFUSED)
def test_every_other_array_is_refused_by_name(array: Any, message: str) -> None:
    with pytest.raises(DataError, match=f"^survey: .*{message}"):
        from_array(array, "survey")


@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.sampled_from([1, 3, 8, 64, 65, 130])),
        elements=st.integers(0, 1),
    )
)
def test_distinct_rows_are_those_of_numpy_unique(bits: NDArray[np.uint8]) -> None:
    dataset = from_array(bits)
    rows, counts = np.unique(bits, axis=0, return_counts=True)
    assert np.array_equal(dataset.rows, rows) and np.array_equal(dataset.counts, counts)
    assert (dataset.num_rows, dataset.num_variables) == bits.shape
    assert dataset.num_distinct == len(rows)


def test_the_identity_depends_on_every_cell_on_the_order_and_on_the_shape() -> None:
    changed = PLAIN.copy()
    changed[3, 0] = 1
    others = [changed, PLAIN[::-1], PLAIN.reshape(3, 4), PLAIN[:3]]
    identities = {from_array(array).sha256 for array in [PLAIN, *others]}
    assert len(identities) == 5
    assert from_array(PLAIN).sha256 == hashlib.sha256(b"rows 4 x 3\n" + PLAIN.tobytes()).hexdigest()


@pytest.mark.fault("E15")
def test_a_dataset_is_read_only_and_keeps_no_link_to_the_array() -> None:
    array = PLAIN.copy()
    dataset = from_array(array)
    array[:] = 1
    assert dataset.rows.min() == 0
    with pytest.raises(ValueError, match="read-only"):
        dataset.rows[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        dataset.counts[0] = 2


@pytest.mark.parametrize("variables", [("a", "b"), ("a", "b", "a"), ("a", "", "c")])
def test_names_that_do_not_fit_the_columns_are_refused(variables: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="name"):
        from_array(PLAIN, variables=variables)


def test_columns_without_names_are_called_x1_x2_and_so_on() -> None:
    assert from_array(PLAIN).variables == ("x1", "x2", "x3")


def test_bounds_of_a_small_table_are_those_of_the_closed_form() -> None:
    dataset = from_array(PLAIN)
    assert_close(empirical_llh(dataset), 0.5 * np.log(0.5) + 0.5 * np.log(0.25))
    quarter = 0.25 * np.log(0.25) + 0.75 * np.log(0.75)
    assert_close(product_of_marginals_llh(dataset), 2 * quarter + np.log(0.5))


@pytest.mark.fault("B09")
@pytest.mark.parametrize("bits", [[[1]], [[0, 1]], [[0, 1], [0, 1]], [[0], [0], [0]]])
def test_one_row_one_column_and_equal_rows_have_finite_bounds(bits: list[list[int]]) -> None:
    dataset = from_array(np.array(bits))
    assert empirical_llh(dataset) == 0.0
    assert product_of_marginals_llh(dataset) == 0.0

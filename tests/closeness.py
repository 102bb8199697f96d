"""The one comparison of floating-point results, with the one strict tolerance."""

import numpy as np
from numpy.typing import ArrayLike

RTOL = 1e-9
ATOL = 1e-12


def assert_close(actual: ArrayLike, expected: ArrayLike, *, rtol: float = RTOL, atol: float = ATOL) -> None:
    """Fail unless both have one shape, hold no NaN and agree: |actual − expected| ≤ atol + rtol |expected|.

    A caller who widens the tolerance states the reason on the same line.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=False)

"""Numbers in sentences are written in one way."""

import math

import pytest

from spncore.words import signed


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (-1.5, ".3f", "−1.500"),
        (-0.0001, ".3f", "0.000"),
        (-0.0, "g", "0"),
        (0.25, "+.2f", "+0.25"),
        (-0.0, "+.2f", "+0.00"),
        (-1e-9, "g", "−1e−09"),
        (-math.inf, "g", "−inf"),
        (-12345.0, ",.0f", "−12,345"),
    ],
)
def test_a_number_has_a_real_minus_sign_and_zero_has_none(value, form, text):
    assert signed(value, form) == text

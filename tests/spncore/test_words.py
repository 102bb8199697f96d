"""Numbers in sentences are written in one way."""

import math

import pytest

from spncore.words import raised, signed


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


def test_powers_of_ten_in_a_sentence_are_raised_and_words_are_not():
    said = "It is **2e-16**, not 1.5e+06, of 3 rows in line e-7: 10e0"
    assert raised(said) == "It is **2·10⁻¹⁶**, not 1.5·10⁶, of 3 rows in line e-7: 10·10⁰"

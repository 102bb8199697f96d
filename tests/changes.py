"""Changes on the way, drawn at random."""

from typing import Any

from hypothesis import strategies as st

from spncore.limits import LIMITS


def of_rates() -> st.SearchStrategy[Any]:
    """Other learning rates after some updates, as an experiment holds them."""
    values = st.floats(LIMITS.smallest_rate, LIMITS.largest_rate)
    found = st.dictionaries(st.integers(0, 9999), values, max_size=LIMITS.changes)
    return found.map(lambda rates: tuple(f"{at}:rate:{rates[at]!r}" for at in sorted(rates)))

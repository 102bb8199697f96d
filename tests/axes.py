"""Axes of a grid, drawn at random."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from spncore.limits import LIMITS
from spncore.record import Field
from spncore.studies.axes import VARIED, checked


def of_settings(values: Callable[[Field], st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One to three settings with one to three values each, of a strategy for the values of a field."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Any:
        names = draw(st.lists(st.sampled_from([*VARIED]), min_size=1, max_size=LIMITS.grid_axes, unique=True))
        each = {name: st.lists(values(VARIED[name]), min_size=1, max_size=3, unique=True) for name in names}
        return tuple(checked(name, draw(some)) for name, some in each.items())

    return drawn()

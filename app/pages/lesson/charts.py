"""The figure of what a mixture expects, from engine answers: a pure function that gives a Plotly figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.pages.lesson.facts import Expected
from spncore.plots import dumbbells


def expectations(found: Expected, names: Sequence[str], theme: str) -> go.Figure:
    """P(x_d = 1) of every variable, before and after one is known to be 1; those that change most on top."""
    order = np.argsort(-np.abs(found.after - found.before), kind="stable")
    before, after, seen = found.before[order], found.after[order], order == found.place
    figure = dumbbells.begun(before, after, seen, theme)
    dumbbells.ended(figure, [names[place] for place in order], before, after, seen, theme)
    return figure

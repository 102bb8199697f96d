"""Figures of the page "Predicting a class": accuracy beside a log-likelihood, one look, one legend."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from spncore.plots.curves import Line, curves

HEIGHT = 300
ACCURACY = "Accuracy"


def over_iterations(
    title: str, lines: Sequence[Line], levels: Mapping[str, float], theme: str, log_iterations: bool
) -> go.Figure:
    """A log-likelihood; or the share of right classes, which holds the legend of both."""
    y_title = "share of right classes" if title == ACCURACY else "nats per row"
    figure = curves(title, lines, theme, levels, log_iterations=log_iterations, height=HEIGHT, y_title=y_title)
    if title == ACCURACY:
        return figure.update_yaxes(tickformat=".0%")
    return figure.update_layout(showlegend=False)

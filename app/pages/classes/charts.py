"""Figures of the page "Predicting a class": accuracy beside a log-likelihood, one look, one legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from spncore.plots.curves import Line, curves

HEIGHT = 300


def accuracy(lines: Sequence[Line], levels: Mapping[str, float], theme: str, log_iterations: bool) -> go.Figure:
    """Share of right classes over iterations; it holds the legend of both."""
    figure = likelihood("Accuracy", lines, levels, theme, log_iterations)
    figure.update_layout(showlegend=None, yaxis={"title": {"text": "share of right classes"}, "tickformat": ".0%"})
    return figure


def likelihood(
    title: str, lines: Sequence[Line], levels: Mapping[str, float], theme: str, log_iterations: bool
) -> go.Figure:
    """A log-likelihood over iterations, without a legend of its own."""
    figure = curves(title, lines, theme, levels, log_iterations=log_iterations, height=HEIGHT, y_title="nats per row")
    return figure.update_layout(showlegend=False)

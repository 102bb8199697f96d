"""The report's charts: updates that first order does not describe are marked and counted, from the traces."""

import numpy as np
import pytest

from spncore import Experiment, fit
from spncore.plots.report import beyond, rate_figure
from tests.closeness import assert_close

SMALL = Experiment(dataset="two-clusters", num_components=4, iterations=30, num_seeds=3, init_noise=1e-2, depth=3)


def counted(trace):
    """By seed and update the largest relative step of any weight, from each layer's flows."""
    largest = np.zeros(trace.llh[:, :-1].shape)
    for layer, weights in enumerate(trace.layer_weights):
        for i in range(weights.shape[2]):
            flow = trace.flow[:, :-1, trace.sums.phi[layer] == i].sum(axis=2)
            step = trace.experiment.learning_rate * flow
            if trace.experiment.parametrisation == "linear":
                step = step / weights[:, :-1, i] ** 2
            largest = np.maximum(largest, np.abs(step))
    return (largest > 0.1).mean(axis=0) >= 0.5


@pytest.mark.parametrize("parametrisation", ["linear", "log"])
@pytest.mark.parametrize("rate", [1e-3, 0.01, 1.0])
def test_stripes_stand_where_half_of_the_seeds_pass_a_tenth_and_say_how_many(parametrisation, rate):
    traces = [
        fit(SMALL.replace(depth=depth, parametrisation=parametrisation, learning_rate=rate)) for depth in (1, 2, 3)
    ]
    stripes = {trace.name[:5]: trace for trace in rate_figure(traces).data if "relative step" in (trace.name or "")}
    for trace in traces:
        depth, expected = trace.experiment.depth, counted(trace)
        if (depth, parametrisation) == (1, "linear"):  # one weight a component: the step is first order
            expected[:] = False
        assert (f"L = {depth}" in stripes) == expected.any()
        if expected.any():
            assert f"{expected.sum()} of 30 steps" in stripes[f"L = {depth}"].name
            assert list(stripes[f"L = {depth}"].x[::3]) == np.flatnonzero(expected).tolist()


def test_nothing_is_said_of_learners_with_other_steps():
    _, passed = beyond(fit(SMALL.replace(optimiser="adam", learning_rate=1.0)))
    assert_close(passed.sum(), 0)

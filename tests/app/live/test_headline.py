"""The headline says what the runs show, with numbers that come from them."""

import dataclasses
import re

import numpy as np
import pytest

from app.live.headline import headline
from spncore import Dataset, Experiment, Recorder, Trace, fit, load, problem_of

TWIN = Experiment(dataset="nltcs-twin", num_seeds=3, iterations=20, num_components=2)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load("nltcs-twin")


def trace_of(llh: list[list[float]], depth: int, dataset: str = "nltcs-twin", stopped: str | None = None) -> Trace:
    """A trace with these LLH (S, T) and nothing else of interest."""
    values = np.array(llh)
    experiment = TWIN.replace(depth=depth, num_seeds=values.shape[0], iterations=20, dataset=dataset)
    blank = Recorder(experiment, problem_of(experiment)).trace()
    return dataclasses.replace(blank, llh=values, stopped=stopped)


FAST = [[-11, -9, -7.3, -7.1, -7.0], [-11, -9, -7.1, -7.1, -7.0], [-11, -9, -7.3, -7.1, -7.0]]
SLOW = [[-11, -10, -9, -7.3, -7.1], [-11, -10, -7.0, -7.3, -7.1], [-11, -10, -9, -7.3, -7.1]]


def test_it_says_who_reached_the_published_target_when_and_in_how_many_seeds(data: Dataset) -> None:
    result = headline([trace_of(SLOW, 1), trace_of(FAST, 3)], data)
    assert result == "L=3 reached −7.2 after 4 iterations, L=1 after 5; ahead in 2 of 3 seeds."


def test_the_order_of_the_traces_does_not_matter(data: Dataset) -> None:
    traces = [trace_of(SLOW, 1), trace_of(FAST, 3)]
    assert headline(traces, data) == headline(traces[::-1], data)


def test_a_leading_shallow_network_is_compared_with_the_deepest(data: Dataset) -> None:
    result = headline([trace_of(FAST, 1), trace_of(SLOW, 2), trace_of(SLOW, 4)], data)
    assert result.startswith("L=1 reached −7.2 after 4 iterations, L=4 after 5;")


def test_during_the_run_it_does_not_speak_of_the_end(data: Dataset) -> None:
    early = [trace_of([row[:4] for row in values], depth) for values, depth in ((SLOW, 1), (FAST, 3))]
    assert "L=1 not yet;" in headline(early, data, ended=False)
    assert "L=1 not within 4 iterations;" in headline(early, data, ended=True)


def test_before_anyone_reached_the_target_it_says_who_leads(data: Dataset) -> None:
    early = [trace_of([row[:2] for row in values], depth) for values, depth in ((SLOW, 1), (FAST, 3))]
    text = "After 2 iterations of 20, L=3 leads with −9.000, L=1 is at −10.000; ahead in 3 of 3 seeds."
    assert headline(early, data, ended=False) == text


def test_where_the_published_target_means_nothing_it_is_nine_tenths_of_the_gain(data: Dataset) -> None:
    slow, fast = [[-4.0, -3.8, -3.5, -3.1, -3.0]], [[-4.0, -3.4, -3.05, -3.0, -3.0]]
    result = headline([trace_of(slow, 1, "two-clusters"), trace_of(fast, 2, "two-clusters")], data)
    assert result == "L=2 reached −3.1 after 3 iterations, L=1 after 4; ahead in 1 of 1 seed."


def test_a_published_target_that_nobody_reached_is_replaced(data: Dataset) -> None:
    slow, fast = [[-11.0, -10.0, -9.0]], [[-11.0, -9.0, -8.9]]
    result = headline([trace_of(slow, 1), trace_of(fast, 2)], data)
    assert result == "L=2 reached −9.1 after 2 iterations, L=1 after 3; ahead in 1 of 1 seed."


def test_one_depth_alone_is_not_compared(data: Dataset) -> None:
    assert headline([trace_of(FAST, 3)], data) == "L=3 reached −7.2 after 4 iterations."
    early = trace_of([row[:2] for row in FAST], 3)
    assert headline([early], data, ended=False) == "After 2 iterations of 20, L=3 is at −9.000."


def test_curves_that_cannot_be_told_apart_coincide(data: Dataset) -> None:
    same = [trace_of(SLOW, depth) for depth in (1, 2, 3)]
    text = "L=1, L=2 and L=3 coincide: all ended at −7.100 after 5 iterations."
    assert headline(same, data) == text


def test_exact_symmetry_ends_at_the_level_of_independent_variables(data: Dataset) -> None:
    symmetric = Experiment(dataset="nltcs-twin", init_noise=0.0, num_components=4, iterations=600)
    result = headline([fit(symmetric.replace(depth=depth), data) for depth in (1, 2)], data)
    assert "coincide" in result and "the level of independent variables" in result


def test_equal_arrival_is_no_lead(data: Dataset) -> None:
    other = [[-11, -8.0, -7.3, -7.1, -7.05]] * 3
    result = headline([trace_of(other, 1), trace_of([FAST[0]] * 3, 2)], data)
    assert "as early" in result and "ahead in 0 of 3 seeds" in result


def test_a_depth_that_diverged_is_named_and_the_others_are_still_described(data: Dataset) -> None:
    broken = trace_of([[-11.0, -10.0]], 2, stopped="diverged: iteration 2: a weight is no longer a finite number")
    text = headline([trace_of(SLOW[:1], 1), broken, trace_of(FAST[:1], 3)], data)
    assert text.startswith("L=3 reached −7.2") and text.endswith("; L=2 diverged after 2 iterations.")
    assert headline([broken], data) == "L=2 diverged after 2 iterations."


def test_without_a_step_it_says_that_training_starts(data: Dataset) -> None:
    assert headline([], data, ended=False) == "Training starts."
    assert headline([], data) == "Nothing trained yet."


def test_every_number_of_a_real_run_is_found_in_its_traces(data: Dataset) -> None:
    experiment = Experiment(dataset="nltcs-twin", num_seeds=2, iterations=450, num_components=4)
    traces = [fit(experiment.replace(depth=depth), data) for depth in (1, 3)]
    said = headline(traces, data)
    target = float(re.search(r"reached −([0-9.]+) after", said)[1])
    for trace in traces:
        passed = np.flatnonzero(np.median(trace.llh, axis=0) >= -target)
        assert (f"after {passed[0] + 1}" if passed.size else "not within 450 iterations") in said

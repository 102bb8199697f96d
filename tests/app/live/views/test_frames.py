"""What a frame says of first order and of the spread of the weight, against a recount from the traces."""

import itertools

import numpy as np
import pytest

from app.live.views import frames
from spncore import Experiment, Recorder, fit
from spncore.runs.study import Study
from tests.closeness import assert_close
from tests.waiting import until

SMALL = Experiment(dataset="two-clusters", num_components=4, iterations=12, num_seeds=2, init_noise=0.1)
STEADY = SMALL.replace(init_scale=1.0, learning_rate=0.02)


@pytest.fixture(scope="module")
def run_of(registry, data):
    def started(experiment, depths=(1, 3), rivals=()):
        run = registry.get(registry.start(Study(experiment, depths, rivals), data, object()))
        until(lambda: run.computation.ended)
        return run

    return started


def read(run, seed=1):
    """The frames as the browser reads them, and where each field of each curve begins."""
    return frames.frames(run, 0, seed)[1], [curve["offsets"] for curve in frames.layout(run)["curves"]]


def passed(trace, seed, t):
    """Whether the step from t moves a weight by more than a tenth, weight by weight as the paper's Eq. 8 has it."""
    experiment = trace.experiment
    for layer, k in np.ndindex(trace.sums.phi.shape):
        i = trace.sums.phi[layer, k]
        flow = sum(trace.flow[seed, t, j] for j in range(trace.sums.num_components) if trace.sums.phi[layer, j] == i)
        weight = trace.layer_weights[layer][seed, t, i]
        size = experiment.learning_rate * flow / (weight**2 if experiment.parametrisation == "linear" else 1.0)
        if not abs(size) <= 0.1:
            return True
    return False


@pytest.mark.parametrize("parametrisation", ["linear", "log"])
@pytest.mark.parametrize("experiment", [SMALL, STEADY], ids=["small start", "steady"])
def test_steps_beyond_first_order_are_counted_one_by_one(run_of, data, experiment, parametrisation):
    experiment = experiment.replace(parametrisation=parametrisation)
    run = run_of(experiment)
    body, offsets = read(run, 1)
    for place, depth in enumerate((1, 3)):
        trace = fit(experiment.replace(depth=depth), data)
        expected = [0, *(int(passed(trace, 1, t)) for t in range(12))]
        assert body[:, offsets[place]["beyond"]].tolist() == expected
    if experiment.init_scale == 1e-4 and parametrisation == "linear":
        assert sum(expected) > 0


def test_with_a_stride_every_step_between_frames_is_counted_once(run_of, data, monkeypatch):
    monkeypatch.setattr(frames, "MAX_FRAMES", 3)
    whole = run_of(SMALL.replace(iterations=11))
    trace = fit(SMALL.replace(depth=3, iterations=11), data)
    count = sum(passed(trace, 1, t) for t in range(11))
    body, offsets = read(whole)
    column = body[:, offsets[1]["beyond"]]
    assert len(column) < 11 and column.sum() == count and column[0] == 0
    for start in range(1, len(column)):
        part = frames.frames(whole, start, 1)[1][:, offsets[1]["beyond"]]
        assert part.tolist() == column[start:].tolist(), "a frame does not depend on where an answer begins"


def test_the_number_of_components_is_the_traces_and_rates_are_of_gradient_ascent_only(run_of, data):
    run = run_of(SMALL, (2,), ("em",))
    body, offsets = read(run)
    for place, experiment in enumerate(run.study.experiments()):
        trace, first = fit(experiment, data), offsets[place]["components"]
        assert_close(body[:, first : first + 2], trace.components.T, rtol=1e-6)
    assert np.isnan(body[:, offsets[1]["beyond"]]).all() and not np.isnan(body[:, offsets[0]["beyond"]]).any()


SINCE = list(itertools.product([None, 0, 7, 40], repeat=2)) + [(None,), (3,), (9, 9, 9)]


@pytest.mark.parametrize("since", SINCE)
def test_the_sentence_of_one_component_counts_its_seeds_and_names_first_and_last(since):
    said = frames.alone_words("L=8", list(since))
    found = [at for at in since if at is not None]
    if not found:
        assert said == ""
        return
    assert said.startswith("L=8: one component holds all of Z") and said.endswith(" on.")
    assert (f"in {len(found)} of {len(since)} seeds" in said) == (len(since) > 1)
    assert f"update {min(found)}" in said and (f"{max(found)} (the last)" in said) == (min(found) != max(found))


def test_only_curves_that_end_on_one_component_are_told_and_never_where_there_is_but_one(run_of):
    collapsed = SMALL.replace(num_components=8, learning_rate=1.0, iterations=60)
    run = run_of(collapsed, (1, 8))
    alone = {
        name: [row for row in recorder.components(slice(recorder.length)) if row[-1] <= 1.01]
        for name, recorder in zip(run.study.names(), run.recorders, strict=True)
    }
    assert [said.split(":")[0] for said in frames.alone(run)] == [name for name, rows in alone.items() if rows]
    assert frames.alone(run_of(SMALL.replace(num_components=1), (1,))) == []


def test_what_is_told_of_one_component_is_worked_out_once_for_all_answers(run_of, monkeypatch):
    run, asked = run_of(SMALL.replace(num_components=3, seed=9), (1, 2)), []
    of_all = Recorder.components

    def counted(recorder, at):
        asked.append(isinstance(at, slice))
        return of_all(recorder, at)

    monkeypatch.setattr(Recorder, "components", counted)
    told = [frames.frames(run, 0, 0)[0]["alone"] for _ in range(3)]
    assert told[0] == told[1] == told[2] and asked.count(True) == len(run.recorders)


def test_of_weights_that_start_at_the_floor_only_the_growth_of_their_number_is_told(run_of):
    run = run_of(SMALL.replace(init_scale=1e-4, floor=1e-4, learning_rate=1.0, iterations=40), (1, 3))
    for place, name in enumerate(run.study.names()):
        grown = 1 + np.flatnonzero((np.diff(run.recorders[place].at_floor, axis=1) > 0).any(axis=0))[:1]
        said = f"{name}: the number of weights at the floor 0.0001 first grew in update "
        told = [sentence for _, sentence in run.events() if sentence.startswith(f"{name}:")]
        assert told == [f"{said}{update}." for update in grown]

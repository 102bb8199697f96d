"""A class trains in parts what one computer could train alone: seat k is, bit for bit, seed k of the study."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from spncore import Experiment, fit, load
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.studies.classroom.seats import packed, points_of, seat_study, shared, unpacked
from spncore.studies.history import retrained
from spncore.studies.target import Fixed

SMALL = Experiment(dataset="two-clusters", num_components=3, iterations=50, seed=4, init_noise=1e-2)
RIVALS = ("momentum", "em")


@pytest.fixture(scope="module")
def data():
    return load("two-clusters")


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"weight_init": "random"},
        {"component_init": "random"},
        {"component_init": "fitted", "train_components": False},
        {"batch_size": 16},
        {"parametrisation": "log"},
        {"optimiser": "adam"},
        {"changes": ("20:rate:0.05",)},
    ],
    ids=str,
)
def test_seat_k_is_seed_k_of_the_study_of_as_many_seeds_bit_for_bit(changed, data):
    seats = 5
    rivals = RIVALS if not changed else ()
    study = shared(Study(SMALL.replace(**changed), (1, 3), rivals), seats)
    whole = replace(study, experiment=study.experiment.replace(num_seeds=seats))
    together = [trace.llh for trace in retrained(whole, data)]
    for seat in range(1, seats + 1):
        alone = [trace.llh for trace in retrained(seat_study(study, seat), data)]
        for curve, llh in enumerate(together):
            assert alone[curve][0].tobytes() == llh[seat - 1].tobytes(), (curve, seat)


def test_seats_have_seeds_of_their_own_whatever_number_the_study_had():
    study = shared(Study(SMALL.replace(num_seeds=6), (1, 2)), 250)
    seeds = [seat_study(study, seat).experiment.seeds for seat in (1, 2, 250)]
    assert seeds == [range(4, 5), range(5, 6), range(253, 254)]
    assert study == shared(Study(SMALL, (1, 2)), 250)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dataset": f"sha256:{'0' * 64}"}, "dataset: a room takes data that every phone can open"),
        ({"structure": "chow_liu"}, "structure: another seed would draw another circuit"),
        ({"objective": "semi_supervised"}, "objective: a room compares the LLH"),
        ({"seed": LIMITS.seed - 10}, "seed: with 250 seats it passes the largest"),
    ],
)
def test_a_study_whose_seats_would_differ_in_more_than_their_seeds_is_refused(changed, said):
    with pytest.raises(ExperimentError, match=said):
        shared(Study(SMALL.replace(**changed), (1, 2)), 250)


def test_a_result_keeps_exact_numbers_at_few_updates_and_says_when_a_level_was_reached(data):
    study = shared(Study(SMALL.replace(iterations=300), (1, 2)), 9)
    mine = seat_study(study, 3)
    traces = [fit(experiment, data) for experiment in mine.experiments()]
    level = float(traces[0].llh[0, 120])
    payload = packed(study, 2, 3, traces, Fixed("tree", (level,)))
    found = unpacked(json.loads(json.dumps(payload)), 17)
    assert (payload["study"], found.seat, found.seq, found.target) == (2, 3, 17, Fixed("tree", (level,)).title)
    at = points_of(study)
    assert at[0] == 0 and at[-1] == 300 and len(at) <= 32
    for curve, trace in zip(found.curves, traces, strict=True):
        assert curve.line == tuple(trace.llh[0, at].tolist()) and curve.end == trace.llh[0, -1]
        assert curve.reached == int(np.argmax(trace.llh[0] >= level))
    assert unpacked(packed(study, 2, 3, traces, None), 1).curves[0].reached is None


def test_a_run_that_went_beyond_all_numbers_ends_below_every_number(data):
    study = shared(Study(SMALL, (1,)), 9)
    trace = fit(study.experiment, data)
    cut = replace(trace, stopped="diverged: beyond all numbers", llh=trace.llh[:, :11])
    [curve] = unpacked(json.loads(json.dumps(packed(study, 1, 1, [cut], None))), 1).curves
    at = points_of(study)
    assert curve.end == -math.inf
    assert curve.line == tuple(float(trace.llh[0, t]) if t <= 10 else -math.inf for t in at)

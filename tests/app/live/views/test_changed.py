"""Views of a run that is changed on the way: what describes a step knows its rate, and no step led to a set weight."""

import numpy as np
import pytest

from spncore import fit
from spncore.runs.study import Study
from tests.app.live.views.test_derived import DEPTHS, STEADY, ask, series
from tests.closeness import assert_close
from tests.waiting import until

CHANGED = STEADY.replace(changes=("12:L3.w1.2:0.4", "20:rate:0.0005"))
HERE = {"depth": 3, "seed": 1, "k": 1}  # the second component, whose path has the weight that is set


@pytest.fixture(scope="module")
def run_id(registry, data):
    name = registry.start(Study(CHANGED, DEPTHS), data, object())
    until(lambda: registry.get(name).computation.ended)
    return name


@pytest.fixture(scope="module")
def trace(data):
    return fit(CHANGED.replace(depth=3), data)


def test_what_is_recorded_is_what_the_engine_makes(registry, run_id, trace):
    recorded = registry.get(run_id).traces()[1]
    assert np.array_equal(recorded.llh, trace.llh) and np.array_equal(recorded.weights, trace.weights)


def test_its_events_say_what_was_changed_and_when(registry, run_id):
    assert registry.get(run_id).events()[:2] == [
        (12, "Changed on the way: weight 2 of layer 1 of L = 3 set to 0.4 after 12 updates."),
        (20, "Changed on the way: η = 0.0005 after 20 updates."),
    ]


def test_a_step_into_a_set_weight_is_not_known_and_all_others_add_up(client, run_id, trace):
    _, columns = series(client, run_id, "step", **HERE)
    known = np.isfinite(columns["next"])
    assert np.flatnonzero(~known).tolist() == [11, 29]
    parts = sum(columns[name] for name in ("w", "own", "pull", "second", "higher", "floor"))
    assert_close(parts[known], columns["next"][known], rtol=1e-6)
    assert_close(columns["rho"], trace.rho[1, :, 1], rtol=1e-6)
    assert_close(columns["rho"][21] / columns["rho"][19], 0.5, rtol=0.05)


def test_the_law_of_the_norms_holds_step_by_step_and_starts_anew_where_a_weight_is_set(client, run_id):
    header, columns = series(client, run_id, "norms", **HERE)
    assert header["exact"] == [0, 1, 2]
    for layer in range(3):
        assert columns[f"off_{layer}"].max() < 1e-6
        assert_close(columns[f"law_{layer}"], columns[f"norm_{layer}"], rtol=1e-5)


def test_memory_and_balance_begin_anew_where_a_weight_is_set(client, run_id):
    _, columns = series(client, run_id, "memory", **HERE)
    assert columns["sum"][[0, 12]].tolist() == [0, 0] and columns["sum"][11] != 0
    assert_close(columns["start"][12], columns["w"][12], rtol=1e-6)
    _, balance = series(client, run_id, "balance", **HERE)
    drift = np.stack(list(balance.values()))
    assert not drift[:, [0, 12]].any() and drift[:, 11].any()
    _, row = ask(client, run_id, "row", t=15, **HERE)
    assert not row[:12].any() and row[12:].all()


def test_a_run_with_a_set_weight_is_not_replayed_and_says_so(client, run_id):
    header, body = ask(client, run_id, "replay", **HERE)
    assert header["replay"] == "by_hand" and not body.size

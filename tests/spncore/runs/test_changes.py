"""Changes on the way: another learning rate, or a weight set by hand, made again bit for bit."""

import json

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, fit, run
from spncore.circuits.overparam import effective_weights
from spncore.dynamics import steps
from spncore.learning.optimisers import OPTIMISERS
from spncore.runs.changes import Change, read
from spncore.runs.training import fit_all
from spncore.sweep.cells import Cell, SweepError
from tests.closeness import assert_close

PLAIN = Experiment(dataset="two-clusters", num_components=4, iterations=60, num_seeds=2, init_noise=1e-3)
RATE, WEIGHT = "25:rate:0.05", "40:L3.w1.4:0.2"
CHANGED = PLAIN.replace(changes=(RATE, WEIGHT))
PLACE = 2 + 3  # the fourth weight of layer 1, after the two of layer 0
ARRAYS = "llh flow weights log_masses log_partition at_floor".split()


def assert_same_bits(one, other):
    for name in ARRAYS:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_a_change_is_written_one_way_and_reads_back():
    assert read("120:rate:5e-2") == Change(120, 0.05) and str(read("120:rate:5e-2")) == "120:rate:0.05"
    assert read(WEIGHT) == Change(40, 0.2, 3, 1, 3) and str(read(WEIGHT)) == WEIGHT
    assert PLAIN.replace(changes=("040:L3.w1.4:2e-1", "25:rate:.05")).changes == (RATE, WEIGHT)
    field = Experiment.fields["changes"]
    assert field.parse(field.text(CHANGED.changes)) == CHANGED.changes and field.parse("") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("soon",), "changes: 'soon' is not understood; allowed: 120:rate:0.05"),
        (("5:rate:nan",), "is not understood"),
        (("5:rate:20",), "is not understood"),
        (("5:L3.w1.0:0.2",), "is not understood"),
        (("5:rate:0.1", "5:rate:0.2"), "one thing is changed twice after as many updates"),
        (tuple(f"{at}:rate:0.1" for at in range(6)), "6 changes are too many; the limit is 5"),
        (("5:L3.w1.5:0.2",), "there is no such weight in a tree of K = 4"),
        (("5:L2.w2.1:0.2",), "there is no such weight"),
    ],
)
def test_what_is_no_change_is_refused_in_a_sentence(changes, words):
    with pytest.raises(ExperimentError, match="changes: ") as refusal:
        PLAIN.replace(changes=changes)
    assert words in str(refusal.value).replace('"', "'")


def test_learners_that_cannot_be_changed_say_so():
    with pytest.raises(ExperimentError, match="em has no learning rate to change"):
        PLAIN.replace(optimiser="em", changes=(RATE,))
    with pytest.raises(ExperimentError, match="online_em takes rates up to 1"):
        PLAIN.replace(optimiser="online_em", changes=("5:rate:2.0",))
    with pytest.raises(ExperimentError, match="weights that sum to 1"):
        PLAIN.replace(optimiser="projected_gradient", changes=(WEIGHT,))
    with pytest.raises(ExperimentError, match="no such weight"):
        PLAIN.replace(structure="rat", changes=(WEIGHT,))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_after_another_rate_a_run_is_what_that_rate_makes_of_the_state_it_had(optimiser):
    plain, changed = (PLAIN.replace(optimiser=optimiser, changes=changes) for changes in ((), (RATE,)))
    found = fit(changed)
    before = [state for state, _ in run(plain)][25]
    after = [info for _, info in run(plain.replace(learning_rate=0.05), state=before)]
    assert np.array_equal(found.llh[:, :26], fit(plain).llh[:, :26])
    assert np.array_equal(found.llh[:, 25:], np.stack([info.llh for info in after], axis=1))
    assert not np.array_equal(found.llh[:, 27], fit(plain).llh[:, 27])


@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_a_weight_that_is_set_is_that_weight_alone_and_training_goes_on_from_there(parametrisation):
    plain = PLAIN.replace(parametrisation=parametrisation, depth=3)
    found, unchanged = fit(plain.replace(changes=(WEIGHT,))), fit(plain)
    assert np.array_equal(found.llh[:, :40], unchanged.llh[:, :40])
    expected = unchanged.weights[:, 40].copy()
    expected[:, PLACE] = 0.2
    assert_close(found.weights[:, 40], expected)
    others = np.arange(expected.shape[1]) != PLACE
    assert np.array_equal(found.weights[:, 40, others], unchanged.weights[:, 40, others])
    state = [state for state, _ in run(plain)][40]
    parameters = state.parameters.copy()
    parameters[:, PLACE] = 0.2 if parametrisation == "linear" else np.log(0.2)
    after = [info.llh for _, info in run(plain, state=state._replace(parameters=parameters))]
    assert np.array_equal(found.llh[:, 40:], np.stack(after, axis=1))


def test_steps_blocks_company_and_a_start_in_between_give_the_same_bits():
    found = fit(CHANGED)
    states, seen = zip(*run(CHANGED), strict=True)
    assert np.array_equal(found.llh, np.stack([info.llh for info in seen], axis=1))
    beside = [CHANGED.replace(depth=depth) for depth in (1, 2)]
    for alone, together in zip([found, *map(fit, beside)], fit_all([CHANGED, *beside]), strict=True):
        assert_same_bits(alone, together)
    for begin in (10, 25, 33, 40, 59, 60):
        rest = fit(CHANGED, state=states[begin])
        assert np.array_equal(rest.llh, found.llh[:, begin:]), begin
        assert np.array_equal(rest.rho, found.rho[:, begin:]), begin


def test_what_belongs_to_another_depth_or_comes_after_the_last_update_changes_nothing():
    idle = PLAIN.replace(depth=2, changes=(WEIGHT, "60:rate:1.0", "70:rate:0.5"))
    found, plain = fit(idle), fit(PLAIN.replace(depth=2))
    assert_same_bits(found, plain)
    assert np.array_equal(found.rho, plain.rho), "nor the rate of a step that is not made"
    assert not idle.acting and len(idle.on_the_way) == 3


def test_rates_are_those_of_the_update_that_they_describe():
    """To all orders w(t+1) = w(t) ∏(1 + s), with η before the change up to it and η after it from there on."""
    steady = PLAIN.replace(init_scale=0.5, floor=1e-12, changes=("25:rate:0.001",), learning_rate=1e-4)
    trace = fit(steady)
    factors = steps.exact_factors(trace.weights, trace.flow, trace.sums, *trace.rates)
    weights = effective_weights(trace.weights, trace.sums)
    assert_close(weights[:, 1:], (weights * factors)[:, :-1])
    above = trace.weights[..., trace.sums.paths[:-1]]
    eta = np.where(np.arange(61) < 25, 1e-4, 1e-3)[:, None]
    assert_close(trace.rho, eta * np.prod(above**2, axis=-2))


def test_a_record_without_changes_is_written_as_before_and_one_with_changes_in_a_schema_of_its_own():
    assert PLAIN.to_dict()["schema"] == 3 and "changes" not in PLAIN.to_dict()
    written = json.loads(CHANGED.to_json())
    assert written["schema"] == 4 and written["changes"] == [RATE, WEIGHT]
    assert Experiment.from_dict(written) == CHANGED and Experiment.from_json(PLAIN.to_json()) == PLAIN
    with pytest.raises(ExperimentError, match=r"\$.changes: missing"):
        Experiment.from_dict({name: value for name, value in written.items() if name != "changes"})


def test_rivals_go_on_with_the_depths_rate_from_weights_that_nobody_set():
    assert CHANGED.rival("adam").changes == (RATE,) and CHANGED.rival("em").changes == ()


def test_a_sweep_refuses_cells_that_change_on_the_way():
    with pytest.raises(SweepError, match="changes: 25:rate:0.05 is refused"):
        Cell(CHANGED)

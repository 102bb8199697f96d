import numpy as np
import pytest

from spncore import Experiment, fit, run, trainer_of
from spncore.circuits.overparam import TOPOLOGIES
from spncore.inference.symmetry import merge_equal

START = Experiment(dataset="nltcs-twin", init_noise=0.0, iterations=30)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("num_components", [1, 2, 3, 5, 7, 8, 13, 64])
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_equal_components_stay_bitwise_equal_and_no_sum_weight_moves(topology, num_components, parametrisation):
    experiment = START.replace(topology=topology, num_components=num_components, parametrisation=parametrisation)
    for _, info in run(experiment):
        assert (info.inputs[0] == info.inputs[0][:, :, :1]).all()
        assert (info.flow == 0).all()
    assert np.array_equal(fit(experiment).weights[:, 0], fit(experiment).weights[:, -1])
    assert info.llh[0] > -16 * np.log(2)  # the leaves did learn


def test_in_exact_symmetry_all_depths_and_topologies_give_one_and_the_same_curve():
    curves = [fit(START.replace(depth=d, topology=t)).llh for d in (1, 2, 3, 8) for t in TOPOLOGIES]
    assert all(np.abs(curve - curves[0]).max() < 1e-12 for curve in curves[1:])


def test_pairs_of_equal_components_stay_pairs():
    """Symmetry that is only partial: two kinds of components, four of each, one kind per branch of the root."""
    trainer = trainer_of(START.replace(depth=3, iterations=200))
    state = trainer.init()
    parameters = state.parameters.copy()
    leaf = parameters[:, trainer.problem.sums.num_weights :].reshape(trainer.problem.split(parameters)[1][0].shape)
    leaf[:, :, 4:] *= 1.0 + 1e-3 * np.random.default_rng(0).standard_normal((1, 2, 1, 16))
    largest = 0.0
    for _, info in run(START.replace(depth=3, iterations=200), state=state._replace(parameters=parameters)):
        largest = max(largest, float(np.abs(info.flow).max()))
        for half in (slice(0, 4), slice(4, 8)):
            assert (info.inputs[0][:, :, half] == info.inputs[0][:, :, half][:, :, :1]).all()
            assert (info.flow[:, half] == info.flow[:, half][:, :1]).all()
    assert largest > 1e-6


def test_noise_breaks_the_symmetry():
    trace = fit(START.replace(init_noise=1e-12))
    assert (trace.flow[0, -1] != 0).all()


def test_merging_finds_the_classes_of_equal_rows():
    rows = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 5.0], [1.0, 2.0, 5.0]])
    merged = merge_equal(rows)
    assert merged is not None
    assert merged.of.tolist() == [0, 1, 0] and merged.first.tolist() == [0, 1] and merged.size.tolist() == [2, 1]
    assert merge_equal(rows[:2]) is None

import numpy as np
import pytest

from spncore import Experiment, trainer_of
from spncore.circuits.circuit import mixture
from spncore.circuits.model import random_model
from spncore.data.dataset import from_array
from spncore.inference.log_domain import safe_log
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import DATA_FLOW, OBJECTIVES, Labels, data_and_partition
from spncore.structures import rat
from tests.closeness import assert_close


@pytest.mark.parametrize("kind", ["pairs", "elementwise"])
def test_flows_in_single_precision_agree_to_five_digits(kind):
    """Per data row; float32 holds 7 digits, and a sum over 300 rows loses one of them."""
    rng = np.random.default_rng(0)
    asked = random_model(rat(12, 2, 2, 3, kind, rng), rng)
    bag = data_and_partition(from_array(rng.integers(0, 2, (300, 12))))
    edges = np.concatenate([weights.ravel() for weights in asked.parameters.sums])[None]
    inputs = [array[None] for array in asked.parameters.inputs]
    double, single = (
        Evaluator(asked.circuit, bag, DATA_FLOW, dtype)(edges, inputs) for dtype in (np.float64, np.float32)
    )
    assert_close(single.llh, double.llh, rtol=1e-6)
    assert_close(single.flow, double.flow, rtol=1e-5, atol=1e-7)
    assert not np.array_equal(single.flow, double.flow)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_exponentiated_without_a_shift_stays_far_from_the_ends_of_its_precision(dtype):
    numbers = np.finfo(dtype)
    both = np.exp(np.array([-1, 1], dtype) * dtype(safe_log(dtype)))
    assert numbers.tiny * 1e6 < both[0] and both[1] < numbers.max / 1e6


@pytest.mark.parametrize("leaf", ["half", "random", "at the floor"])
@pytest.mark.parametrize("num_variables", [16, 100, 256])
def test_a_mixture_over_many_columns_is_finite_and_alike_in_single_precision(num_variables, leaf):
    rng = np.random.default_rng(0)
    data = from_array(rng.integers(0, 2, (200, num_variables)))
    theta = {
        "half": np.full((2, 8, num_variables), 0.5),
        "random": rng.uniform(0.1, 0.9, (2, 8, num_variables)),
        "at the floor": np.where(rng.random((2, 8, num_variables)) < 0.5, 1e-4, 0.5),
    }[leaf]
    weights, bag = rng.uniform(0.5, 1.5, (1, 8)) * 1e-4, data_and_partition(data)
    double, single = (
        Evaluator(mixture(8, num_variables), bag, OBJECTIVES["generative"], dtype)(weights, [theta[None]])
        for dtype in (np.float64, np.float32)
    )
    assert_close(single.llh, double.llh, rtol=1e-6)  # float32 holds 7 digits
    assert_close(single.flow, double.flow, rtol=0, atol=1e-3)  # of a posterior, whose logs are near a thousand
    assert all(np.isfinite(array).all() for array in single.moments[0])


def test_a_run_over_a_hundred_columns_goes_on_in_single_precision():
    rng = np.random.default_rng(0)
    data = from_array((rng.random((300, 100)) < rng.uniform(0.05, 0.5, 100)).astype(int))
    trainer = trainer_of(
        Experiment(dataset=f"sha256:{data.sha256}", num_components=4, learning_rate=1e-3, init_noise=0.01), data
    )
    states = {np.float64: trainer.init(), np.float32: trainer.init()}
    for _ in range(20):
        seen = {}
        for dtype, state in states.items():
            trainer.evaluator = Evaluator(trainer.problem.circuit, trainer.problem.bag, OBJECTIVES["generative"], dtype)
            states[dtype], seen[dtype] = trainer.step(state)
    assert_close(seen[np.float32].llh, seen[np.float64].llh, rtol=1e-3)  # 20 steps apart, of which each amplifies


@pytest.mark.parametrize("objective", ["generative", "hybrid", "semi_supervised"])
@pytest.mark.parametrize("kind", ["pairs", "mixture"])
def test_large_evidence_formed_block_by_block_is_worth_what_small_evidence_is(objective, kind, monkeypatch):
    rng, chosen = np.random.default_rng(0), OBJECTIVES[objective]
    asked = random_model(mixture(3, 12) if kind == "mixture" else rat(12, 2, 2, 3, kind, rng), rng)
    bag = chosen.bag(from_array(rng.integers(0, 2, (600, 12))), Labels(5, mix=0.3, labelled=0.6))
    edges = np.concatenate([weights.ravel() for weights in asked.parameters.sums])[None]
    inputs = [array[None] for array in asked.parameters.inputs]
    monkeypatch.setattr("spncore.inference.mixture._tables", lambda rows: None)
    whole = Evaluator(asked.circuit, bag, chosen)(edges, inputs)
    for module in ("spncore.learning.evaluator", "spncore.inference.dense"):
        monkeypatch.setattr(f"{module}.KEPT_BYTES", 0)
    monkeypatch.setattr("spncore.inference.dense.SMALLEST_BLOCK", 100)
    monkeypatch.setattr("spncore.inference.dense.BLOCK_BYTES", 0)
    monkeypatch.setattr("spncore.learning.evaluator.EXPANDED_BYTES", 0)  # so of the fewest rows there may be
    found = Evaluator(asked.circuit, bag, chosen)(edges, inputs)
    for name in ("llh", "value", "log_partition", "flow"):
        assert_close(getattr(found, name), getattr(whole, name))
    assert np.array_equal(found.accuracy, whole.accuracy, equal_nan=True)
    for one, other in zip(found.moments, whole.moments, strict=True):
        for array, expected in zip(one, other, strict=True):
            assert_close(array, expected)
    assert not np.array_equal(found.flow, whole.flow)  # other sums, so other last bits: it did go block by block

import numpy as np
import pytest

from spncore.circuits.model import random_model
from spncore.data.dataset import from_array
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import DATA_FLOW, data_and_partition
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

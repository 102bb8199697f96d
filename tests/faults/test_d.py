"""Numbers: the largest sizes, and one seed in several processes."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spncore.circuits.circuit import mixture
from spncore.circuits.model import Model, Parameters, random_model
from spncore.inference.values import log_values
from spncore.limits import LIMITS
from tests import children, oracles
from tests.closeness import assert_close
from tests.places import ROOT


@pytest.mark.slow
def test_D03_nothing_underflows_at_the_largest_table() -> None:
    """256 columns of small weights: the value of every row is below any number, its logarithm is that of fractions."""
    rng = np.random.default_rng(0)
    model = random_model(mixture(3, LIMITS.columns), rng)
    model.parameters.inputs[0][...] = rng.uniform(1e-4, 1e-3, model.parameters.inputs[0].shape)
    rows = rng.integers(0, 2, (LIMITS.rows, LIMITS.columns), np.int8)
    found = log_values(model, rows)
    assert np.isfinite(found).all() and found.max() < np.log(np.finfo(float).smallest_subnormal)
    exactly = np.vectorize(Fraction, otypes=[object])
    exact = Model(model.circuit, Parameters(*(tuple(map(exactly, arrays)) for arrays in model.parameters)))
    for row in (0, LIMITS.rows // 2, LIMITS.rows - 1):
        assert_close(found[row], log_of(oracles.model_value(exact, rows[row])), rtol=1e-12)


def log_of(value: Fraction) -> float:
    """ln of a fraction that no float holds."""
    shift = value.denominator.bit_length() - value.numerator.bit_length()
    return float(np.log(float(value * 2**shift)) - shift * np.log(2.0))


FIT = ["fit", "dataset=two-clusters", "depth=2", "num_components=3", "num_seeds=2", "iterations=60", "seed=5"]


@pytest.mark.slow
def test_D04_one_seed_gives_the_same_bits_in_every_process(tmp_path: Path) -> None:
    """Neither hashes nor the environment's number of BLAS threads decide anything."""
    written = []
    for number, threads in enumerate(("1", "2")):
        variables = {"PYTHONHASHSEED": str(number), "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        command = [sys.executable, "-m", "spncore", *FIT, "--out", str(tmp_path / threads)]
        subprocess.run(command, cwd=ROOT, env=children.environment(**variables), check=True, capture_output=True)
        written.append((tmp_path / threads / "curves.csv").read_bytes())
    assert written[0] == written[1] and len(written[0]) > 10_000

"""What made a result is said in one place: versions, and what else decides the last bits."""

import json
import subprocess
import sys

import numpy as np
import pytest

from spncore.files.provenance import UNKNOWN, arithmetic, made_by, versions
from spncore.studies import envelope
from tests import children
from tests.places import ROOT

NEWER = {"SkylakeX", "Cooperlake", "SapphireRapids", "Zen"}  # kernels whose processors have Haswell's, too


def said_by_a_child(**environment):
    """`arithmetic()` of another process."""
    program = "import json; from spncore.files.provenance import arithmetic; print(json.dumps(arithmetic()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=children.environment(**environment),
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_versions_end_with_what_decides_the_last_bits_and_can_be_read_as_a_line():
    made = versions()
    assert list(made) == ["spnlab", "python", "numpy", "scipy", "BLAS kernel", "SIMD", "BLAS threads"]
    assert made["numpy"] == np.__version__ and all(made.values())
    assert made_by().startswith("spnlab ") and f"BLAS kernel {made['BLAS kernel']}, SIMD" in made_by()
    assert made_by({"spnlab": "0.0.9"}) == "spnlab 0.0.9"  # what an older file holds


@pytest.mark.skipif(arithmetic()["BLAS threads"] == UNKNOWN, reason="this BLAS does not say its number of threads")
def test_it_is_the_one_thread_of_a_run_whatever_the_process_has():
    assert said_by_a_child(OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2")["BLAS threads"] == "1"


@pytest.mark.skipif(arithmetic()["BLAS kernel"] not in NEWER, reason="this BLAS has no older kernel to be told to use")
def test_another_kernel_is_named():
    assert said_by_a_child(OPENBLAS_CORETYPE="Haswell")["BLAS kernel"] == "Haswell"


def test_simd_extensions_that_are_switched_off_are_not_named():
    used = arithmetic()["SIMD"].split("+")
    if len(used) < 2:
        pytest.skip("NumPy uses no more than its baseline here")
    assert said_by_a_child(NPY_DISABLE_CPU_FEATURES=used[-1])["SIMD"].split("+") == used[:-1]


def test_a_file_of_results_records_it():
    read = envelope.read(envelope.write("phase", {"some": "0"}, {"cells": []}), "phase")
    assert read.versions == versions() and made_by() in read.made_by

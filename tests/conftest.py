"""What holds for every test: one BLAS thread, and NumPy raises instead of returning inf or NaN; a store of its own."""

import os
import tempfile

# No test comes near the lists of runs of whoever runs it.
OWN = tempfile.TemporaryDirectory(prefix="spnlab-tests-", ignore_cleanup_errors=True)
os.environ["SPNLAB_STORE"] = os.path.join(OWN.name, "spnlab.db")
# Before NumPy is loaded: one thread per process means one order of arithmetic, and xdist fills the cores.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from collections.abc import Iterator  # noqa: E402 (the variables above must come first)
from itertools import count  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

NUMBERS = count()
pytest_plugins = ["tests.faults.table"]

# Nothing is judged by seconds: a busy machine is slow, not wrong.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser come last: Playwright leaves a loop running in its thread, where no other test can begin one.

    pytest-xdist hands tests out in this order, so that it holds in each of its processes.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session", autouse=True)
def numpy_raises() -> Iterator[None]:
    """Overflow, division by zero and invalid operations raise; exp(x − max) may still reach zero."""
    with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
        yield


@pytest.fixture(autouse=True)
def own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept from one test for the next; servers that several share have one store for these."""
    monkeypatch.setenv("SPNLAB_STORE", os.path.join(OWN.name, f"{next(NUMBERS)}", "spnlab.db"))

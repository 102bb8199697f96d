"""What made a result: the versions of this project and of the packages, and what else decides the last bits."""

import platform
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import scipy

from spncore import __version__
from spncore.threads import ONE_THREAD, blas

UNKNOWN = "unknown"
ENGINE = 3  # raise it when the engine's numbers change: what was kept under the old number is then not used again


def versions() -> dict[str, str]:
    """What made the file: the lab, Python, the packages that decide the numbers, and what decides their last bits."""
    packages = {package.__name__: package.__version__ for package in (np, scipy)}
    return {"spnlab": __version__, "python": platform.python_version(), **packages, **arithmetic()}


@lru_cache
def arithmetic() -> dict[str, str]:
    """The BLAS kernel of this processor, the SIMD extensions that NumPy uses on it, and the BLAS threads of a run.

    Two computers on which these agree give a run the same bits; `unknown` where a library does not say.
    """
    simd = np.show_config(mode="dicts").get("SIMD Extensions", {})
    used = simd.get("found") or simd.get("baseline") or [UNKNOWN]
    with ONE_THREAD:
        libraries = [library.info() for library in blas()]
    kernels = sorted({f"{each.get('architecture') or each['internal_api']}" for each in libraries})
    threads = sorted({f"{each['num_threads']}" for each in libraries})
    return {
        "BLAS kernel": "+".join(kernels) or UNKNOWN,
        "SIMD": "+".join(used),
        "BLAS threads": "+".join(threads) or UNKNOWN,
    }


def made_by(made: Mapping[str, str] | None = None) -> str:
    """Versions in a line, those of now unless others are given: `spnlab 0.1.0, python 3.11.7, …`."""
    return ", ".join(f"{name} {version}" for name, version in (made or versions()).items())


def citation() -> str:
    """How to cite what the lab computed, in a line; CITATION.cff says the same."""
    return (
        f"SPN Lab {__version__}: a lab for the dynamics of overparametrised sum-product networks, and the paper whose "
        "claims it shows: Trapp, Martin and Peharz, Robert and Pernkopf, Franz (2019), Optimisation of "
        "Overparametrized Sum-Product Networks, Third Workshop on Tractable Probabilistic Modeling (TPM) at ICML"
    )

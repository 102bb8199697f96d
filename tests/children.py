"""The one way a test starts another program: with what decides this process's numbers, and little else."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What chooses the arithmetic (kernel, threads, CPU features) and where data lies; every variable that begins so.
NUMERICAL = ("OPENBLAS_", "OMP_", "MKL_", "GOTO_", "BLIS_", "VECLIB_", "NPY_", "SPNLAB_")
# What a program needs to start at all and to put its files where this process puts them.
PLACES = ("PATH", "HOME", "TMPDIR", "LANG", "LC_", "LD_LIBRARY_PATH", "DYLD_", "SYSTEMROOT", "PYTHON", "XDG_")


def environment(**changes: str) -> dict[str, str]:
    """Return the variables that a child is given: its results are this process's, bit for bit. `changes` win."""
    handed_on = {name: value for name, value in os.environ.items() if name.startswith(NUMERICAL + PLACES)}
    # servers share the machine with other tests, to which their trainers and jobs need not give way
    return {"OPENBLAS_NUM_THREADS": "1", "SPNLAB_NICENESS": "0", **handed_on, **changes}

"""Recorded arrays of large runs in files without a name, so that they need no memory that others could use.

What is written there the system keeps at hand for as long as it has memory to spare, and reads again when it is asked
for. The file is gone with the last array, or with the server.
"""

import math
import mmap
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from app.live import store
from spncore.arrays import Array

FROM_BYTES = 64_000_000  # smaller traces are kept in memory
ALIGNED = 64  # bytes


class Spool:
    """Room for arrays of so many bytes together; OSError where the disk has none."""

    def __init__(self, num_bytes: int, arrays: int, folder: Path | None = None) -> None:
        folder = folder or store.folder() / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        whole = num_bytes + ALIGNED * arrays
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, whole)  # a disk that fills up later would end the process
            self._memory = mmap.mmap(file.fileno(), whole)
        self._taken = 0

    def __call__(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array in it, with whatever it holds, like `np.empty`."""
        array: Array = np.ndarray(shape, dtype, self._memory, self._taken)
        self._taken += -(-math.prod(shape) * array.itemsize // ALIGNED) * ALIGNED
        return array

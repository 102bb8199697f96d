"""The array types of the engine by name: double-precision numbers, counts and places, truth values, 0/1 data, any."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bits = NDArray[np.uint8]
Array = NDArray[Any]
Generator = np.random.Generator  # of whatever is drawn, always an argument

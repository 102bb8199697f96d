"""Our blocks of calls and a peer's in turns."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

Step = Callable[[], float]


def milliseconds(step: Step, at_least: float) -> float:
    """CPU time per call of a block that takes at least so many seconds."""
    start, count = time.process_time(), 0
    while (elapsed := time.process_time() - start) < at_least or count == 0:
        step()
        count += 1
    return elapsed / count * 1e3


def against(own: Step, peer: Step, blocks: int, at_least: float = 0.03) -> dict[str, float]:
    """A peer's milliseconds, ours, and the median over blocks in turns of its time over ours."""
    pairs = [(milliseconds(peer, at_least), milliseconds(own, at_least)) for _ in range(blocks)]
    theirs, mine = np.array(pairs).T
    found = {"ms": np.median(theirs), "own_ms": np.median(mine), "ratio": np.median(theirs / mine)}
    return {key: round(float(value), 3) for key, value in found.items()}

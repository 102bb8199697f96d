"""The one way a test waits: for a condition, with an end so far off that reaching it means the thing never comes."""

import time
from collections.abc import Callable

PATIENCE = 180.0  # seconds; a machine with twenty times its load is slow, not wrong


def until(condition: Callable[[], object]) -> None:
    """Return as soon as `condition()` is true; fail when it is not within PATIENCE. Never a verdict by time."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"it did not come about in {PATIENCE:g} s"
        time.sleep(0.005)

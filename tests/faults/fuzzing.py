"""Inputs that strangers might send: what is right, changed at random, and what is not even that.

Every fuzzer tries EXAMPLES inputs, always the same ones; SPNLAB_FUZZ=20000 tries more, each time others.
"""

import os
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("SPNLAB_FUZZ", "300"))
AGAIN = "SPNLAB_FUZZ" not in os.environ
MAX_CHANGES, MAX_PIECE, MAX_TIMES = 6, 40, 2000
BASE_BYTES, BYTES_PER_BYTE = 4_000_000, 100  # of memory that an input may cost, and more for each of its own


def tried(strategy: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a test EXAMPLES inputs of a strategy, as its last argument."""
    how = settings(
        max_examples=EXAMPLES,
        derandomize=AGAIN,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: how(given(strategy)(test))


@st.composite
def changed(draw: st.DrawFn, originals: Sequence[bytes], pieces: Sequence[bytes] = ()) -> bytes:
    """One of the originals with pieces of it replaced, cut out, moved, or repeated very often."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(0, MAX_CHANGES))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, MAX_PIECE)))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.binary(max_size=8),
                st.sampled_from([*pieces, data[at:end]]).flatmap(
                    lambda one: st.sampled_from([1, 2, MAX_TIMES]).map(lambda times: one * times)
                ),
            )
        )
        data = data[:at] + piece + data[end:]
    return data


@contextmanager
def bounded(size: int) -> Iterator[None]:
    """What runs inside holds at most so much memory for an input of `size` bytes."""
    tracemalloc.start()
    try:
        yield
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held < BASE_BYTES + BYTES_PER_BYTE * size, f"{held} bytes for an input of {size}"


def is_sentence(error: ValueError, most: int = 700) -> bool:
    """Whether an error is one line of text that can be shown."""
    said = str(error)
    return 0 < len(said) <= most and said.isprintable() and "Traceback" not in said

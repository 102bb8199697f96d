"""One BLAS thread while a run computes, and the caller's number again when it hands something back.

How a matrix product is cut among threads decides the order of its sums, and so the last bits of a run. The number
holds for the whole process: that is why those who compute are counted, and the last one to leave restores it.
"""

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np  # noqa: F401  it brings its BLAS
from threadpoolctl import LibController, ThreadpoolController

Item = TypeVar("Item")


@lru_cache
def blas() -> tuple[LibController, ...]:
    """The BLAS libraries of this process, NumPy's among them unless threadpoolctl does not know its kind."""
    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


class _OneThread:
    """`with ONE_THREAD:` one BLAS thread inside, in any number of threads and within each other; 1 to 8 µs."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._before: list[tuple[LibController, int]] = []

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = [(library, number) for library in blas() if (number := library.num_threads or 1) > 1]
                for library, _ in self._before:
                    library.set_num_threads(1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                for library, number in self._before:
                    library.set_num_threads(number)


ONE_THREAD = _OneThread()


def on_one_thread(items: Iterator[Item]) -> Iterator[Item]:
    """The items, each computed on one BLAS thread; between two of them, and when closed early, nothing is changed."""
    nothing: Any = object()
    while True:
        with ONE_THREAD:
            item = next(items, nothing)
        if item is nothing:
            return
        yield item

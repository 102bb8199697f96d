"""One BLAS thread while a run computes, and the caller's number again when it hands something back.

How a matrix product is cut among threads decides the order of its sums, and so the last bits of a run. Most libraries
have one number for the whole process: the threads of the process that compute are counted, and the last one to leave
restores it. Where OpenMP is below, every thread has a number of its own.
"""

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np  # noqa: F401  it brings its BLAS
from threadpoolctl import LibController, ThreadpoolController

Item = TypeVar("Item")
_Before = list[tuple[LibController, int]]


@lru_cache
def blas() -> tuple[LibController, ...]:
    """The BLAS libraries of this process, NumPy's among them unless threadpoolctl does not know its kind."""
    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


class _OneThread:
    """`with ONE_THREAD:` one BLAS thread inside, in any number of threads and within each other.

    It takes 2 to 4 µs, and 10 to 20 where a number is changed and restored.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._of_all: _Before = []
        self._own = threading.local()

    def __enter__(self) -> None:
        self._own.depth = getattr(self._own, "depth", 0) + 1
        if self._own.depth > 1:
            return
        self._own.before = _limited(each_thread=True)
        with self._lock:
            if not self._inside:
                self._of_all = _limited(each_thread=False)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._own.depth -= 1
        if self._own.depth:
            return
        set_numbers(self._own.before)
        with self._lock:
            self._inside -= 1
            if not self._inside:
                set_numbers(self._of_all)


@lru_cache
def _each_thread(library: LibController) -> bool:
    return bool(getattr(library, "threading_layer", None) == "openmp")


def _limited(each_thread: bool) -> _Before:
    """Give libraries of one kind one thread; those that had more, with their numbers."""
    alike = [library for library in blas() if _each_thread(library) == each_thread]
    before = [(library, number) for library in alike if (number := library.num_threads or 1) > 1]
    set_numbers([(library, 1) for library, _ in before])
    return before


def set_numbers(numbers: _Before) -> None:
    """Give each library its number of threads, from any thread: threadpoolctl 3.8 lets none but the first one do so."""
    kinds = {type(library) for library, _ in numbers}
    forget = [kind.clear_controlling_thread for kind in kinds if hasattr(kind, "clear_controlling_thread")]
    for each in forget:
        each(force=True)
    for library, number in numbers:
        library.set_num_threads(number)
    for each in forget:
        each(force=True)


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

"""Where tasks are computed: by the caller, processes of this computer, or the cluster that is named for it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from spncore.data.library import Dataset
from spncore.sweep.cells import SweepError
from spncore.sweep.here import Here
from spncore.sweep.local import COMPUTE, MAX_WORKERS, LocalWorkers
from spncore.sweep.running import Workers

CLUSTER = "SPNLAB_CLUSTER"  # the environment's word, for the lab and where a command is silent
ALLOWED = f"tcp://host:port, tls://host:port, or local:N with N from 1 to {MAX_WORKERS}"
_COMMANDED: ContextVar[str | None] = ContextVar("the cluster that a command names", default=None)
_WANTED: ContextVar[Callable[[], bool] | None] = ContextVar("whether what the caller computes is wanted", default=None)


@contextmanager
def computed_on(address: str | None) -> Iterator[None]:
    """Inside, this cluster is meant whatever the environment says; '' is none, None leaves it to the environment."""
    before = _COMMANDED.set(address)
    try:
        yield
    finally:
        _COMMANDED.reset(before)


@contextmanager
def computed_here(wanted: Callable[[], bool]) -> Iterator[None]:
    """Inside, without a cluster, the caller computes itself instead of beginning processes, while that is `wanted()`.

    For a process that is a worker already, and whose number is known.
    """
    before = _WANTED.set(wanted)
    try:
        yield
    finally:
        _WANTED.reset(before)


def opener(
    data: Mapping[str, Dataset], number: int = 1, *, niceness: int = 0, compute: str = COMPUTE
) -> Callable[[int], Workers]:
    """What opens workers when there is something to do: a cluster's, or where none is named `number` processes.

    Inside `computed_here` the caller itself in place of the processes.
    SweepError at once when the number or the address is refused.
    """
    commanded = _COMMANDED.get()
    address = os.environ.get(CLUSTER, "") if commanded is None else commanded
    wanted = _WANTED.get()
    if not address and wanted is not None:
        here = Here(data, compute, wanted)
        return lambda _: here
    if not address:
        workers = LocalWorkers(data, number, niceness=niceness, compute=compute)
        return lambda _: workers
    checked(address)
    place = address if commanded else f"the address in {CLUSTER}"  # which visitors of the lab need not know

    def cluster(_: int) -> Workers:
        try:
            from spncore.sweep.cluster import ClusterWorkers
        except ModuleNotFoundError as error:
            raise SweepError(f"cluster: {error.name} is not installed; pip install 'spnlab[cluster]'") from None
        return ClusterWorkers(data, address, place=place, compute=compute)

    return cluster


def checked(address: str) -> str:
    """The address if it can be one; SweepError says which can."""
    host = re.fullmatch(r"(?:tcp|tls)://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", address, re.ASCII)
    number = re.fullmatch(r"local:([0-9]{1,3})", address, re.ASCII)
    if (host and 1 <= int(host[1]) <= 65_535) or (number and 1 <= int(number[1]) <= MAX_WORKERS):
        return address
    raise SweepError(f"cluster: {ascii(address)[:60]} is refused; allowed: {ALLOWED}")

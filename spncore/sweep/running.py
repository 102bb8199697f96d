"""Run the cells of a sweep on workers, whatever they are: each once, and again when its worker is lost."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Event
from typing import Any, NamedTuple, Protocol

from spncore.data import library
from spncore.data.library import Dataset
from spncore.sweep.cells import MAX_CELLS, Cell, Outcome, SweepError
from spncore.sweep.store import Store

MAX_ATTEMPTS = 3
LOOK_SECONDS = 0.1  # how often a sweep looks whether it is to stop


class Report(NamedTuple):
    """A worker's word on a task: its result or the problem; `lost` when the worker is gone: it may be tried again."""

    key: str
    result: Any = None
    problem: str | None = None
    lost: bool = False


class Workers(Protocol):
    """Where cells are computed: processes of this computer, or a cluster. One sweep uses it, then closes it."""

    def room(self) -> int:
        """How many tasks it takes at the moment."""

    def submit(self, key: str, cell: str) -> None:
        """Take a task: a cell as JSON."""

    def reports(self, seconds: float) -> list[Report]:
        """What has ended; waits up to `seconds` for the first. SweepError when no worker can be had at all."""

    def close(self) -> None:
        """Within seconds nothing runs any more, finished or not."""


class Progress(NamedTuple):
    """`done` of `total` distinct cells have an outcome; the newest is `outcome`."""

    done: int
    total: int
    outcome: Outcome


def load_data(cells: Iterable[Cell], given: Mapping[str, Dataset] | None = None) -> dict[str, Dataset]:
    """The data that the cells name: what is given, the rest from the registry; DataError when it cannot be had."""
    names = sorted({cell.experiment.dataset for cell in cells})
    return {name: given[name] if given and name in given else library.load(name) for name in names}


def run_cells(
    cells: Sequence[Cell],
    data: Mapping[str, Dataset],
    workers: Callable[[int], Workers],
    store: Store | None = None,
    stop: Event | None = None,
) -> Iterator[Progress]:
    """Yield the outcome of every distinct cell as it is known: kept ones first, then computed ones as they finish.

    `workers(n)` opens workers for n tasks, when there is something to do. Set `stop`, or close the generator, to end
    it: what has been kept stays. A cell that fails is reported so, and not kept; a later sweep tries it anew.
    """
    if not cells:
        raise SweepError("cells: none given; a sweep needs at least one")
    if len(cells) > MAX_CELLS:
        raise SweepError(f"cells: {len(cells)} given; the limit is {MAX_CELLS}")
    by_key = {cell.key(data[cell.experiment.dataset].sha256): cell for cell in cells}
    return _run(by_key, workers, store, stop or Event())


def _run(
    cells: Mapping[str, Cell], open_workers: Callable[[int], Workers], store: Store | None, stop: Event
) -> Iterator[Progress]:
    done, missing = 0, deque[str]()
    for key in cells:
        kept = store.get(key) if store else None
        if kept is None:
            missing.append(key)
            continue
        done += 1
        yield Progress(done, len(cells), kept)
        if stop.is_set():
            return
    if not missing:
        return
    workers = open_workers(len(missing))
    try:
        for outcome in _compute(cells, missing, workers, stop):
            if store and outcome.status == "done":
                store.put(outcome)
            done += 1
            yield Progress(done, len(cells), outcome)
    finally:
        workers.close()


def _compute(cells: Mapping[str, Cell], waiting: deque[str], workers: Workers, stop: Event) -> Iterator[Outcome]:
    attempts: Counter[str] = Counter()
    under_way: set[str] = set()
    while (waiting or under_way) and not stop.is_set():
        while waiting and workers.room() > 0:
            key = waiting.popleft()
            attempts[key] += 1
            under_way.add(key)
            workers.submit(key, cells[key].to_json())
        for report in workers.reports(LOOK_SECONDS):
            under_way.discard(report.key)
            if report.lost and attempts[report.key] < MAX_ATTEMPTS:
                waiting.append(report.key)
            else:
                yield replace(_outcome(report), attempts=attempts[report.key])


def _outcome(report: Report) -> Outcome:
    if report.lost:
        return Outcome(report.key, "failed", f"given up: {MAX_ATTEMPTS} workers were lost over it, {report.problem}")
    if report.problem is not None:
        return Outcome(report.key, "failed", report.problem)
    try:
        outcome = Outcome.from_dict(json.loads(report.result))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Outcome(report.key, "failed", "the worker's answer is not an outcome")
    return outcome if outcome.key == report.key else Outcome(report.key, "failed", "the answer is of another cell")

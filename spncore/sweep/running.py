"""Run the cells of a sweep on workers, whatever they are: each once, and again when its worker is lost."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from spncore.data.library import Dataset
from spncore.sweep.cells import Cell, Outcome, SweepError

if TYPE_CHECKING:
    from spncore.sweep.kept import KeptOutcomes

MAX_ATTEMPTS = 3
LOOK_SECONDS = 0.1  # how often a sweep tells how far it is
Reporter = Callable[[int, int], object]  # told how many are done, of how many


class Report(NamedTuple):
    """A worker's word on a task: its result or the problem; `lost` when the worker is gone: it may be tried again."""

    key: str
    result: Any = None
    problem: str | None = None
    lost: bool = False
    tries: int = 1  # more where workers were lost over it before, 0 where none had begun it


class Workers(Protocol):
    """Where cells are computed: processes of this computer, or a cluster. One sweep uses it, then closes it."""

    def room(self) -> int:
        """How many tasks it takes at the moment."""

    def submit(self, key: str, cell: str) -> None:
        """Take a task: a cell as JSON."""

    def reports(self, seconds: float) -> list[Report]:
        """What has ended; waits up to `seconds` for the first. SweepError when no worker can be had at all."""

    def words(self) -> str:
        """How many there are and what befell them, for a line of progress."""

    def close(self) -> None:
        """Within seconds nothing runs any more, finished or not."""


class Stopped(RuntimeError):  # noqa: N818  a wish, not an error of the program
    """Whoever waits for an answer does not want it any more."""


class Overdue(RuntimeError):  # noqa: N818  the same
    """A task has taken longer than it may."""


def quiet(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def run_cells(
    cells: Sequence[Cell],
    data: Mapping[str, Dataset],
    workers: Callable[[int], Workers],
    kept: "KeptOutcomes | None" = None,
    report: Reporter = quiet,
) -> Iterator[Outcome]:
    """Yield the outcome of every distinct cell as it is known: kept ones first, then computed ones as they finish.

    `workers(n)` opens workers for n tasks, when there is something to do. `report` is told how many are done, as in
    `run_tasks`; to end a sweep, raise there or close the generator: what has been kept stays. A cell that fails is
    reported so, and not kept; a later sweep tries it anew. A store that cannot be written any more ends nothing.
    """
    if not cells:
        raise SweepError("cells: none given; a sweep needs at least one")
    by_key = {cell.key(data[cell.experiment.dataset].sha256): cell for cell in cells}
    there = kept.of(by_key) if kept else {}
    yield from there.values()
    missing = {key: cell.to_json() for key, cell in by_key.items() if key not in there}
    known, total = len(by_key) - len(missing), len(by_key)
    report(known, total)
    if not missing:
        return
    for answer, attempts in run_tasks(missing, workers(len(missing)), lambda done, _: report(known + done, total)):
        outcome = replace(_outcome(answer, attempts), attempts=attempts)
        if kept and outcome.status == "done":
            kept.keep(outcome)
        yield outcome


def run_tasks(tasks: Mapping[str, str], workers: Workers, report: Reporter = quiet) -> Iterator[tuple[Report, int]]:
    """Yield the last word on every task, by its key, and how often it was tried; then close the workers.

    `report(done, total)` is called ten times a second at least; what it raises ends the tasks, as `Stopped` does.
    """
    attempts: Counter[str] = Counter()
    waiting, done = deque(tasks), 0
    try:
        while done < len(tasks):
            report(done, len(tasks))
            while waiting and workers.room() > 0:
                key = waiting.popleft()
                attempts[key] += 1
                workers.submit(key, tasks[key])
            for answer in workers.reports(LOOK_SECONDS):
                attempts[answer.key] += answer.tries - 1
                if answer.lost and attempts[answer.key] < MAX_ATTEMPTS:
                    waiting.append(answer.key)
                else:
                    done += 1
                    yield answer, attempts[answer.key]
        report(done, len(tasks))
    finally:
        workers.close()


def _outcome(report: Report, attempts: int) -> Outcome:
    if report.lost:
        return Outcome(report.key, "failed", f"given up: {attempts} workers were lost over it, {report.problem}")
    if report.problem is not None:
        return Outcome(report.key, "failed", report.problem)
    outcome = Outcome.read(report.result, report.key)
    return outcome or Outcome(report.key, "failed", "the worker's answer is not an outcome of this cell")

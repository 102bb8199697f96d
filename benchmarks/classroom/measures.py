"""Which of the numbers stand in README, with what they are to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.classroom.wifi import CUTS
from benchmarks.document import Found, Measure, found

NOW, EARLIER = "now", "earlier"


class Quantity(NamedTuple):
    """Where a number is found in a part's results, its unit after a factor, and its goal."""

    key: str
    unit: str
    times: float = 1.0
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self) -> dict[str, float]:
        """Only what it has."""
        return {name: each for name in ("at_most", "at_least") if (each := getattr(self, name)) is not None}


class Row(NamedTuple):
    """A row of the table."""

    part: str
    what: str
    quantities: tuple[Quantity, ...]


AT_ONCE = "30 students whose pages are open press Train at once, default settings but for the seed"
NO_ERRORS = Quantity("errors", "errors", at_most=0)
ROWS = (
    Row(
        "press",
        f"{AT_ONCE}: from the press to the first point",
        (
            Quantity("first_point_p50_ms", "s in the median", 1e-3, at_most=0.5),
            Quantity("first_point_p95_ms", "s at p95", 1e-3, at_most=1.0),
            Quantity("without_a_point", "without one", at_most=0),
        ),
    ),
    Row(
        "press",
        "the same: until all have finished, and over the CPU seconds of the same studies alone, spread over two cores",
        (
            Quantity("all_finished_seconds", "s"),
            Quantity("finished_over_ideal", "× these", at_most=1.2),
            Quantity("finished_over_trained", "× the CPU seconds that were trained"),
            Quantity("unfinished", "unfinished", at_most=0),
        ),
    ),
    Row(
        "press",
        "the same, p95: without new points, from the press on; a control's answer",
        (
            Quantity("data_gap_p95_ms", "ms without points", at_most=400),
            Quantity("control_p95_ms", "ms to a control's answer", at_most=50),
            NO_ERRORS,
        ),
    ),
    Row(
        "cores",
        "cores that train while 30 wait",
        (Quantity("cores_training", "cores", at_least=1.8), Quantity("cores_serving", "cores that serve")),
    ),
    Row(
        "beside",
        "a default run beside two with K = 64, depths 1–8, 5,000 iterations: its time over that alone",
        (
            Quantity("delay", "×", at_most=2),
            Quantity("not_ended_beside", "not ended within 20 s", at_most=0),
            Quantity("heavy_runs_refused", "of the two refused", at_most=0),
        ),
    ),
    *(
        Row(
            f"crowd_{count}",
            f"{count} visitors, own links, a control every 10 s each: a control's answer, p95; who got no run",
            (
                Quantity("control_p95_ms", "ms", at_most=most),
                Quantity("refused", "refused", at_most=0),
                Quantity("inside_later", "let in later"),
                Quantity("in_line", "still in line"),
                Quantity("errors", "errors"),
            ),
        )
        for count, most in ((100, 300), (200, 600))
    ),
    Row(
        "uploads",
        "100 files of 9.7 MB from one tab: memory of the server and its children at most, and a minute after",
        (
            Quantity("peak_mb", "MB"),
            Quantity("raised_by_mb", "MB more than before"),
            Quantity("a_minute_after_mb", "MB after"),
        ),
    ),
    Row(
        "heavy_links",
        "30 such heavy links, 600 MB for runs; who got points twice presses Stop; within 2 minutes have points",
        (
            Quantity("with_a_point", "of 30", at_least=30),
            Quantity("refused", "refused", at_most=0),
            Quantity("ended_early", "ended early", at_most=0),
            Quantity("peak_mb", "MB at most"),
        ),
    ),
    Row(
        "kills",
        "kill −9 of the trainer at work, a run and a kill 50 times: runs that end with the very numbers; repeated work",
        (
            Quantity("runs_with_the_same_numbers", "of 50", at_least=50),
            Quantity("kills_during_a_run", "kills during a run"),
            Quantity("slices_repeated_at_most", "slices repeated at most", at_most=1),
            Quantity("longest_stall_ms", "ms without updates at most"),
        ),
    ),
    *(
        Row(
            f"wifi_{seconds}_s",
            f"every connection of a class of 30 is cut for {seconds} s during their runs",
            (
                Quantity("unfinished_before", "runs under way"),
                Quantity("done", "of them done afterwards"),
                Quantity("lost", "lost", at_most=0),
                Quantity("under_way", "still under way after 90 s", at_most=0),
            ),
        )
        for seconds in CUTS
    ),
    Row(
        "students",
        "who can press at once, with 95 of 100 first points within 1 s and 95 of 100 further ones within 0.4 s",
        (Quantity("students", "students"), Quantity("students_per_core", "per core")),
    ),
)
TARGETS = {f"{row.part}.{each.key}": each.goal for row in ROWS for each in row.quantities if each.goal}


def measures(results: Mapping[str, Mapping[str, Any]]) -> list[Measure]:
    """The rows of the parts that were played: the present build's numbers with their goals, then the earlier one's."""
    shown = []
    for row in ROWS:
        here = tuple(numbers(row, results.get(row.part, {})))
        shown += [Measure(row.what, here)] if here else []
    return shown


def numbers(row: Row, played: Mapping[str, Any]) -> Iterator[Found]:
    """What a row shows; a number that is not there is left out."""
    for build in (NOW, EARLIER):
        for each in row.quantities:
            value = played.get(build, {}).get(each.key)
            if value is not None:
                goal = each.goal if build == NOW else {}
                unit = each.unit if build == NOW else f"{each.unit} before"
                yield found(value * each.times, unit, 3, **goal)

"""What both builds are given to do in turns, and what is measured of it: studies, the phase diagram, questions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from benchmarks.document import Measure, found
from benchmarks.earlier.checkout import Build

Answers = list[dict[str, Any]]
QUESTIONS = {
    "log_likelihood": 1000,
    "conditionals": 1000,
    "moments": 4,
    "most_probable": 1000,
    "sample": 1000,
    "complete": 1000,
}
SPREAD_OUT = {"component_init": "random", "init_scale": 0.1, "num_seeds": 2}
ALIKE: dict[str, dict[str, Any]] = {
    "mixture, L = 1": {"depth": 1},
    "mixture, L = 3": {"depth": 3},
    "mixture, log-weights": {"depth": 2, "parametrisation": "log"},
    "mixture, momentum": {"depth": 2, "optimiser": "momentum"},
    "mixture, mini-batches": {"depth": 2, "batch_size": 500},
    "mixture, EM": {"depth": 1, "optimiser": "em"},
    "mixture, log p(y | x), log-weights": {"depth": 1, "objective": "discriminative", "parametrisation": "log"},
    "RAT-SPN, outer products": {"structure": "rat", "depth": 1, "num_components": 4},
    "RAT-SPN, element-wise": {"structure": "rat_elementwise", "depth": 2, "num_components": 4},
    "RAT-SPN, EM": {"structure": "rat", "depth": 1, "num_components": 4, "optimiser": "em"},
}


class Sizes(NamedTuple):
    """How much of everything: the defaults are those of the tables."""

    blocks: int = 5
    seeds: int = 6
    iterations: int = 500
    per_decade: int = 1
    phase_iterations: int = 1000
    phase_parts: int = 3
    phase_blocks: int = 3
    queried: str = "plants"
    rows_asked: int = 1000
    many: tuple[int, int] = (1_000_000, 100)
    classed: tuple[int, int] = (100_000, 100)
    batched: tuple[int, int, int] = (100_000, 2_000, 100)
    normal: tuple[int, int] = (1_000_000, 20)
    updates: int = 60


SMALLEST = Sizes(2, 2, 20, 1, 5, 60, 1, "nltcs-twin", 50, (2_000, 10), (500, 10), (2_000, 1_000, 10), (1_000, 3), 3)


class Both(NamedTuple):
    """The two builds, and how much they are given to do."""

    then: Build
    now: Build
    sizes: Sizes

    def in_turns(self, work: str, blocks: int = 0, fresh: bool = False, **given: Any) -> tuple[Answers, Answers]:
        """What both found, block by block in turns; the first of several blocks warms up and does not count."""
        count = blocks or self.sizes.blocks
        answers: tuple[Answers, Answers] = ([], [])
        for _ in range(count + (not fresh)):
            for build, kept in zip((self.then, self.now), answers, strict=True):
                kept.append((build.fresh if fresh else build.ask)(work, **given))
        return answers[0][not fresh :], answers[1][not fresh :]


class Row(NamedTuple):
    """Measures for the table, and the numbers they were taken from."""

    measures: list[Measure]
    details: dict[str, Any]


def medians(answers: tuple[Answers, Answers]) -> tuple[dict[str, float], dict[str, float]]:
    """Of every number that the earlier and the present build gave, by name."""
    then, now = (
        {
            name: float(np.median([answer[name] for answer in each]))
            for name, value in each[0].items()
            if isinstance(value, float)
        }
        for each in answers
    )
    return then, now


def share(answers: tuple[Answers, Answers], name: str) -> float:
    """The median over the pairs of blocks of the present build's share of what the earlier one takes."""
    return float(np.median([now[name] / then[name] for then, now in zip(*answers, strict=True)]))


def default_experiment(both: Both) -> Row:
    """Time, and Figure 3's medians."""
    sizes = both.sizes
    answers = both.in_turns("default_experiment", num_seeds=sizes.seeds, iterations=sizes.iterations)
    ratio, (then, now) = share(answers, "seconds"), [each["seconds"] for each in medians(answers)]
    reached = [
        [float(np.median([np.inf if at is None else at for at in seeds])) for seeds in answer[0]["updates"]]
        for answer in answers
    ]
    apart = [abs(a - b) for a, b in zip(*reached, strict=True) if a != b]
    what = f"the default experiment, 3 depths × {sizes.seeds} seeds × {sizes.iterations} updates with all traces"
    figure = f"the same: median updates to −7.2 nats per row over {sizes.seeds} seeds, by depth"
    measures = [
        Measure(f"{what}: CPU time of a warm process", (found(now, "s"), found(ratio, "of the earlier", at_most=0.62))),
        Measure(
            f"{figure}; the largest distance from the earlier build's",
            (found(max(apart, default=0), "updates", at_most=3),),
        ),
    ]
    return Row(measures, {"seconds": [then, now], "median_updates": [[_plain(x) for x in each] for each in reached]})


def _plain(value: float) -> float | None:
    return None if np.isinf(value) else value


def same_numbers(both: Both) -> Row:
    """LLH of the first updates from spread-out starts, which no rounding decides."""
    apart = {}
    for name, settings in ALIKE.items():
        given = {"settings": SPREAD_OUT | settings, "updates": both.sizes.updates}
        then, now = (np.array(build.ask("first_states", **given)["llh"]) for build in (both.then, both.now))
        apart[name] = float(np.abs(then - now).max())
    what = (
        f"LLH at the start and after each of {both.sizes.updates} updates from spread-out starts, "
        f"{len(ALIKE)} kinds of run ({'; '.join(ALIKE)}): the largest distance from the earlier build's"
    )
    return Row([Measure(what, (found(max(apart.values()), "nats per row", at_most=1e-9),))], {"apart": apart})


def phase(both: Both) -> Row:
    """One worker against one, and two against one."""
    sizes, times = both.sizes, []
    for part in range(sizes.phase_blocks):
        given = {
            "per_decade": sizes.per_decade,
            "part": part,
            "parts": sizes.phase_parts,
            "iterations": sizes.phase_iterations,
        }
        asked = ((both.then, 1), (both.now, 1), (both.now, 2))
        times.append([build.ask("phase", workers=workers, **given) for build, workers in asked])
    clock = np.array([[each["clock_seconds"] for each in row] for row in times])
    cpu = np.array([[each["cpu_seconds"] for each in row] for row in times])
    cells = sum(row[0]["cells"] for row in times)
    one, two = (float(clock[:, 0].sum() / clock[:, i].sum()) for i in (1, 2))
    of_cpu = float(cpu[:, 0].sum() / cpu[:, 1].sum())
    what = (
        f"{cells} cells of the phase diagram that ships, {sizes.per_decade} per decade, in processes of their own, "
        "their start counted"
    )
    rate = cells / clock.sum(axis=0)
    measures = [
        Measure(
            f"{what}: cells a second on the clock, one worker",
            (found(rate[1], "a second"), found(one, "× the earlier's"), found(of_cpu, "× by CPU time", at_least=2.2)),
        ),
        Measure(
            "the same with two workers, against one of the earlier build",
            (found(rate[2], "a second"), found(two, "× the earlier's", at_least=4.0)),
        ),
    ]
    return Row(measures, {"parts": times})


def queries(both: Both) -> Row:
    """Every question by itself; the slowest of them is what counts."""
    ratios, details = {}, {}
    for question, num_rows in QUESTIONS.items():
        given = {"question": question, "name": both.sizes.queried, "num_rows": min(num_rows, both.sizes.rows_asked)}
        answers = both.in_turns("query", **given)
        ratios[question] = share(answers, "seconds")
        details[question] = medians(answers)
    asked = ", ".join(
        f"{name.replace('_', ' ')} ({min(rows, both.sizes.rows_asked)} rows)" for name, rows in QUESTIONS.items()
    )
    what = f"questions to a LearnSPN of {both.sizes.queried}, each by itself: {asked}: CPU time"
    return Row([Measure(what, (found(list(ratios.values()), "of the earlier", at_most=0.25),))], {"questions": details})

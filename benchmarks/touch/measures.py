"""What stands in README of what was found, and what exactly each number says."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.document import Found, Measure, found
from benchmarks.touch.shift import SCREENS
from benchmarks.touch.sizes import Sizes

Lists = Mapping[str, list[float]]
MOST_WORK_MS, MOST_SHIFT, MOST_ANSWER_MS = 150.0, 0.1, 200.0
MOST_GROWN = 1.05  # held after the trainings over held before them
KINDS = {
    "scrub": "the bar under the chart, pressed",
    "play": "Play or Pause",
    "component": "a component of the drawing, chosen",
    "tab": "another tab",
    "slider": "a slider of the panel, moved by a key",
    "pin": "Pin",
}
HELD = {
    "heap_mb": ("the page's JavaScript heap", "MB"),
    "data_mb": ("of that heap what is not compiled code or the browser's own records", "MB"),
    "nodes": ("the page's nodes", "nodes"),
    "listeners": ("the page's listeners", "listeners"),
    "server_mb": ("memory of the server and its trainers", "MB"),
}
WHAT = {
    "whole_ms": "from the key that moves the slider of the learning rate or the starting weight, or that says that a "
    "pulled weight is set, by its event's time, "
    "until the task after the frame in which the browser has drawn the new run's first point in the chart",
    "work_ms": "of it what lies after the first message that the page sends to its server because of that key: what "
    "comes before is the pause in which the page waits for more",
    "pressed_ms": "of a build that trains when Train is pressed: from the key until a script in the page presses it, "
    "at the first frame in which the page says that its settings are not its run's",
    "shift": "Chromium's layout-shift entries without recent input, the largest sum of a window (pauses under 1 s, 5 s "
    "at most), from opening a page that the server had shown before until its run is drawn to its end and nothing has "
    "come over the wire for 3 s",
    "answering": "the longest event of an interaction by Chromium's event timing, which ends with the next paint, in "
    "steps of 8 ms; 16 where it reports none",
    "growth": "after a forced full garbage collection: JavaScript's heap, nodes and listeners of the page; server and "
    "trainers by the memory that is theirs (Pss)",
}


Rows = Iterator[tuple[str, tuple[Found, ...]]]


def measures(results: Mapping[str, Mapping[str, Lists]], sizes: Sizes) -> list[Measure]:
    """What was found of this build, and after every row the same of the build before, if there is one."""
    rows = {"change": of_change, "shift": of_shift, "answering": of_answering, "growth": of_growth}
    shown: list[Measure] = []
    for part, builds in results.items():
        now, *before = (list(rows[part](lists, sizes)) for lists in builds.values())
        pressed = ", Train pressed by a script as soon as the page waits for it" if part == "change" else ""
        for place, (what, values) in enumerate(now):
            shown.append(Measure(what, values))
            same = [then[place][1] for then in before if place < len(then)]
            shown += [Measure(f"the build before{pressed}: the same", without_goals(values)) for values in same]
    return shown


def of_change(lists: Lists, sizes: Sizes) -> Rows:
    """The wait for the first new point; a build before has no touches."""
    kinds = {
        "alone": "a changed setting, alone",
        "among": f"a changed setting, with {sizes.others} others whose long runs go on",
        "touched": "a weight of the drawing set by keys, alone",
    }
    for name, what in kinds.items():
        whole, work = (lists[f"{name}_{kind}_ms"] for kind in ("whole", "work"))
        if not whole:
            continue
        yield (
            f"{what}: from the key to the first point of the new curve, median of {len(whole)} "
            "and longest; of it server and browser, from the page's message on, median and longest",
            (
                found(statistics.median(whole), "ms"),
                found(max(whole), "ms"),
                found(statistics.median(work), "ms", at_most=MOST_WORK_MS),
                found(max(work), "ms"),
            ),
        )


def of_shift(lists: Lists, sizes: Sizes) -> Rows:
    """What jumps, by page."""
    for page in dict.fromkeys(name.rpartition(", ")[0] for name in lists):
        scores = [found(lists[f"{page}, {kind}"], f"on a {kind}", at_most=MOST_SHIFT) for kind in SCREENS]
        yield f"{page}: cumulative layout shift from opening to the end of its run", tuple(scores)


def of_answering(lists: Lists, sizes: Sizes) -> Rows:
    """How soon an interaction is answered."""
    for kind, words in KINDS.items():
        values = lists[kind]
        yield (
            f"{words}, processor slowed to a quarter: to the next paint, median of {len(values)} and longest",
            (found(statistics.median(values), "ms"), found(max(values), "ms", at_most=MOST_ANSWER_MS)),
        )


def of_growth(lists: Lists, sizes: Sizes) -> Rows:
    """What is held after the trainings, beside what was held before."""
    for name, (what, unit) in HELD.items():
        before, after = lists[name]
        yield (
            f"{what}: after {sizes.before} trainings in one page, {sizes.trainings} more, and their ratio",
            (found(before, unit, 4), found(after, unit, 4), found(after / before, "times", at_most=MOST_GROWN)),
        )


def without_goals(values: tuple[Found, ...]) -> tuple[Found, ...]:
    """The same of a build that has none."""
    return tuple(each._replace(at_most=None, at_least=None) for each in values)


def pooled(rounds: Sequence[Mapping[str, list[Any]]]) -> dict[str, list[Any]]:
    """The lists of several rounds, one after the other."""
    return {name: [value for each in rounds for value in each[name]] for name in rounds[0]}

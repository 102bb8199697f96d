"""The judge of what is said of a drawn guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median

from tests.recount.lab.table import NEVER, NUMBER, hold, number
from tests.recount.lesson.counting import Step, close


def guess(step: Step, drawn: Mapping[str, Sequence[float]], said: Sequence[str]) -> None:
    """What is said of a drawn guess: when it was at the target and when the medians were, who was first, how far."""
    run = step.run()
    target = run.judge.updates
    lines = {name: along(points, target) for name, points in drawn.items()}
    ran = {name: run.judge.arrival(f"L={name}") for name in lines}
    level = (run.judge.levels or [NEVER])[0]
    guessed = {name: next((t for t, y in enumerate(line) if y >= level), NEVER) for name, line in lines.items()}
    found = re.fullmatch(rf"At ({NUMBER}) you drew (.*); in the run the medians were there: (.*)\.", said[0])
    hold(found is not None and number(found[1]) == level, said[0])  # type: ignore[index]
    assert found
    for text, due in ((found[2], guessed), (found[3], ran)):
        ranked = sorted(due, key=lambda name: (due[name], int(name)))
        words = [f"L={name} {when(due[name], target)}" for name in ranked]
        hold(text == " and ".join([*filter(None, [", ".join(words[:-1])]), words[-1]]), text, "; due:", words)
    same = firsts(guessed) == firsts(ran)
    reached = min(guessed.values()) < NEVER and min(ran.values()) < NEVER
    due_first = "Who is first you drew as it came." if same else "Who is first came otherwise than you drew."
    hold(list(said[1:-1]) == [due_first] * reached, said, "; due:", due_first)
    gaps = dict(re.findall(r"([\d.]+) \(L=(\d)\)", said[-1]))
    hold({name for name in gaps.values()} == set(lines), said[-1])
    for text, name in gaps.items():
        medians = [median(at) for at in zip(*run.judge.values[f"L={name}"], strict=True)]
        away = [abs(one - other) for one, other in zip(lines[name], medians, strict=True)]
        hold(close(text, sum(away) / len(away)), text, sum(away) / len(away))


def along(points: Sequence[float], updates: int) -> list[float]:
    """A drawn curve after 0, 1, … updates: straight between points that are equally far apart."""
    found, wide = [], updates / (len(points) - 1)
    for t in range(updates + 1):
        i = min(int(t / wide), len(points) - 2)
        found.append(points[i] + (t / wide - i) * (points[i + 1] - points[i]))
    return found


def firsts(arrivals: Mapping[str, float]) -> list[str]:
    """Who is there first."""
    return [name for name, at in arrivals.items() if at == min(arrivals.values())]


def when(at: float, end: int) -> str:
    """When a curve was there, in words."""
    return f"not within {end:,} updates" if at == NEVER else f"after {at:g} update" + "s" * (at != 1)

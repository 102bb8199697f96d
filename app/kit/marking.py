"""What answers are worth, judged by the lesson's own files and the numbers of its runs. Pure: nothing is drawn here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from app.kit.answers import SKIPPED, Given, Guessed, along
from app.kit.lessons import Lesson, Option, Step
from app.kit.lessons import Run as Asked
from app.kit.link import LAB
from app.kit.text import WORDS
from app.kit.uploads import FALLBACK
from spncore.kept.runs import Run, target_of
from spncore.runs.study import Study
from spncore.runs.trace import first_at
from spncore.words import listed


class Runs:
    """The runs of a hand-in by the steps that they belong to."""

    def __init__(self, lesson: Lesson, runs: Iterable[Run]) -> None:
        asked = {_anywhere(each.study): each for step in lesson.steps for each in step.runs}
        self.by_study: dict[Study, Run] = {}
        self.others: list[Run] = []  # that no step of the lesson has
        for run in runs:
            study = _anywhere(run.study)
            if study in asked and study not in self.by_study and run.entry.dataset in data_sets():
                self.by_study[study] = run
            else:
                self.others.append(run)

    def of(self, asked: Asked) -> Run | None:
        """The one that a step asks for."""
        return self.by_study.get(_anywhere(asked.study))


def data_sets() -> tuple[str, ...]:
    """Those that lessons run on."""
    name = LAB.default().experiment.dataset
    return name, FALLBACK.get(name, name)


def studies(lesson: Lesson) -> list[Study]:
    """What a lesson runs, each once, in its order."""
    return [*dict.fromkeys(run.study for step in lesson.steps for run in step.runs)]


def _anywhere(study: Study) -> Study:
    return study.on(data_sets()[0])


def answered(lesson: Lesson, given: Mapping[str, Given]) -> int:
    """How many steps have an answer to their question."""
    return sum(of(given, step).check is not None for step in lesson.steps)


def right(lesson: Lesson, given: Mapping[str, Given]) -> int:
    """How many of the answers are the right ones."""
    return sum(of(given, step).check == step.check.right for step in lesson.steps)


def of(given: Mapping[str, Given], step: Step) -> Given:
    """What was answered in a step."""
    return given.get(step.name, Given())


def chosen(options: Sequence[Option], name: str | None) -> Option | None:
    """The option of a name."""
    return next((option for option in options if option.name == name), None)


def depths_drawn(guess: Guessed) -> str:
    """The depths whose curves were drawn, in words."""
    return listed([f"L = {depth}" for depth in sorted(guess.value, key=int)])


def guess_in_words(step: Step, guess: Guessed | None) -> str:
    """A guess, or that there was none."""
    if guess is None:
        return WORDS["handin_no_guess"]
    if guess.kind == SKIPPED:
        return WORDS["handin_skipped"]
    if guess.kind == "curve":
        return WORDS["handin_drawn"].format(depths=depths_drawn(guess))
    if guess.kind == "number":
        return WORDS["handin_number"].format(value=f"{guess.value:g}")
    option = chosen(step.guess.options if step.guess else (), guess.value)
    return option.text if option else ""


def first_as_drawn(lesson: Lesson, given: Mapping[str, Given], runs: Runs) -> bool | None:
    """Of the first step that had curves drawn: whether who is first at the target is who was drawn first.

    None where fewer than two curves were drawn, where nobody gets there, and without the step's run.
    """
    for step in lesson.steps:
        guess, run = of(given, step).guess, runs.of(step.runs[0])
        if guess is not None and guess.kind == "curve" and run is not None:
            return _first_as_drawn(guess.value, run)
    return None


def _first_as_drawn(drawn: Mapping[str, Sequence[float]], run: Run) -> bool | None:
    target, iterations = target_of(run.entry.summary), run.study.experiment.iterations
    names = {f"L={depth}": points for depth, points in drawn.items()}
    came = {each["name"]: each.get("updates") for each in run.entry.summary["curves"] if each["name"] in names}
    if target is None or len(set(target.levels)) > 1 or len(came) < 2:
        return None
    drawn_at = first_at(np.array([along(names[name], iterations) for name in came]), target.levels[0])
    first = first_of(dict(zip(came, drawn_at, strict=True))), first_of(came)
    return first[0] == first[1] if all(first) else None


def first_of(reached: Mapping[str, float | None]) -> set[str]:
    """Who is there first; several where they are level, nobody where nobody is."""
    known = {name: at for name, at in reached.items() if at is not None}
    return {name for name, at in known.items() if at == min(known.values())}

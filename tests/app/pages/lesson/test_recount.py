"""Every sentence that a lesson says of its runs, judged by a recount of the files that the lab hands out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from app.kit.lessons import Lesson, lessons, named_facts
from app.kit.lessons import Step as LessonStep
from app.pages.lab import files
from app.pages.lesson import guess
from app.pages.lesson.facts import FACTS, OF_DEPTH, FactError, Seen, all_told, fact
from spncore import load
from spncore.runs.study import Study
from spncore.runs.training import fit_all
from spncore.studies.target import fixed
from tests.places import ROOT
from tests.recount import lesson as judges
from tests.recount.lab.table import RefusedError
from tests.recount.lesson import counting, guesses, sentences
from tests.situations import LINK, judge_of

DATA = "nltcs-twin"  # that ships
SHORTER = 10  # times fewer updates, so that all lessons train in seconds; the sentences are as good to be counted
DRAWN = {"1": [-11.0, -10.5, -9.4, -9.0, -8.0, -7.1, -7.0], "3": [-11.0, -9.3, -7.1, -7.0, -6.9, -6.9, -6.9]}
CASES = [(lesson.name, step.name) for lesson in lessons().values() for step in lesson.steps]
every = pytest.mark.parametrize(("lesson", "step"), CASES)


class Told(NamedTuple):
    """What a step says came out, its runs, and the judge's view of them."""

    said: list[str]
    seen: dict[str, Seen]
    judged: counting.Step


@cache
def trained(study: Study) -> Seen:
    """A study that has ended."""
    dataset = load(study.experiment.dataset)
    return Seen(study, dataset, fit_all(study.experiments(), dataset), fixed(study.experiment, dataset))


def shortened(study: Study, by: int) -> Study:
    """A study with so many times fewer updates."""
    experiment = study.experiment.replace(iterations=study.experiment.iterations // by)
    return Study(experiment, study.depths, study.rivals).on(DATA)


@cache
def told(lesson: str, step: str, by: int = SHORTER) -> Told:
    """A step with its runs, shortened."""
    found = lessons()[lesson].step(step)
    assert found is not None
    seen: dict[str, Seen] = {}
    for run in found.runs:
        one = trained(shortened(run.study, by))
        seen[run.name] = Seen(one.study, one.dataset, one.traces, one.target, found.given, tuple(seen.values()))
    return Told(all_told(found, seen), seen, judged(found, seen))


def judged(step: LessonStep, seen: dict[str, Seen]) -> counting.Step:
    """The judge's view: the files that the lab hands out, and the rows of the data."""
    runs = {}
    for name, one in seen.items():
        curves = files.curves_csv(one.study, one.dataset, one.traces, LINK, one.target)
        components = files.components_csv(one.study, one.dataset, one.traces, LINK)
        lab = judge_of(curves, one.study.experiment, one.dataset, True)
        runs[name] = counting.Run.of(lab, curves, components, {**one.study.settings(), "depths": one.study.depths})
    dataset = next(iter(seen.values())).dataset
    data = sentences.data_of(dataset.rows.tolist(), dataset.counts.tolist())
    return counting.Step(runs, data, dataset.variables, step.given)


@every
def test_every_sentence_of_a_step_stands_up_to_a_recount(lesson: str, step: str) -> None:
    found = told(lesson, step)
    wanted = lessons()[lesson].step(step)
    assert wanted and len(found.said) == len(wanted.reveal) > 0
    assert not [sentence for sentence in found.said if "{" in sentence]
    for sentence in found.said:
        sentences.judge(found.judged, sentence)


def mutants(line: str) -> Iterator[str]:
    """The same sentence with one number another one, or depths changed places."""
    for place in re.finditer(r"\d+", line):
        other = str(int(place[0]) + 1).rjust(len(place[0]), "0")
        yield line[: place.start()] + other + line[place.end() :]
    for one, other in (("highest", "lowest"), (" higher ", " lower "), ("positive", "negative"), ("settled", "open")):
        yield line.replace(one, other, 1)
    names = sorted(set(re.findall(r"L=\d", line)))
    if len(names) > 1:
        turn = dict(zip(names, names[1:] + names[:1], strict=True))
        yield re.sub(r"L=\d", lambda name: turn[name[0]], line)


@every
def test_a_number_that_is_another_one_is_refused(lesson: str, step: str) -> None:
    found = told(lesson, step)
    passed, tried = [], 0
    for line in found.said:
        for changed in mutants(line):
            if changed != line:
                tried += 1
                try:
                    sentences.judge(found.judged, changed)
                except (RefusedError, AssertionError, ValueError, KeyError, IndexError):
                    continue
                passed.append(f"{line}\n    passed as: {changed}")
    assert tried and not passed, "\n".join(passed[:8])


def test_what_is_said_of_a_drawn_guess_stands_up_to_a_recount() -> None:
    for drawn in (DRAWN, {"1": DRAWN["3"], "3": DRAWN["1"]}, {"2": DRAWN["1"]}, {"1": [-11.0] * 7, "2": DRAWN["3"]}):
        found = told("depth", "predict", 1)
        said = guess.beside(drawn, found.seen["paper"])
        guesses.guess(found.judged, drawn, said)
        for place, sentence in enumerate(said):
            for changed in mutants(sentence):
                if changed != sentence:
                    with pytest.raises((RefusedError, AssertionError, ValueError, KeyError, IndexError)):
                        guesses.guess(found.judged, drawn, [*said[:place], changed, *said[place + 1 :]])


@pytest.mark.slow
@every
def test_at_its_full_length_a_step_says_what_is_so_and_keeps_what_its_sentences_show(lesson: str, step: str) -> None:
    found = told(lesson, step, 1)
    for sentence in found.said:
        sentences.judge(found.judged, sentence)


def test_what_no_run_has_is_refused_with_what_is_allowed() -> None:
    seen = told("depth", "predict").seen["paper"]
    with pytest.raises(FactError, match=r"end_7: no fact of this run; allowed: headline, .* end_3"):
        fact("end_7", seen)
    with pytest.raises(FactError, match="apart: it is of a run after the step's first"):
        fact("apart", seen)
    with pytest.raises(FactError, match="given: no variable 'nothing'; allowed: .*cooking"):
        fact("largest_change", Seen(seen.study, seen.dataset, seen.traces, seen.target, "nothing"))


def test_every_fact_is_asked_for_by_a_step() -> None:
    asked = {sentence for lesson in lessons().values() for sentence in asked_by(lesson)}
    assert set(FACTS) <= asked


def test_the_teachers_notes_name_every_step_and_every_fact() -> None:
    notes = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    titles = [f"| {at} {step.title} | {step.minutes} |" for one in lessons().values() for at, step in steps(one)]
    facts = [*FACTS, *(f"{name}_3" for name in OF_DEPTH)]
    assert not [title for title in titles if title not in notes]
    assert not [name for name in facts if f"`{name}`" not in notes]


def steps(lesson: Lesson) -> Iterator[tuple[int, LessonStep]]:
    """The steps of a lesson by their numbers."""
    yield from enumerate(lesson.steps, 1)


def asked_by(lesson: Lesson) -> set[str]:
    """The facts that a lesson's steps name, without the run they are of."""
    said = [sentence for step in lesson.steps for sentence in step.reveal]
    return {name.fact for sentence in said for name in named_facts(sentence)}


def test_the_judges_know_neither_engine_nor_words() -> None:
    for file in Path(judges.__file__).parent.glob("*.py"):
        names = re.findall(r"^from (\w+(?:\.\w+)*)", file.read_text(encoding="utf-8"), re.MULTILINE)
        own = [name for name in names if name.split(".")[0] not in sys.stdlib_module_names]
        assert all(name.startswith(("tests.recount.lab", "tests.recount.lesson")) for name in own), (file.name, own)

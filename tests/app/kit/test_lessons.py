"""Lessons as files: all that ship are read; what is wrong in one is a sentence with file, key and what may be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.kit.lessons import ABOUT, LESSONS, POINTS, lessons, named_facts, read
from app.kit.toml_table import FileError
from spncore.studies.presets import FIGURE_3

GOOD = (LESSONS / "depth" / "3_predict.toml").read_text(encoding="utf-8")
ABOUT_GOOD = (LESSONS / "depth" / ABOUT).read_text(encoding="utf-8")
SEVERAL = (LESSONS / "depth" / "6_scale.toml").read_text(encoding="utf-8")


def lesson(folder: Path, **files: str) -> Path:
    """A folder with these files beside what every lesson has."""
    at = folder / "mine"
    at.mkdir()
    for name, text in {"lesson": ABOUT_GOOD, **files}.items():
        (at / f"{name.replace('step_', '')}.toml").write_text(text, encoding="utf-8")
    return at


def test_all_lessons_are_read_and_the_first_takes_a_class_twenty_minutes() -> None:
    found = lessons()
    assert list(found) == ["depth", "figure3"]
    assert [len(one.steps) for one in found.values()] == [8, 5]
    assert [one.minutes for one in found.values()] == [20, 10]
    assert found["depth"].step("predict").runs[0].study == FIGURE_3
    assert found["depth"].step("nothing") is None


def test_every_step_has_something_to_see_to_say_and_to_ask() -> None:
    for one in lessons().values():
        for step in one.steps:
            assert step.prompt and step.keep and step.reveal and step.check.options and step.runs
            assert any(option.name == step.check.right for option in step.check.options)
            assert all(option.why for option in step.check.options)
            assert (step.point or not POINTS[step.view]) and set(step.selectors) == set(POINTS[step.view].values())


def test_a_number_of_a_run_is_written_in_no_step() -> None:
    """What comes out is made of facts: a reveal has no number but those of its settings."""
    settings = {"0.1", "0.9", "1", "2", "3"}
    for one in lessons().values():
        for step in one.steps:
            for sentence in step.reveal:
                bare = re.sub(r"{.*?}", "", sentence)
                assert set(re.findall(r"\d[\d.,]*\d|\d", bare)) - {"10"} <= settings, sentence


WRONG = {
    "it cannot be read as TOML": ("title = ", "title = ="),
    "minutes is '0'; allowed: a whole number from 1": ("minutes = 4", "minutes = 0"),
    "view is 'video'; allowed: lab, dynamics, dumbbells": ('view = "lab"', 'view = "video"'),
    "point is \"['head']\"; allowed: a list of headline, llh, network": ('"headline", "llh"', '"head"'),
    "hint is not known; allowed: check, given, guess, keep": ("minutes = 4", 'minutes = 4\nhint = "x"'),
    "keep is missing; give a text": ("keep = ", "# keep = "),
    "guess.kind is 'draw'; allowed: choice, number, curve": ('kind = "curve"', 'kind = "draw"'),
    "guess.step is not known; allowed: kind, question": ('kind = "curve"', 'kind = "curve"\nstep = 1'),
    "check.right is 'nothing'; allowed: setting, seeds, power": ('right = "setting"', 'right = "nothing"'),
    "check.options has one name twice": ('name = "seeds"', 'name = "setting"'),
    "run[1].starts is 'no'; allowed: true or false": ("starts = false", 'starts = "no"'),
    "run[1].link is no link of the lab: iterations": ('"v=2"', '"v=2&iterations=-1"'),
    "run[1].link is no link of the lab: a step shows one mixture": ('"v=2"', '"v=2&structure=rat"'),
    "run[1].name is 'A b'; allowed: a name of small letters": ('name = "paper"', 'name = "A b"'),
    "reveal names {other.ended}; allowed: {name}": ("{ended}", "{other.ended}"),
    "reveal names {}; allowed: {name}": ("{ended}", "{}"),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_wrong_in_a_step_is_one_sentence(tmp_path: Path, said: str) -> None:
    before, after = WRONG[said]
    assert before in GOOD
    with pytest.raises(FileError) as refused:
        read(lesson(tmp_path, step_1_mine=GOOD.replace(before, after, 1)))
    text = str(refused.value)
    assert text.startswith("mine/1_mine.toml: ") and said in text and text.endswith(".") and "\n" not in text.strip()


def test_of_several_runs_a_fact_says_which_it_is_of(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"reveal names {start_1}; allowed: {name} with a run before it, of small, la"):
        read(lesson(tmp_path, step_1_mine=SEVERAL.replace("{small.start_1}", "{start_1}")))


def test_a_number_to_guess_has_a_range(tmp_path: Path) -> None:
    number = (LESSONS / "depth" / "2_likelihood.toml").read_text(encoding="utf-8").replace("high = 8.0", "high = 0.0")
    with pytest.raises(FileError, match="guess.low high and step are no range: low < high, and a step between them"):
        read(lesson(tmp_path, step_1_mine=number))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "mine: its steps have the numbers none"),
        ({"step_2_mine": GOOD}, "mine: its steps have the numbers 2; they begin with 1"),
        ({"step_1_mine": GOOD, "step_2_mine": GOOD}, "mine: two steps have one name"),
        ({"step_1_mine": GOOD, "step_1_other": GOOD}, "mine/1_other.toml: a step's file is called 3_name.toml"),
        ({"mine": GOOD}, "mine/mine.toml: a step's file is called 3_name.toml"),
        ({"lesson": 'title = "x"'}, "mine/lesson.toml: summary is missing; give a text"),
    ],
)
def test_a_folder_that_is_no_lesson_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(FileError, match=re.escape(said)):
        read(lesson(tmp_path, **files))


def test_a_sentence_names_its_facts() -> None:
    assert named_facts("From {small.start_1} to {end_1}.") == [("small", "start_1"), ("", "end_1")]

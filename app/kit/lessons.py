"""Lessons: a folder of `app/text/lessons/` each, in it `lesson.toml` and a file for each step, `3_predict.toml`.

A step asks for a guess, sets and shows runs of the lab, says what came out, and checks. Files are checked when they are
read: whatever is wrong is one sentence that names the file, the key and what is allowed. `docs/teaching.md` describes
them for who writes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

from app.kit.link import LAB
from app.kit.toml_table import FileError, Table, is_name
from app.live.catalogues import FOLDER
from spncore.runs.study import Study
from spncore.words import listed

LESSONS = FOLDER / "lessons"
ABOUT = "lesson.toml"
# The parts of each view that a step can point at, and where they stand in it. The other parts are folded away.
POINTS: Mapping[str, Mapping[str, str]] = {
    "lab": {
        "headline": ".spn-said",
        "llh": ".spn-llh",
        "network": ".spn-net",
        "equations": ".spn-why",
        "charts": ".spn-tabbed",
    },
    "dynamics": {name: f"#spn-{name}" for name in "step residual memory matrix norms kept replay".split()},
    "dumbbells": {},
}
FOLDED = (".spn-sides", ".spn-keys", ".spn-acts")  # of every view, always: what makes another run of it
GUESSES = ("choice", "number", "curve")
STEP_FILE = re.compile(r"([1-9]\d?)_([a-z][a-z0-9_]*)\.toml")
FACT = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Run:
    """A run that a step shows: its study, as a link of the lab has it. `starts` at once, else with the guess."""

    name: str
    title: str
    study: Study
    starts: bool


@dataclass(frozen=True)
class Option:
    """One of several answers; `why` is what is said of it, empty in a guess."""

    name: str
    text: str
    why: str = ""


@dataclass(frozen=True)
class Guess:
    """What is to be guessed before a run: one of `options`, a number from `low` to `high`, or curves."""

    kind: str
    question: str
    options: tuple[Option, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0


@dataclass(frozen=True)
class Check:
    """A question after the run, its answers, and the name of the right one."""

    question: str
    options: tuple[Option, ...]
    right: str


@dataclass(frozen=True)
class Step:
    """One step. `reveal` are sentences with {names} of facts of its runs; `given` is a variable of the data."""

    name: str
    title: str
    minutes: int
    prompt: str
    view: str
    point: tuple[str, ...]
    runs: tuple[Run, ...]
    guess: Guess | None
    reveal: tuple[str, ...]
    keep: str
    check: Check
    given: str

    def needs(self, sentence: str) -> set[str]:
        """The runs that a sentence needs facts of; all where it names none."""
        named = {run for run, _ in named_facts(sentence) if run}
        return named or {run.name for run in self.runs}

    @property
    def selectors(self) -> dict[str, bool]:
        """The parts of its view by where they stand, and whether it points at them."""
        return {at: part in self.point for part, at in POINTS[self.view].items()}


@dataclass(frozen=True)
class Lesson:
    """Steps in their order; a new `version` says that earlier answers may not fit any more."""

    name: str
    title: str
    summary: str
    version: int
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(step.minutes for step in self.steps)

    def step(self, name: str) -> Step | None:
        """The step of a name."""
        return next((step for step in self.steps if step.name == name), None)


class Named(NamedTuple):
    """A fact that a sentence names: of the step's run of this name, empty where there is one run only."""

    run: str
    fact: str


def named_facts(sentence: str) -> list[Named]:
    """The facts that a sentence is made of."""
    return [Named(*name.rpartition(".")[::2]) for name in FACT.findall(sentence)]


@cache
def lessons() -> Mapping[str, Lesson]:
    """All lessons by name; FileError, in a sentence, for a file that is not right."""
    return {folder.name: read(folder) for folder in sorted(LESSONS.iterdir()) if folder.is_dir()}


def read(folder: Path) -> Lesson:
    """The lesson in a folder; FileError where one of its files is not right."""
    about = Table.of(folder / ABOUT)
    texts = about.text("title"), about.text("summary")
    version = about.whole("version")
    about.end()
    files = [path for path in folder.glob("*.toml") if path.name != ABOUT]
    found = dict(_numbered(folder, files))
    if sorted(found) != [*range(1, len(found) + 1)] or not found:
        said = listed([*map(str, sorted(found))]) or "none"
        raise FileError(f"{folder.name}: its steps have the numbers {said}; they begin with 1 and leave none out.")
    steps = tuple(_step(found[number]) for number in sorted(found))
    if len({step.name for step in steps}) < len(steps):
        raise FileError(f"{folder.name}: two steps have one name; give each its own after its number.")
    return Lesson(folder.name, *texts, version, steps)


def _numbered(folder: Path, files: Sequence[Path]) -> Iterator[tuple[int, Path]]:
    numbers = set[int]()
    for path in sorted(files):
        fits = STEP_FILE.fullmatch(path.name)
        if fits is None or int(fits[1]) in numbers:
            raise FileError(f"{folder.name}/{path.name}: a step's file is called 3_name.toml, each number once.")
        numbers.add(int(fits[1]))
        yield int(fits[1]), path


def _step(path: Path) -> Step:
    table, fits = Table.of(path), STEP_FILE.fullmatch(path.name)
    assert fits is not None
    view = table.one_of("view", tuple(POINTS))
    runs = tuple(_run(row) for row in table.tables("run"))
    _all_different(table, "run", [run.name for run in runs])
    step = Step(
        name=fits[2],
        title=table.text("title"),
        minutes=table.whole("minutes"),
        prompt=table.text("prompt"),
        view=view,
        point=table.several("point", tuple(POINTS[view])) if POINTS[view] else (),
        runs=runs,
        guess=_guess(table.table("guess")) if "guess" in table.values else None,
        reveal=table.several("reveal"),
        keep=table.text("keep"),
        check=_check(table.table("check")),
        given=table.text("given", None if view == "dumbbells" else ""),
    )
    table.end()
    _facts_are_of_its_runs(table, step)
    return step


def _facts_are_of_its_runs(table: Table, step: Step) -> None:
    """Every fact names the run that it is of, where there are several."""
    allowed = [run.name for run in step.runs] if len(step.runs) > 1 else [""]
    for sentence in step.reveal:
        for run, fact in named_facts(sentence):
            if run not in allowed or not is_name(fact):
                begins = f"{{name}} with a run before it, of {', '.join(allowed)}" if run or allowed[0] else "{name}"
                raise table.refused("reveal", f"names {{{run}{'.' * bool(run)}{fact}}}; allowed: {begins}")


def _run(table: Table) -> Run:
    name, title, link, starts = table.name("name"), table.text("title"), table.text("link"), table.truth("starts")
    study, refusals = LAB.decode(dict(parse_qsl(link, keep_blank_values=True)))
    if refusals or study.deep:
        raise table.refused(
            "link", f"is no link of the lab: {' '.join(refusals).rstrip('.') or 'a step shows one mixture'}"
        )
    table.end()
    return Run(name, title, study, starts)


def _guess(table: Table) -> Guess:
    kind, question = table.one_of("kind", GUESSES), table.text("question")
    if kind == "choice":
        guess = Guess(kind, question, _options(table, told=False))
    elif kind == "number":
        low, high, step = (table.number(key) for key in ("low", "high", "step"))
        if not (low < high and 0 < step <= high - low):
            raise table.refused("low", "high and step are no range: low < high, and a step between them")
        guess = Guess(kind, question, (), low, high, step)
    else:
        guess = Guess(kind, question)
    table.end()
    return guess


def _check(table: Table) -> Check:
    question, options = table.text("question"), _options(table, told=True)
    right = table.one_of("right", [option.name for option in options])
    table.end()
    return Check(question, options, right)


def _options(table: Table, told: bool) -> tuple[Option, ...]:
    """At least two answers; where `told`, with what is said of each."""
    options = []
    for row in table.tables("options"):
        options.append(Option(row.name("name"), row.text("text"), row.text("why") if told else ""))
        row.end()
    if len(options) < 2:
        raise table.refused("options", "is one answer; give two or more")
    _all_different(table, "options", [option.name for option in options])
    return tuple(options)


def _all_different(table: Table, key: str, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise table.refused(key, f"has one name twice: {listed(names)}")

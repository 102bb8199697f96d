"""The hand-ins of a class as they are opened: who answered what, which runs are to be verified, and tables of both.

Pure: no Streamlit. Right answers are those of the lessons that this server has, whatever a file says of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from app.kit import marking
from app.kit.answers import Given
from app.kit.handin import Handin, HandinError, read
from app.kit.lessons import Lesson, Step
from app.kit.lessons import lessons as all_lessons
from app.kit.text import WORDS, plain
from app.live.limits import server_limits
from spncore.data.library import Dataset
from spncore.files import export
from spncore.kept.runs import Holding, Run, holding_of
from spncore.kept.verifying import Verdict
from spncore.store.rows import Entry, octets
from spncore.words import counted, listed

RowsOf = Callable[[Entry], Dataset | None]
Verdicts = Mapping[str, Verdict]
CLASS = ("file", "name", "lesson", "answered", "right", "first", "runs", "notes")
ANSWERS = ("file", "name", "lesson", "step", "question", "guess", "answer", "is_right")


class Opened(NamedTuple):
    """A file of the pile: what it holds, the lesson here whose answers it has, and its runs by what they are.

    `kept` has the runs of the lesson's steps by these, `runs` the same by `content`; `others` belong to no step.
    """

    file: str
    handin: Handin
    lesson: Lesson | None
    given: Mapping[str, Given]
    kept: marking.Runs | None
    runs: Mapping[str, Run]
    others: int


def content(run: Run) -> str:
    """A name that only runs have that say the same in every number: equal ones are verified, and kept, once."""
    parts = [run.entry.study, str(run.entry.summary), str(sorted(run.finished.versions.items()))]
    found = hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace"))
    for each in run.finished.results:
        found.update(f"{each.curve} {each.seed} {each.stopped} {each.llh.size}".encode("utf-8", "backslashreplace"))
        found.update(octets(each.llh))
    return found.hexdigest()


def added(pile: Sequence[Opened], file: str, data: bytes, lessons: Mapping[str, Lesson]) -> Opened:
    """One more file; HandinError in a sentence where it is none, or one too many. Numbers that are there are shared."""
    limits, name = server_limits(), plain(file)
    if len(pile) >= limits.handins_per_session:
        raise HandinError(WORDS["handins_many"].format(most=limits.handins_per_session))
    found = read(data, lessons)
    same = next((each.file for each in pile if each.handin.sha256 == found.sha256), None)
    if same is not None:
        raise HandinError(WORDS["handins_twice"].format(file=same))
    lesson = lessons[found.lesson] if found.given is not None else None
    known = {key: run for each in pile for key, run in each.runs.items()}
    own = [] if lesson is None else [*marking.Runs(lesson, found.runs).by_study.values()]
    runs = {key: known.get(key, run) for key, run in ((content(run), run) for run in own)}
    size = sum(run.entry.num_bytes for run in {**known, **runs}.values())
    if size > limits.handin_bytes_per_session:
        raise HandinError(WORDS["handins_large"].format(size=f"{limits.handin_bytes_per_session / 1e6:g}"))
    kept = None if lesson is None else marking.Runs(lesson, runs.values())
    others = len(found.runs) - len(runs)
    return Opened(name, found._replace(runs=()), lesson, found.given or {}, kept, runs, others)


def lessons_of(pile: Iterable[Opened]) -> list[Lesson]:
    """The lessons of the files, each once."""
    return [*{each.lesson.name: each.lesson for each in pile if each.lesson is not None}.values()]


class Asked(NamedTuple):
    """What is to be trained again: of every study its rows and what is kept of it; their `content`, in that order."""

    work: list[tuple[Dataset, list[Holding]]]
    keys: list[list[str]]
    files: int


def pending(pile: Iterable[Opened], verdicts: Verdicts, rows_of: RowsOf) -> Asked:
    """What no verdict is known of, where its rows are at hand."""
    runs, files = dict[str, Run](), 0
    for each in pile:
        new = {key: run for key, run in each.runs.items() if key not in verdicts and rows_of(run.entry) is not None}
        runs |= new
        files += bool(new)
    groups: dict[str, list[str]] = {}
    for key, run in runs.items():
        groups.setdefault(run.entry.study, []).append(key)
    work = []
    for keys in groups.values():
        dataset = rows_of(runs[keys[0]].entry)
        assert dataset is not None
        work.append((dataset, [holding_of(runs[key]) for key in keys]))
    return Asked(work, [*groups.values()], files)


def row(opened: Opened, verdicts: Verdicts, rows_of: RowsOf) -> dict[str, str]:
    """A file in the table of the class, in words."""
    lesson, handin = opened.lesson, opened.handin
    title = handin.lesson if lesson is None else lesson.title
    found = {"file": opened.file, "name": handin.name, "lesson": title, "answered": "", "right": "", "first": ""}
    if lesson is not None:
        steps = len(lesson.steps)
        for key, number in (("answered", marking.answered), ("right", marking.right)):
            found[key] = WORDS["handins_of"].format(number=number(lesson, opened.given), all=steps)
        assert opened.kept is not None
        first = marking.first_as_drawn(lesson, opened.given, opened.kept)
        found["first"] = "" if first is None else WORDS["handins_yes" if first else "handins_no"]
    return {**found, "runs": _standing(opened, verdicts), "notes": " ".join(notes(opened, verdicts, rows_of))}


def _standing(opened: Opened, verdicts: Verdicts) -> str:
    """Whether the runs of a file are verified."""
    known = [verdicts[key].agrees for key in opened.runs if key in verdicts]
    number, left = counted(len(opened.runs), "run"), len(opened.runs) - len(known)
    if not opened.runs:
        return WORDS["handins_none"]
    if "no" in known:
        return WORDS["handins_some_differ"].format(differ=known.count("no"), number=number)
    if left:
        return WORDS["handins_not_yet"].format(left=left, number=number)
    near = known.count("near")
    return WORDS["handins_all_near" if near else "handins_all_bits"].format(number=number, near=near)


def notes(opened: Opened, verdicts: Verdicts, rows_of: RowsOf) -> list[str]:
    """All else that is to be known of a file, in sentences."""
    handin, said = opened.handin, []
    if opened.lesson is None:
        said.append(_no_lesson(handin))
    if handin.reading == "other":
        said.append(WORDS["handins_edited"])
    if handin.reading == "unknown":
        said.append(WORDS["handins_unread"])
    if handin.left_out:
        said.append(WORDS["handins_left_out"].format(steps=listed([*handin.left_out])))
    if opened.others:
        said.append(WORDS["handins_others"].format(number=counted(opened.others, "run")))
    known = [(run, verdicts[key]) for key, run in opened.runs.items() if key in verdicts]
    for run, verdict in known:
        if verdict.agrees == "no":
            said.append(WORDS["handins_differs"].format(run=title_of(opened, run), why=verdict.sentence))
    said += dict.fromkeys(verdict.sentence for _, verdict in known if verdict.agrees == "near")
    unknown = [run.entry for key, run in opened.runs.items() if key not in verdicts and rows_of(run.entry) is None]
    for title, number in Counter(plain(entry.title) for entry in unknown).items():
        said.append(WORDS["handins_no_rows"].format(number=counted(number, "run"), data=title))
    return said


def _no_lesson(handin: Handin) -> str:
    here = all_lessons().get(handin.lesson)
    if here is None:
        return WORDS["handins_unknown"].format(lesson=plain(handin.lesson))
    return WORDS["handins_version"].format(theirs=handin.version, here=here.version)


def title_of(opened: Opened, run: Run) -> str:
    """What a run is called in its lesson: its step and its own title."""
    assert opened.lesson is not None and opened.kept is not None
    named = ((step, asked) for step in opened.lesson.steps for asked in step.runs)
    return next(f"{step.title}, {asked.title}" for step, asked in named if opened.kept.of(asked) is run)


def tally(lesson: Lesson, pile: Iterable[Opened]) -> list[list[str]]:
    """Each answer to each question, which stands at the first: step, question, answer, whether right, by how many."""
    own = [each for each in pile if each.lesson is not None and each.lesson.name == lesson.name]
    rows = []
    for number, step in enumerate(lesson.steps, 1):
        chosen = Counter(marking.of(each.given, step).check for each in own)
        for place, option in enumerate(step.check.options):
            mark = WORDS["handins_yes"] if option.name == step.check.right else ""
            question = "" if place else step.check.question
            rows.append([f"{number}", question, option.text, mark, f"{chosen[option.name]}"])
    return rows


def answers(pile: Iterable[Opened]) -> list[dict[str, str]]:
    """A row for every step of every file."""
    return [
        _answer(each, f"{number}", step)
        for each in pile
        if each.lesson is not None
        for number, step in enumerate(each.lesson.steps, 1)
    ]


def _answer(opened: Opened, number: str, step: Step) -> dict[str, str]:
    given = marking.of(opened.given, step)
    chosen, right = marking.chosen(step.check.options, given.check), given.check == step.check.right
    assert opened.lesson is not None
    return {
        "file": opened.file,
        "name": opened.handin.name,
        "lesson": opened.lesson.title,
        "step": number,
        "question": step.check.question,
        "guess": marking.guess_in_words(step, given.guess) if step.guess else "",
        "answer": chosen.text if chosen else "",
        "is_right": WORDS["handins_yes" if right else "handins_no"] if chosen else "",
    }


def columns(names: Sequence[str]) -> list[str]:
    """What columns are called."""
    return [WORDS[f"handins_{name}"] for name in names]


def cells(rows: Iterable[Mapping[str, str]], names: Sequence[str]) -> list[list[str]]:
    """Rows for a file that a spreadsheet opens: no cell is a formula."""
    return [[export.cell(plain(row[name])) for name in names] for row in rows]

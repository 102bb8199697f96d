"""A lesson with small runs, answers to it, and hand-ins of them, for the tests of files and of the class's page."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.kit import handin
from app.kit.answers import HANDLES, Answers, Given, Guessed
from app.kit.lessons import Lesson, read
from spncore.data.dataset import Dataset
from spncore.data.library import load
from spncore.kept import bundle, unpacking
from spncore.kept.runs import Run, unkept
from spncore.runs.study import Study
from spncore.store.rows import Finished
from spncore.studies import history
from spncore.studies.target import fixed

DATA = "nltcs-twin"
LAB = "https://lab.example/"
LINK = "v=2&num_components=2&num_seeds=3&iterations=12&depths=1,2"
LESSON = 'title = "A small lesson"\nsummary = "For tests."\nversion = 3\n'
HEAD = """minutes = 1
prompt = "Look."
view = "lab"
point = ["headline"]
reveal = ["{headline}."]
keep = "Keep."
"""
CHECK = """
[check]
question = "Which <b>one</b>?"
right = "this"

[[check.options]]
name = "this"
text = "This & that"
why = "It is right."

[[check.options]]
name = "that"
text = "That"
why = "It is not."
"""
CHOICE = """
[guess]
kind = "choice"
question = "What will be?"
[[guess.options]]
name = "more"
text = "More"
[[guess.options]]
name = "less"
text = "Less"
"""
NUMBER = """
[guess]
kind = "number"
question = "How many?"
low = 0.0
high = 8.0
step = 0.5
"""
CURVE = """
[guess]
kind = "curve"
question = "Draw."
"""
STEPS = {
    "choose": (CHOICE, ""),
    "count": (NUMBER, "&learning_rate=0.2"),
    "draw": (CURVE, "&learning_rate=0.1&num_components=4&iterations=200"),
}


def _step(title: str, guess: str, link: str) -> str:
    runs = f'[[run]]\nname = "one"\ntitle = "The run"\nlink = "{LINK}{link}"\nstarts = true\n'
    return f'title = "{title}"\n{HEAD}{runs}{guess}{CHECK}'


@cache
def lesson() -> Lesson:
    """Three steps, each with a guess of its kind and a run of its own."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "small"
        folder.mkdir()
        (folder / "lesson.toml").write_text(LESSON, encoding="utf-8")
        for number, (name, (guess, link)) in enumerate(STEPS.items(), 1):
            (folder / f"{number}_{name}.toml").write_text(_step(name.title(), guess, link), encoding="utf-8")
        return read(folder)


def lessons() -> Mapping[str, Lesson]:
    """The small lesson by its name."""
    return {lesson().name: lesson()}


def drawn(**points: float) -> Guessed:
    """Level curves, by `L1=-9.0`."""
    return Guessed("curve", {name[1:]: [at] * HANDLES for name, at in points.items()})


ANSWERS: Answers = {
    "choose": Given(Guessed("choice", "more"), "this"),
    "count": Given(Guessed("number", 2.5), "that"),
    "draw": Given(drawn(L1=-9.0, L2=-7.0), "this"),
}


@cache
def data() -> Dataset:
    """The rows of the lesson's runs."""
    return load(DATA)


@cache
def finished(study: Study) -> Finished:
    """A study that was trained to its end."""
    return history.finished(study, data(), [*history.retrained(study, data())], fixed(study.experiment, data()), 0.5)


def studies(of: Lesson | None = None) -> list[Study]:
    """What a lesson trains, on the rows that are here."""
    steps = (of or lesson()).steps
    return [*dict.fromkeys(run.study.on(DATA) for step in steps for run in step.runs)]


def runs(wanted: Sequence[Study] | None = None) -> list[Run]:
    """Finished runs, by default all of the lesson."""
    return [unkept(finished(study), place) for place, study in enumerate(studies() if wanted is None else wanted, 1)]


def written(answers: Answers = ANSWERS, name: str = "Ada", kept: Sequence[Run] | None = None) -> bytes:
    """A hand-in of the small lesson."""
    return handin.write(lesson(), answers, runs() if kept is None else kept, name, LAB)


def values_of(data: bytes) -> dict[str, Any]:
    """The data of a file, by a parser of its own."""
    text = data.decode()
    found: dict[str, Any] = json.loads(text.split('id="spn-hand-in">')[1].split("</script>")[0])
    return found


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Data whose checksum fits, as who falsifies them would have it."""
    own = {key: value for key, value in values.items() if key != "sha256"}
    text = json.dumps(own, sort_keys=True, separators=(",", ":"))
    return {**own, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def with_values(data: bytes, values: Mapping[str, Any]) -> bytes:
    """The file with other data; all that can be read of it stays."""
    head, rest = data.split(b'id="spn-hand-in">')
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return b"".join([head, b'id="spn-hand-in">', text.encode(), b"</script>", rest.split(b"</script>")[1]])


def edited(data: bytes, edit: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with its data edited and sealed anew."""
    values = values_of(data)
    edit(values)
    return with_values(data, sealed(values))


def falsified(data: bytes, place: int = 0, by: float = 1e-9, **versions: str) -> bytes:
    """The file with the last number of one of its runs changed, and all checksums made to fit.

    `versions` are what made the run, as it then says.
    """
    values = values_of(data)
    found = [*unpacking.read(base64.b64decode(values["runs"])).runs]
    made = found[place].finished
    results = [*made.results]
    llh = results[-1].llh.copy()
    llh[-1] += by
    results[-1] = results[-1]._replace(llh=llh)
    said = {name.replace("_", " "): version for name, version in versions.items()}
    found[place] = unkept(made._replace(results=results, versions={**made.versions, **said}), place + 1)
    file = io.BytesIO()
    bundle.write(file, found, f"{LAB}lesson?lesson={lesson().name}")
    return with_values(data, sealed({**values, "runs": base64.b64encode(file.getvalue()).decode()}))

"""A hand-in: one HTML file to read, with the data inside to check. It holds no script and loads nothing.

Its data are one JSON object, in the only `script` element, of a type that no browser runs. Keys are in order, all is
ASCII, and `<`, `>` and `&` are escaped:

    {"answers": {…},            the document of `app.kit.answers`
     "format": 1,
     "lab": "https://host/",    where the lab lies that its links open
     "name": "",                what the student has called the file by, or nothing
     "runs": "UEsDB…",          the runs as a `.spnlab` file, `spncore.kept.bundle`, in base64
     "sha256": "…",             of the same object without this key
     "what": "hand-in of SPN Lab"}

What is read is trusted in nothing, and the file's own HTML is never shown: it is written anew from the data and
compared, since whoever passes a file on may have edited what it says. The checksum finds damage; who falsifies a number
can make it fit. Only training the runs again shows that the numbers are what the settings give, and nothing shows who
pressed the buttons. `docs/handin.md` says the same to who writes such files elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from app.kit.answers import Answers, AnswersError, Given, document
from app.kit.answers import read as read_answers
from app.kit.handin_page import page
from app.kit.lessons import Lesson
from app.kit.text import plain
from app.kit.toml_table import is_name
from app.live.limits import server_limits
from spncore import __version__
from spncore.files.strict_json import JsonError, parse_object, shown
from spncore.kept import bundle, unpacking
from spncore.kept.runs import KeptError, Run
from spncore.limits import LIMITS

FORMAT, WHAT = 1, "hand-in of SPN Lab"
KEYS = ("answers", "format", "lab", "name", "runs", "sha256", "what")
OPEN, CLOSE = '<script type="application/json" id="spn-hand-in">', "</script>"
ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
ADDRESS = 500  # characters
STEPS = 99
VERSIONS = 1_000_000
MARK = "\ufeff"

Reading = Literal["same", "other", "unknown"]


class HandinError(ValueError):
    """A file is no hand-in, or a hand-in cannot be written; the text says what, where, and what is allowed."""


class Handin(NamedTuple):
    """What a file holds. `reading` is whether its readable part is what its data say, where this release can tell.

    `given` is None where the lesson, or this version of it, is not here; `left_out` are steps with answers that do not
    fit it.
    """

    name: str
    lesson: str
    version: int
    given: Mapping[str, Given] | None
    left_out: Sequence[str]
    runs: Sequence[Run]
    versions: Mapping[str, str]
    sha256: str
    reading: Reading


def write(lesson: Lesson, answers: Answers, runs: Sequence[Run], name: str, lab: str) -> bytes:
    """The file of these answers and runs; the same bytes for the same. HandinError where it would be too large."""
    file = BytesIO()
    try:
        bundle.write(file, runs, f"{lab}lesson?lesson={lesson.name}")
    except KeptError as error:
        raise HandinError(str(error)) from None
    values = {
        "answers": document(lesson, answers),
        "format": FORMAT,
        "lab": lab,
        "name": called(name),
        "runs": base64.b64encode(file.getvalue()).decode("ascii"),
        "what": WHAT,
    }
    made = _html({**values, "sha256": _hash(values)}, lesson, dict(answers), runs).encode()
    if len(made) > LIMITS.handin_bytes:
        raise HandinError(f"these runs make a file of {len(made):,} bytes; allowed: {LIMITS.handin_bytes:,}")
    return made


def called(name: str) -> str:
    """A name as a hand-in has it: one line of signs that can be seen."""
    return plain(name)[: LIMITS.handin_name].strip()


def read(data: bytes, lessons: Mapping[str, Lesson]) -> Handin:
    """What a file holds; HandinError says in one sentence what is wrong, where, and what is allowed."""
    text = _text(data)
    try:
        values = _values(_block(text))
    except RecursionError:
        raise HandinError("data: nested too deeply for the data of a hand-in") from None
    answers, found = _answers(values["answers"]), _runs(values["runs"])
    name, version = answers["lesson"], answers["version"]
    held = Handin(values["name"], name, version, None, [], found.runs, found.versions, values["sha256"], "unknown")
    lesson = lessons.get(name)
    if lesson is None or lesson.version != version:
        return held
    given = _given(answers, lesson)
    fitting = document(lesson, given)["steps"]
    left_out = [step for step, said in answers["steps"].items() if fitting.get(step) != said]
    return held._replace(given=given, left_out=left_out, reading=_reading(text, values, lesson, given, found))


def _text(data: bytes) -> str:
    if len(data) > LIMITS.handin_bytes:
        raise HandinError(f"the file has {len(data):,} bytes; allowed: {LIMITS.handin_bytes:,}")
    try:
        return data.decode("utf-8").removeprefix(MARK).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise HandinError(f"byte {error.start:,}: not UTF-8; hand in the file as the lab gave it") from None


def _block(text: str) -> str:
    """The text of the one data block."""
    number = text.lower().count("<script")
    before, opened, rest = text.partition(OPEN)
    inside, closed, _ = rest.partition(CLOSE)
    if not opened or not closed:
        raise HandinError(
            "the file has no data of a hand-in; choose the HTML file that the lab gave, not a print of it"
        )
    if number != 1:
        raise HandinError(f"the file has {number} script elements; allowed: the one with the data")
    return inside


def _values(block: str) -> dict[str, Any]:
    """The data, all of them as they may be, under their own checksum."""
    try:
        values = parse_object(block, "the data of a hand-in", LIMITS.handin_bytes)
    except JsonError as error:
        raise HandinError(f"data: {error}") from None
    for key in sorted(values.keys() ^ {*KEYS}):
        what = "not known" if key in values else "missing"
        raise HandinError(f"data: {shown(key)}: {what}; allowed: {', '.join(KEYS)}")
    _allow("format", values, type(values["format"]) is int and values["format"] == FORMAT, f"{FORMAT}")
    _allow("what", values, values["what"] == WHAT, WHAT)
    for key in ("lab", "name", "runs", "sha256"):
        _allow(key, values, isinstance(values[key], str), "a text")
    _check_seal(values)
    _allow("lab", values, _is_address(values["lab"]), f"an http address of at most {ADDRESS} characters")
    fits = called(values["name"]) == values["name"]
    _allow("name", values, fits, f"one line of at most {LIMITS.handin_name} characters")
    return values


def _allow(key: str, values: Mapping[str, Any], fits: bool, allowed: str) -> None:
    if not fits:
        raise HandinError(f"data: {key}: {shown(values[key])} is refused; allowed: {allowed}")


def _check_seal(values: Mapping[str, Any]) -> None:
    try:
        fits = _hash({key: value for key, value in values.items() if key != "sha256"}) == values["sha256"]
    except (ValueError, RecursionError):  # an infinite number, or what nests more deeply than it was read
        raise HandinError("data: a number is not finite, or values nest too deeply; hand in again") from None
    if not fits:
        raise HandinError("data: damaged: their SHA-256 is not the one that stands there; hand in again")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    plainly = text.isascii() and text.isprintable() and len(text) <= ADDRESS and not {*text} & {*" <>\"'`\\"}
    return plainly and parts.scheme in ("http", "https") and bool(parts.hostname)


def _answers(said: Any) -> dict[str, Any]:
    """The document of the answers, of whichever lesson."""
    if not isinstance(said, dict) or {*said} != {"lesson", "version", "steps"}:
        raise HandinError(f"answers: {shown(said)} is refused; allowed: an object with lesson, version and steps")
    lesson, version, steps = said["lesson"], said["version"], said["steps"]
    if not is_name(lesson) or len(lesson) > LIMITS.name_characters:
        raise HandinError(f"answers: lesson: {shown(lesson)} is refused; allowed: the name of a lesson")
    if type(version) is not int or not 1 <= version <= VERSIONS:
        raise HandinError(f"answers: version: {shown(version)} is refused; allowed: a whole number from 1")
    if not isinstance(steps, dict) or len(steps) > STEPS or not all(map(is_name, steps)):
        raise HandinError(f"answers: steps: {shown(steps)} is refused; allowed: at most {STEPS} by their names")
    if len(_dumped(said)) > server_limits().answer_bytes:
        raise HandinError(f"answers: too long; allowed: {server_limits().answer_bytes:,} characters")
    return said


def _given(answers: Mapping[str, Any], lesson: Lesson) -> dict[str, Given]:
    try:
        return read_answers(_dumped(answers), lesson)
    except AnswersError as error:
        raise HandinError(f"answers: {error}") from None


def _runs(said: str) -> unpacking.Bundle:
    try:
        data = base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError):
        raise HandinError("runs: not base64; hand in again") from None
    try:
        found = unpacking.read(data)
    except KeptError as error:
        raise HandinError(f"runs: {error}") from None
    if len(found.runs) > LIMITS.handin_runs:
        raise HandinError(f"runs: {len(found.runs):,} are there; allowed: {LIMITS.handin_runs}")
    return found


def _reading(
    text: str, values: Mapping[str, Any], lesson: Lesson, given: Mapping[str, Given], found: unpacking.Bundle
) -> Reading:
    if found.versions.get("spnlab") != __version__:
        return "unknown"
    return "same" if _html(values, lesson, given, found.runs) == text else "other"


def _html(values: Mapping[str, Any], lesson: Lesson, given: Mapping[str, Given], runs: Sequence[Run]) -> str:
    """The whole file."""
    about = {"name": values["name"], "lab": values["lab"], "sha256": values["sha256"]}
    return page(lesson, given, runs, **about, data=f"{OPEN}{_dumped(values).translate(ESCAPED)}{CLOSE}")


def _hash(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(_dumped(values).encode("ascii")).hexdigest()


def _dumped(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, allow_nan=False, separators=(",", ":"))

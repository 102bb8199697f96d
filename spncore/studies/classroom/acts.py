"""What may be asked of a room, by its members and by the teacher; each becomes an event's payload or a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spncore.record import ExperimentError
from spncore.store.changes import text_of
from spncore.store.place import StoreError
from spncore.studies.classroom.seats import shared
from spncore.studies.classroom.state import RoomState
from spncore.studies.history import settings_of, study_of

NICKNAME_CHARACTERS = 24
MOST_STUDIES = 32
LARGEST_GUESS = 1e6  # of a number that is drawn, either way


class ActError(ValueError):
    """What was asked cannot be; the text says why, or what is allowed."""


def checked(state: RoomState, kind: str, said: Mapping[str, Any], members: int) -> dict[str, Any]:
    """The payload of an event of a kind, of what a page says; ActError where that cannot be.

    `members` is how many a room may have.
    """
    if state.ended:
        raise ActError("The teacher has ended the room; what was found can still be seen.")
    if kind in ANSWERS and state.paused:
        raise ActError("The teacher has paused the room; go on when she does.")
    if kind == "study":
        return _study(state, said, members)
    if kind == "announce":
        return _announce(state, said, members)
    return CHECKS[kind](state, said)


def _vote(state: RoomState, said: Mapping[str, Any]) -> dict[str, Any]:
    question = _question(said, state.agenda.votes)
    return {"question": question, "choice": _whole(said, "choice", 0, state.agenda.votes[question] - 1)}


def _guess(state: RoomState, said: Mapping[str, Any]) -> dict[str, Any]:
    question, values = _question(said, state.agenda.guesses), said.get("values")
    number = state.agenda.guesses[question]
    if not isinstance(values, list) or len(values) != number or not all(map(_drawn, values)):
        raise ActError(f"values: give {number} numbers from {-LARGEST_GUESS:g} to {LARGEST_GUESS:g}.")
    return {"question": question, "values": [float(value) for value in values]}


def _drawn(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_GUESS


def _question(said: Mapping[str, Any], asked: Mapping[str, int]) -> str:
    question = said.get("question")
    if not isinstance(question, str) or question not in asked:
        raise ActError("question: this lesson asks no such question.")
    return question


def _nickname(state: RoomState, said: Mapping[str, Any]) -> dict[str, Any]:
    name = said.get("name")
    if not isinstance(name, str):
        raise ActError("name: give a text.")
    try:
        return {"name": text_of(name, "name", NICKNAME_CHARACTERS)}
    except StoreError as error:
        raise ActError(str(error)) from None


def _progress(state: RoomState, said: Mapping[str, Any]) -> dict[str, Any]:
    return {"step": _whole(said, "step", 0, state.agenda.num_steps)}


def _pace(state: RoomState, said: Mapping[str, Any]) -> dict[str, Any]:
    if said.get("pace") not in ("follow", "free"):
        raise ActError("pace: follow or free.")
    return {"pace": said["pace"]}


def _study(state: RoomState, said: Mapping[str, Any], members: int) -> dict[str, Any]:
    if len(state.studies) >= MOST_STUDIES:
        raise ActError(f"study: the room has had {MOST_STUDIES} studies; open another one.")
    try:
        study = study_of(said["study"])
        study.experiments()
        return {"study": settings_of(shared(study, members))}
    except ExperimentError as error:
        raise ActError(str(error)) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ActError("study: give the settings of a study, as a kept run has them.") from None


def _announce(state: RoomState, said: Mapping[str, Any], members: int) -> dict[str, Any]:
    number = _whole(said, "number", 1, members)
    if state.asked is None:
        raise ActError("number: choose a study first.")
    if state.arrived:
        raise ActError(
            "number: results have come in, and who has seen some could choose the number that suits; "
            "choose a study anew."
        )
    return {"number": number}


def _remove(state: RoomState, said: Mapping[str, Any]) -> dict[str, Any]:
    seat = said.get("seat")
    if seat not in [place.seat for place in state.members.values()]:
        raise ActError("seat: nobody has this one.")
    return {"seat": seat}


def _whole(said: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = said.get(name)
    if type(value) is not int or not low <= value <= high:
        raise ActError(f"{name}: give a whole number from {low} to {high}.")
    return value


def _truth(name: str) -> Callable[[RoomState, Mapping[str, Any]], dict[str, Any]]:
    def check(state: RoomState, said: Mapping[str, Any]) -> dict[str, Any]:
        if type(said.get(name)) is not bool:
            raise ActError(f"{name}: true or false.")
        return {name: said[name]}

    return check


CHECKS: Mapping[str, Callable[[RoomState, Mapping[str, Any]], dict[str, Any]]] = {
    "vote": _vote,
    "guess": _guess,
    "nickname": _nickname,
    "progress": _progress,
    "step": _progress,
    "pace": _pace,
    "pause": _truth("paused"),
    "hide": _truth("hidden"),
    "remove": _remove,
    "end": lambda state, said: {},
}
ANSWERS = ("vote", "guess")
OF_MEMBERS = ("vote", "guess", "nickname", "progress")
OF_TEACHER = ("step", "study", "pace", "pause", "hide", "announce", "end", "remove")

"""What a page is sent of a room: how it stands now, as counts, and the results that are new since the number it knows.

No member is named and no token sent; seats are numbers. Only the teacher is sent who sits where with which nickname.
While results are hidden the others are sent none; those that came meanwhile come with the first answer after that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.live.rooms import Held
from spncore.studies.classroom.interval import Arrived, arrival, comparison, said
from spncore.studies.classroom.seats import Result, points_of
from spncore.studies.classroom.state import Asked, RoomState

POLL_MS, POLL_MS_PER_MEMBER = 100, 5
DECIMALS = 4  # of LLH in nats per row, which is drawn
FAN = (0.0, 0.25, 0.5, 0.75, 1.0)  # quantiles of guesses


def room(held: Held, owner: str | None, start: int) -> dict[str, Any]:
    """A room for an owner, or for who has no cookie; `start` is the number of the last event that the page knows.

    A number that has not been reached yet is of another store: all is sent, and `from` says so.
    """
    state = held.state  # once: what it says must all be of one number
    start = start if start <= state.seq else 0
    teacher = held.is_teacher(owner)
    shown = teacher or not state.hidden
    since = start if teacher or start >= state.shown_at else 0  # what was hidden until then comes now
    return {
        **held.once("common", state.seq, lambda: _common(held, state)),
        "from": start,
        "here": held.here,
        "study": _study(state.asked, start),
        "results": _results(state, since) if shown else [],
        "class": _class(held, state) if shown else None,
        "you": _you(held, state, owner),
        **({"seats": _seats(state)} if teacher else {}),
    }


def _common(held: Held, state: RoomState) -> dict[str, Any]:
    """What is the same for all, and small."""
    asked = state.asked
    return {
        "code": held.room.code,
        "ends_at": held.room.ends_at,
        "seq": state.seq,
        "poll_ms": POLL_MS + POLL_MS_PER_MEMBER * len(state.members),
        "lesson": state.agenda.name,
        "num_steps": state.agenda.num_steps,
        "step": state.step,
        "pace": state.pace,
        "paused": state.paused,
        "hidden": state.hidden,
        "ended": state.ended,
        "members": len(state.members),
        "steps": state.where(),
        "votes": {question: state.tally(question) for question in state.votes},
        "guesses": {question: _fan(held, question, given) for question, given in state.guesses.items()},
        "announced": asked.announced if asked else None,
        "arrived": len(state.arrived),
    }


def _fan(held: Held, question: str, given: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """How many guesses there are, and at each point their least, quarters and most."""

    def made() -> dict[str, Any]:
        fan = np.quantile(np.array(list(given.values())), FAN, axis=0).T
        return {"number": len(given), "fan": [[round(value, DECIMALS) for value in point] for point in fan.tolist()]}

    found: dict[str, Any] = held.once(f"fan {question}", given, made)
    return found


def _study(asked: Asked | None, start: int) -> dict[str, Any] | None:
    """The study that is on: its number, and where the page does not know it what seat 1 trains and how it is drawn."""
    if asked is None:
        return None
    known = {"number": asked.number, "seq": asked.seq}
    if asked.seq <= start:
        return known
    return {**known, "settings": asked.settings, "names": asked.study.names(), "at": points_of(asked.study)}


def _results(state: RoomState, since: int) -> list[dict[str, Any]]:
    return [_result(each) for each in state.arrived.values() if each.seq > since]


def _result(result: Result) -> dict[str, Any]:
    curves = [
        {"end": _short(each.end), "reached": each.reached, "line": [*map(_short, each.line)]} for each in result.curves
    ]
    return {"seat": result.seat, "target": result.target, "curves": curves}


def _class(held: Held, state: RoomState) -> dict[str, Any] | None:
    """All that have arrived, as one distribution, in numbers and sentences."""
    asked = state.asked
    if asked is None or not state.arrived:
        return None
    found: dict[str, Any] = held.once(
        "class", (asked.number, asked.announced, len(state.arrived)), lambda: drawn(asked, state.arrived)
    )
    return found


def drawn(asked: Asked, results: Mapping[int, Result]) -> dict[str, Any]:
    """What the results of a study say together; None for what is not known, or below every number."""
    study = asked.study
    found = Arrived(study.names(), study.experiment.iterations, asked.announced, results)
    if not found.counted:
        return {"arrival": arrival(found), "curves": [], "comparison": ""}
    curves = []
    for curve, name in enumerate(found.names):
        band, end = found.band(curve), found.at_end(curve)
        curves.append(
            {
                "name": name,
                "median": [*map(_short, band.median)],
                "low": [*map(_short, band.low)],
                "high": [*map(_short, band.high)],
                "coverage": band.coverage,
                "at_end": None if end is None else [_short(end.low), _short(end.high), end.coverage],
                "said": said(found, curve),
            }
        )
    return {"arrival": arrival(found), "curves": curves, "comparison": comparison(found)}


def _you(held: Held, state: RoomState, owner: str | None) -> dict[str, Any]:
    """What is known of who asks."""
    if owner is None:
        return {"teacher": False, "seat": None}
    member = held.member(owner)
    place = state.members.get(member)
    votes = {question: given[member] for question, given in state.votes.items() if member in given}
    seat = None if place is None else place.seat
    return {
        "teacher": held.is_teacher(owner),
        "seat": seat,
        "nickname": "" if place is None else place.nickname,
        "votes": votes,
        "arrived": seat in state.arrived,
    }


def _seats(state: RoomState) -> list[dict[str, Any]]:
    return [
        {"seat": each.seat, "step": each.step, "nickname": each.nickname, "arrived": each.seat in state.arrived}
        for each in state.members.values()
    ]


def _short(value: float) -> float | None:
    return round(value, DECIMALS) if np.isfinite(value) else None

"""What tests of a class share: a lesson, events by hand, and results that nobody trained."""

import math

import pytest

from spncore.store.rooms import Event
from spncore.studies.classroom.seats import Curve, Result
from spncore.studies.classroom.state import Agenda, RoomState

AGENDA = Agenda("depth", 8, votes={"which": 3, "why": 2}, guesses={"curve": 2})


@pytest.fixture
def room():
    """A room in which nothing has happened."""
    return RoomState(AGENDA)


def events(*said):
    """Events 1, 2, … of (kind, member, payload)."""
    return [Event(seq, kind, member, payload, 0.0) for seq, (kind, member, payload) in enumerate(said, 1)]


def curve_payload(end, reached=None, points=3):
    return {"end": end, "reached": reached, "line": [end] * points}


def result_payload(seat, *ends, study=1, target=None, reached=()):
    """A seat's result with these ends, None for −∞."""
    reached = [*reached, *[None] * len(ends)]
    curves = [curve_payload(end, at) for end, at in zip(ends, reached, strict=False)]
    return {"study": study, "seat": seat, "target": target, "curves": curves}


def result(seat, *ends, target=None, reached=(), seq=None):
    """The same as it is read."""
    reached = [*reached, *[None] * len(ends)]
    curves = [
        Curve(-math.inf if end is None else end, at, (-math.inf if end is None else end,) * 3)
        for end, at in zip(ends, reached, strict=False)
    ]
    return Result(seat, target, tuple(curves), seat if seq is None else seq)

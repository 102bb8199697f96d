"""What a room is now: the events that happened in it, folded in their order.

Whoever folds the same events has the same room, in whatever portions they came and however often: an event that was
folded is passed over. What was acknowledged counts: a vote that came in just when the room was paused is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from spncore.runs.study import Study
from spncore.store.rooms import Event
from spncore.studies.classroom.seats import Result, unpacked
from spncore.studies.history import study_of

Pace = Literal["follow", "free"]
MOST_STEPS, MOST_QUESTIONS, MOST_CHOICES, MOST_POINTS = 64, 64, 12, 64


@dataclass(frozen=True)
class Agenda:
    """What a room is opened for: a lesson's name, how many steps it has, and its questions.

    `votes` has by question how many choices there are, `guesses` how many points are drawn.
    """

    name: str
    num_steps: int = 1
    votes: Mapping[str, int] = field(default_factory=dict)
    guesses: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """ValueError where there is more than a room takes."""
        if not 1 <= self.num_steps <= MOST_STEPS or len(self.votes) + len(self.guesses) > MOST_QUESTIONS:
            raise ValueError(f"a lesson has 1 to {MOST_STEPS} steps and at most {MOST_QUESTIONS} questions")
        ranges = ((self.votes, 2, MOST_CHOICES), (self.guesses, 1, MOST_POINTS))
        if any(not low <= number <= most for asked, low, most in ranges for number in asked.values()):
            raise ValueError(f"a vote has 2 to {MOST_CHOICES} choices, a guess 1 to {MOST_POINTS} points")

    def settings(self) -> dict[str, Any]:
        """It as a store keeps it; `Agenda(**settings)` is it again."""
        return asdict(self)


@dataclass(frozen=True)
class Asked:
    """A study that the teacher gave the room as number 1, 2, …, and how many starts she announced that will count.

    `seq` is the number of the event. Another study begins with nothing announced.
    """

    number: int
    settings: Mapping[str, Any]
    seq: int
    announced: int | None = None

    @cached_property
    def study(self) -> Study:
        """What seat 1 trains; ExperimentError where a release that knew more has written it."""
        return study_of(self.settings)


class Place(NamedTuple):
    """What is known of a member: the seat, the step it was last seen at, the nickname that it chose, and whether the
    teacher took that away, after which there is no other."""

    seat: int
    step: int = 0
    nickname: str = ""
    removed: bool = False


@dataclass(frozen=True)
class RoomState:
    """A room after event number `seq`; `step` 0 is before the lesson, members are named as the room does.

    `shown_at` is the event since which results are not hidden. By question and member there are votes (a choice,
    counted from 0) and guesses (numbers), by number of the study and seat results.
    """

    agenda: Agenda
    seq: int = 0
    step: int = 0
    pace: Pace = "follow"
    paused: bool = False
    hidden: bool = False
    shown_at: int = 0
    ended: bool = False
    studies: tuple[Asked, ...] = ()
    members: Mapping[str, Place] = field(default_factory=dict)
    votes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    guesses: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    results: Mapping[int, Mapping[int, Result]] = field(default_factory=dict)

    @property
    def asked(self) -> Asked | None:
        """The study that is on."""
        return self.studies[-1] if self.studies else None

    @property
    def arrived(self) -> Mapping[int, Result]:
        """The results of the study that is on, by seat."""
        return self.results.get(len(self.studies), {})

    def where(self) -> dict[int, int]:
        """How many members were last seen at each step."""
        return dict(sorted(Counter(place.step for place in self.members.values()).items()))

    def tally(self, question: str) -> list[int]:
        """How many chose each choice."""
        given = Counter(self.votes.get(question, {}).values())
        return [given[choice] for choice in range(self.agenda.votes[question])]


class GapError(ValueError):
    """An event before this one is missing; read from the state's `seq` on."""


def fold(state: RoomState, events: Iterable[Event]) -> RoomState:
    """The room after more events, in their order; those that it has already are passed over.

    GapError where one is missing. Kinds that a newer release has written change nothing.
    """
    for event in events:
        if event.seq <= state.seq:
            continue
        if event.seq != state.seq + 1:
            raise GapError(f"event {event.seq} does not follow event {state.seq}")
        change = _CHANGES.get(event.kind)
        state = replace(state, seq=event.seq, **(change(state, event) if change else {}))
    return state


Change = dict[str, Any]


def _join(state: RoomState, event: Event) -> Change:
    known = event.member in state.members
    return {} if known else {"members": {**state.members, event.member: Place(event.payload["seat"])}}


def _of_member(state: RoomState, member: str, **said: Any) -> Change:
    """Something else is known of a member; nothing of who is none."""
    place = state.members.get(member)
    return {} if place is None else {"members": {**state.members, member: place._replace(**said)}}


def _nickname(state: RoomState, event: Event) -> Change:
    place = state.members.get(event.member)
    kept = "" if place is None or place.removed else event.payload.get("name", "")  # the name may have been blanked
    return _of_member(state, event.member, nickname=kept)


def _remove(state: RoomState, event: Event) -> Change:
    members = [member for member, place in state.members.items() if place.seat == event.payload["seat"]]
    return _of_member(state, members[0], nickname="", removed=True) if members else {}


def _vote(state: RoomState, event: Event) -> Change:
    return _answer(state, event, "votes", event.payload["choice"])


def _guess(state: RoomState, event: Event) -> Change:
    return _answer(state, event, "guesses", tuple(map(float, event.payload["values"])))


def _answer(state: RoomState, event: Event, kind: str, answer: Any) -> Change:
    """A member's answer to a question; the last one counts."""
    question, given = event.payload["question"], getattr(state, kind)
    if event.member not in state.members:
        return {}
    return {kind: {**given, question: {**given.get(question, {}), event.member: answer}}}


def _step(state: RoomState, event: Event) -> Change:
    return {"step": event.payload["step"]}


def _pause(state: RoomState, event: Event) -> Change:
    return {"paused": event.payload["paused"]}


def _hide(state: RoomState, event: Event) -> Change:
    hidden = event.payload["hidden"]
    return {"hidden": hidden, "shown_at": event.seq if state.hidden and not hidden else state.shown_at}


def _study(state: RoomState, event: Event) -> Change:
    asked = Asked(len(state.studies) + 1, event.payload["study"], event.seq)
    return {"studies": (*state.studies, asked)}


def _announce(state: RoomState, event: Event) -> Change:
    """Only before the first result: who has seen some could choose the number that suits."""
    if state.asked is None or state.arrived:
        return {}
    return {"studies": (*state.studies[:-1], replace(state.asked, announced=event.payload["number"]))}


def _result(state: RoomState, event: Event) -> Change:
    """The first of a seat stands: all that could follow are the same numbers."""
    number, result = event.payload["study"], unpacked(event.payload, event.seq)
    known = state.results.get(number, {})
    return {} if result.seat in known else {"results": {**state.results, number: {**known, result.seat: result}}}


_CHANGES: Mapping[str, Callable[[RoomState, Event], Change]] = {
    "join": _join,
    "nickname": _nickname,
    "progress": lambda state, event: _of_member(state, event.member, step=event.payload["step"]),
    "vote": _vote,
    "guess": _guess,
    "result": _result,
    "step": _step,
    "study": _study,
    "pace": lambda state, event: {"pace": event.payload["pace"]},
    "pause": _pause,
    "hide": _hide,
    "announce": _announce,
    "end": lambda state, event: {"ended": True},
    "remove": _remove,
}

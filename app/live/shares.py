"""Whose turn it is: shares by session, then by run; first points first, and heavy runs weigh less.

Every session has a clock that its training moves, slower for light runs; who is behind goes next, so that all of them
advance. A session that comes after a while takes the time of those that are there and cannot spend what it has saved.
"""

import time
from collections import defaultdict, deque
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from app.live.computation import Computation
from spncore import Dataset, Experiment
from spncore.runs.study import Study

HEAVY_SECONDS = 4.0  # of CPU; a run that has had so much yields to those that have not
LONG_SECONDS = 40.0  # of CPU; a run that will by its size take so much yields from the start
HEAVY_WEIGHT = 0.25
NEAR_SECONDS = 0.03  # of CPU, about two slices: a difference that does not count
FIRST_SECONDS = 1.0  # of CPU, after which a run without a point is no more preferred for it
HOUR, MINUTE = 3600.0, 60.0
# Of CPU for a state of a seed, whatever its size and by row and component: a guess that the runs themselves correct.
STATE_SECONDS, ROW_SECONDS = 40e-6, 3e-9
CIRCUIT_STATE_SECONDS, NODE_SECONDS = 250e-6, 8e-9  # the same of a deep circuit, by row and node
LEARNED_NODES = {"chow_liu": 100, "learn_spn": 600}  # about, of circuits that are learned from the rows


@dataclass
class Turn:
    """A run that is to be trained: its own clock, and where it came in."""

    run: Computation
    order: int
    clock: float = 0.0
    reserved: deque[float] = field(default_factory=deque)  # what slices that are asked for are expected to take
    last: float = 0.0  # seconds that its last slice took
    asked_at: float = 0.0  # when a slice was last asked for

    @property
    def weight(self) -> float:
        """Its part of its session's time, beside others of the session and of others."""
        heavy = self.run.seconds > HEAVY_SECONDS or guessed(self.run.study, self.run.dataset) > LONG_SECONDS
        return HEAVY_WEIGHT if heavy else 1.0


AnyTurn = TypeVar("AnyTurn", bound=Turn)


class Shares:
    """The clocks of all sessions, and what each has spent within an hour."""

    def __init__(self) -> None:
        self._clocks: dict[Hashable, float] = {}
        self._spent: defaultdict[Hashable, deque[tuple[float, float]]] = defaultdict(deque)
        self._pace = 1.0  # by how much runs take longer than guessed

    def join(self, run: Computation, others: Iterable[Turn]) -> None:
        """A run comes: its sessions take at least the time of those that are there.

        Where nobody is, they take the latest: what others had while they were alone is no debt.
        """
        there = {session for turn in others for session in turn.run.sessions} - run.sessions
        clocks = [self._clocks.get(session, 0.0) for session in there]
        now = min(clocks) if clocks else max(self._clocks.values(), default=0.0)
        for session in run.sessions:
            self._clocks[session] = max(self._clocks.get(session, 0.0), now)

    def key(self, turn: Turn) -> tuple[bool, float, float, int]:
        """Who has the least comes first."""
        begun = turn.run.length > 0 or turn.run.seconds > FIRST_SECONDS or len(turn.reserved) > 0
        behind = min((self._clocks.get(session, 0.0) for session in turn.run.sessions), default=0.0)
        return begun, behind, turn.clock, turn.order

    def next(self, turns: Collection[AnyTurn]) -> AnyTurn | None:
        """Whose turn it is: of those who have hardly more than who has least, the one that has waited longest.

        Slices never cost the same. By their clocks alone all would change places in every round, and one that was
        early in one and late in the next would show nothing new for two.
        """
        first = min(turns, key=self.key, default=None)
        if first is None:
            return None
        begun, behind, *_ = self.key(first)
        least = dict[Hashable, float]()
        for turn in turns:
            for session in turn.run.sessions:
                least[session] = min(least.get(session, turn.clock), turn.clock)
        near = [
            turn
            for turn in turns
            if self.key(turn) <= (begun, behind + NEAR_SECONDS)
            and all(turn.clock <= least[session] + NEAR_SECONDS for session in turn.run.sessions)
        ]
        return min(near, key=lambda turn: (turn.asked_at, turn.order), default=first)

    def reserve(self, turn: Turn, seconds: float) -> None:
        """A slice of about so many seconds is asked for: it moves the clocks by what it is expected to take."""
        turn.reserved.append(max(seconds, turn.last))
        turn.asked_at = time.monotonic()
        self._move(turn, turn.reserved[-1])

    def release(self, turn: Turn) -> None:
        """The slices that were asked for will not come."""
        while turn.reserved:
            self._move(turn, -turn.reserved.popleft())

    def charge(self, turn: Turn, seconds: float) -> None:
        """A slice was trained and recorded: it moves the clocks by what it took."""
        self._move(turn, seconds - (turn.reserved.popleft() if turn.reserved else 0.0))
        turn.last = seconds
        if turn.run.length > 1 and turn.run.seconds > FIRST_SECONDS / 10:
            made = turn.run.length / states_of(turn.run.study)
            self._pace += 0.05 * (turn.run.seconds / (made * guessed(turn.run.study, turn.run.dataset)) - self._pace)

    def _move(self, turn: Turn, seconds: float) -> None:
        """Move the clocks of a run and of who waits for it."""
        turn.clock += seconds / turn.weight
        for session in turn.run.sessions:
            each = seconds / turn.weight / len(turn.run.sessions)
            self._clocks[session] = self._clocks.get(session, 0.0) + each

    def spend(self, turn: Turn, seconds: float) -> None:
        """Note what a slice took before it is recorded, so that no run has ended whose cost is not known.

        Who shares a run shares what it costs.
        """
        each, now = seconds / max(1, len(turn.run.sessions)), time.monotonic()
        for session in turn.run.sessions:
            self._spend(session, now, each)

    def _spend(self, session: Hashable, now: float, seconds: float) -> None:
        """Note it with what was spent in the same minute."""
        noted = self._spent[session]
        if noted and now - noted[-1][0] < MINUTE:
            since, before = noted.pop()
            noted.append((since, before + seconds))
        else:
            noted.append((now, seconds))

    def spent(self, session: Hashable) -> float:
        """CPU seconds of training within the last hour."""
        spent = self._spent[session]
        while spent and spent[0][0] < time.monotonic() - HOUR:
            spent.popleft()
        return sum(seconds for _, seconds in spent)

    def forget(self, present: Iterable[Hashable]) -> None:
        """Keep the clocks of those who are there, and of those who spent something within the hour."""
        kept = set(present) | {session for session in tuple(self._spent) if self.spent(session)}
        self._clocks = {session: clock for session, clock in self._clocks.items() if session in kept}
        for session in set(self._spent) - kept:
            del self._spent[session]

    def left(self, run: Computation) -> float:
        """CPU seconds that a run still takes: by its own pace, or as guessed before it has one."""
        missing = 1.0 - run.length / states_of(run.study)
        if run.length > 1 and run.seconds > 0:
            return run.seconds * missing * states_of(run.study) / run.length
        return guessed(run.study, run.dataset) * self._pace * missing

    def wait(self, mine: Turn, turns: Iterable[Turn], lanes: int) -> float:
        """Seconds until a run will have ended, if nobody else comes: others get as much as it does, or what they need.

        Shares of sessions with several runs are taken together.
        """
        left = self.left(mine.run)
        beside = sum(min(self.left(turn.run), left * turn.weight / mine.weight) for turn in turns if turn is not mine)
        return max(left, (left + beside) / lanes)


def states_of(study: Study) -> int:
    """States of every curve, the start among them."""
    return study.experiment.iterations + 1


def guessed(study: Study, dataset: Dataset) -> float:
    """CPU seconds of a whole study on a data set, guessed from its size."""
    one: Experiment = study.experiment
    state, row = (CIRCUIT_STATE_SECONDS, NODE_SECONDS) if study.deep else (STATE_SECONDS, ROW_SECONDS)
    curves = len(study.depths) + len(study.rivals) + study.shallow
    return curves * one.num_seeds * states_of(study) * (state + row * dataset.num_distinct * _breadth(one))


def _breadth(one: Experiment) -> int:
    """A mixture's components; about as many nodes as a deep circuit has, by its settings alone."""
    size, regions = one.num_components, 1 << one.split_depth
    return {
        "mixture": size,
        "random_partitions": 2 * size * regions**2,
        "rat": one.num_repetitions * size**2 * regions,
        "rat_elementwise": 2 * one.num_repetitions * size * regions,
        **LEARNED_NODES,
    }[one.structure]

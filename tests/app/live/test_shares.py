"""Whose turn it is, checked on a trainer of paper: shares by session, then by run; first points first; honest times."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.kit.link import CIRCUITS
from app.live import shares as shares_module
from app.live.shares import FIRST_SECONDS, HEAVY_SECONDS, HEAVY_WEIGHT, HOUR, Shares, Turn
from spncore import Dataset
from spncore.runs.study import Study
from spncore.structures import CIRCUITS as BUILDERS
from spncore.structures import StructureSettings
from tests.app.live.conftest import SMALL

SLICE = 0.02


class Paper:
    """Runs that take so many CPU seconds, and who trains them slice by slice on so many lanes."""

    def __init__(self, data: Dataset, lanes: int = 1) -> None:
        self.data, self.lanes, self.now = data, lanes, 0.0
        self.shares = Shares()
        self.turns: list[Turn] = []
        self.ends: dict[int, float] = {}

    def come(self, session: str, seconds: float) -> Turn:
        run: Any = SimpleNamespace(
            sessions=frozenset([session]),
            seconds=0.0,
            length=0,
            needs=seconds,
            study=Study(SMALL.replace(iterations=99), (1,)),
            dataset=self.data,
        )
        self.shares.join(run, self.turns)
        self.turns.append(Turn(run, len(self.turns) + len(self.ends)))
        return self.turns[-1]

    def train(self, seconds: float = 1e9) -> None:
        end = self.now + seconds
        while self.turns and self.now < end:
            going = list(self.turns)
            for _ in range(min(self.lanes, len(going))):
                turn: Any = self.shares.next(going)
                going.remove(turn)
                self.shares.reserve(turn, SLICE)
                run: Any = turn.run
                run.seconds += SLICE
                run.length = min(100, 1 + int(99 * run.seconds / run.needs))
                self.shares.spend(turn, SLICE)
                self.shares.charge(turn, SLICE)
                if run.seconds >= run.needs - 1e-9:
                    self.turns.remove(turn)
                    self.ends[turn.order] = self.now + SLICE
            self.now += SLICE


@pytest.fixture
def paper(data: Dataset) -> Paper:
    return Paper(data)


def test_what_a_session_had_while_it_was_alone_is_no_debt(paper: Paper) -> None:
    paper.come("a", 20.0)
    paper.train(30.0)
    assert not paper.turns
    other, again = paper.come("b", 50.0), paper.come("a", 1.0)
    paper.train(3.0)
    assert again not in paper.turns and other.run.seconds > 1.0


def test_a_session_with_three_runs_gets_as_much_as_one_with_a_single_run(paper: Paper) -> None:
    three, one = [paper.come("a", 50.0) for _ in range(3)], paper.come("b", 50.0)
    paper.train(3.0)
    spent = [turn.run.seconds for turn in three]
    assert sum(spent) == pytest.approx(one.run.seconds, abs=3 * SLICE)
    assert max(spent) - min(spent) <= 2 * SLICE, "and every run of a session advances"


@pytest.mark.fault("J02")
def test_thirty_first_points_come_within_thirty_slices(paper: Paper) -> None:
    running = paper.come("early", 50.0)
    paper.train(1.0)
    class_ = [paper.come(f"student {number}", 1.0) for number in range(30)]
    paper.train(30 * SLICE)
    assert all(turn.run.length for turn in class_)
    paper.train(2.0)
    assert running.run.seconds > 1.0, "who was there goes on"


@pytest.mark.fault("J02")
def test_a_first_point_comes_before_all_others_also_to_who_has_had_more_than_they(paper: Paper) -> None:
    ahead, behind = paper.come("a", 50.0), paper.come("b", 50.0)
    paper.train(1.0)
    paper.shares.charge(ahead, 5.0)
    paper.train(SLICE)
    before, again = behind.run.seconds, paper.come("a", 50.0)
    paper.train(SLICE)
    assert again.run.length and behind.run.seconds == before
    paper.train(SLICE)
    assert behind.run.seconds > before, "and then it is the others' turn again"


@pytest.mark.fault("J01")
def test_a_heavy_run_yields_after_some_seconds_but_never_stands_still(paper: Paper) -> None:
    heavy = paper.come("heavy", 500.0)
    paper.train(2 * HEAVY_SECONDS)
    before = heavy.run.seconds
    paper.come("light", 3.0)
    paper.train(2.0)
    share = (heavy.run.seconds - before) / 2.0
    assert 0.5 * HEAVY_WEIGHT < share < HEAVY_WEIGHT
    light = next(turn for turn in paper.turns if turn is not heavy)
    assert light.run.seconds > 1.5


def test_who_comes_late_owes_nothing_and_is_owed_nothing(paper: Paper) -> None:
    early = paper.come("early", 50.0)
    paper.train(3.0)
    late = paper.come("late", 50.0)
    late.run.length = 1  # it has its point
    paper.train(2.0)
    assert late.run.seconds == pytest.approx(1.0, abs=0.1) and early.run.seconds == pytest.approx(4.0, abs=0.1)


def test_a_run_that_two_sessions_share_is_charged_to_both_by_halves(paper: Paper) -> None:
    shared = paper.come("a", 50.0)
    shared.run.sessions = frozenset("ab")
    paper.train(2.0)
    assert paper.shares.spent("a") == pytest.approx(1.0, abs=SLICE)
    assert paper.shares.spent("b") == pytest.approx(1.0, abs=SLICE)


def test_what_was_spent_is_forgotten_after_an_hour(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(shares_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    paper.come("a", 1.0)
    paper.train()
    assert paper.shares.spent("a") == pytest.approx(1.0)
    paper.shares.forget([])
    assert paper.shares.spent("a") == pytest.approx(1.0), "being away does not wipe it out"
    now[0] = HOUR + 1.0
    paper.shares.forget([])
    assert paper.shares.spent("a") == 0.0


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("needs", [[1.0] * 12, [0.5, 1.0, 2.0, 4.0], [3.0], [20.0, 1.0]])
def test_the_time_that_is_named_is_the_time_it_takes(data: Dataset, lanes: int, needs: list[float]) -> None:
    paper = Paper(data, lanes)
    turns = [paper.come(f"session {number}", seconds) for number, seconds in enumerate(needs)]
    paper.train(0.5 * len(needs))
    said = {turn.order: paper.now + paper.shares.wait(turn, paper.turns, lanes) for turn in paper.turns}
    paper.train()
    assert len(turns) == len(paper.ends)
    for order, moment in said.items():
        assert moment == pytest.approx(paper.ends[order], rel=0.2, abs=0.3)


def test_before_a_run_has_a_pace_its_time_is_guessed_from_what_runs_of_late_took(paper: Paper) -> None:
    first = paper.come("a", 8.0)
    guess = paper.shares.left(first.run)
    for number in range(20):
        paper.come(f"b {number}", 8.0)
    paper.train()
    learned = paper.shares.left(paper.come("c", 8.0).run)
    assert abs(learned - 8.0) < abs(guess - 8.0) and learned == pytest.approx(8.0, rel=0.2)


def test_a_long_first_step_does_not_go_before_all_others_for_ever(paper: Paper) -> None:
    slow = paper.come("slow", 500.0)
    quick = paper.come("quick", 500.0)
    quick.run.length = 1
    while slow.run.seconds < FIRST_SECONDS - SLICE:
        paper.train(SLICE)
        slow.run.length = 0
    slow.run.seconds += 2 * SLICE
    before = quick.run.seconds
    paper.train(0.5)
    assert quick.run.seconds > before


@pytest.mark.parametrize("structure", ["random_partitions", "rat", "rat_elementwise"])
@pytest.mark.parametrize(("size", "split", "repetitions"), [(2, 1, 1), (2, 3, 1), (4, 2, 1), (4, 1, 4)])
def test_what_a_circuit_takes_is_guessed_from_about_as_many_nodes_as_it_has(
    structure: str, size: int, split: int, repetitions: int
) -> None:
    settings = {"structure": structure, "num_components": size, "split_depth": split, "num_repetitions": repetitions}
    experiment = CIRCUITS.default().experiment.replace(**settings)
    built = BUILDERS[structure](16, StructureSettings(size, split, repetitions), np.random.default_rng(0))
    assert 0.5 < shares_module._breadth(experiment) / built.num_nodes < 2

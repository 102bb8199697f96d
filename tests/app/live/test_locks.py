"""What is locked in a session is remembered for it alone; what counts as a change of what is locked."""

from typing import Any

import pytest

from app.live.locks import Locks, locked
from spncore import Experiment
from spncore.runs.study import Study

STUDY = Study(Experiment(dataset="two-clusters", num_components=3, iterations=39), (1, 3))


def other(**changed: Any) -> Study:
    return Study.of({**STUDY.settings(), **changed})


def test_a_session_hears_what_it_was_told_last_and_nothing_of_others() -> None:
    locks = Locks(9)
    locks.tell("a", ["seed", "depths"])
    locks.tell("b", ["topology"])
    assert (locks.of("a"), locks.of("b"), locks.of("c")) == ({"seed", "depths"}, {"topology"}, frozenset())
    locks.tell("a", [])
    assert locks.of("a") == frozenset() and locks.of("b") == {"topology"}


@pytest.mark.parametrize(("most", "left"), [(3, 3), (0, 20)])
def test_those_are_remembered_that_were_heard_of_last(most: int, left: int) -> None:
    locks = Locks(most)
    for number in range(20):
        locks.tell(number, ["seed"])
        locks.tell("here", ["seed"])
    names = [*range(20), "here"]
    held = [name for name in names if locks.of(name)]
    assert held == names[-left:] or (not most and held == names)


def test_nothing_is_refused_where_nothing_locked_would_change() -> None:
    assert locked(["seed"], STUDY, other(depths=(1, 2))) is None
    assert locked([], STUDY, other(depths=(1, 2))) is None and locked(["depths"], STUDY, STUDY) is None


def test_one_sentence_names_all_that_is_locked_and_would_change() -> None:
    said = locked(["seed", "depths", "topology"], STUDY, other(depths=(1, 2), seed=4))
    assert said == "seed and depths: locked by the link that opened this page, so nothing was changed."


def test_the_learning_rate_is_that_of_every_update() -> None:
    branched, weighed = other(changes=("20:rate:0.5",)), other(changes=("10:L3.w1.2:0.2",))
    assert locked(["learning_rate"], STUDY, branched) and locked(["learning_rate"], branched, weighed)
    assert locked(["learning_rate"], STUDY, weighed) is None and locked(["changes"], STUDY, weighed)
    both = other(changes=("10:L3.w1.2:0.2", "20:rate:0.5"))
    assert locked(["learning_rate"], branched, both) is None

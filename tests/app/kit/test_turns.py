"""Scripts of pages take turns: one after the other, but for those that wait, and nobody waits for ever."""

import threading

import pytest

from app.kit.turns import Turns
from tests.waiting import PATIENCE, until


class Script(threading.Thread):
    """Takes its turn; goes on, and perhaps aside, when it is told to."""

    def __init__(self, turns: Turns, sleeps: bool = False) -> None:
        super().__init__(daemon=True)
        self.turns, self.sleeps = turns, sleeps
        self.running, self.told, self.woken = threading.Event(), threading.Event(), threading.Event()
        self.ended = threading.Event()
        self.start()

    def run(self) -> None:
        with self.turns.taken():
            self.running.set()
            if self.sleeps:
                with self.turns.aside():
                    self.woken.wait(PATIENCE)
            self.told.wait(PATIENCE)
        self.ended.set()


def test_a_script_begins_when_the_one_before_has_ended() -> None:
    turns = Turns(patience=PATIENCE)
    first = Script(turns)
    assert first.running.wait(PATIENCE)
    second = Script(turns)
    assert not second.running.wait(0.1)
    first.told.set()
    assert second.running.wait(PATIENCE)
    second.told.set()


def test_a_script_that_sleeps_lets_others_go_and_takes_its_turn_again() -> None:
    turns = Turns(patience=PATIENCE)
    sleeper = Script(turns, sleeps=True)
    assert sleeper.running.wait(PATIENCE)
    other = Script(turns)
    assert other.running.wait(PATIENCE)
    sleeper.told.set()
    sleeper.woken.set()
    assert not sleeper.ended.wait(0.1), "it is the other's turn"
    other.told.set()
    assert sleeper.ended.wait(PATIENCE)


def test_nobody_waits_longer_than_the_patience_for_a_script_that_computes() -> None:
    turns = Turns(patience=0.05)
    long = Script(turns)
    assert long.running.wait(PATIENCE)
    beside = Script(turns)
    assert beside.running.wait(PATIENCE) and not long.ended.is_set()
    for script in (long, beside):
        script.told.set()
        until(script.ended.is_set)
    last = Script(turns)
    last.told.set()
    assert last.ended.wait(PATIENCE), "who went beside gave nothing back"


def test_a_turn_ends_with_an_error() -> None:
    turns = Turns(patience=PATIENCE)
    with pytest.raises(ZeroDivisionError), turns.taken():
        raise ZeroDivisionError
    script = Script(turns)
    script.told.set()
    assert script.ended.wait(PATIENCE)

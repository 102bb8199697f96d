"""The loop around a step: each rule stops exactly where it says."""

from typing import NamedTuple

import numpy as np
import pytest

from spncore import Experiment, trainer_of
from spncore.loop import gains_less_than, until, updates, when


class At(NamedTuple):
    iteration: int


def climbing(values):
    """A step that sees one value after another."""
    return lambda state: (At(state.iteration + 1), values[state.iteration])


def seen(values, *rules, start=0):
    return [info for _, info in until(climbing(values), At(start), *rules)]


@pytest.mark.parametrize(("start", "most", "expected"), [(0, 3, [0, 1, 2]), (2, 3, [2]), (3, 3, []), (0, 0, [])])
def test_updates_counts_from_where_the_state_stands_and_takes_no_step_too_many(start, most, expected):
    asked = []

    def step(state):
        asked.append(state.iteration)
        return At(state.iteration + 1), state.iteration

    assert [info for _, info in until(step, At(start), updates(most))] == expected == asked


def test_the_item_for_which_a_rule_holds_is_the_last():
    assert seen([5, 6, 7, 8], when(lambda value: value >= 7)) == [5, 6, 7]
    assert seen([5, np.nan, 7], when(lambda value: not np.isfinite(value)))[:1] == [5]
    assert len(seen([5, np.nan, 7], when(lambda value: not np.isfinite(value)))) == 2


def test_a_gain_is_small_when_the_last_two_steps_say_so_and_a_fall_counts_as_one_unless_it_is_large():
    climbs = [0.0, 1.0, 1.5, 1.55, 9.0]
    assert seen(climbs, gains_less_than(0.1, float)) == climbs[:4]
    falls = [0.0, 1.0, 0.5, 0.45, 9.0]
    assert seen(falls, gains_less_than(0.1, float)) == falls[:3]
    assert seen(falls, gains_less_than(0.1, float, or_loses=False)) == falls[:4]


def test_the_first_rule_that_holds_ends_it_and_all_are_asked_every_time():
    values = [0.0, 1.0, 1.01, 1.02]
    assert seen(values, updates(2), gains_less_than(0.1, float)) == values[:2]
    assert seen(values, updates(4), gains_less_than(0.1, float)) == values[:3]
    assert seen([1.0, 2.0, 3.0], updates(3), when(lambda value: value == 2.0)) == [1.0, 2.0]


def test_it_can_be_left_and_gone_on_with_from_any_state_bit_for_bit():
    trainer = trainer_of(Experiment(dataset="two-clusters", iterations=9, depth=2))
    whole = list(trainer.until(updates(9)))
    rest = list(trainer.until(updates(9), state=whole[3][0]))
    assert [state.iteration for state, _ in rest] == [5, 6, 7, 8, 9]
    assert np.array_equal(rest[-1][0].parameters, whole[-1][0].parameters)

"""The loop around a step: one generator for whatever moves step by step, and the rules that end it."""

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

State = TypeVar("State")
Info = TypeVar("Info")
Rule = Callable[[Any, Any], bool]  # of a state, and of what the step that led to it saw: None before the first step


def until(step: Callable[[State], tuple[State, Info]], state: State, *rules: Rule) -> Iterator[tuple[State, Info]]:
    """The state after each step and what the step saw, from `state` on; the item for which a rule holds is the last.

    Every rule is asked once before the first step, so that there may be none, and once after every item.

    >>> [n for n, _ in until(lambda n: (n + 1, None), 0, lambda n, seen: n >= 3)]
    [1, 2, 3]
    """
    info: Info | None = None
    while not any([rule(state, info) for rule in rules]):
        state, info = step(state)
        yield state, info


def updates(most: int) -> Rule:
    """So many updates are done, as the state's `iteration` counts them, wherever the loop began."""
    return lambda state, info: bool(state.iteration >= most)


def when(condition: Callable[[Any], bool]) -> Rule:
    """The last step saw this: a target, or numbers that are no longer finite."""
    return lambda state, info: info is not None and condition(info)


def gains_less_than(least: float, value: Callable[[Any], float], or_loses: bool = True) -> Rule:
    """`value(info)` rose by less than `least` from one step to the next; a large fall ends it only if `or_loses`."""
    previous = -math.inf

    def small(info: Any) -> bool:
        nonlocal previous
        gain, previous = float(value(info)) - previous, float(value(info))
        return (gain if or_loses else abs(gain)) < least

    return when(small)

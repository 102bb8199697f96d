"""How much is played; the smallest sizes measure nothing and end in a minute."""

from __future__ import annotations

from typing import NamedTuple


class Sizes(NamedTuple):
    """Counts of one round."""

    rounds: int = 3  # of the parts that measure time, in turns with the other builds
    changes: int = 8
    others: int = 10
    answers: int = 6  # of every kind of interaction; even, so that what plays is paused again
    before: int = 14  # trainings until a server keeps as many runs of a session as it will
    trainings: int = 20
    pages: int = 100  # of those there are


SMALLEST = Sizes(rounds=1, changes=1, others=1, answers=1, before=1, trainings=1, pages=1)

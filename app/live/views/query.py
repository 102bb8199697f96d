"""What a query asks for, or the sentence that refuses it."""

import re
from collections.abc import Mapping

COUNT = re.compile(r"[0-9]{1,9}")


class BadQueryError(ValueError):
    """A query is refused; the text says what is allowed."""


def count_of(query: Mapping[str, str], name: str, default: int = 0) -> int:
    """A whole number that must not be negative."""
    text = query.get(name, str(default))
    if not COUNT.fullmatch(text):
        raise BadQueryError(f"{name}: give one whole number, 0 or more.")
    return int(text)


def below(query: Mapping[str, str], name: str, number: int, what: str = "") -> int:
    """A number less than this one, 0 if none is given; `what` is counted."""
    value = count_of(query, name)
    if value >= number:
        raise BadQueryError(f"{name}: {value} is out of range; this run has {what}0 to {number - 1}.")
    return value

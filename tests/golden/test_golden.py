"""What the product gives for the stored cases is what it gave: links, sentences, files, commands, short runs."""

import pytest

from tests.golden import stored
from tests.golden.topics import TOPICS

APPROXIMATE = ("numbers_", "sentences")  # topics with numbers that depend on the order of arithmetic


@pytest.mark.parametrize("name", stored.names())
def test_the_product_gives_what_is_stored(name):
    difference = stored.differences(name, TOPICS[name], exact=not name.startswith(APPROXIMATE))
    assert not difference, f"\n{difference}\nIf this is meant: python -m tests.golden.renew {name}"


def test_every_topic_is_stored():
    assert stored.names() == sorted(TOPICS)


@pytest.mark.parametrize("name", stored.names())
def test_an_answer_that_changes_is_noticed(name):
    for entry in stored.read(name):
        answer = entry["gives"]
        assert stored.differs(_disturbed(answer), answer, exact=not name.startswith(APPROXIMATE))


def _disturbed(value):
    """The value with its last leaf changed: a number by one part in 10⁷."""
    if isinstance(value, dict) and value:
        return {**value, list(value)[-1]: _disturbed(value[list(value)[-1]])}
    if isinstance(value, list) and value:
        return [*value[:-1], _disturbed(value[-1])]
    if isinstance(value, bool):
        return not value
    return value * (1 + 1e-7) + 1e-7 if isinstance(value, float | int) else f"{value} "

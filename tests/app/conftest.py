"""What holds for tests of the app: no run of one test counts against the next, which has the same session."""

from collections.abc import Iterator

import pytest

from app.live.runs import REGISTRY


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """Stop what a test started: a session may have three runs under way, and all AppTests are one session."""
    yield
    for run_id in tuple(REGISTRY._runs):
        REGISTRY.stop(run_id)

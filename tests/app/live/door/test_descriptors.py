"""Descriptors: a process takes as many as the system allows it, and no more tabs than they are enough for."""

import subprocess
import sys

import pytest

from app.live.door.descriptors import ENOUGH, OWN, PER_TAB, raise_descriptors, tabs_for
from tests import children
from tests.places import ROOT

resource = pytest.importorskip("resource", reason="this system gives processes no number of descriptors")
IN_ANOTHER_PROCESS = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, tuple(map(int, sys.argv[1:])))
from app.live.door.middleware import middleware
places = next(one.args[1] for one in middleware("", 60.0) if one.cls.__name__ == "Waiting")
print(places.most, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def opened(soft: int, hard: int, **variables: str) -> tuple[int, int]:
    """Places in the room of a process that was given so many descriptors, and how many it then may have."""
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(soft), str(hard)]
    run = subprocess.run(command, cwd=ROOT, env=children.environment(**variables), capture_output=True, check=True)
    places, descriptors = map(int, run.stdout.split())
    return places, descriptors


@pytest.mark.slow
def test_the_door_takes_the_descriptors_that_it_may_and_has_places_for_no_more_tabs() -> None:
    assert opened(200, 300) == ((300 - OWN) // PER_TAB, 300)
    assert opened(200, 300, SPNLAB_SESSIONS="0") == ((300 - OWN) // PER_TAB, 300), "without a limit as well"
    assert opened(300, 300, SPNLAB_SESSIONS="3") == (3, 300)


@pytest.mark.parametrize(
    ("soft", "hard", "taken"),
    [
        (1024, 20_000, 20_000),
        (1024, 1_000_000, ENOUGH),
        (1024, resource.RLIM_INFINITY, ENOUGH),
        (200_000, 1_000_000, 200_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, ENOUGH),
    ],
)
def test_no_more_is_asked_for_than_is_allowed_or_enough_and_nothing_is_given_back(monkeypatch, soft, hard, taken):
    held = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: held[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: held.append(limits))
    assert raise_descriptors() == taken
    assert held[-1] == ((taken, hard) if soft == 1024 else (soft, hard))


def test_there_is_a_tab_for_every_four_beyond_the_servers_own_and_always_one():
    assert [tabs_for(OWN + number) for number in (-50, 0, 3, 4, 7, 8, 800)] == [1, 1, 1, 1, 1, 2, 200]

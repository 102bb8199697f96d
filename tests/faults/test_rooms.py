"""A room under kill −9: no acknowledged vote is lost, none is counted twice, and the room is there again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.live.door.visitor import COOKIE
from spncore.store import Place, Store, rooms
from spncore.store.rows import owner_of
from spncore.studies.classroom.state import Agenda
from tests import children
from tests.faults.serving import Serving
from tests.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="servers are forked, which this system cannot"),
]
TEACHER, PHONES = "teacher".ljust(22, "_"), [f"phone-{number}".ljust(22, "_") for number in range(4)]


def test_no_vote_that_was_acknowledged_is_lost_and_none_is_counted_twice(address: str) -> None:
    """SPNLAB_KILLS=200 makes it as many rounds; one phone sleeps through all but the first and the last."""
    command = [sys.executable, "-m", "tests.faults.voters", address, os.environ.get("SPNLAB_KILLS", "50")]
    environment = children.environment(SPNLAB_ROOM_EVENTS="0", SPNLAB_ROOM_EVENTS_PER_MEMBER="0")
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["acknowledged"] > 100 and not found["twice_acknowledged"]
    assert not found["lost"] and not found["gaps"]
    assert found["votes"] == found["expected"], "no number twice, and at most one of each phone that was not heard of"
    assert found["seats"] == [1, 2, 3, 4] and found["events"] == found["votes"] + 4
    assert found["tallies"] == found["answered"]


def opened(folder: Path) -> str:
    """A room in the store of a server that is not up yet."""
    with Store(Place(file=folder / "kept" / "spnlab.db")) as store:
        agenda = Agenda("killed", 8, votes={"which": 3})
        made = ("BCDFG", owner_of(TEACHER), agenda.settings(), time.time(), time.time() + 3600)
        assert store.write(rooms.open_room, *made).result()
    return "BCDFG"


def asked(server: Serving, who: str, method: str, path: str, **said: Any) -> dict[str, Any]:
    """What a browser is answered."""
    headers = {"Cookie": f"{COOKIE}={who}", "Origin": f"http://127.0.0.1:{server.port}"}
    status, body, _ = server.ask(method, f"/api/rooms/{path}", json.dumps(said).encode(), **headers)
    assert status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


def test_a_server_that_is_killed_has_the_room_again_and_a_phone_goes_on_where_it_was(tmp_path: Path) -> None:
    code, known = opened(tmp_path), 0
    for turn in range(3):
        server = Serving(tmp_path).opened()
        try:
            for place, phone in enumerate(PHONES):
                assert asked(server, phone, "POST", f"{code}/join")["seat"] == place + 1
                key, said = f"vote-{turn}-{place}", {"question": "which", "choice": turn}
                first = asked(server, phone, "POST", f"{code}/vote", key=key, **said)
                assert asked(server, phone, "POST", f"{code}/vote", key=key, **said) == first
            found = asked(server, PHONES[0], "GET", f"{code}?from={known}")
            assert found["from"] == known and found["votes"] == {"which": [4 * (each == turn) for each in range(3)]}
            assert found["step"] == turn and found["seq"] == 4 + 4 * (turn + 1) + turn
            known = asked(server, TEACHER, "POST", f"{code}/step", key=f"step-{turn:03}", step=turn + 1)["seq"]
        finally:
            server.close()  # kill -9, just after the step was acknowledged
    with Store(Place(file=tmp_path / "kept" / "spnlab.db")) as store:
        assert [event.kind for event in store.read(rooms.events_after, code, 0)].count("step") == 3

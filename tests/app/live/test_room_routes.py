"""The routes of rooms: a phone follows by number, is told counts alone, and does only what it may, in its own name."""

import asyncio
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from app.live import room_routes
from app.live.door.visitor import COOKIE
from app.live.history import History
from app.live.limits import ServerLimits
from app.live.rooms import Rooms
from app.live.routes import routes
from app.live.runs import RunRegistry
from spncore import Dataset, Experiment
from spncore.runs.study import Study
from spncore.store import Place
from spncore.store.rows import owner_of
from spncore.studies.classroom.acts import OF_MEMBERS, OF_TEACHER
from spncore.studies.classroom.state import Agenda
from spncore.studies.history import settings_of
from tests.app.live.conftest import ended

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient

AGENDA = Agenda("depth", 8, votes={"which": 3}, guesses={"curve": 2})
STUDY = Study(Experiment(dataset="two-clusters", num_components=2, iterations=40, init_noise=1e-2), (1, 2))
TOKENS = {name: name.ljust(22, "_") for name in ("teacher", "ann", "bob", "cid")}
OWN = {"Origin": "http://testserver"}


class Class:
    """A room over HTTP: who asks is named, which sends that browser's cookie."""

    def __init__(self, registry: RunRegistry, rooms: Rooms) -> None:
        self.registry, self.rooms = registry, rooms
        self.client = TestClient(Starlette(routes=routes(registry, rooms=rooms)))
        self.code = rooms.open(owner_of(TOKENS["teacher"]), AGENDA)
        self.number = 0

    def headers(self, who: str) -> dict[str, str]:
        return {**OWN, **({"Cookie": f"{COOKIE}={TOKENS[who]}"} if who else {})}

    def get(self, who: str = "", start: int = 0) -> Any:
        answer = self.client.get(f"/api/rooms/{self.code}?from={start}", headers=self.headers(who))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, who: str, kind: str, said: Any = None, headers: dict[str, str] | None = None) -> Any:
        content = said if isinstance(said, bytes) else json.dumps(said)
        sent = self.headers(who) if headers is None else headers
        return self.client.post(f"/api/rooms/{self.code}/{kind}", content=content, headers=sent)

    def do(self, who: str, kind: str, **said: Any) -> Any:
        """An act that goes well, under a key of its own."""
        self.number += 1
        answer = self.ask(who, kind, {"key": f"key-{self.number:05}", **said})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def trained(self, who: str, data: Dataset) -> str:
        """A finished run of a seat."""
        study = self.rooms.study(self.code, owner_of(TOKENS[who]))
        assert study is not None
        return ended(self.registry, self.registry.start(study, data, who)).id


@pytest.fixture
def room(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Class]:
    monkeypatch.setattr(room_routes, "HOLD_SECONDS", 0.01)
    history = History(lambda: Place(file=tmp_path / "spnlab.db"))
    yield Class(make(), Rooms(history, ServerLimits()))
    history.close()


def test_a_class_joins_votes_and_is_counted(room: Class) -> None:
    assert [room.do(who, "join")["seat"] for who in ("ann", "bob", "ann")] == [1, 2, 1]
    room.do("ann", "vote", question="which", choice=2)
    room.do("bob", "guess", question="curve", values=[1, 3])
    room.do("ann", "guess", question="curve", values=[2, 2])
    room.do("bob", "progress", step=1)
    found = room.get("ann")
    assert (found["members"], found["here"], found["steps"]) == (2, 2, {"0": 1, "1": 1})
    assert found["votes"] == {"which": [0, 0, 1]}
    fan = [[1.0, 1.25, 1.5, 1.75, 2.0], [2.0, 2.25, 2.5, 2.75, 3.0]]
    assert found["guesses"] == {"curve": {"number": 2, "fan": fan}}
    assert found["you"] == {"teacher": False, "seat": 1, "nickname": "", "votes": {"which": 2}, "arrived": False}
    assert found["seq"] == 6 and found["lesson"] == "depth"


def test_the_teacher_leads_over_http_and_sees_who_is_where(room: Class) -> None:
    room.do("ann", "join")
    room.do("ann", "nickname", name="<b>Ann")
    for kind, said in (
        ("step", {"step": 3}),
        ("pace", {"pace": "free"}),
        ("pause", {"paused": True}),
        ("hide", {"hidden": True}),
        ("study", {"study": settings_of(STUDY)}),
        ("announce", {"number": 30}),
    ):
        room.do("teacher", kind, **said)
    found = room.get("teacher")
    stands = {name: found[name] for name in ("step", "pace", "paused", "hidden", "announced")}
    assert stands == {"step": 3, "pace": "free", "paused": True, "hidden": True, "announced": 30}
    assert found["seats"] == [{"seat": 1, "step": 0, "nickname": "<b>Ann", "arrived": False}]
    assert found["you"]["teacher"] and found["study"]["names"] == ["L=1", "L=2"]
    room.do("teacher", "remove", seat=1)
    assert room.get("teacher")["seats"][0]["nickname"] == ""
    room.do("teacher", "end")
    assert room.get("ann")["ended"]
    assert "has ended the room" in room.ask("bob", "join", {}).json()["error"]


def test_students_are_sent_no_member_nickname_or_token(room: Class) -> None:
    for who in ("ann", "bob"):
        room.do(who, "join")
        room.do(who, "nickname", name=f"nick-{who}")
    text = json.dumps([room.get("ann"), room.get()])
    assert "nick-bob" not in text and "seats" not in text
    for who, token in TOKENS.items():
        owner = owner_of(token)
        assert token not in text and owner not in text, who
        assert room.rooms.held(room.code).member(owner) not in text, who


def test_a_phone_that_was_away_catches_up_by_number_and_misses_nothing(room: Class, data: Dataset) -> None:
    for who in ("ann", "bob", "cid"):
        room.do(who, "join")
    room.do("teacher", "study", study=settings_of(STUDY))
    runs = {who: room.trained(who, data) for who in ("ann", "bob", "cid")}
    room.do("ann", "result", run=runs["ann"])
    known = room.get("ann")
    room.do("bob", "result", run=runs["bob"])
    room.do("teacher", "step", step=5)
    room.do("cid", "result", run=runs["cid"])
    later = room.get("ann", known["seq"])
    assert [each["seat"] for each in known["results"]] == [1] and [each["seat"] for each in later["results"]] == [2, 3]
    assert later["step"] == 5 and later["study"] == {"number": 1, "seq": 4}, "the settings are known"
    whole = room.get("bob")
    assert whole["results"] == known["results"] + later["results"] and whole["class"] == later["class"]
    assert room.get("ann", later["seq"])["results"] == []


def test_a_number_of_another_store_is_answered_with_all(room: Class) -> None:
    room.do("ann", "join")
    assert room.get("ann", 900)["from"] == 0 and room.get("ann", 900)["seq"] == 1


def test_hidden_results_are_sent_to_nobody_but_the_teacher_and_come_when_they_are_shown(
    room: Class, data: Dataset
) -> None:
    for who in ("ann", "bob"):
        room.do(who, "join")
    room.do("teacher", "study", study=settings_of(STUDY))
    room.do("ann", "result", run=room.trained("ann", data))
    room.do("teacher", "hide", hidden=True)
    room.do("bob", "result", run=room.trained("bob", data))
    for who in ("ann", "bob", ""):
        found = room.get(who)
        assert found["results"] == [] and found["class"] is None and found["arrived"] == 2
    assert len(room.get("teacher")["results"]) == 2
    known = room.get("ann")["seq"]
    room.do("teacher", "hide", hidden=False)
    assert [each["seat"] for each in room.get("ann", known)["results"]] == [1, 2]


def test_the_class_is_one_distribution_in_numbers_and_words(room: Class, data: Dataset) -> None:
    for who in ("ann", "bob"):
        room.do(who, "join")
    room.do("teacher", "study", study=settings_of(STUDY))
    room.do("teacher", "announce", number=2)
    room.do("ann", "result", run=room.trained("ann", data))
    assert room.get("ann")["class"]["arrival"] == "1 of 2 announced starts have arrived."
    room.do("bob", "result", run=room.trained("bob", data))
    found = room.get("ann")
    lines = [each["curves"][1]["line"] for each in found["results"]]
    median = [(one + other) / 2 for one, other in zip(*lines, strict=True)]
    assert found["class"]["curves"][1]["median"] == pytest.approx(median, abs=2e-4)
    assert found["class"]["arrival"] == "All 2 announced starts have arrived."
    assert len(found["class"]["curves"][0]["median"]) == len(found["study"]["at"]) == len(lines[0])
    assert found["class"]["curves"][0]["coverage"] == found["class"]["curves"][0]["at_end"][2] == 0.5


def test_an_answer_that_was_lost_is_repeated_and_counted_once(room: Class) -> None:
    room.do("ann", "join")
    said = {"key": "the-same-key", "question": "which", "choice": 1}
    assert room.ask("ann", "vote", said).json() == room.ask("ann", "vote", said).json() == {"seq": 2}
    assert room.get("ann")["votes"] == {"which": [0, 1, 0]}


@pytest.mark.parametrize(
    ("who", "kind", "said", "status", "sentence"),
    [
        ("", "join", {}, 403, "This browser shows no cookie"),
        ("bob", "vote", {"key": "key-00001", "question": "which", "choice": 1}, 403, "Join the room first"),
        ("ann", "step", {"key": "key-00001", "step": 1}, 403, "Only who opened the room may do this"),
        ("ann", "delete", {}, 403, "Only who opened the room may do this"),
        ("ann", "vote", {"question": "which", "choice": 1}, 400, "key: give 8 to 40 letters"),
        ("ann", "vote", {"key": "short", "question": "which", "choice": 1}, 400, "key: give 8 to 40 letters"),
        ("ann", "vote", {"key": "key-00001", "question": "which", "choice": 9}, 400, "choice: give a whole number"),
        ("ann", "vote", [1], 400, "What was sent is no JSON object"),
        ("ann", "vote", b"{", 400, "What was sent is no JSON object"),
        ("ann", "vote", b"[" * 3000, 400, "What was sent is no JSON object"),
        ("ann", "vote", b" " * 4001, 413, "What was sent has more than 4,000 bytes"),
        ("ann", "result", {"run": "A" * 22}, 404, "There is no such run any more"),
        ("ann", "result", {"run": 5}, 404, "There is no such run any more"),
        ("ann", "dance", {}, 405, "POST is not allowed here"),
    ],
)
def test_what_may_not_be_is_refused_in_a_sentence_and_nothing_happens(
    room: Class, who: str, kind: str, said: Any, status: int, sentence: str
) -> None:
    room.do("ann", "join")
    answer = room.ask(who, kind, said)
    assert answer.status_code == status and sentence in answer.json()["error"]
    assert answer.headers["content-type"] == "application/json"
    assert room.rooms.state(room.code).seq == 1


@pytest.mark.parametrize("kind", ["join", "result", "delete", *OF_MEMBERS, *OF_TEACHER])
def test_pages_of_others_can_do_nothing_here(room: Class, kind: str) -> None:
    foreign = {**room.headers("teacher"), "Origin": "http://evil.example"}
    answer = room.ask("teacher", kind, {"key": "key-00001"}, foreign)
    assert answer.status_code == 403 and "Only the lab's own page may do this" in answer.json()["error"]
    wrong = room.client.get(f"/api/rooms/{room.code}/{kind}", headers=room.headers("teacher"))
    assert wrong.status_code == 405


def test_a_room_that_is_not_there_is_said_so(room: Class) -> None:
    room.do("teacher", "delete")
    for answer in (room.client.get(f"/api/rooms/{room.code}"), room.ask("ann", "join", {})):
        assert answer.status_code == 404 and "There is no room" in answer.json()["error"]
    assert room.client.get("/api/rooms/%3Cb%3E?from=0").status_code == 404
    assert room.client.get(f"/api/rooms/{room.code}?from=-1").status_code == 400


def test_an_answer_waits_for_what_happens_next(room: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_routes, "HOLD_SECONDS", 60.0)
    room.do("ann", "join")
    held = room.rooms.held(room.code)

    async def waiting() -> None:
        waiter = asyncio.create_task(held.news.wait(lambda: held.state.seq > 1, 60.0))
        await asyncio.sleep(0)
        await asyncio.to_thread(room.rooms.act, room.code, owner_of(TOKENS["teacher"]), "step", {"step": 2})
        await waiter

    asyncio.run(waiting())
    assert room.get("ann", 1)["step"] == 2


def test_phones_of_a_large_room_ask_less_often(room: Class) -> None:
    assert room.get()["poll_ms"] == 100
    for who in ("ann", "bob", "cid"):
        room.do(who, "join")
    assert room.get()["poll_ms"] == 115

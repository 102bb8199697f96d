"""Places and the line before them, by a clock that only the test moves."""

from types import SimpleNamespace

import pytest

from app.live.door import places as module
from app.live.door.places import FORGOTTEN_SECONDS, LIVING_SECONDS, Places


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


def room(most: int = 1, waiting: int = 10, promised: float = 30.0) -> Places:
    return Places(most, waiting, kept=60.0, left=5.0, promised=promised)


def seated(places: Places, browser: str | None, session: str | None = None):
    seat = places.sit(browser, session, lambda: None)
    assert seat is not None
    seat.session = session or f"session of {browser}"
    return seat


def test_a_page_that_was_handed_out_has_a_place_until_it_connects_or_its_time_is_over(now: list[float]) -> None:
    places = room()
    assert places.enter("anna", "anna") and places.enter("anna", "anna"), "asking again takes no second place"
    assert not places.enter("ben", "ben") and places.sit("ben", None, lambda: None) is None
    now[0] = 31
    assert places.enter("ben", "ben") and places.sit("anna", None, lambda: None) is None
    assert seated(places, "ben")


def test_who_came_first_goes_in_first_and_who_left_the_line_is_passed_over(now: list[float]) -> None:
    places = room()
    seat = seated(places, "anna")
    tickets = {name: places.queue(name) for name in ("ben", "cleo", "dora")}
    assert [places.ask(ticket, name) for name, ticket in tickets.items()] == [1, 2, 3]
    now[0] += LIVING_SECONDS  # ben asks no more
    assert places.ask(tickets["dora"], "dora") == 1, "neither of the others has asked for long"
    assert (places.ask(tickets["cleo"], "cleo"), places.ask(tickets["dora"], "dora")) == (1, 2)
    places.stand(seat, closed_by_page=True)
    assert places.ask(tickets["cleo"], "cleo") == 1, "anna may be loading her page anew"
    now[0] += 5.1
    assert places.ask(tickets["dora"], "dora") == 2, "cleo is before her"
    assert places.ask(tickets["cleo"], "cleo") == 0 and places.ask(tickets["dora"], "dora") == 1
    assert places.ask(tickets["ben"], "ben") == 1, "his place in the line was kept"
    assert places.enter("cleo", "cleo") and not places.enter("emil", "emil")


def test_nobody_who_comes_later_passes_the_line(now: list[float]) -> None:
    places = room(most=2)
    seat, _ = seated(places, "anna"), seated(places, "ben")
    ticket = places.queue("cleo")
    places.stand(seat, closed_by_page=False)  # as one whose session never began
    seat.session = None
    places.lost.clear()
    assert not places.enter("dora", "dora") and places.sit("dora", None, lambda: None) is None
    assert places.ask(ticket, "cleo") == 0 and seated(places, "cleo")


def test_a_lost_session_keeps_its_place_for_a_minute(now: list[float]) -> None:
    places = room()
    seat = seated(places, "anna", None)
    places.stand(seat, closed_by_page=False)
    now[0] = 59
    assert not places.enter("ben", "ben") and places.holds("session of anna")
    again = seated(places, "anna", "session of anna")
    places.stand(again, closed_by_page=False)
    now[0] = 59 + 61
    assert not places.holds("session of anna") and places.enter("ben", "ben")


def test_a_session_that_connects_anew_before_its_loss_is_noticed_replaces_its_connection() -> None:
    places, closed = room(), []
    seat = places.sit("anna", None, lambda: closed.append("old"))
    assert seat is not None
    seat.session = "s"
    new = places.sit("anna", "s", lambda: closed.append("new"))
    assert new is not None and closed == ["old"] and places.seats == [new]
    places.stand(seat, closed_by_page=False)
    assert places.seats == [new] and not places.lost, "the end of the old one changes nothing"


def test_a_page_loaded_anew_is_in_again_before_those_in_line(now: list[float]) -> None:
    places = room()
    seat = seated(places, "anna")
    ben = places.queue("ben")
    assert not places.enter("anna", "anna"), "her old page is still there when she asks"
    anna = places.queue("anna")
    assert (places.ask(ben, "ben"), places.ask(anna, "anna")) == (1, 2)
    places.stand(seat, closed_by_page=True)
    assert places.ask(ben, "ben") == 1 and places.ask(anna, "anna") == 0
    assert seated(places, "anna")


def test_a_browser_keeps_its_place_in_the_line_and_a_full_line_gives_no_tickets(now: list[float]) -> None:
    places = room(waiting=2)
    seated(places, "anna")
    ben = places.queue("ben")
    assert places.queue("ben") == ben and places.queue("cleo") and places.queue("dora") == ""
    assert places.ask("", "dora") == 0, "it loads its page again, and finds the line as it is then"
    now[0] = FORGOTTEN_SECONDS + 1
    assert places.queue("dora") and ben not in places.line


def test_who_keeps_no_names_gets_in_by_the_places_that_were_promised_to_such(now: list[float]) -> None:
    places = room(most=2)
    assert places.enter(None, "made up") and seated(places, None)
    seat = seated(places, "anna")
    ticket = places.queue("never shown again")
    places.stand(seat, closed_by_page=True)
    now[0] = 6
    assert places.ask(ticket, None) == 0
    assert places.enter(None, "another") and not places.enter("ben", "ben") and seated(places, None)

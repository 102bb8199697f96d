"""The line before a full room, of a real server with three places."""

import json
import re
from collections.abc import Callable

import pytest

from tests.app.live.door.conftest import Lab, Tab
from tests.waiting import until

pytestmark = pytest.mark.slow


class Waiter:
    """A browser with the waiting page open."""

    def __init__(self, lab: Lab, path: str = "/") -> None:
        self.lab, self.page = lab, lab.ask(path)
        assert self.page.status == 503
        self.cookie = self.page.headers["Set-Cookie"].split(";")[0]
        found = re.search(r'data-ask="([^"]+)"', self.page.body.decode())
        assert found
        self.address = found[1]

    def place(self) -> int:
        answer = self.lab.ask("/" + self.address.replace("../", ""), Cookie=self.cookie)
        return int(json.loads(answer.body)["place"])

    def enter(self) -> Tab:
        assert self.lab.ask("/", Cookie=self.cookie).status == 200
        return self.lab.tab(self.cookie).rerun()


def full(lab: Lab) -> list[Tab]:
    return [lab.tab(lab.browser()).rerun() for _ in range(3)]


@pytest.mark.fault("J14")
def test_the_fourth_waits_and_gets_in_after_one_leaves(start: Callable[..., Lab]) -> None:
    lab = start("lab", SPNLAB_SESSIONS="3", SPNLAB_PLACE_LEFT="0", SPNLAB_REQUESTS_PER_SECOND="10000")
    inside = full(lab)
    waiter = Waiter(lab, "/dynamics?preset=x")
    assert waiter.page.headers["Retry-After"] == "2" and waiter.page.headers["Cache-Control"] == "no-store"
    text = waiter.page.body.decode()
    assert 'aria-live="polite">You are next.<' in text and "All 3 places" in text
    files = re.findall(r'(?:href|src)="([^"]+)"', text)
    assert len(files) == 2 and all(lab.ask(f"/{name}").status == 200 for name in files)
    assert waiter.place() == 1 and lab.ask("/_stcore/health").body == b"ok"
    assert lab.ask("/api/figure3").status == 200, "who is in goes on working"
    inside[0].close()
    until(lambda: waiter.place() == 0)
    assert waiter.enter().session and Waiter(lab).place() == 1


@pytest.mark.fault("J14")
def test_three_go_in_as_they_came_and_who_gave_up_is_passed_over(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_SESSIONS="3", SPNLAB_PLACE_LEFT="0", SPNLAB_REQUESTS_PER_SECOND="10000")
    inside = full(lab)
    first, gone, second, third = (Waiter(lab) for _ in range(4))
    assert [one.place() for one in (first, gone, second, third)] == [1, 2, 3, 4]
    for waiter in (first, second, third):
        inside.pop(0).close()
        until(lambda waiter=waiter: waiter.place() == 0)  # type: ignore[misc]
        inside.append(waiter.enter())
        assert all(one.place() > 0 for one in (second, third)[(first, second, third).index(waiter) :])


def test_a_lost_session_comes_back_to_its_place_while_others_wait(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_SESSIONS="3", SPNLAB_REQUESTS_PER_SECOND="10000")
    browser = lab.browser()
    inside = lab.tab(browser).rerun()
    others = [lab.tab(lab.browser()).rerun() for _ in range(2)]
    inside.connection.socket.close()
    waiter = Waiter(lab)
    assert waiter.place() == 1
    assert lab.tab(browser, inside.session).rerun().session == inside.session
    assert waiter.place() == 1 and all(tab.rerun().session for tab in others)

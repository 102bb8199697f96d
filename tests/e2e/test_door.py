"""The door in a real browser: every page under its security policy, and a full room that lets people in by itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import LAB, AppServer
from tests.waiting import until

pytestmark = pytest.mark.browser
PAGES = (
    "",
    "dynamics",
    "circuits",
    "ask",
    "lesson",
    "runs",
    "compare",
    "figure3",
    "fair",
    "phase",
    "grid",
    "classes",
    "update2020",
    "teach",
    "linear",
    "maths",
    "about",
)
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def room(browser, tmp_path: Path) -> Iterator[Callable[..., AppServer]]:
    """Servers with settings of their own."""
    servers = []

    def start(**variables: str) -> AppServer:
        servers.append(AppServer(LAB, tmp_path / "room.log", **variables))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_does_nothing_that_its_security_policy_keeps_off(open_page, app_server, name):
    page = open_page(f"{app_server.url}/{name}")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.locator("h1, h2, .spn-lab").first.wait_for()
    assert page.evaluate("typeof window.prerenderReady") == "boolean", "the page's own inline script ran"


def test_a_script_that_is_not_the_labs_does_not_run(browser, app_server):
    page = browser.new_page()
    page.goto(f"{app_server.url}/about")
    kept_off = page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (kept) => done(kept.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.head.append(script);
            if (window.ran) done("it ran");
        })"""
    )
    page.close()
    assert kept_off == "script-src-elem"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_full_room_says_so_and_lets_in_who_waits(open_page, room, scheme):
    server = room(SPNLAB_SESSIONS="1", SPNLAB_PLACE_LEFT="0")
    inside = open_page(server.url)
    inside.get_by_role("button", name="Train", exact=True).wait_for()
    waiting = open_page(f"{server.url}/?v=2&num_seeds=3", scheme=scheme, **PHONE)
    assert waiting.get_by_role("heading", name="The room is full").is_visible()
    assert waiting.get_by_role("status").text_content() == "You are next."
    assert waiting.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    ground = waiting.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 17, 23)"}[scheme]
    inside.goto("about:blank")
    waiting.locator(".spn-lab, [data-testid=stApp]").first.wait_for()
    assert "num_seeds=3" in waiting.url


def test_a_page_loaded_anew_in_a_full_room_is_in_again(open_page, room):
    server = room(SPNLAB_SESSIONS="1", SPNLAB_PLACE_LEFT="60")
    page = open_page(server.url)
    train = page.get_by_role("button", name="Train", exact=True)
    train.wait_for()
    other = open_page(server.url)
    other.get_by_role("status").filter(has_text="You are next.").wait_for()
    page.reload()
    train.wait_for()
    assert other.get_by_role("status").text_content() == "You are next."


def test_a_page_that_lost_its_place_comes_to_the_line_and_never_stays_empty(open_page, room):
    server = room(SPNLAB_SESSIONS="1", SPNLAB_PLACE_PROMISED="0")
    held, let_go = [], []
    hold = lambda route: route.continue_() if let_go else held.append(route)  # noqa: E731
    late = open_page(server.url, prepare=lambda context: context.route("**/_stcore/host-config", hold))
    until(lambda: late.evaluate("1") and held)
    inside = open_page(server.url).get_by_role("button", name="Train", exact=True)
    inside.wait_for()
    let_go.append(True)
    for route in held:
        route.continue_()
    late.get_by_role("heading", name="The room is full").wait_for()
    assert inside.is_visible()

"""What a reader sees stays where it is, and a page that trains again and again holds no more than before."""

import pytest

from benchmarks.browsing import Lab, opened
from benchmarks.touch.growth import Held
from benchmarks.touch.shift import PAGES, SCREENS, of_page
from spncore.data import library
from tests.e2e.test_lab_page import QUICK
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_SHIFT = 0.1  # as Web Vitals calls it good
TRAININGS = 20
HEAP_MB = 0.2  # a training: Chromium compiles more and more of the code, up to a bound
DATA_MB = 0.01  # a training, of all but that code


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("page", PAGES)
def test_no_page_jumps_while_it_opens_and_its_run_goes_on(page, screen, browser, app_server):
    seen = of_page(browser, f"{app_server.url}/{PAGES[page]}", SCREENS[screen])
    assert seen.score <= MOST_SHIFT, "\n".join(seen.moved)


def test_twenty_trainings_in_one_page_leave_nothing_behind(browser, app_server):
    with opened(browser) as page:
        lab, held = Lab(page, app_server.url + QUICK), Held(page)
        for _ in range(5):  # in which the page comes to hold what it needs
            lab.train()
        before = held.now()
        for _ in range(TRAININGS):
            assert not lab.train(), "a change is trained without a press"
        after = held.now()
    assert after["nodes"] <= before["nodes"] + TRAININGS and after["listeners"] <= before["listeners"] + TRAININGS
    assert after["heap_mb"] <= before["heap_mb"] + HEAP_MB * TRAININGS
    assert after["data_mb"] <= before["data_mb"] + DATA_MB * TRAININGS


@pytest.mark.skipif(library.available("nltcs") is None, reason="the published curves are of rows that are not here")
def test_while_a_run_waits_the_published_curves_are_shown_in_its_place(app_server, open_page):
    held, free = [], []

    def hold(route):
        if free or "from=" not in route.request.url:
            route.continue_()
        else:
            held.append(route)

    page = open_page(app_server.url, prepare=lambda context: context.route("**/api/runs/**", hold))
    awaited = page.locator(".spn-awaited")
    awaited.wait_for()
    assert awaited.locator("span").all_inner_texts() == ["L = 1", "L = 2", "L = 3"]
    assert "as it was published in 2019" in awaited.inner_text()
    until(lambda: page.evaluate("1") and held)
    free.append(True)
    for route in held:
        route.continue_()
    awaited.wait_for(state="hidden")

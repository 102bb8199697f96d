"""The front door in a real browser: one screen that asks and answers, words that unfold, a tour."""

import re

import pytest

from app.kit.terms import sentence
from app.kit.text import WORDS
from spncore.studies import presets
from tests.e2e.test_lab_page import QUICK, finished

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STOPS = 5
IN_TURN = "() => document.activeElement.closest('.spn-term > summary')?.innerText ?? ''"
CUT = "(texts) => texts.filter((text) => text.scrollWidth > text.clientWidth).map((text) => text.innerText)"


def opened(open_page, app_server, path="/", **look):
    page = open_page(app_server.url + path, **look)
    finished(page)
    return page


def question(page):
    return page.get_by_role("heading", level=1, name=WORDS["question"])


def term_called(page, word):
    return page.get_by_text(word, exact=True).and_(page.locator(".spn-term > summary"))


def unfolded(page):
    """The sentence of the term that is open; there is one at most."""
    return page.locator(".spn-term[open] > span")


def tour(page):
    return page.get_by_role("region", name="Tour")


def tour_button(page):
    return page.locator("[data-act=tour]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_question_answer_picture_and_a_thing_to_try_are_on_one_laptop_screen(scheme, app_server, open_page):
    page = opened(open_page, app_server, scheme=scheme)
    page.get_by_text(re.compile("^People of kind .: (nothing is|hard for most: .*)")).wait_for()
    assert page.locator("h1").count() == 1
    parts = {
        "question": question(page),
        "a thing to try": page.get_by_role("button", name=re.compile("^Try: ")),
        "answer": page.locator(".spn-headline"),
        "curve": page.locator("[data-chart=llh]"),
        "drawing": page.locator(".spn-network"),
        "kind": page.locator(".spn-kind"),
        "transport": page.locator(".spn-transport"),
        **{f"label {i}": page.locator(".spn-plain").nth(i) for i in range(3)},
    }
    for name, part in parts.items():
        box = part.bounding_box()
        assert box is not None and box["y"] > 0 and box["y"] + box["height"] <= 768, name


def test_on_a_phone_the_question_the_people_the_try_and_the_answer_come_first(app_server, open_page):
    page = opened(open_page, app_server, width=390, height=844, touch=True)
    tries = page.get_by_role("button", name=re.compile("^Try: "))
    places = [part.bounding_box()["y"] for part in (question(page), tries, page.locator(".spn-headline"))]
    assert places == sorted(places) and places[-1] < 844 / 2
    chart = page.locator("[data-chart=llh]").bounding_box()
    assert chart["y"] < 844, "the picture begins on the first screen"


@pytest.mark.parametrize("path", [f"/{QUICK}", "/?view=projector"])
def test_a_link_with_settings_and_a_projector_see_the_question_alone(path, app_server, open_page):
    page = opened(open_page, app_server, path)
    assert question(page).is_visible() and page.locator("h1").count() == 1
    assert page.get_by_role("button", name=re.compile("^Try: ")).count() == 0
    assert not page.locator(".spn-plain").first.is_visible()


def test_terms_unfold_by_keyboard_the_same_sentence_everywhere_and_fold_again(app_server, open_page):
    page = opened(open_page, app_server, motion="reduce")
    said = []
    for word in ("kinds", "kinds of people"):
        term_called(page, word).focus()
        page.keyboard.press("Enter")
        unfolded(page).wait_for()
        said.append(unfolded(page).inner_text())
        page.keyboard.press("Escape")
        unfolded(page).wait_for(state="hidden")
    assert said == [sentence("component")] * 2


def test_every_term_is_reached_by_tab(app_server, open_page):
    page = opened(open_page, app_server, motion="reduce")
    terms = [term for term in page.locator(".spn-term > summary").all() if term.is_visible()]
    wanted, found = {term.inner_text() for term in terms}, set()
    for _ in range(150):
        page.keyboard.press("Tab")
        found.add(page.evaluate(IN_TURN))
    assert len(wanted) >= 8 and wanted <= found


def test_terms_unfold_by_touch_one_at_a_time_within_the_screen(app_server, open_page):
    page = opened(open_page, app_server, width=390, height=844, touch=True, motion="reduce")
    for word, term in (("kinds", "component"), ("sum layers (L)", "sum_layer"), ("seeds", "seed")):
        term_called(page, word).tap()
        page.locator(".spn-term[open] > summary", has_text=re.compile(f"^{re.escape(word)}$")).wait_for()
        assert unfolded(page).all_inner_texts() == [sentence(term)]
        box = unfolded(page).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        (unfolded(page) if term == "component" else page.get_by_role("heading", level=1)).tap()
        unfolded(page).wait_for(state="hidden")


def test_the_tour_is_taken_by_keyboard_left_by_escape_and_found_again(app_server, open_page):
    page = opened(open_page, app_server)
    assert tour_button(page).get_attribute("data-new") is not None and not tour(page).is_visible()
    tour_button(page).press("Enter")
    page.keyboard.press("Tab")
    for stop in range(1, STOPS + 1):
        page.get_by_text(re.compile(f"^{stop} of {STOPS}\\. ")).wait_for()
        assert page.locator("[data-toured]").count() == 1
        page.keyboard.press("Enter")
    tour(page).wait_for(state="hidden")
    assert page.evaluate("document.activeElement.dataset.act") == "tour"
    page.keyboard.press("Enter")
    tour(page).wait_for()
    page.get_by_role("button", name="Whole range").click()  # nothing is in the way, and the tour stays
    assert tour(page).is_visible()
    page.keyboard.press("Escape")
    tour(page).wait_for(state="hidden")
    assert page.locator("[data-toured]").count() == 0
    page.reload()
    finished(page)
    assert tour_button(page).get_attribute("data-new") is None, "the browser remembers"


def test_the_tour_by_touch_covers_no_part_that_it_speaks_of(app_server, open_page):
    page = opened(open_page, app_server, width=390, height=844, touch=True, motion="reduce")
    tour_button(page).tap()
    for stop in range(1, STOPS + 1):
        page.get_by_text(re.compile(f"^{stop} of {STOPS}\\. ")).wait_for()
        strip, part = tour(page).bounding_box(), page.locator("[data-toured]").bounding_box()
        assert strip["y"] + strip["height"] <= 844 and part["y"] >= 0
        assert part["y"] + min(part["height"], 200) <= strip["y"], stop
        if stop < STOPS:
            tour(page).get_by_role("button", name="Next").tap()
    tour(page).get_by_role("button", name="Skip").tap()
    tour(page).wait_for(state="hidden")


def test_the_tour_works_where_the_browser_forbids_storage(app_server, open_page):
    forbid = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } });"
    page = opened(open_page, app_server, prepare=lambda context: context.add_init_script(forbid))
    tour_button(page).click()
    page.get_by_text(f"1 of {STOPS}. ").wait_for()


def test_all_questions_can_be_read_in_full_and_choosing_one_folds_them(app_server, open_page):
    page = opened(open_page, app_server, f"/{QUICK}")
    page.get_by_role("button", name=WORDS["own_settings"]).click()
    listed = page.get_by_role("radiogroup", name=WORDS["preset"])
    listed.wait_for()
    assert listed.locator("label").all_inner_texts() == [preset.title for preset in presets.PRESETS.values()]
    assert listed.locator("label p").evaluate_all(CUT) == []
    chosen = presets.PRESETS["ten-times-faster"]
    listed.get_by_text(chosen.title).click()
    listed.wait_for(state="hidden")
    page.get_by_role("button", name=chosen.title).wait_for()
    page.get_by_text(chosen.look_for).wait_for()


def test_the_menu_says_what_is_where_with_asking_near_the_front(app_server, open_page):
    page = opened(open_page, app_server, f"/{QUICK}")
    shown = [link.inner_text().splitlines()[-1] for link in page.get_by_test_id("stTopNavLink").all()]
    assert shown == [WORDS[name] for name in ("lab", "ask", "dynamics", "circuits")]
    page.get_by_role("link", name=WORDS["ask"]).click()
    page.wait_for_url(re.compile("/ask"))

"""One hand: every page has one title, its parts in order; formulas stand on one line in a font that is shipped."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import pytest

from app.live.assets import FORMULAS
from tests.e2e.conftest import AppServer, OpenPage
from tests.e2e.drawn import quiet
from tests.e2e.listed import FILLED, filled
from tests.e2e.test_door import PAGES
from tests.e2e.test_live_chart import STREAM
from tests.formula_font import written

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADDRESSES = [address for address in PAGES if address]  # the lab's own tests have its
LEVELS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter((heading) => heading.checkVisibility({ visibilityProperty: true }))
    .map((heading) => [Number(heading.localName[1]), heading.textContent.trim()])"""
# Of every formula: where its figures of full size stand, from above.
LINES = """() => [...document.querySelectorAll('.spn-eq-body')].map((body) => {
    const maths = [...body.querySelectorAll('math')];
    const full = maths.flatMap((math) => [...math.querySelectorAll('mn')].filter((each) =>
        !each.closest('mfrac, :is(msup, msub, munder, msubsup) > :nth-child(n + 2)')
    ));
    return full.map((each) => each.getBoundingClientRect().bottom).sort((one, other) => one - other);
})"""
LIMITS = """() => [...document.querySelectorAll('math munder')].map(({ children: [sum, below] }) =>
    [sum, below].map((each) => each.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom]))"""
BLOCKS = """() => [...document.querySelectorAll('.spn-network g > rect + text')].filter((text) => text.textContent)
    .map((text) => [text, text.previousElementSibling].map((each) => each.getBoundingClientRect().width))"""
PLACES = """() => ['.spn-llh .spn-frame', '.spn-network', '.spn-transport', '.spn-tabs'].map((selector) => {
    const { top, height } = document.querySelector(selector).getBoundingClientRect();
    return [Math.round(top), Math.round(height)];
})"""
SAME_LETTERS = """async ({ letters, bytes }) => {
    const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    document.fonts.add(await new FontFace('formulas', data).load());
    const picture = (letter, other) => {
        const context = Object.assign(document.createElement('canvas'), { width: 60, height: 60 }).getContext('2d');
        context.font = `32px formulas, ${other}`;
        context.fillText(letter, 6, 40);
        return context.canvas.toDataURL();
    };
    return letters.filter((letter) => picture(letter, 'monospace') !== picture(letter, 'serif'));
}"""


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_has_one_title_and_no_level_of_headings_is_left_out(
    app_server: AppServer, open_page: OpenPage, address: str
) -> None:
    page = open_page(f"{app_server.url}/{address}")
    if address in FILLED:
        filled(page, app_server.url, address)
    page.locator("h2:visible").first.wait_for()
    quiet(page)
    levels = [level for level, _ in page.evaluate(LEVELS)]
    assert levels.count(1) == 1 and levels[0] == 1
    steps = [below - above for above, below in itertools.pairwise(levels)]
    assert max(steps) <= 1, page.evaluate(LEVELS)
    assert all(title for _, title in page.evaluate(LEVELS)), "no heading is empty"


def dynamics(page: Any) -> Any:
    page.locator(".spn-dyn[data-state=done]").wait_for()
    page.locator("[data-equation=first] math").first.wait_for()
    return page


def test_formulas_are_set_in_the_shipped_font_on_one_baseline_with_limits_below(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = dynamics(open_page(f"{app_server.url}/dynamics"))
    page.wait_for_function(
        "() => [...document.fonts].some(({ family, status }) => /SPN Lab/.test(family) && status === 'loaded')"
    )
    font = page.evaluate("() => getComputedStyle(document.querySelector('[data-equation=first] math')).fontFamily")
    assert font.startswith('"SPN Lab Formulas"')
    apart = [below - above for line in page.evaluate(LINES) for above, below in itertools.pairwise(line)]
    assert len(apart) > 10 and not [gap for gap in apart if 1.01 < gap < 15], "on one line or on the next one"
    limits = page.evaluate(LIMITS)
    assert limits and all(below[0] > above[0] + 5 and below[1] > above[1] for above, below in limits)


def test_values_that_change_do_not_move_the_formula_they_stand_in(app_server: AppServer, open_page: OpenPage) -> None:
    page = dynamics(open_page(f"{app_server.url}/dynamics"))
    places = (
        "() => [...document.querySelectorAll('.spn-piece')].map(({ offsetLeft, offsetTop }) => [offsetLeft, offsetTop])"
    )

    def go_to(update: int) -> Any:
        page.locator(".spn-scrub input").evaluate(
            "(input, at) => { input.value = at; input.dispatchEvent(new Event('input', { bubbles: true })); }", update
        )
        page.locator(f".spn-path[data-cursor='{update}']").wait_for()
        return page.evaluate(places)

    for update in (10, 40, 150, 290):  # every value has taken its room
        go_to(update)
    seen = [go_to(update) for update in (10, 40, 150, 290)]
    moved = [
        abs(one - other)
        for each in seen
        for place, at in zip(each, seen[0], strict=True)
        for one, other in zip(place, at, strict=True)
    ]
    assert len(seen[0]) > 15 and max(moved) <= 1, "a pixel where a place is rounded"


def test_the_font_has_every_letter_that_a_formula_may_hold(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/about")
    letters = sorted(set(written()) - {" "})
    missing = page.evaluate(
        SAME_LETTERS, {"letters": letters, "bytes": base64.b64encode(FORMULAS.read_bytes()).decode()}
    )
    assert len(letters) > 180 and not missing, "python -m tests.formula_font makes the font anew"


def test_a_figure_of_the_maths_page_follows_its_sliders_by_keyboard(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/maths")
    figure = page.locator("[data-idea=rate]")
    figure.scroll_into_view_if_needed()
    figure.locator("svg").wait_for()
    shown = "(figure) => [figure.querySelector('svg').outerHTML, figure.querySelector('.spn-idea-said').textContent]"
    before = figure.evaluate(shown)
    assert "L = 3" in before[1]
    figure.get_by_label("sum layers (L)").press("ArrowRight")
    after = figure.evaluate(shown)
    assert before[0] != after[0] and "L = 4" in after[1]
    figure.locator(".spn-idea-canvas").click(position={"x": 420, "y": 90})
    assert float(figure.get_by_label("weight in each layer above").evaluate("(input) => input.value")) > 0
    after = figure.evaluate(shown)
    assert "larger than" in after[1], "a press on the drawing sets the weight, and the slider follows"
    assert figure.get_by_role("img").get_attribute("aria-label").endswith(after[1])


def test_what_colours_code_is_loaded_only_where_code_is_unfolded(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/about")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.get_by_label("BibTeX entry").wait_for()
    page.goto(f"{app_server.url}/maths")
    page.get_by_text("Numbers on this page were computed here").wait_for()
    page.wait_for_load_state("networkidle")
    assert asked and not [url for url in asked if "SyntaxHighlighter" in url]
    page.get_by_text("spncore.dynamics.steps.adaptive_rate", exact=True).first.click()
    page.get_by_text("def adaptive_rate(").first.wait_for()
    assert [url for url in asked if "SyntaxHighlighter" in url]


def test_a_network_of_many_components_names_the_blocks_that_have_room(
    chart_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{chart_server.url}/?num_components=24&iterations=20&num_seeds=1")
    page.locator(".spn-lab[data-state=done]").wait_for()
    page.locator("[data-choose=component]").select_option("0")
    page.wait_for_function("() => document.querySelector('.spn-lab').dataset.component === '0'")
    assert {"13–24", "7–12"} <= set(page.locator(".spn-network g > rect + text").all_text_contents())
    assert all(width <= room for width, room in page.evaluate(BLOCKS))


def test_what_waits_for_a_run_has_its_final_size(chart_server: AppServer, open_page: OpenPage) -> None:
    held, let_go = list[Any](), list[bool]()
    hold = lambda route: route.continue_() if let_go else held.append(route)  # noqa: E731
    page = open_page(
        f"{chart_server.url}/?iterations=30&num_seeds=2",
        prepare=lambda context: context.route(STREAM, hold),
    )
    page.locator(".spn-lab[data-waiting]").wait_for()
    page.wait_for_function("() => document.querySelector('.spn-wait').textContent && window.Plotly")
    before = page.evaluate(PLACES)
    assert not page.locator(".spn-choices").is_visible(), "nothing can be chosen of nothing"
    let_go.append(True)
    for route in held:
        route.continue_()
    page.locator(".spn-lab[data-state=done]:not([data-waiting])").wait_for()
    page.locator("[data-equation=w] math").first.wait_for()
    assert page.evaluate(PLACES) == before

"""With a reader's own look: forced colours, more contrast, less motion; what is drawn and chosen stays visible."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.access import faint, ready
from tests.e2e.conftest import AppServer, OpenPage
from tests.e2e.test_circuits_page import QUERY
from tests.spncore.plots.test_palette import contrast

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAB = "?v=2&dataset=two-clusters&num_components=4&iterations=40&num_seeds=2"
# Colours of what is drawn: of lines with their opacity, and of the ground that they are seen on.
STROKES = """(selector) => [...document.querySelectorAll(selector)].map((line) => {
    const { stroke, strokeOpacity, strokeWidth } = getComputedStyle(line);
    return [stroke, Number(strokeOpacity), Number.parseFloat(strokeWidth)];
}).filter(([, , width]) => width > 0)"""
GROUND = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
SWATCHES = """() => [...document.querySelectorAll('.spn-llh .spn-value, .spn-llh .spn-dot')]
    .map((word) => getComputedStyle(word, '::before').backgroundColor)"""
CHOSEN = """(selector) => [true, false].map((is) => {
    const chosen = `:is([aria-selected=${is}], [aria-pressed=${is}])`;
    return getComputedStyle(document.querySelector(selector + chosen)).backgroundColor;
})"""


def asked(app_server: AppServer, open_page: OpenPage, path: str, scheme: str = "light", **wish: str) -> Any:
    """A page that is opened by a reader who asks for `wish`."""
    page = open_page(app_server.url, scheme=scheme)
    page.emulate_media(color_scheme=scheme, **wish)
    page.goto(f"{app_server.url}/{path}")
    ready(page, scheme)
    return page


def hexed(colour: str) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


def stands_out(page: Any, selector: str, ground: str) -> list[list[Any]]:
    """The strokes of a drawing, each of which must be seen on its ground."""
    strokes: list[list[Any]] = page.evaluate(STROKES, selector)
    assert strokes
    for colour, opacity, width in strokes:
        assert opacity >= 0.99 and width >= 0.5 and contrast(hexed(colour), hexed(ground)) >= 2.995, (selector, colour)
    return strokes


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_lines_edges_and_the_chosen_thing_stay_visible(
    app_server: AppServer, open_page: OpenPage, scheme: str
) -> None:
    page = asked(app_server, open_page, LAB, scheme, forced_colors="active")
    ground = page.evaluate(GROUND)
    edges = stands_out(page, ".spn-network .spn-edge", ground)
    assert len({colour for colour, _, _ in edges}) == 2, "the chosen component's path has a colour of its own"
    stands_out(page, ".spn-llh .scatterlayer .js-line[style*='fill: none']", ground)
    stands_out(page, ".spn-network circle", ground)
    swatches = set(page.evaluate(SWATCHES))
    assert len(swatches) >= 3 and ground not in swatches, "the colours of depths are not forced away"
    for selector in (".spn-tab", ".st-key-control_depths button"):
        selected, other = page.evaluate(CHOSEN, selector)
        assert selected != other, selector
    assert faint(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_a_circuit_shows_its_edges_and_its_tree(
    app_server: AppServer, open_page: OpenPage, scheme: str
) -> None:
    page = asked(app_server, open_page, f"circuits{QUERY}", scheme, forced_colors="active")
    page.locator(".spn-circuit [data-lit]").first.wait_for()
    ground = page.evaluate(GROUND)
    plain = stands_out(page, ".spn-circuit path[stroke-width]:not(.spn-hit, [data-lit], g g path)", ground)
    lit = stands_out(page, ".spn-circuit [data-lit]", ground)
    assert {colour for colour, _, _ in plain}.isdisjoint(colour for colour, _, _ in lit)


def test_who_asks_for_more_contrast_gets_no_grey_words_and_no_faint_lines(
    app_server: AppServer, open_page: OpenPage
) -> None:
    def look(**wish: str) -> tuple[Any, ...]:
        page = asked(app_server, open_page, LAB, **wish)
        style = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
        places = ((".spn-status", "color"), (".spn-lab", "color"), (".spn-worded", "borderTopColor"))
        found = [page.evaluate(style, place) for place in places]
        return *found, min(opacity for _, opacity, _ in page.evaluate(STROKES, ".spn-network .spn-edge"))

    grey, text, border, opacity = look()
    assert grey != text != border and opacity < 0.9
    strong_grey, strong_text, strong_border, strong_opacity = look(contrast="more")
    assert strong_grey == strong_text == strong_border == text and strong_opacity == 1


def test_who_asks_for_less_motion_sees_nothing_move_by_itself(app_server: AppServer, open_page: OpenPage) -> None:
    held = list[Any]()
    moving = """() => document.getAnimations().filter(({ effect, playState }) =>
        playState === 'running' && effect.target.closest('.spn-lab')).length"""

    def waiting(motion: str) -> int:
        page = open_page(
            f"{app_server.url}/{LAB}",
            motion=motion,
            prepare=lambda context: context.route("**/api/runs/*?from=*", lambda route: held.append(route)),
        )
        page.locator(".spn-lab[data-waiting] .spn-wait").wait_for()
        page.wait_for_function("() => window.Plotly && document.querySelector('.spn-wait').textContent")
        return int(page.evaluate(moving))

    assert waiting("no-preference") == 1 and waiting("reduce") == 0
    for route in held:
        route.abort()

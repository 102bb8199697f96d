"""What the tests of access ask a page in a browser: axe-core's findings, faint words, names of what can be pressed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e.conftest import PATIENCE_MS
from tests.e2e.test_door import PAGES
from tests.places import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8").strip().rstrip(";")
PRESSED = {"button", "link", "tab", "menuitem", "DisclosureTriangle"}
# A page that has drawn all it has to draw in a colour scheme.
READY = """(scheme) => {
    const app = document.querySelector('[data-testid=stApp]');
    const lab = document.querySelector('.spn-lab');
    const waiting = document.querySelector('.spn-drawn [role=figure]:not([data-drawn]), [data-testid=stSkeleton]');
    const own = [scheme, 'light dark'];  // which it is where colours are forced
    const { state, theme, view, cursor, length } = lab?.dataset ?? {};
    const atEnd = Number(cursor) === Number(length) - 1;  // nothing moves any more
    const drawn = !lab || (state === 'done' && atEnd && (theme === scheme || view !== 'normal'));
    return app?.dataset.testScriptState === 'notRunning' && own.includes(getComputedStyle(app).colorScheme) && drawn
        && !waiting && document.fonts.status === 'loaded';
}"""
# Nothing moves or changes its size from frame to frame any more.
AT_REST = """async () => {
    const sizes = () => [...document.querySelectorAll('[data-testid], .spn-host, .katex-display, svg')]
        .map((each) => `${each.scrollWidth} ${each.clientWidth} ${each.getBoundingClientRect().x}`).join();
    let [before, same] = ['', 0];
    while (same < 10) {
        await new Promise(requestAnimationFrame);
        const now = sizes();
        [before, same] = [now, now === before ? same + 1 : 0];
    }
}"""
FINDINGS = """async ({ tags, known }) => {
    const rules = { 'target-size': { enabled: true } };  // of WCAG 2.2, which axe looks at only when it is told to
    const options = { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'], elementRef: true };
    const { violations } = await axe.run(document, options);
    return violations.flatMap(({ id, nodes }) => nodes.map(({ element, html, failureSummary }) => ({
        rule: id,
        selector: known.find(({ rule, selector }) => rule === id && element.matches(selector))?.selector ?? null,
        told: `${id}: ${html.slice(0, 300)} ${failureSummary.replaceAll('\\n', ' ')}`,
    })));
}"""
# What is written on an element, icons left out, for these are letters only to the program.
WRITTEN = """function () {
    const walker = document.createTreeWalker(this, NodeFilter.SHOW_TEXT);
    const words = [];
    while (walker.nextNode()) {
        const { currentNode: { data, parentElement: at } } = walker;
        const { clipPath, clip, fontFamily } = getComputedStyle(at);
        const shown = at.checkVisibility({ visibilityProperty: true }) && clipPath === 'none' && clip === 'auto';
        if (shown && !/Material/.test(fontFamily) && !at.closest('style, svg')) words.push(data);
    }
    return words.join(' ');
}"""


PHONE, LAPTOP, LARGE = (390, 844), (1366, 768), (1920, 1080)


class Known(NamedTuple):
    """A violation that Streamlit draws: axe's rule, what breaks it, and the addresses of the pages that have it."""

    rule: str
    selector: str
    where: frozenset[str]


# All that axe finds in what Streamlit draws. Whoever changes its version looks again: a test fails for each that is new
# and for each that is gone.
VERSION = "1.67.0"
STREAMLIT = (
    Known("list", "[data-testid=stSidebarNavItems]", frozenset(PAGES)),  # the menu in the drawer of a phone
    Known("listitem", "[data-testid=stSidebarNavItems] li", frozenset(PAGES)),
    Known("scrollable-region-focusable", ".katex-display", frozenset({"linear", "maths"})),
    Known("scrollable-region-focusable", "[data-testid=stTable] > div", frozenset({"fair", "about"})),
)


@contextmanager
def with_axe(browser: Any) -> Iterator[Any]:
    """A page of a browser that knows none of the others, with axe in it where that is here."""
    context = browser.new_context(viewport=_sides(LAPTOP), color_scheme="light")
    if AXE.exists():
        context.add_init_script(path=AXE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    try:
        yield page
    finally:
        context.close()


def look(page: Any, size: tuple[int, int], scheme: str) -> None:
    """Show a page in another size and theme, until it has drawn everything."""
    page.set_viewport_size(_sides(size))
    page.emulate_media(color_scheme=scheme)
    ready(page, scheme)


def narrow(page: Any, size: tuple[int, int]) -> None:
    """Show what is on screen in another size, until nothing moves any more."""
    page.set_viewport_size(_sides(size))
    page.evaluate(AT_REST)


def _sides(size: tuple[int, int]) -> dict[str, int]:
    return dict(zip(("width", "height"), size, strict=True))


def ready(page: Any, scheme: str = "light") -> None:
    """Wait until a page has drawn everything."""
    page.wait_for_function(READY, arg=scheme)
    page.evaluate(AT_REST)


def findings(page: Any) -> tuple[set[tuple[str, str]], list[str]]:
    """Which known violations axe finds, as rule and selector, and in words all that are not known."""
    if not AXE.exists():
        pytest.skip("axe-core is not at hand: with Node, make check-browser fetches it")
    told = [{"rule": one.rule, "selector": one.selector} for one in STREAMLIT]
    found = page.evaluate(FINDINGS, {"tags": TAGS, "known": told})
    seen = {(one["rule"], one["selector"]) for one in found if one["selector"]}
    return seen, [one["told"] for one in found if not one["selector"]]


def faint(page: Any) -> list[str]:
    """The words on screen whose contrast is too small."""
    picture = base64.b64encode(page.screenshot(animations="disabled")).decode()
    found = page.evaluate(CONTRAST, {"picture": picture})
    assert found["count"] > 20, "the words were found"
    told: list[str] = found["faint"]
    return told


def pressed(page: Any) -> Iterator[tuple[str, str]]:
    """Of all that can be pressed: the name that the browser gives it, and what is written on it."""
    client = page.context.new_cdp_session(page)
    client.send("DOM.enable")
    for node in client.send("Accessibility.getFullAXTree")["nodes"]:
        if node["ignored"] or node["role"]["value"] not in PRESSED:
            continue
        element = client.send("DOM.resolveNode", {"backendNodeId": node["backendDOMNodeId"]})["object"]["objectId"]
        asked = {"objectId": element, "functionDeclaration": WRITTEN, "returnByValue": True}
        yield plain(node["name"]["value"]), plain(client.send("Runtime.callFunctionOn", asked)["result"]["value"])
    client.detach()


def plain(text: str) -> str:
    """A text as speech input compares it: without marks, spaces and capitals."""
    return " ".join(re.findall(r"\w+", text.lower()))

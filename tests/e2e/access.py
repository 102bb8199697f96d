"""What the tests of access ask a page in a browser: axe-core's findings, faint words, names of what can be pressed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

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


class Known(NamedTuple):
    """A violation that Streamlit draws: axe's rule, what breaks it, and the addresses of the pages that have it."""

    rule: str
    selector: str
    pages: frozenset[str]


def ready(page: Any, scheme: str = "light") -> None:
    """Wait until a page has drawn everything."""
    page.wait_for_function(READY, arg=scheme)
    page.evaluate(AT_REST)


def findings(page: Any, known: tuple[Known, ...]) -> tuple[set[tuple[str, str]], list[str]]:
    """Which known violations axe finds, as rule and selector, and in words all that are not known."""
    told = [{"rule": one.rule, "selector": one.selector} for one in known]
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

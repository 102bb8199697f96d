"""What of a page jumps while it opens and its run goes on: Chromium's own layout shift scores."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.browsing import LAPTOP, PHONE, Screen, opened
from benchmarks.page_weight import shown
from benchmarks.server import Server
from benchmarks.touch.sizes import Sizes

PAGES = {
    "Lab": "",
    "Ask": "ask",
    "Step by step": "dynamics",
    "Circuits": "circuits",
    "Lesson": "lesson",
    "Runs": "runs",
    "Compare": "compare",
    "Figure 3": "figure3",
    "Held equal": "fair",
    "When depth helps": "phase",
    "Any grid": "grid",
    "Classes": "classes",
    "Update of 2020": "update2020",
    "For a class": "teach",
    "Linear": "linear",
    "Maths": "maths",
    "About": "about",
}
SCREENS = {"laptop": LAPTOP, "phone": PHONE}
REST_MS = 1000  # after a run's last drawing
GAP, LONGEST = 1000.0, 5000.0  # ms: a window of shifts ends with a pause, or when it is that long
NOTED = 0.005  # shifts of at least so much are said one by one
NOTING = """
window.shifts = [];
const named = (node) => {
    const own = node?.nodeType === 1 ? node : node?.parentElement;
    return own ? `${own.localName}.${own.getAttribute("class") ?? ""}`.slice(0, 60) : "?";
};
const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
const told = ({ node, previousRect, currentRect }) => `${named(node)}: ${place(previousRect)} → ${place(currentRect)}`;
new PerformanceObserver((list) => {
    for (const { value, startTime, hadRecentInput, sources } of list.getEntries())
        if (!hadRecentInput) window.shifts.push({ value, at: startTime, moved: sources.map(told) });
}).observe({ type: "layout-shift", buffered: true });
"""


class Shifts(NamedTuple):
    """Of one visit: the cumulative layout shift, the sum of all shifts, and the larger ones in words."""

    score: float
    total: float
    moved: list[str]


def shift(browser: Any, server: Server, sizes: Sizes) -> dict[str, list[float]]:
    """Scores of every page on either screen, by their names; what moved is said on stderr."""
    found: dict[str, list[float]] = {}
    for name, path in list(PAGES.items())[: sizes.pages]:
        address = f"http://127.0.0.1:{server.port}/{path}"
        of_page(browser, address, LAPTOP)  # what is made at the first visit is there then
        for kind, screen in SCREENS.items():
            seen = of_page(browser, address, screen)
            found[f"{name}, {kind}"] = [round(seen.score, 4)]
            said = {"page": name, "screen": kind, "score": seen.score, "total": seen.total, "moved": seen.moved}
            print(json.dumps(said, ensure_ascii=False), file=sys.stderr, flush=True)
    return found


def of_page(browser: Any, address: str, screen: Screen) -> Shifts:
    """Open a page and watch it until its run, if it has one, is drawn to its end and nothing comes any more."""
    with opened(browser, screen, NOTING) as page:
        if shown(page, address):
            page.wait_for_timeout(REST_MS)
        shifts = page.evaluate("() => window.shifts")
    moved = [f"{one['value']:.4f} at {one['at']:.0f} ms: {one['moved']}" for one in shifts if one["value"] >= NOTED]
    return Shifts(score(shifts), sum(one["value"] for one in shifts), moved)


def score(shifts: Sequence[dict[str, Any]]) -> float:
    """The largest sum of shifts in a window, as Web Vitals has it: pauses under a second, five seconds at most."""
    windows: list[list[dict[str, Any]]] = []
    for one in shifts:
        if not windows or one["at"] - windows[-1][-1]["at"] >= GAP or one["at"] - windows[-1][0]["at"] >= LONGEST:
            windows.append([])
        windows[-1].append(one)
    return max((sum(one["value"] for one in window) for window in windows), default=0.0)

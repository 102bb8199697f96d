"""How long a press, a key or a touch takes to be answered on screen, on a processor that is slowed to a quarter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.browsing import RATE, Lab, opened
from benchmarks.server import Server
from benchmarks.touch.sizes import Sizes

SLOWED = 4
LEAST_MS = 16  # shorter ones are not reported by the browser; its durations are multiples of 8 ms
REST_MS = 700
TABS = ("lam", "gap", "components", "rho")
NOTING = f"""
window.answers = [];
new PerformanceObserver((list) => {{
    for (const {{ interactionId, duration, name }} of list.getEntries())
        if (interactionId) window.answers.push({{ interactionId, duration, name }});
}}).observe({{ type: "event", durationThreshold: {LEAST_MS}, buffered: true }});
"""


def answering(browser: Any, server: Server, sizes: Sizes) -> dict[str, list[float]]:
    """Milliseconds from each interaction to the next paint, by its kind, when the run is done; one pin a round."""
    with opened(browser, script=NOTING) as page:
        lab = Lab(page, f"http://127.0.0.1:{server.port}/")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        page.wait_for_timeout(REST_MS)
        counts = {kind: 1 if kind == "pin" else sizes.answers for kind in KINDS}
        return {kind: [answered(lab, act, place) for place in range(counts[kind])] for kind, act in KINDS.items()}


def answered(lab: Lab, act: Callable[[Lab, int], None], place: int) -> float:
    """The longest event of one interaction."""
    lab.page.evaluate("() => (window.answers.length = 0)")
    before = lab.run
    act(lab, place)
    lab.page.wait_for_timeout(REST_MS)
    if act is slide and not lab.waits(before):
        lab.settle(before)
    durations = lab.page.evaluate("() => window.answers.map(({ duration }) => duration)")
    return float(max(durations, default=LEAST_MS))


def scrub(lab: Lab, place: int) -> None:
    """Press the bar at another place."""
    box = lab.page.locator(".spn-scrub input").bounding_box()
    lab.page.mouse.click(box["x"] + box["width"] * (0.15 + 0.13 * place), box["y"] + box["height"] / 2)


def play(lab: Lab, place: int) -> None:
    """Press Play, or Pause."""
    lab.page.locator("[data-act=play]").click()


def choose(lab: Lab, place: int) -> None:
    """Press a component of the drawing."""
    box = lab.page.locator(f".spn-network [data-component='{place}']").bounding_box()
    lab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def pin(lab: Lab, place: int) -> None:
    """Press Pin."""
    lab.page.locator("[data-act=pin]").click()


def tab(lab: Lab, place: int) -> None:
    """Press another tab under the chart."""
    lab.page.locator(f"[data-tab={TABS[place % len(TABS)]}]").click()


def slide(lab: Lab, place: int) -> None:
    """Move the slider of the learning rate by a key."""
    lab.page.get_by_role("slider", name=RATE).press("ArrowLeft")


KINDS: dict[str, Callable[[Lab, int], None]] = {
    "scrub": scrub,
    "play": play,
    "component": choose,
    "tab": tab,
    "slider": slide,
    "pin": pin,
}

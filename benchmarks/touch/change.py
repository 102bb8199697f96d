"""From a change of a control, or a touch on the drawing, to the new run's first point, by the browser's own clock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from benchmarks.browsing import WAIT_MS, Lab, opened
from benchmarks.server import Server
from benchmarks.touch.sizes import Sizes
from benchmarks.visitors import Session, link
from benchmarks.visitors import opened as visitor

LONG = {"iterations": 5000, "num_seeds": 12}
CONTROL_SECONDS = 3.0
EDGE = ".spn-network .spn-handle:visible"  # of a weight that can be pulled; a build before has none
HALFWAY = """(input) => {
    input.value = Math.round(document.querySelector('.spn-lab').dataset.length / 2);
    input.dispatchEvent(new Event("input", { bubbles: true }));
}"""
# When something was last sent to the server that may change what it does: over the page's socket, or as a POST.
NOTING = """
window.sentAt = [];
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (...said) { window.sentAt.push(performance.now()); return send.apply(this, said); };
const { fetch } = window;
window.fetch = (what, how) => {
    if ((how?.method ?? "GET") !== "GET") window.sentAt.push(performance.now());
    return fetch(what, how);
};
"""
# Look at every frame whether the chart has been drawn with the new run; press Train as soon as the page waits for that.
WATCHING = """([before, presses]) => {
    const touched = (window.touched = { changed: null, pressed: null, drawn: null });
    window.sentAt.length = 0;
    const noted = ({ timeStamp }) => (touched.changed ??= timeStamp);
    addEventListener("keydown", noted, { capture: true, once: true });
    const lab = () => document.querySelector(".spn-lab");
    const drawn = () => document.querySelector(".js-plotly-plot[data-chart=llh]").data;
    const train = () => [...document.querySelectorAll("button")].find((one) => one.innerText.includes("Train"));
    let data = drawn();
    const look = () => {
        if (presses && !touched.pressed && lab().matches("[data-stale]")) {
            touched.pressed = performance.now();
            train().click();
        }
        if (lab().dataset.run === before) data = drawn();
        else if (drawn() !== data) return setTimeout(() => (touched.drawn = performance.now()));
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
SEEN = """() => {
    const { changed, pressed, drawn } = window.touched;
    const sent = window.sentAt.find((at) => at >= changed);
    return { whole: drawn - changed, work: drawn - sent, pressed: pressed === null ? null : pressed - changed };
}"""


def change(browser: Any, server: Server, sizes: Sizes) -> dict[str, list[float]]:
    """Milliseconds alone, of touches, and with others whose long runs go on: from the key and from the message on."""
    found: dict[str, list[float]] = {}
    with opened(browser, script=NOTING) as page:
        lab = Lab(page, f"http://127.0.0.1:{server.port}/")
        presses = lab.train()
        found |= _waits("alone", lab, presses, sizes.changes, lab.change)
        with others(server, sizes.others):
            found |= _waits("among", lab, presses, sizes.changes, lab.change)
        edge = page.locator(EDGE).first
        touches = sizes.changes if edge.count() else 0
        found |= _waits("touched", lab, presses, touches, lambda: edge.press("Enter"), lambda: _pull(page, edge))
    return found


def _pull(page: Any, edge: Any) -> None:
    """Move a weight halfway through the run, which another key sets; none is set twice."""
    page.locator(".spn-scrub input").evaluate(HALFWAY)
    edge.press("ArrowUp")


def _nothing() -> None:
    pass


def _waits(
    name: str, lab: Lab, presses: bool, times: int, act: Callable[[], None], ready: Callable[[], None] = _nothing
) -> dict[str, list[float]]:
    seen = [first_point(lab, presses, act, ready) for _ in range(times)]
    kinds = ("whole", "work", "pressed")
    return {f"{name}_{kind}_ms": [round(one[kind], 1) for one in seen if one[kind] is not None] for kind in kinds}


def first_point(lab: Lab, presses: bool, act: Callable[[], None], ready: Callable[[], None]) -> dict[str, float]:
    """What one change took; the run then goes on to its end, so that the next one is alone again."""
    before = lab.run
    ready()
    lab.page.evaluate(WATCHING, [before, presses])
    act()
    lab.page.wait_for_function("() => window.touched.drawn !== null", polling=100)
    seen: dict[str, float] = lab.page.evaluate(SEEN)
    lab.settle(before)
    return seen


@contextmanager
def others(server: Server, count: int) -> Iterator[None]:
    """So many visitors, each with a long run that goes on, who ask for it and use a control now and then."""
    ready, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_others(server.port, count, ready, end)))
    thread.start()
    try:
        if not ready.wait(WAIT_MS / 1000):
            raise RuntimeError("the other visitors got no points")
        yield
    finally:
        end.set()
        thread.join()


async def _others(port: int, count: int, ready: threading.Event, end: threading.Event) -> None:
    async with AsyncExitStack() as stack:
        links = [link(3000 + 100 * place, **LONG) for place in range(count)]
        sessions = [await stack.enter_async_context(visitor(port, each)) for each in links]
        going = [asyncio.create_task(_stays(session, place)) for place, session in enumerate(sessions)]
        while not end.is_set():
            if all(session.points for session in sessions):
                ready.set()
            await asyncio.sleep(0.1)
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)


async def _stays(session: Session, place: int) -> None:
    await asyncio.gather(session.follow(3600), session.use_controls(3600, CONTROL_SECONDS, place / 3))

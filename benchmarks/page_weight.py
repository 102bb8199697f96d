"""Measures what a first visit costs on a slow line: `python -m benchmarks.page_weight [CHECKOUT …]`, prints JSON.

Real Chromium over its own protocol opens pages with an empty cache at 1.6 Mbit/s and 150 ms before every answer, and
counts the bytes as they come over the wire, compressed or not, by file. Of this checkout and of each that is named,
one server after the other; before the visits that count, each page was opened once without a limit.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.browsing import SETTLED, chromium, opened
from benchmarks.document import Found, Measure, document, found, write
from benchmarks.server import ROOT, Server

PAGES = {"Lab": "", "Dynamics": "dynamics", "Figure 3": "figure3", "Ask": "ask"}
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
DRAWN = ".js-plotly-plot :is(path.js-line, .barlayer path, .heatmaplayer image)"
WAIT_SECONDS, STILL_SECONDS = 120, 3
MOST_SECONDS, MOST_BEFORE_MB, MOST_MB = 12.0, 1.8, 3.0
WHAT = {
    "first_curve_seconds": "from asking for the address until a chart has a line, bars or a map in it",
    "before_bytes": "that had come over the wire by then, headers and the websocket's messages included",
    "all_bytes": f"the same once nothing has come for {STILL_SECONDS} s",
    "files": "bytes by file of the first visit, all that came",
    "again_seconds": "as first_curve_seconds, of a second visit with what the browser has kept",
    "again_bytes": "as all_bytes, of that second visit",
}
TITLE = (
    "A first visit with an empty cache, in Chromium at 1.6 Mbit/s and 150 ms before every answer, server and browser "
    "on the same cores; the server had shown each page before"
)


class Wire:
    """What comes over the wire to a page, in bytes by file."""

    def __init__(self, page: Any, network: dict[str, Any] | None = None) -> None:
        self.bytes: Counter[str] = Counter()
        self.names: dict[str, str] = {}
        self.headers: dict[str, dict[str, str]] = {}
        protocol = page.context.new_cdp_session(page)
        protocol.send("Network.enable")
        if network:
            protocol.send("Network.emulateNetworkConditions", network)
        for event in ("requestWillBeSent", "responseReceived", "dataReceived", "loadingFinished"):
            protocol.on(f"Network.{event}", getattr(self, f"_{event}"))
        protocol.on("Network.webSocketFrameReceived", self._message)

    @property
    def total(self) -> int:
        """All bytes so far."""
        return self.bytes.total()

    def by_file(self) -> dict[str, int]:
        """Bytes by path, the largest first."""
        files: Counter[str] = Counter()
        for key, size in self.bytes.items():
            files[self.names.get(key, key)] += size
        return dict(files.most_common())

    def _requestWillBeSent(self, event: dict[str, Any]) -> None:  # noqa: N802  as the protocol names it
        self.names[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def _responseReceived(self, event: dict[str, Any]) -> None:  # noqa: N802
        answer = event["response"]
        self.headers[urlsplit(answer["url"]).path] = {name.lower(): text for name, text in answer["headers"].items()}
        self.bytes[event["requestId"]] += max(0, round(answer["encodedDataLength"]))

    def _dataReceived(self, event: dict[str, Any]) -> None:  # noqa: N802
        self.bytes[event["requestId"]] += event["encodedDataLength"]

    def _loadingFinished(self, event: dict[str, Any]) -> None:  # noqa: N802
        self.bytes[event["requestId"]] = round(event["encodedDataLength"])

    def _message(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        self.bytes["websocket"] += len(frame["payloadData"]) * (3 if frame["opcode"] == 2 else 4) // 4  # base 64

    def until_still(self, page: Any, seconds: int = STILL_SECONDS) -> None:
        """Wait until nothing has come to the page for so long."""
        seen, still = self.total, 0
        while still < seconds:
            page.wait_for_timeout(1000)
            still = still + 1 if self.total == seen else 0
            seen = self.total


def visit(page: Any, address: str, wire: Wire) -> dict[str, Any]:
    """Open an address and wait for its first curve, then until nothing comes any more."""
    begin, before = time.perf_counter(), wire.total
    page.goto(address, wait_until="commit")
    page.locator(DRAWN).first.wait_for(state="attached", timeout=1000 * WAIT_SECONDS)
    seconds, drawn = time.perf_counter() - begin, wire.total
    wire.until_still(page)
    return {"first_curve_seconds": round(seconds, 2), "before_bytes": drawn - before, "all_bytes": wire.total - before}


def shown(page: Any, address: str) -> bool:
    """Open an address and wait until its run, if it has one, is drawn to its end and nothing comes any more.

    Whether it has a run.
    """
    wire = Wire(page)
    page.goto(address)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    wire.until_still(page)
    runs = bool(page.locator(".spn-lab").count())
    if runs:
        page.wait_for_function(SETTLED, arg="", polling=100)
    return runs


def first_visit(browser: Any, address: str) -> dict[str, Any]:
    """A visit on the slow line with an empty cache, and another with what was kept."""
    with opened(browser) as page:
        wire = Wire(page, SLOW)
        first = visit(page, address, wire)
        files = wire.by_file()
        again = visit(page, address, wire)
    kept = {"again_seconds": again["first_curve_seconds"], "again_bytes": again["all_bytes"]}
    return {**first, **kept, "files": files}


def of_build(browser: Any, folder: Path) -> dict[str, Any]:
    """All pages of a build."""
    server = Server(folder)
    try:
        for path in PAGES.values():
            with opened(browser) as page:
                visit(page, f"http://127.0.0.1:{server.port}/{path}", Wire(page))
        return {name: first_visit(browser, f"http://127.0.0.1:{server.port}/{path}") for name, path in PAGES.items()}
    finally:
        server.close()


def measures(pages: dict[str, Any], earlier: list[dict[str, Any]]) -> list[Measure]:
    """What stands in README: of each page the wait and the weight, then the same of the other builds."""
    rows = []
    for name, page in pages.items():
        rows.append(Measure(f"{name}: until the first curve; come by then; come in all", _found(page, True)))
        rows += [Measure(f"{name}, the earlier build: the same", _found(then[name], False)) for then in earlier]
    return rows


def _found(page: dict[str, Any], goals: bool) -> tuple[Found, ...]:
    most = {"at_most": MOST_SECONDS}, {"at_most": MOST_BEFORE_MB}, {"at_most": MOST_MB}
    seconds, before, in_all = most if goals else ({}, {}, {})
    return (
        found(page["first_curve_seconds"], "s", **seconds),
        found(page["before_bytes"] / 1e6, "MB by then", **before),
        found(page["all_bytes"] / 1e6, "MB in all", **in_all),
    )


def main(others: list[str]) -> None:
    """Measure this checkout and the others."""
    with chromium() as browser:
        builds = {str(folder): of_build(browser, folder) for folder in [ROOT, *map(Path, others)]}
    pages, *earlier = builds.values()
    command = "python -m benchmarks.page_weight" + " CHECKOUT" * len(earlier)
    write(document(TITLE, command, measures(pages, earlier), what=WHAT, pages=pages, earlier=earlier))


if __name__ == "__main__":
    main(sys.argv[1:])

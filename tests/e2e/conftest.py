"""The real page in a real browser: Streamlit on a free loopback port, driven through Chromium.

Any request to another machine, any error in the page and anything that its security policy keeps off fails the test; a
failing test leaves a screenshot in its own temporary folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from app.kit.text import WORDS
from tests import children
from tests.places import ROOT
from tests.waiting import PATIENCE, until

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # sites of other names than the lab's, all on this computer
]
POLICY = "Content Security Policy"  # what Chromium's console says when a page tries what its policy does not allow
LAB = (sys.executable, "-m", "spnlab")  # as `make run` starts it
FRAMED = {"SPNLAB_FRAME_ANCESTORS": "'self' http://school.example:*"}
PATIENCE_MS = 1000 * PATIENCE  # what Playwright may take for a step
OpenPage = Callable[..., Any]


class AppServer:
    """One Streamlit server of its own; its log is kept for the message when it does not come up."""

    def __init__(
        self, start: Sequence[str | Path], log: Path, folder: Path = ROOT, base: str = "", **variables: str
    ) -> None:
        self.log = log
        for _ in range(3):  # the free port can be taken between asking for it and binding it
            self.port = _free_port()
            self.url = f"http://127.0.0.1:{self.port}/{base}".rstrip("/")
            with log.open("ab") as output:
                self.process = subprocess.Popen(
                    [*start, *_options(self.port)],
                    cwd=folder,
                    env=children.environment(**variables),
                    stdout=output,
                    stderr=output,
                )
            until(lambda: self.process.poll() is not None or self._healthy())
            if self.process.poll() is None:
                return
            self.close()
        raise RuntimeError(f"the server did not become healthy; its log ends:\n{log.read_text()[-2000:]}")

    def _healthy(self) -> bool:
        try:
            with closing(urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=PATIENCE)) as answer:
                return bool(answer.read() == b"ok")
        except OSError:
            return False

    def close(self) -> None:
        """End the server, gently first."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def shared_link(place: Any) -> str:
    """The link that a page, or a frame in it, offers to share."""
    return str(place.get_by_label(WORDS["share_link"]).input_value())


def _options(port: int) -> list[str]:
    settings = {"server.port": port, "server.address": "127.0.0.1", "server.headless": "true"}
    return [text for name, value in settings.items() for text in (f"--{name}", str(value))]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        pytest.skip("there is no Chromium on this machine; install it, or name it: CHROMIUM=/path/to/chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS, timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app_server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The lab as `make run` starts it."""
    server = AppServer(LAB, tmp_path_factory.mktemp("app") / "server.log")
    yield server
    server.close()


@pytest.fixture(scope="module")
def framed_server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The lab that another site may frame, and nothing else set for that."""
    server = AppServer(LAB, tmp_path_factory.mktemp("framed") / "server.log", **FRAMED)
    yield server
    server.close()


@pytest.fixture(scope="session")
def chart_server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """A page that holds nothing but the lab view; its query says which run to show."""
    server = AppServer(
        [*LAB[:2], "streamlit", "run", Path(__file__).with_name("chart_app.py")],
        tmp_path_factory.mktemp("chart") / "server.log",
    )
    yield server
    server.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """`open_page(url, width=…, height=…, scheme=…, motion=…, prepare=…, own=…, touch=…)` gives a page that is watched.

    `prepare(context)` is called first, to set up routes; `own`: how what a page may ask for begins, if not as its site.
    """
    opened: list[tuple[Any, Any, list[str]]] = []

    def open_one(
        url: str,
        width: int = 1366,
        height: int = 768,
        scheme: str = "light",
        motion: str = "no-preference",
        prepare: Callable[[Any], None] = lambda context: None,
        own: tuple[str, ...] = (),
        touch: bool = False,
    ) -> Any:
        look = {"color_scheme": scheme, "reduced_motion": motion, "has_touch": touch}
        context = browser.new_context(viewport={"width": width, "height": height}, ignore_https_errors=True, **look)
        page, faults = context.new_page(), list[str]()
        opened.append((context, page, faults))
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on("console", lambda said: POLICY in said.text and faults.append(f"policy: {said.text}"))
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        inside = (*(own or [urljoin(url, "/")]), "data:", "blob:")
        context.on("request", lambda sent: sent.url.startswith(inside) or faults.append(f"foreign request: {sent.url}"))
        prepare(context)
        page.goto(url)
        return page

    yield open_one
    report = getattr(request.node, "report_of_call", None)
    for number, (context, page, _) in enumerate(opened):
        if report is not None and report.failed:
            page.screenshot(path=str(tmp_path / f"failure-{number}.png"), full_page=True)
            print("screenshot:", tmp_path / f"failure-{number}.png")
        context.close()
    faults = [fault for _, _, faults in opened for fault in faults]
    assert not faults, "\n".join(faults)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call":
        item.report_of_call = report  # type: ignore[attr-defined]

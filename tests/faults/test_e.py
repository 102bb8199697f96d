"""Sessions and load: real servers, and tabs that come all at once, say nonsense, or stop listening."""

import asyncio
import os
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import streamlit
import websockets.asyncio.client as client
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.live.assets import CLIENT
from benchmarks.visitors import link
from tests import apart
from tests.faults.serving import QUICK, Serving, held, tab
from tests.faults.soak import soak
from tests.places import ROOT
from tests.waiting import PATIENCE

STREAMLIT = Path(streamlit.__file__).parent
SMALL = {"dataset": "two-clusters", "num_components": 2, "iterations": 100, "num_seeds": 1}
AT_A_TIME = 6  # tabs whose pages run for the first time together


async def opened(stack: AsyncExitStack, server: Serving, links: list[str]) -> list[Any]:
    """A tab for every link; all stay open until the end."""
    turn = asyncio.Semaphore(AT_A_TIME)

    async def one(link: str) -> Any:
        async with turn:
            return await stack.enter_async_context(tab(server.port, link))

    return await asyncio.gather(*map(one, links))


@pytest.mark.slow
def test_E01_30_sessions_that_train_at_once_all_finish(serving: Serving) -> None:
    async def a_class() -> None:
        async with AsyncExitStack() as stack:
            sessions = await opened(stack, serving, [link(n, **SMALL) for n in range(30)])
            await asyncio.gather(*(session.follow(PATIENCE) for session in sessions))
            assert [session.state for session in sessions] == 30 * ["done"]
            assert len({session.run_id for session in sessions}) == 30
            assert not any(session.errors for session in sessions)

    apart.run(a_class())


@pytest.mark.slow
def test_E02_60_sessions_are_open_at_once_and_health_is_ok(serving: Serving) -> None:
    async def many() -> None:
        async with AsyncExitStack() as stack:
            sessions = await opened(stack, serving, 60 * [QUICK])
            assert await asyncio.to_thread(serving.healthy) < PATIENCE
            assert all(session.run_id and not session.errors for session in sessions)

    apart.run(many())


@pytest.mark.slow
def test_E07_a_client_that_stops_reading_costs_little_and_harms_nobody(serving: Serving) -> None:
    """It asks for its page again and again and takes none of the answers."""
    message = BackMsg()
    message.rerun_script.query_string = QUICK
    address = f"ws://127.0.0.1:{serving.port}/_stcore/stream"

    async def deaf() -> None:
        before = held(serving.process.pid)["memory_mb"]
        async with client.connect(address, subprotocols=["streamlit"], max_queue=1, close_timeout=1) as socket:
            with suppress(ConnectionClosed):  # the server may well have had enough
                for _ in range(300):
                    await socket.send(message.SerializeToString())
            async with tab(serving.port) as other:
                await other.rerun()
                assert not other.errors
            assert held(serving.process.pid)["memory_mb"] < before + 200

    apart.run(deaf())
    serving.healthy()


NONSENSE: dict[str, Any] = {
    "text": "hello",
    "random bytes": bytes(range(0, 200, 2)),
    "an empty frame": b"",
    "a frame of 60 MB": b"\0" * 60_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("frame", NONSENSE.values(), ids=NONSENSE)
def test_E08_nonsense_on_the_socket_ends_at_most_its_own_session(serving: Serving, frame: Any) -> None:
    said: list[bytes] = []

    async def speak() -> None:
        async with tab(serving.port) as session:
            with suppress(ConnectionClosed, OSError, TimeoutError):  # it is cut off, or nothing more comes
                await session.socket.send(frame)
                while True:
                    said.append(await asyncio.wait_for(session.socket.recv(decode=False), 1))

    apart.run(speak())
    assert not any(b"Traceback" in answer for answer in said)
    serving.healthy()
    apart.run(looks_in(serving))


async def looks_in(server: Serving) -> None:
    """Another tab opens and works."""
    async with tab(server.port) as session:
        await session.follow(PATIENCE)
        assert session.state == "done" and not session.errors


@pytest.mark.slow
def test_E09_a_socket_from_a_foreign_page_is_refused(serving: Serving) -> None:
    async def from_(origin: str) -> None:
        async with tab(serving.port, origin=origin):
            pass

    apart.run(from_(f"http://127.0.0.1:{serving.port}"))
    with pytest.raises(InvalidStatus) as refusal:
        apart.run(from_("https://elsewhere.example"))
    assert refusal.value.response.status_code == 403


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="what a process holds is read from Linux's /proc"
)
def test_E12_sessions_that_come_and_go_leave_the_server_as_it_was(tmp_path: Path) -> None:
    """The short soak; `make soak` plays a thousand."""
    assert not soak(int(os.environ.get("SPNLAB_SOAK_SESSIONS", "80")), tmp_path)["wrong"]


# Where addresses lead below folders of files, and a file beyond each that is there.
FOLDERS = {
    "/api/static/": (CLIENT, ROOT / "streamlit_app.py"),
    "/api/static/lab/": (CLIENT / "lab", ROOT / "app" / "main.py"),
    "/static/": (STREAMLIT / "static" / "static", STREAMLIT / "config.py"),
    "/": (STREAMLIT / "static", STREAMLIT / "config.py"),
    "/app/static/": (ROOT / "app" / "static", ROOT / "app" / "main.py"),
    "/media/": (ROOT / "app", ROOT / "streamlit_app.py"),
    "/component/spnlab/": (CLIENT, ROOT / "streamlit_app.py"),
    "/_stcore/": (ROOT / "app", ROOT / "streamlit_app.py"),
}
UP = ("../", "%2e%2e/", "..%2f")
CLIMBING = {
    address + os.path.relpath(file, folder).replace("../", up): file
    for address, (folder, file) in FOLDERS.items()
    for up in UP
}


@pytest.mark.slow
@pytest.mark.parametrize("path", CLIMBING)
def test_E13_an_address_that_climbs_out_is_never_a_file(serving: Serving, path: str) -> None:
    status, body, _ = serving.ask("GET", path)
    assert status in (200, 400, 403, 404)
    assert CLIMBING[path].read_bytes()[:200] not in body
    if status == 200:
        assert b'<div id="root">' in body, "unknown addresses are the page"

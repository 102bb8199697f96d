"""What the server's memory comes to: many uploads of one tab, and more heavy runs than fit."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import WebSocketException

from benchmarks.classroom.beside import HEAVIEST
from benchmarks.classroom.pressing import study
from benchmarks.classroom.sizes import Sizes
from benchmarks.counting import errors
from benchmarks.pages import fetched
from benchmarks.server import ANSWER_SECONDS, Server
from benchmarks.visitors import Session, opened

FILE_BYTES = 9_700_000
HEAVY_LIMIT = 600_000_000  # bytes of memory for the server and all its processes
BOUNDARY = "a-boundary-of-parts"


async def uploads_of_one_tab(server: Server, sizes: Sizes) -> dict[str, Any]:
    """Memory before, while one tab uploads file after file, and after it was closed and forgotten."""
    before = peak = server.memory_of_all_mb()
    async with opened(server.port, study(0)) as session:
        health = await asyncio.to_thread(fetched, server.port, "/_stcore/health", {})
        cookie = health.cookies["_streamlit_xsrf"]
        statuses: dict[str, int] = {}
        said = ""
        for number in range(sizes.files):
            status, sentence = await upload(session, cookie, number)
            statuses[str(status)] = statuses.get(str(status), 0) + 1
            said = sentence or said
            peak = max(peak, server.memory_of_all_mb())
    await asyncio.sleep(sizes.kept_seconds)
    async with opened(server.port, study(0)):  # Streamlit looks after old sessions when the next one comes
        pass
    return {
        "files": sizes.files,
        "bytes_of_a_file": FILE_BYTES,
        "before_mb": round(before, 1),
        "peak_mb": round(peak, 1),
        "raised_by_mb": round(peak - before, 1),
        "a_minute_after_mb": round(server.memory_of_all_mb(), 1),
        "of_it_children_mb": round(server.children_memory_mb(), 1),
        "answers_by_status": statuses,
        "refusal": said,
    }


async def upload(session: Session, cookie: str, number: int) -> tuple[int, str]:
    """One file as the page uploads it: an address over the socket, then a PUT; the status, and what was said."""
    name = f"table {number}.csv"
    path, refusal = await upload_address(session, name)
    if refusal:
        return 0, refusal
    content = b"0,1\n" * (FILE_BYTES // 4)
    begin = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'.encode()
    end = f"\r\n--{BOUNDARY}--\r\n".encode()
    host = f"127.0.0.1:{session.port}"
    lines = [
        f"PUT {path} HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        f"Cookie: _streamlit_xsrf={cookie}",
        f"X-Xsrftoken: {cookie}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(begin) + len(content) + len(end)}",
        "Connection: close",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", session.port)
    answering = asyncio.create_task(answer_of(reader))  # a refusal may come before all was sent
    with suppress(ConnectionError):
        writer.write("\r\n".join([*lines, "", ""]).encode() + begin + content + end)
        await writer.drain()
    try:
        return await answering
    finally:
        writer.close()


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and beginning of the text; 0 where no address was given or the connection was ended instead."""
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER_SECONDS)
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0, "the connection was ended"
    body = b""
    with suppress(ConnectionError):
        body = await asyncio.wait_for(reader.read(), ANSWER_SECONDS)
    return int(head.split()[1]), body.decode(errors="replace")[:300]


async def upload_address(session: Session, name: str) -> tuple[str, str]:
    """Where the page wants a file to be put, or why it does not want it."""
    message = BackMsg()
    message.file_urls_request.request_id = name
    message.file_urls_request.file_names.append(name)
    message.file_urls_request.session_id = session.session_id
    await session.socket.send(message.SerializeToString())
    while True:
        answer = await session.receive()
        if answer.WhichOneof("type") == "file_urls_response":
            said = answer.file_urls_response
            return "/".join(["", *(one.upload_url.lstrip("/") for one in said.file_urls)]), said.error_msg


async def heavy_links(server: Server, sizes: Sizes) -> dict[str, Any]:
    """Many tabs that each open a heavy link of its own, on a server in a control group with a limit of memory.

    Who has got points twice presses Stop, so that the others get their turns before the watch ends.
    """
    begin = time.perf_counter()
    sessions, refused, peak = list[Session](), 0, 0.0
    async with AsyncExitStack() as stack:
        for seed in range(sizes.heavy_links):
            try:
                session = await stack.enter_async_context(opened(server.port, study(seed, **HEAVIEST)))
            except (OSError, WebSocketException):
                refused += 1
                continue
            refused += not session.run_id
            sessions += [session] if session.run_id else []
        left = sizes.heavy_links_seconds - (time.perf_counter() - begin)
        following = asyncio.gather(*(look(session, left) for session in sessions))
        while not following.done():
            peak = max(peak, server.memory_of_all_mb())
            await asyncio.wait({following}, timeout=0.5)
        await following
        return {"sessions": sizes.heavy_links, "limit_bytes": HEAVY_LIMIT, "refused": refused, **served(sessions, peak)}


async def look(session: Session, seconds: float) -> None:
    """Follow a run until points have come twice, then stop it."""
    following = asyncio.create_task(session.follow(seconds))
    while not following.done():
        if len(session.points) >= 2:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            session.hang_up()  # an answer may be on its way
            await session.stop()
        await asyncio.wait({following}, timeout=session.poll)


def served(sessions: list[Session], peak: float) -> dict[str, Any]:
    """How many of the heavy runs have advanced, and how far; how many ended before their time."""
    updates = sorted(max(session.done - 1, 0) for session in sessions)
    return {
        "with_a_point": sum(bool(session.points) for session in sessions),
        "with_points_twice": sum(len(session.points) > 1 for session in sessions),
        "fewest_updates": updates[0] if updates else 0,
        "most_updates": updates[-1] if updates else 0,
        "ended_early": sum(session.state in ("failed", "interrupted") for session in sessions),
        "peak_mb": round(peak, 1),
        **errors(sessions),
    }

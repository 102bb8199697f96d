"""A relay of TCP between visitors and a server on this computer, which cuts all connections as a lost wifi does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

CHUNK = 65_536


class Relay:
    """Hands everything on to a port, on a port of its own; between `cut` and `mend` nobody gets through."""

    def __init__(self, target: int) -> None:
        self.target, self.port, self.down, self.num_cut = target, 0, False, 0
        self._open: set[asyncio.StreamWriter] = set()
        self._handled: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()
        await asyncio.gather(*self._handled)
        await self._server.wait_closed()

    def cut(self) -> None:
        """End every connection at once, and refuse new ones."""
        self.down = True
        self.num_cut += len(self._open) // 2
        for writer in tuple(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        """Let everybody through again."""
        self.down = False

    def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer))
        self._handled.add(task)
        task.add_done_callback(self._handled.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, target_writer}
        self._open |= both
        await asyncio.gather(_pump(reader, target_writer), _pump(target_reader, writer))
        self._open -= both


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, until it ends; then nothing more goes that way either."""
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()

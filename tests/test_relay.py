"""The relay that cuts: what goes through it, and what a cut does to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.relay import Relay
from tests.waiting import PATIENCE

ENDED = (ConnectionError, asyncio.IncompleteReadError)


@asynccontextmanager
async def relayed(first: bytes = b"") -> AsyncIterator[Relay]:
    """A relay to a server that says everything again, or one thing and no more."""
    handled = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(first)
            while not first and (data := await reader.read(100)):
                writer.write(data)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def handle(*streams: object) -> None:
        handled.append(asyncio.create_task(answer(*streams)))  # type: ignore[arg-type]

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        async with Relay(server.sockets[0].getsockname()[1]) as relay:
            yield relay
        await asyncio.gather(*handled)


@asynccontextmanager
async def connected(relay: Relay) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    yield reader, writer
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def heard(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], word: bytes) -> bytes:
    reader, writer = streams
    writer.write(word)
    return await asyncio.wait_for(reader.readexactly(len(word)), PATIENCE)


def test_everything_goes_through_until_it_is_cut_and_again_once_it_is_mended() -> None:
    async def play() -> None:
        async with relayed() as relay, connected(relay) as one, connected(relay) as other:
            assert await heard(one, b"one") == b"one" and await heard(other, b"two") == b"two"
            relay.cut()
            assert relay.num_cut == 2
            for streams in (one, other):
                with pytest.raises(ENDED):
                    await heard(streams, b"three")
            async with connected(relay) as late:
                with pytest.raises(ENDED):
                    await heard(late, b"four")
            relay.mend()
            async with connected(relay) as again:
                assert await heard(again, b"five") == b"five"

    asyncio.run(play())


def test_an_end_on_one_side_is_an_end_on_the_other() -> None:
    async def play() -> bytes:
        async with relayed(b"hello") as relay, connected(relay) as (reader, _):
            return await asyncio.wait_for(reader.read(), PATIENCE)

    assert asyncio.run(play()) == b"hello"

"""Opens and closes a thousand sessions and says what the server and its children then hold: `make soak`, prints JSON.

Each session opens a link, trains, reads frames and leaves; the server keeps a lost session for a second. After every
round of sessions what is held is read from /proc (Linux). It ends with 1 and sentences where memory, threads,
descriptors or children of the second half are above those of the first.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.visitors import link
from tests import apart
from tests.faults.serving import Serving, held, tab

ROUND = 10  # sessions that come and go together
LINKS = 40  # different studies, which come back: what is kept of finished ones has its plateau too
LOOKS, LOOK_SECONDS = 2, 1.5  # after a round; a lost session is kept for a second
MORE = {"memory_mb": 1.10, "threads": 1.0, "descriptors": 1.0, "children": 1.0}  # of the first half's largest
SLACK = {"memory_mb": 0.0, "threads": 2, "descriptors": 8, "children": 0}
SHORT_LIVED = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1", "SPNLAB_RELEASED_KEEP": "1"}


async def visit(port: int, number: int) -> list[str]:
    """One session; what went wrong in it."""
    settings = {"iterations": 100, "num_seeds": 1, "depths": "1,2"}
    async with tab(port, link(10 * (number % LINKS), **settings)) as session:
        await session.follow(30)
        await session.rerun()
        return session.errors


async def round_of(port: int, first: int) -> list[str]:
    """Sessions that come together; what went wrong in them."""
    found = await asyncio.gather(*(visit(port, first + n) for n in range(ROUND)))
    return [error for errors in found for error in errors]


async def passer_by(port: int) -> None:
    """One tab more: Streamlit forgets sessions that are over when the next one comes."""
    async with tab(port):
        pass


def settled(server: Serving) -> dict[str, float]:
    """What is held once the sessions of a round are over, the least of a few looks."""
    looks = []
    for _ in range(LOOKS):
        time.sleep(LOOK_SECONDS)
        apart.run(passer_by(server.port))
        looks.append(held(server.process.pid))
    return {name: min(look[name] for look in looks) for name in looks[0]}


def rounds(server: Serving, sessions: int, errors: list[str]) -> Iterator[dict[str, float]]:
    """What is held after each round of sessions."""
    for first in range(0, sessions, ROUND):
        errors += apart.run(round_of(server.port, first))
        yield {"sessions": first + ROUND, "health_seconds": round(server.healthy(), 3), **settled(server)}


def grown(seen: list[dict[str, float]]) -> list[str]:
    """A sentence for everything that the second half of the rounds held more of than the first, the start left out."""
    first, second = seen[len(seen) // 5 : len(seen) // 2], seen[len(seen) // 2 :]
    sentences = []
    for name, factor in MORE.items():
        before, after = (max(each[name] for each in half) for half in (first, second))
        if after > factor * before + SLACK[name]:
            sentences.append(f"{name}: {after:g} in the second half of the sessions, {before:g} in the first")
    return sentences


def soak(sessions: int, folder: Path) -> dict[str, Any]:
    """Play so many sessions against a server of their own; what was held, and what is wrong about it."""
    server, errors = Serving(folder, **SHORT_LIVED).opened(), list[str]()
    try:
        at_start, begin = held(server.process.pid), time.perf_counter()
        seen = list(rounds(server, sessions, errors))
        seconds = round(time.perf_counter() - begin, 1)
    finally:
        server.close()
    wrong = [*grown(seen), *sorted(set(errors))]
    load = os.getloadavg()[0]
    return {"sessions": sessions, "seconds": seconds, "load": load, "start": at_start, "rounds": seen, "wrong": wrong}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        document = soak(int(sys.argv[1]) if sys.argv[1:] else 1000, Path(place))
    print(json.dumps(document, indent=1))
    sys.exit(bool(document["wrong"]))

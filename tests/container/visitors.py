"""What visitors do to a container: `python -m tests.container.visitors trains|health|holds|class`, in its network."""

import asyncio
import statistics
import sys
import time
from contextlib import AsyncExitStack
from urllib.request import urlopen

from benchmarks.visitors import link
from tests.faults.serving import ENDLESS, QUICK, tab

PORT = 8501
HEAVY = {"num_components": 64, "depths": "1,2,3,4,5,6,7,8", "iterations": 5000}
CLASS, SECONDS = 30, 20.0


async def trains() -> None:
    """One tab's study reaches its end."""
    async with tab(PORT, QUICK) as session:
        await session.follow(60)
        assert session.state == "done" and not session.errors, (session.state, session.errors)


async def health() -> None:
    """Two tabs train; health is asked for beside them, and its median answer comes within a second."""
    async with tab(PORT, ENDLESS), tab(PORT, f"{ENDLESS}&seed=100"):
        seconds = [await asyncio.to_thread(asked) for _ in range(21)]
        assert statistics.median(seconds) < 1.0, seconds


def asked() -> float:
    """Seconds that health took."""
    begin = time.perf_counter()
    with urlopen(f"http://127.0.0.1:{PORT}/_stcore/health", timeout=60) as answer:
        assert answer.read() == b"ok"
    time.sleep(0.05)
    return time.perf_counter() - begin


async def holds() -> None:
    """A tab that trains until the server is gone."""
    async with tab(PORT, ENDLESS) as session:
        await session.follow(600)


async def a_class() -> None:
    """30 tabs that open the heaviest study, each with a seed of its own: no page breaks, whatever is refused."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(tab(PORT, link(100 * n, **HEAVY))) for n in range(CLASS)]
        await asyncio.gather(*(session.follow(SECONDS) for session in sessions if session.run_id))
        print(*(session.state for session in sessions))
        assert not [error for session in sessions for error in session.errors]


if __name__ == "__main__":
    asyncio.run({"trains": trains, "health": health, "holds": holds, "class": a_class}[sys.argv[1]]())

"""Play a class at the present build and at an earlier one, part by part in turns, and print one JSON document.

Run with `python -m benchmarks.classroom [part …]` (a quarter of an hour); `--revision` names the earlier commit, whose
files are taken from the repository's history into a temporary folder. Each part plays on a fresh server of either
build: Streamlit's protobuf over a websocket for the pages, requests to the run routes for the data, paced as the page
paces them. The players share the machine's cores with the server, so latencies are upper bounds, and the load average
before and after stands beside each part's numbers. What fails is said in its part; the others go on. Linux only.
`--smallest` takes some minutes and measures nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.classroom.measures import EARLIER, NOW, TARGETS, measures
from benchmarks.classroom.parts import PARTS, WHAT, Part
from benchmarks.classroom.pressing import study
from benchmarks.classroom.sizes import SMALLEST, Sizes
from benchmarks.confined import confined
from benchmarks.document import ROOT, document, write
from benchmarks.earlier.__main__ import REVISION
from benchmarks.earlier.checkout import RevisionError, lay_out
from benchmarks.server import Server, running
from benchmarks.visitors import opened

TITLE = (
    "A class at the lab's server, without a browser, on the same cores, by the clock; before: the build of commit "
    "{revision}, each part in turns in the same run"
)


def main() -> None:
    """Parse the switches, lay out the earlier build, play and print."""
    arguments = parsed()
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="spnlab-earlier-") as folder:
        builds = {NOW: ROOT}
        if not arguments.without_earlier:
            try:
                lay_out(arguments.revision, Path(folder))
            except RevisionError as error:
                sys.exit(str(error))
            builds = {EARLIER: Path(folder), NOW: ROOT}
        for name in arguments.parts or PARTS:
            results[name] = {
                build: attempted(name, build, place, SMALLEST if arguments.smallest else Sizes())
                for build, place in builds.items()
                if build == NOW or PARTS[name].earlier
            }
    title, command = (
        TITLE.format(revision=arguments.revision),
        " ".join(["python -m benchmarks.classroom", *sys.argv[1:]]),
    )
    write(
        document(
            title, command, measures(results), what=WHAT, targets=TARGETS, earlier=arguments.revision, parts=results
        )
    )


def parsed() -> argparse.Namespace:
    """The switches; the program ends where a part is not known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--revision", default=REVISION, help="the earlier build's commit")
    parser.add_argument("--without-earlier", action="store_true", help="only the present build")
    parser.add_argument("--smallest", action="store_true", help="sizes that measure nothing")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.parts if name not in PARTS]:
        parser.error(f"{unknown[0]}: no such part; known are {', '.join(PARTS)}")
    return arguments


def attempted(name: str, build: str, folder: Path, sizes: Sizes) -> dict[str, Any]:
    """What a part found in a build, or what went wrong; either is said on stderr at once."""
    begin, load = time.perf_counter(), os.getloadavg()[0]
    try:
        found = played(PARTS[name], folder, sizes)
    except Exception as error:  # noqa: BLE001  the other parts' numbers are still wanted
        found = {"problem": f"{type(error).__name__}: {error}"}
    found |= {
        "load_average_before_and_after": [round(load, 1), round(os.getloadavg()[0], 1)],
        "took_seconds": round(time.perf_counter() - begin, 1),
    }
    print(name, build, json.dumps(found), file=sys.stderr, flush=True)
    return found


def played(part: Part, folder: Path, sizes: Sizes) -> dict[str, Any]:
    """A part on a fresh server of the build in a folder; OSError where it needs a control group and may make none."""
    if not part.memory_bytes:
        with running(folder) as server:
            return asyncio.run(in_time(part, server, sizes))
    with confined(part.memory_bytes) as group:
        with running(folder, group.enter) as server:
            found = asyncio.run(in_time(part, server, sizes))
        return {**found, "group_peak_mb": round(group.peak_mb, 1), "processes_killed": group.num_killed}


async def in_time(part: Part, server: Server, sizes: Sizes) -> dict[str, Any]:
    """What a part found; TimeoutError where it does not end."""
    async with asyncio.timeout(part.seconds):
        async with opened(server.port, study(99, iterations=5)):
            pass  # a page that was never opened is slow once
        return await part.play(server, sizes)


if __name__ == "__main__":
    main()

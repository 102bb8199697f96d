"""Measures what a person feels of the lab in real Chromium, beside an earlier build, and prints one JSON document.

`python -m benchmarks.touch [CHECKOUT] [--parts part …]` takes half an hour; each part plays on a fresh server of this
checkout and of the one that is named, in turns, and the browser shares their cores. `--smallest` measures nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.browsing import chromium
from benchmarks.document import ROOT, document, write
from benchmarks.server import Server, running
from benchmarks.touch.answering import SLOWED, answering
from benchmarks.touch.change import change
from benchmarks.touch.growth import WITHOUT_ROOM, growth
from benchmarks.touch.measures import WHAT, measures, pooled
from benchmarks.touch.shift import shift
from benchmarks.touch.sizes import SMALLEST, Sizes

TITLE = "The lab in Chromium, browser and server on the same cores, each part in turns with the build before"


class Part(NamedTuple):
    """What is played on a fresh server, in one round or several; `environment` is the server's besides."""

    play: Callable[[Any, Server, Sizes], dict[str, list[float]]]
    once: bool = False
    environment: dict[str, str] = {}


PARTS = {
    "change": Part(change),
    "shift": Part(shift, once=True),
    "answering": Part(answering),
    "growth": Part(growth, once=True, environment=WITHOUT_ROOM),
}


def main() -> None:
    """Parse the switches, measure and print."""
    arguments = parsed()
    sizes = SMALLEST if arguments.smallest else Sizes()
    folders = [ROOT, *filter(None, [arguments.checkout])]
    with chromium() as browser:
        results = {name: in_turns(PARTS[name], browser, folders, sizes) for name in arguments.parts}
    command = "python -m benchmarks.touch" + " CHECKOUT" * len(folders[1:])
    details = {"slowed": SLOWED, "sizes": sizes._asdict(), "parts": results}
    write(document(TITLE, command, measures(results, sizes), what=WHAT, **details))


def parsed() -> argparse.Namespace:
    """The switches."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.touch", description=__doc__)
    parser.add_argument("checkout", nargs="?", type=Path, metavar="CHECKOUT", help="a folder with an earlier build")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="only these")
    parser.add_argument("--smallest", action="store_true", help="sizes that measure nothing")
    return parser.parse_args()


def in_turns(part: Part, browser: Any, folders: list[Path], sizes: Sizes) -> dict[str, dict[str, list[float]]]:
    """What a part found of each build, all rounds together; the load of the machine is said on stderr."""
    rounds: dict[Path, list[dict[str, list[float]]]] = {folder: [] for folder in folders}
    for _ in range(1 if part.once else sizes.rounds):
        for folder in folders:
            with running(folder, **part.environment) as server:
                rounds[folder].append(part.play(browser, server, sizes))
            said = (part.play.__name__, folder, rounds[folder][-1], f"load average {os.getloadavg()[0]:.1f}")
            print(*said, file=sys.stderr, flush=True)
    return {str(place): pooled(found) for place, found in enumerate(rounds.values())}


if __name__ == "__main__":
    main()

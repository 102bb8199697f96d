"""Processes that write to a sweep's store and are killed, or all write at once: `python -m tests.faults.writers …`.

Prints as JSON what was acknowledged and what is stored. A process of its own, because it forks.
"""

import hashlib
import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from spncore.sweep.cells import Outcome
from spncore.sweep.store import Store

WRITERS, AT_ONCE, EACH = 4, 30, 10
KEY = 64  # characters


def outcome(number: int) -> Outcome:
    """An outcome that its key decides; large, so that a kill finds it half written."""
    key = hashlib.sha256(str(number).encode()).hexdigest()
    numbers = random.Random(key)
    return Outcome(key, "done", curve={"median": [numbers.random() for _ in range(3000)]}, seconds=float(number))


def write(store: Store, numbers: range, acknowledged: int) -> None:
    """Write outcomes one by one; the key of each is said when it is kept."""
    for each in map(outcome, numbers):
        store.put(each)
        os.write(acknowledged, each.key.encode())


def killed(store: Store, rounds: int) -> list[str]:
    """Start writers and kill them at a random moment, so many times; the keys that were said to be kept."""
    said, moments = [], random.Random(0)
    for turn in range(rounds):
        reading, writing = os.pipe()
        writers = []
        for writer in range(WRITERS):
            writers.append(os.fork())
            if not writers[-1]:
                first = 1000 * (WRITERS * turn + writer)
                write(store, range(first, first + 1000), writing)
                os._exit(0)
        os.close(writing)
        time.sleep(moments.uniform(0.005, 0.06))
        for writer in writers:
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
        with os.fdopen(reading, "rb") as file:
            text = file.read().decode()
        said += [text[at : at + KEY] for at in range(0, len(text), KEY)]
    return said


def together(store: Store) -> list[str]:
    """30 processes of two threads each write at once, partly the same; the keys that were said to be kept."""
    reading, writing = os.pipe()
    for writer in range(AT_ONCE):
        if not os.fork():
            beside = threading.Thread(target=write, args=(store, range(EACH), writing))
            beside.start()
            write(store, range(EACH * writer, EACH * (writer + 1)), writing)
            beside.join()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        text = file.read().decode()
    codes = [os.waitpid(-1, 0)[1] for _ in range(AT_ONCE)]
    assert not any(codes), codes
    return [text[at : at + KEY] for at in range(0, len(text), KEY)]


def main(what: str, folder: str, rounds: str = "1") -> None:
    """Do it, and print what became of it."""
    store = Store(Path(folder))
    said = killed(store, int(rounds)) if what == "killed" else together(store)
    files = sorted(Path(folder).rglob("*.json"))
    whole = [file.stem for file in files if (kept := store.get(file.stem)) and kept == outcome(round(kept.seconds))]
    print(json.dumps({"said": said, "stored": [file.stem for file in files], "whole": whole}))


if __name__ == "__main__":
    main(*sys.argv[1:])

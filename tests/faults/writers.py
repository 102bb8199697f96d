"""Processes that write to a store of runs and are killed, or all write at once: `python -m tests.faults.writers …`.

What it is given: killed or together, the store as SPNLAB_STORE names it, and how many rounds. Prints as JSON what was
acknowledged and what is stored. A process of its own, because it forks.
"""

import hashlib
import json
import os
import random
import select
import signal
import sys
import threading
import time

from spncore.store import Place, Store, changes, reading
from spncore.store.place import place_of
from spncore.sweep import Outcome
from tests.spncore.store.made import OTHER, OWNER, finished, key_of, looked_through

WRITERS, AT_ONCE, EACH = 4, 30, 10
KEY = 64  # characters
MOST = 1_000  # that a writer comes to in a round


def outcome(key: str) -> Outcome:
    """An outcome that its key decides."""
    numbers = random.Random(key)
    return Outcome(key, "done", curve={"median": [numbers.random() for _ in range(300)]})


def write(place: Place, numbers: range, acknowledged: int, own: Store | None = None) -> None:
    """Write studies and cells one by one; the key of each is said when both are kept."""
    store = own or Store(place)
    for number in numbers:
        key = key_of(number)
        cell = hashlib.sha256(key.encode()).hexdigest()
        put = store.write(changes.put_cells, {cell: outcome(cell).to_json()})
        store.write(changes.keep, finished(number), (OWNER, OTHER)[number % 2]).result()
        put.result()
        os.write(acknowledged, key.encode())
    if own is None:
        store.close()


def killed(place: Place, rounds: int) -> list[str]:
    """Start writers and kill them at a random moment, so many times; the keys that were said to be kept."""
    said, moments = [], random.Random(0)
    for turn in range(rounds):
        reading_end, writing = os.pipe()
        writers = []
        for writer in range(WRITERS):
            writers.append(os.fork())
            if not writers[-1]:
                first = MOST * (WRITERS * turn + writer)
                write(place, range(first, first + MOST), writing)
                os._exit(0)
        os.close(writing)
        if turn % 2:  # among what they write; else also while they open the store
            select.select([reading_end], [], [])
        time.sleep(moments.uniform(0.0, 0.15))
        for writer in writers:
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
        with os.fdopen(reading_end, "rb") as file:
            text = file.read().decode()
        said += [text[at : at + KEY] for at in range(0, len(text), KEY)]
    return said


def together(place: Place, _: int) -> list[str]:
    """30 processes of two threads each write at once, partly the same; the keys that were said to be kept."""
    reading_end, writing = os.pipe()
    for writer in range(AT_ONCE):
        if not os.fork():
            with Store(place) as store:
                beside = threading.Thread(target=write, args=(place, range(EACH), writing, store))
                beside.start()
                write(place, range(EACH * writer, EACH * (writer + 1)), writing, store)
                beside.join()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading_end, "rb") as file:
        text = file.read().decode()
    codes = [os.waitpid(-1, 0)[1] for _ in range(AT_ONCE)]
    assert not any(codes), codes
    return [text[at : at + KEY] for at in range(0, len(text), KEY)]


def main(what: str, where: str, rounds: str = "1") -> None:
    """Do it, and print what became of it."""
    place = place_of(where)
    begin = time.perf_counter()
    said = {"killed": killed, "together": together}[what](place, int(rounds))
    seconds = time.perf_counter() - begin
    found = looked_through(place)
    wrong = [*found.wrong]
    cells = {key: hashlib.sha256(key.encode()).hexdigest() for key in found.keys | {*said}}
    with Store(place) as store:
        kept = store.read(reading.outcomes, cells.values())
    wrong += [f"{key}: its cell is lost" for key in said if cells[key] not in kept]
    wrong += [f"{key}: not what was written" for key, text in kept.items() if text != outcome(key).to_json()]
    print(json.dumps({"said": said, "stored": sorted(found.keys), "wrong": wrong, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])

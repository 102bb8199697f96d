"""Measures the store of runs: `python -m benchmarks.store` prints one JSON document.

30 writers at once, each with the lab's default run, against bare commits of as many bytes on the same disk in turns;
and a list of 10,000 runs. With `--postgresql` also on a PostgreSQL server of its own, where Debian's is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.document import Measure, document, found, write
from spncore import Experiment, load
from spncore.runs.study import Study
from spncore.store import Place, Store, changes, place_of, reading
from spncore.store.reading import Query
from spncore.store.rows import Finished, Limits
from spncore.studies import history

OWNER = "0" * 64
WRITERS, ROUNDS = 30, 20
RUNS, LOOKS = 10_000, 20
QUERIES = {
    "as it opens": Query(OWNER),
    "two words": Query(OWNER, words="plants run"),
    "by its end": Query(OWNER, order="end"),
    "by name": Query(OWNER, order="name", descending=False),
    "one setting": Query(OWNER, settings={"seed": 77}),
    "all of it": Query(OWNER, "run", dataset="nltcs-twin", named=True, order="end", settings={"num_components": 8}),
}


def trained() -> Finished:
    """The lab's default run as rows."""
    study, data = Study(Experiment(dataset="nltcs-twin"), (1, 2, 3)), load("nltcs-twin")
    return history.finished(study, data, list(history.retrained(study, data)))


def another(run: Finished, number: int, **changed: Any) -> Finished:
    """The same under another name."""
    return run._replace(key=hashlib.sha256(f"{number}".encode()).hexdigest(), **changed)


def seconds(what: Callable[[], object]) -> float:
    """That it takes."""
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def at_once(what: Callable[[int], object]) -> list[float]:
    """Seconds that each of the writers waits, who all begin together."""
    gate, took = threading.Barrier(WRITERS), [0.0] * WRITERS

    def writer(number: int) -> None:
        gate.wait()
        took[number] = seconds(lambda: what(number))

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(WRITERS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return took


class Bare:
    """A table of bytes beside the store, as safe as that: the driver alone, one statement and one commit for each."""

    def __init__(self, place: Place) -> None:
        self.raw: Any
        if place.server is not None:
            import psycopg

            address = place.server.translate_connect_args(username="user", database="dbname")
            self.raw, self.mark, kind = psycopg.connect(**address, autocommit=True), "%s", "BYTEA"
        else:
            assert place.file is not None
            file = place.file.with_name("bare.db")
            self.raw, self.mark, kind = (
                sqlite3.connect(file, isolation_level=None, check_same_thread=False),
                "?",
                "BLOB",
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                self.raw.execute(f"PRAGMA {pragma}")
        self.raw.execute(f"CREATE TABLE bare (bytes {kind})")
        self.turn = threading.Lock()

    def commit(self, content: bytes) -> None:
        """Insert and commit."""
        with self.turn:
            self.raw.execute("BEGIN")
            self.raw.execute(f"INSERT INTO bare (bytes) VALUES ({self.mark})", (content,))
            self.raw.execute("COMMIT")


def writing(store: Store, run: Finished, bare: Bare, rounds: int) -> dict[str, float]:
    """Milliseconds until a run is acknowledged: of a bare commit alone, of 30 bare ones, of 30 writers at once."""
    text = json.dumps([run.settings, run.summary, dict(run.versions)])
    content = b"".join(each.llh.tobytes() for each in run.results) + text.encode()
    alone, bare_at_once, kept = list[float](), list[float](), list[float]()
    for turn in range(rounds):
        alone += [seconds(lambda: bare.commit(content)) for _ in range(WRITERS)]
        bare_at_once += at_once(lambda _: bare.commit(content))
        ready = [another(run, WRITERS * turn + number) for number in range(WRITERS)]
        kept += at_once(lambda n, runs=ready: store.write(changes.keep, runs[n], f"{n:064x}", Limits()).result())
    p95 = {name: float(np.quantile(each, 0.95)) for name, each in (("alone", alone), ("bare", bare_at_once))}
    mine = float(np.quantile(kept, 0.95))
    return {
        "bytes": len(content),
        "bare_commit_p95_ms": round(1e3 * p95["alone"], 2),
        "bare_commit_median_ms": round(1e3 * float(np.median(alone)), 2),
        "bare_commits_at_once_p95_ms": round(1e3 * p95["bare"], 2),
        "keep_median_ms": round(1e3 * float(np.median(kept)), 2),
        "keep_p95_ms": round(1e3 * mine, 2),
        "ratio_to_one": round(mine / p95["alone"], 2),
        "ratio_to_as_many": round(mine / p95["bare"], 2),
    }


def listing(store: Store, run: Finished, number: int, looks: int) -> dict[str, float]:
    """Milliseconds that the first page of a long list takes, with how many there are in all: the median of several."""
    small, asked = run._replace(results=run.results[:1]), []
    for n in range(number):
        settings = {**run.settings, "experiment": {**run.settings["experiment"], "seed": n}}
        summary = {**run.summary, "end": -7 - (7919 * n % 10_007) / 1e4}
        title = "Plants" if n % 3 else run.title
        each = another(small, -1 - n, settings=settings, summary=summary, title=title)
        asked.append(store.write(changes.keep, each, OWNER, name=f"run {n}" if n % 5 == 0 else None))
    for future in asked:
        future.result()
    medians = {}
    for name, query in QUERIES.items():
        took = [seconds(partial(store.read, reading.part, query)) for _ in range(looks)]
        medians[name] = round(1e3 * float(np.median(took)), 2)
    return medians


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a database on a server of its own."""
    from tests.postgres import Postgres

    started = Postgres()
    try:
        yield started.database()
    finally:
        started.close()


def measured(place: Place, options: argparse.Namespace) -> dict[str, Any]:
    """Both, in a new store."""
    run = trained()
    with Store(place) as store:
        wrote = writing(store, run, Bare(place), options.rounds)
        return {"writing": wrote, "listing": listing(store, run, options.runs, options.looks)}


def measures(name: str, parts: dict[str, Any]) -> list[Measure]:
    """What was found of one database."""
    wrote, lists = parts["writing"], parts["listing"]
    size = f"{wrote['bytes'] / 1e3:.0f} kB"
    return [
        Measure(
            f"{name}: {WRITERS} writers at once keep a run of the default settings ({size}), 95 of 100 know it saved",
            (
                found(wrote["keep_p95_ms"], "ms"),
                found(wrote["ratio_to_as_many"], "times as long as with bare commits of as many bytes", at_most=5.0),
                found(wrote["ratio_to_one"], "times as long as one bare commit alone"),
            ),
        ),
        Measure(
            f"{name}: the first 50 of {RUNS:,} runs and how many there are, searched, filtered, in six orders",
            (found([*lists.values()], "ms", at_most=100.0),),
        ),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smallest", action="store_true", help="everything once, in seconds; the numbers say nothing")
    parser.add_argument("--postgresql", action="store_true", help="also on a server")
    options = parser.parse_args(arguments)
    options.rounds, options.runs, options.looks = (1, 60, 1) if options.smallest else (ROUNDS, RUNS, LOOKS)
    parts = {}
    with tempfile.TemporaryDirectory() as folder:
        parts["SQLite"] = measured(Place(file=Path(folder, "spnlab.db")), options)
        if options.postgresql:
            with server() as address:
                parts["PostgreSQL"] = measured(place_of(address), options)
    rows = [each for name, of in parts.items() for each in measures(name, of)]
    write(document("The store of runs", "python -m benchmarks.store", rows, parts=parts))


if __name__ == "__main__":
    main()

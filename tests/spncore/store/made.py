"""Studies that nobody trained, as rows: a number decides all of it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import text

from spncore.store import Place, Store, reading
from spncore.store.rows import Finished, Result

OWNER, OTHER = "a" * 64, "b" * 64
VERSIONS = {"spnlab": "0.1", "numpy": "2.4", "BLAS kernel": "Haswell", "SIMD": "AVX2", "BLAS threads": "1"}
SPECIAL = [-np.inf, -0.0, 5e-324, -7.1234567890123456, np.nextafter(-7.0, 0)]  # what a text would not give back


def key_of(number: int) -> str:
    """The study's name."""
    return hashlib.sha256(f"study {number}".encode()).hexdigest()


def finished(number: int, updates: int = 40, seeds: int = 2, **other: object) -> Finished:
    """A study of two depths, with so many updates of each seed."""
    rng = np.random.default_rng(number)
    results = [
        Result(curve, seed, curve + 1, "gradient", None, np.append(rng.normal(-7, 1, updates), SPECIAL))
        for curve in range(2)
        for seed in range(seeds)
    ]
    settings = {"experiment": {"depth": 2, "learning_rate": 0.05, "seed": number, "dataset": "nltcs"}, "depths": [1, 2]}
    summary = {"end": -6.0 - number / 100, "curves": [], "at": [], "line": []}
    fold = hashlib.sha256(f"fold {number % 3}".encode()).hexdigest()
    sha256 = "d" * 64
    made = Finished(
        key_of(number), fold, settings, summary, "nltcs", "NLTCS", sha256, 16_181, 16, 4, 1.5, VERSIONS, results
    )
    return made._replace(**other)


@dataclass(frozen=True)
class Whole:
    """What a store has, and whether it is sound."""

    keys: set[str]
    wrong: list[str]


def looked_through(place: Place) -> Whole:
    """Every study of a store that `finished` made, its traces compared bit for bit, and the database's own word."""
    with Store(place) as store:
        keys = {*store.read(lambda connection: connection.scalars(text("SELECT key FROM study")).all())}
        wrong = store.read(_unsound)
        for key in keys:
            settings = store.read(_settings, key)
            of = finished(settings["experiment"]["seed"])
            expected = {(each.curve, each.seed): each.llh.tobytes() for each in of.results}
            there = {place: numbers.tobytes() for place, numbers in store.read(reading.traces, key).items()}
            if key != of.key or there != expected:
                wrong.append(f"{key}: not what was written")
    return Whole(keys, wrong)


def _settings(connection, key):
    found = connection.execute(text("SELECT settings FROM study WHERE key = :key"), {"key": key}).scalar_one()
    return json.loads(found) if isinstance(found, str) else found


def _unsound(connection):
    """What SQLite finds broken, and rows that refer to what is not there."""
    if connection.dialect.name == "postgresql":
        lost = "SELECT study FROM {} WHERE study NOT IN (SELECT key FROM study)"
        return [row[0] for table in ("entry", "result") for row in connection.execute(text(lost.format(table)))]
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check"))]
    broken = [str(row) for row in connection.execute(text("PRAGMA foreign_key_check"))]
    return [word for word in found if word != "ok"] + broken


def bytes_of(folder: Path) -> dict[str, bytes]:
    """All files of a folder with what is in them."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}

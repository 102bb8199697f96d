"""What is put into a store and what comes out, as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from spncore.arrays import Floats

LLH = "llh"  # the quantity of a trace that is always kept
ARITHMETIC = ("BLAS kernel", "SIMD", "BLAS threads")  # of versions: what decides the last bits


class Result(NamedTuple):
    """One curve of one seed: its LLH (T,) in nats per row after 0, 1, … updates, and why it ended early, else None.

    `level` is the LLH at which the seed is compared with others of its study; None where it is not.
    """

    curve: int
    seed: int
    depth: int
    learner: str
    stopped: str | None
    llh: Floats
    level: float | None = None


class Ends(NamedTuple):
    """How many updates a curve has, and its LLH in nats per row before the first and after the last; None without.

    `reached` is after how many updates it was first at `level`; None where it never was, or has no level.
    """

    updates: int
    first_llh: float | None
    final_llh: float | None
    level: float | None = None
    reached: int | None = None

    @classmethod
    def of(cls, llh: Floats, level: float | None = None) -> Ends:
        """Of an LLH (T,)."""
        if not llh.size:
            return cls(0, None, None, level)
        there = llh >= level if level is not None else np.zeros(0, bool)
        reached = int(np.argmax(there)) if there.any() else None
        return cls(llh.size - 1, float(llh[0]), float(llh[-1]), level, reached)


class Finished(NamedTuple):
    """A study that was trained to its end, under its content's name; `versions` made it."""

    key: str
    fold: str
    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    dataset: str
    title: str
    data_sha256: str
    num_rows: int
    num_variables: int
    engine: int
    seconds: float
    versions: Mapping[str, str]
    results: Sequence[Result]

    @property
    def num_bytes(self) -> int:
        """Of its traces."""
        return sum(result.llh.size * 8 for result in self.results)

    @property
    def end_llh(self) -> float | None:
        """What its summary says of its end, in nats per row."""
        end = self.summary.get("end")
        return None if end is None else float(end)


class Entry(NamedTuple):
    """A study in somebody's list; `made_at` in seconds since 1970, `versions` those that made it."""

    id: int
    study: str
    name: str | None
    note: str
    tags: tuple[str, ...]
    made_at: float
    deleted_at: float | None
    fold: str
    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    dataset: str
    title: str
    data_sha256: str
    num_rows: int
    num_variables: int
    seconds: float
    num_bytes: int
    engine: int


class Limits(NamedTuple):
    """What a store takes, in bytes of traces: of one owner, of one room, and in all; 0 for no limit."""

    owner: int = 256_000_000
    room: int = 512_000_000
    whole: int = 4_000_000_000


NO_LIMITS = Limits(0, 0, 0)


def owner_of(token: str) -> str:
    """What a store calls the owner with a secret token: who reads the store does not learn the token."""
    return hashlib.sha256(f"spnlab owner\n{token}".encode()).hexdigest()


def octets(numbers: Floats) -> bytes:
    """An array as it is kept: little-endian doubles."""
    return np.ascontiguousarray(numbers, "<f8").tobytes()


def numbers_of(kept: bytes) -> Floats:
    """The array that `octets` wrote."""
    return np.frombuffer(kept, "<f8").astype(float)

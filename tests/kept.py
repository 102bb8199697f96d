"""Runs in the list of a session, without any page having trained them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from app.live.history import HISTORY
from spncore import Experiment, Trace
from spncore.data import library
from spncore.runs.study import Study
from spncore.runs.training import fit_all
from spncore.store import changes
from spncore.studies.history import finished, key_of
from spncore.studies.target import Fixed
from tests.addresses import at_address

SESSION, OTHER = "a session with a list", "another session"
SMALL = Experiment(dataset="two-clusters", num_components=2, iterations=30, num_seeds=6, learning_rate=0.1)


def study(depths: tuple[int, ...] = (1, 2), rivals: tuple[str, ...] = (), **changed: Any) -> Study:
    """A small study, in some settings another one."""
    return Study(SMALL.replace(**changed), depths, rivals)


def keep(
    wanted: Study, name: str | None = None, target: Fixed | None = None, session: str = SESSION
) -> tuple[str, list[Trace]]:
    """Train a study and put it into a session's list; its key, and what was trained."""
    dataset = library.load(wanted.experiment.dataset)
    traces = fit_all(wanted.experiments(), dataset)
    rows = finished(wanted, dataset, traces, target, 1.0)
    HISTORY.write(changes.keep, rows, HISTORY.owner(session), name=name)
    return key_of(wanted, dataset.sha256), traces


def page(url: str, session: str = SESSION, **query: str) -> Any:
    """A page as the session with a list has it, not yet run."""
    at = at_address(url, **query)
    at.session_state["session_name"] = session
    return at


def emptied(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The two sessions' lists are empty before a test and after it; Streamlit's harness shows a cookie of its own."""
    belongs = HISTORY.belongs
    monkeypatch.setattr(HISTORY, "belongs", lambda session, _: belongs(session, None))
    _empty()
    yield
    _empty()


def _empty() -> None:
    for session in (SESSION, OTHER):
        HISTORY.write(_forget, HISTORY.owner(session))


def _forget(connection: Any, owner: str) -> None:
    connection.exec_driver_sql("DELETE FROM entry WHERE owner = ?", (owner,))
    changes.prune(connection)


def falsify(key: str, curve: int, seed: int, at: int, sealed: bool) -> float:
    """Turn over the last bit of a stored number; `sealed` where its SHA-256 is made to fit. What it was."""
    place, where = HISTORY.store.place.file, "study = ? AND curve = ? AND seed = ?"
    assert place is not None
    with closing(sqlite3.connect(place, timeout=30)) as raw, raw:
        [(kept, seal)] = raw.execute(f"SELECT numbers, sha256 FROM trace WHERE {where}", (key, curve, seed)).fetchall()
        changed = bytearray(kept)
        changed[8 * at] ^= 1
        values = bytes(changed), hashlib.sha256(changed).hexdigest() if sealed else seal, key, curve, seed
        raw.execute(f"UPDATE trace SET numbers = ?, sha256 = ? WHERE {where}", values)
    return float(np.frombuffer(kept, "<f8")[at])

"""Kept runs are taken away from a page, and a file of them opened: with the stored numbers, and lists stay the same."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.kit import takeaway
from app.kit.brought import KEY, Brought
from app.kit.text import WORDS
from app.live.history import HISTORY
from spncore.kept.unpacking import read
from spncore.store import reading
from spncore.store.rows import Entry
from tests import kept

LINK = "http://127.0.0.1:8501/runs?run=0123456789ab"


@pytest.fixture(autouse=True)
def lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from kept.emptied(monkeypatch)


def entries() -> list[Entry]:
    return HISTORY.read(reading.entries, reading.Query(HISTORY.owner(kept.SESSION)))


def test_a_file_of_runs_holds_the_stored_numbers_bit_for_bit() -> None:
    kept.keep(kept.study(), "first")
    kept.keep(kept.study(learning_rate=0.2), "second")
    bundle = read(takeaway.file_of("spnlab", entries(), LINK))
    assert bundle.link == LINK and {run.entry.name for run in bundle.runs} == {"first", "second"}
    for run in bundle.runs:
        stored = HISTORY.read(reading.traces, run.entry.study)
        assert {(each.curve, each.seed): each.llh.tobytes() for each in run.finished.results} == {
            place: llh.tobytes() for place, llh in stored.items()
        }


def test_a_table_has_a_row_for_every_number() -> None:
    key, traces = kept.keep(kept.study())
    written = takeaway.file_of("csv", entries(), LINK).decode()
    remarks, table = written[: written.index("run,")], written[written.index("run,") :]
    rows = [*csv.DictReader(io.StringIO(table))]
    assert [float(row["value"]) for row in rows] == [
        float(value) for trace in traces for seed in trace.llh for value in seed
    ]
    assert LINK in remarks


def test_programs_and_parquet_are_what_they_are_called() -> None:
    kept.keep(kept.study())
    compile(takeaway.file_of("py", entries(), LINK), "script", "exec")
    assert json.loads(takeaway.file_of("ipynb", entries(), LINK))["nbformat"] == 4
    assert takeaway.file_of("parquet", entries(), LINK)[:4] == b"PAR1"


def test_a_damaged_run_is_said_in_the_file() -> None:
    key, _ = kept.keep(kept.study())
    kept.falsify(key, 1, 2, 3, sealed=False)
    assert b"SHA-256" in takeaway.file_of("csv", entries(), LINK)


def opened(data: bytes) -> Any:
    at = kept.page("runs", kept.OTHER)
    at.session_state[KEY] = Brought("a *file*.spnlab", read(data))
    at.run()
    assert not at.exception
    return at


def test_a_file_from_elsewhere_is_shown_as_it_says_and_added_to_no_list() -> None:
    _, traces = kept.keep(kept.study(), "theirs")
    at = opened(takeaway.file_of("spnlab", entries(), LINK))
    shown = " ".join(each.value for each in (*at.info, *at.markdown, *at.caption))
    assert "1 run out of" in shown and "Two clusters" in shown
    assert at.selectbox(key="brought_run").options == ["1: theirs"]
    assert not HISTORY.read(reading.count, reading.Query(HISTORY.owner(kept.OTHER)))
    at.button(key="brought_close").click().run()
    assert WORDS["runs_empty"] in " ".join(each.value for each in at.info)

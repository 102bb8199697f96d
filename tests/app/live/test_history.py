"""Lists of runs: every run that comes to its end is in its owner's, is said to be saved then, and is in no other."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.live import history as history_module
from app.live.history import History, Saved, saved
from app.live.run import LiveRun
from app.live.runs import RunRegistry
from spncore import Dataset, fit
from spncore.store import MEMORY, Place, Store, StoreError, reading
from spncore.studies.history import study_of
from tests.app.live.conftest import ENDLESS, SMALL, ended, get, study
from tests.app.live.here import registry
from tests.waiting import until

Made = Callable[..., tuple[RunRegistry, History]]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Made]:
    """A registry whose runs are kept in a store of its own, or in the place that is given."""
    made = list[Any]()

    def kept(place: Place | None = None) -> tuple[RunRegistry, History]:
        history = History(lambda: place or Place(file=tmp_path / "kept" / "spnlab.db"))
        runs = registry()
        runs.keep = history.keep
        made.extend([runs, history])
        return runs, history

    yield kept
    for each in made:
        each.close()


def listed(history: History, session: str) -> list[Any]:
    return history.read(reading.entries, reading.Query(history.owner(session)))


def kept(runs: RunRegistry, run_id: str) -> LiveRun:
    run = ended(runs, run_id)
    until(lambda: saved(run).state in ("saved", "unsaved"))
    return run


def test_a_run_that_has_ended_is_in_its_owners_list_with_the_engines_own_numbers(make: Made, data: Dataset) -> None:
    runs, history = make()
    history.belongs("a", "browser")
    run = kept(runs, runs.start(study(), data, "a"))
    assert saved(run) == Saved("saved")
    [entry] = listed(history, "a")
    assert study_of(entry.settings) == study() and entry.data_sha256 == data.sha256 and entry.name is None
    stored = history.read(reading.traces, entry.study)
    for curve, experiment in enumerate(study().experiments()):
        expected = fit(experiment, data).llh
        for seed in experiment.seeds:
            assert np.array_equal(stored[curve, seed], expected[seed]), (curve, seed)


def test_a_place_that_can_be_opened_later_takes_what_was_kept_in_memory_until_then(
    make: Made, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "AGAIN_SECONDS", 0.0)
    (tmp_path / "closed").write_text("a file where a folder is to be", encoding="utf-8")
    file = tmp_path / "closed" / "spnlab.db"
    runs, history = make(Place(file=file))
    run = kept(runs, runs.start(study(), data, "a"))
    history.name(run, "Before")
    assert not history.store.lasts and "closed" in history.fault
    [before] = listed(history, "a")
    (tmp_path / "closed").unlink()
    until(lambda: history.store.lasts and [entry.name for entry in listed(history, "a")] == ["Before"])
    kept(runs, runs.start(study(seed=7), data, "a"))
    history.close()
    assert not history.fault
    with Store(Place(file=file)) as store:
        entries = store.read(reading.entries, reading.Query(history.owner("a"), descending=False))
        assert [entry.name for entry in entries] == ["Before", None]
        assert (entries[0].study, entries[0].made_at) == (before.study, before.made_at)
        traces = store.read(reading.traces, before.study)
    assert all(
        np.array_equal(traces[curve, seed], llh)
        for curve, trace in enumerate(run.traces())
        for seed, llh in zip(trace.experiment.seeds, trace.llh, strict=True)
    )


def test_tabs_of_one_browser_have_one_list_and_other_browsers_see_nothing_of_it(make: Made, data: Dataset) -> None:
    runs, history = make()
    for session, token in (("a", "one"), ("b", "one"), ("c", "another")):
        history.belongs(session, token)
    kept(runs, runs.start(study(), data, "a"))
    assert len(listed(history, "b")) == 1
    assert not listed(history, "c") and not listed(history, "without a cookie")


def test_a_shared_computation_is_in_both_lists_and_stored_once(make: Made, data: Dataset) -> None:
    runs, history = make()
    first = kept(runs, runs.start(study(), data, "a"))
    second = kept(runs, runs.start(study(), data, "b"))
    assert first.computation is second.computation
    [one], [other] = listed(history, "a"), listed(history, "b")
    assert one.study == other.study and one.id != other.id


def test_a_run_that_somebody_stopped_is_not_kept(make: Made, data: Dataset) -> None:
    runs, history = make()
    run = get(runs, runs.start(study(ENDLESS), data, "a"))
    until(lambda: run.length > 1)
    runs.stop(run.id, "a")
    kept(runs, runs.start(study(), data, "a"))
    assert saved(run) == Saved() and len(listed(history, "a")) == 1


def test_a_run_that_diverged_is_kept_with_the_reason(make: Made, data: Dataset) -> None:
    runs, history = make()
    too_large = {"parametrisation": "log", "objective": "unnormalised", "learning_rate": 1.0, "init_scale": 9.0}
    wild = study(SMALL, (1, 2, 3), iterations=29, **too_large)
    run = kept(runs, runs.start(wild, data, "a"))
    assert run.state == "failed" and saved(run).state == "saved"
    [entry] = listed(history, "a")
    assert any(curve["stopped"] and "diverged" in curve["stopped"] for curve in entry.summary["curves"])


def test_a_name_that_is_given_before_the_end_is_the_entrys_name(make: Made, data: Dataset) -> None:
    runs, history = make()
    run = get(runs, runs.start(study(iterations=2000), data, "a"))
    assert history.name(run, "  with\nlines ") is None
    kept(runs, run.id)
    assert [entry.name for entry in listed(history, "a")] == ["with lines"]
    history.name(run, "another")
    assert [entry.name for entry in listed(history, "a")] == ["another"]


@pytest.mark.fault("F03", "F04")
def test_where_the_store_may_only_be_read_a_run_is_not_saved_and_its_curves_stay(
    make: Made, data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(file=tmp_path / "spnlab.db")
    Store(place).close()
    monkeypatch.setattr("os.access", lambda *_: False)
    runs, history = make(place)
    run = kept(runs, runs.start(study(), data, "a"))
    assert saved(run).state == "unsaved" and "may be read only" in saved(run).why
    assert run.length == SMALL.iterations + 1 and not listed(history, "a")


def test_without_a_place_lists_are_kept_in_memory_and_that_is_said(
    make: Made, data: Dataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "no folder").write_text("a file")
    runs, history = make(Place(file=tmp_path / "no folder" / "spnlab.db"))
    run = kept(runs, runs.start(study(), data, "a"))
    assert saved(run).state == "saved" and not history.store.lasts and history.store.place == MEMORY
    assert len(listed(history, "a")) == 1
    assert "no folder" in history.fault and "kept in memory" in caplog.text


def test_the_store_is_its_users_own(make: Made, tmp_path: Path) -> None:
    _, history = make()
    assert history.store.place.file is not None
    assert not history.store.place.file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_a_name_that_is_too_long_is_refused(make: Made, data: Dataset) -> None:
    runs, history = make()
    run = get(runs, runs.start(study(), data, "a"))
    with pytest.raises(StoreError, match="121 characters are too many; allowed: 120"):
        history.name(run, "x" * 121)

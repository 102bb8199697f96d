"""What the server lets go of: runs of closed tabs, runs nobody looks at, components of large runs."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from app.live import room
from app.live.computation import Computation
from spncore import Dataset, fit
from spncore.circuits.circuit import mixture
from tests.app.live.conftest import ENDLESS, SMALL, ended, get, study
from tests.waiting import until


def test_a_run_whose_session_does_not_come_back_is_freed(make: Any, data: Dataset) -> None:
    registry = make(released_keep=0.05)
    run_id = registry.start(study(ENDLESS), data, "a")
    until(lambda: get(registry, run_id).length > 3)
    gone: weakref.ref[Computation] = weakref.ref(get(registry, run_id).computation)
    registry.release("a")
    registry.release("a")  # twice does no harm

    def freed() -> bool:
        gc.collect()
        return gone() is None

    until(freed)
    assert registry.get(run_id) is None


@pytest.mark.fault("E03", "E04")
def test_a_lost_connection_pauses_a_run_and_ends_nothing(make: Any, data: Dataset) -> None:
    registry = make()
    computation = get(registry, registry.start(study(ENDLESS), data, "a")).computation
    until(lambda: computation.length > 3)
    registry.release("a")
    until(lambda: id(computation) not in registry.scheduler._entries)  # nor are slices of it still to come
    assert computation.state == "running" and registry.counts()["paused"] == 1
    length = computation.length
    registry.welcome("a")
    until(lambda: computation.length > length)


def test_whoever_asks_for_a_paused_run_by_its_id_takes_it_up(make: Any, data: Dataset) -> None:
    registry = make()
    run_id = registry.start(study(), data, "a")
    registry.release("a")
    assert ended(registry, run_id).state == "done"
    expected = fit(study().experiments()[1], data)
    assert np.array_equal(get(registry, run_id).traces()[1].llh, expected.llh)


@pytest.mark.fault("E04")
def test_a_page_that_goes_on_asking_after_a_broken_connection_loses_nothing(
    make: Any, data: Dataset, clock: list[float]
) -> None:
    registry = make(released_keep=75.0)
    run_id = registry.start(study(ENDLESS), data, "a")
    registry.release("a")
    for _ in range(6):
        clock[0] += 60.0
        registry._tend()
        assert get(registry, run_id).state in ("queued", "running")
    computation = get(registry, run_id).computation
    registry.release("a")
    clock[0] += 76.0
    until(lambda: computation.ended)


def test_a_session_that_was_lost_once_may_be_gone_without_a_word_and_its_run_pauses_sooner(
    make: Any, data: Dataset, clock: list[float]
) -> None:
    registry = make()
    run_id = registry.start(study(ENDLESS), data, "a")
    registry.release("a")
    computation = get(registry, run_id).computation
    until(lambda: registry.scheduler.holds(computation))
    clock[0] += 11.0
    until(lambda: not registry.scheduler.holds(computation))
    assert get(registry, run_id).state in ("queued", "running") and registry.scheduler.holds(computation)


def test_a_release_leaves_what_others_share(make: Any, data: Dataset) -> None:
    registry = make(released_keep=0.01)
    mine, theirs = (get(registry, registry.start(study(ENDLESS), data, session)) for session in "ab")
    registry.release("a")
    until(lambda: mine.id not in registry._runs)
    length = theirs.length
    until(lambda: theirs.length > length)


def test_a_finished_run_is_kept_for_the_next_who_asks_unless_its_data_was_uploaded(make: Any, data: Dataset) -> None:
    registry = make(released_keep=0.0)
    kept = ended(registry, registry.start(study(), data, "a")).computation
    registry.release("a")
    until(lambda: not registry._runs)
    assert get(registry, registry.start(study(), data, "b")).computation is kept
    uploaded = study(dataset=f"sha256:{data.sha256}")
    private = ended(registry, registry.start(uploaded, data, "a")).computation
    registry.release("a")
    until(lambda: private not in registry._held())
    assert get(registry, registry.start(uploaded, data, "b")).computation is not private


def test_finished_runs_nobody_looks_at_go_when_they_take_too_much(make: Any, data: Dataset) -> None:
    one = Computation(study(), data).memory_bytes
    registry = make(unused_bytes=int(2.5 * one), memory_bytes=10 * one)
    for seed in range(6):
        ended(registry, registry.start(study(seed=seed), data, seed))
        registry.release(seed)
    registry._tend()
    assert registry.num_bytes <= 2.5 * one
    kept = [run_study.experiment.seed for run_study, _ in registry._computations]
    assert kept == [4, 5]  # the least recently used go first


def test_memory_taken_by_runs_under_way_is_not_given_twice(make: Any, data: Dataset) -> None:
    size = Computation(study(ENDLESS), data).memory_bytes
    registry = make(memory_bytes=int(1.5 * size))
    runs = [get(registry, registry.start(study(ENDLESS, seed=seed), data, seed)) for seed in range(2)]
    until(lambda: runs[0].length > 3)
    assert runs[1].length == 0 and registry.num_bytes <= 1.5 * size


@pytest.mark.fault("E03", "E04")
def test_without_a_heartbeat_a_run_pauses_goes_on_when_asked_for_and_is_freed_in_the_end(
    make: Any, data: Dataset, clock: list[float]
) -> None:
    registry = make(pause_after=90.0, free_after=180.0)
    run_id = registry.start(study(ENDLESS), data, "a")
    computation = get(registry, run_id).computation
    clock[0] += 91.0
    until(lambda: not registry.scheduler.holds(computation))
    length = computation.length
    assert get(registry, run_id).state in ("queued", "running")
    until(lambda: get(registry, run_id).length > length)
    clock[0] += 181.0
    until(lambda: computation.ended)
    assert computation.state == "interrupted"
    until(lambda: registry.get(run_id) is None)


def test_large_components_are_kept_less_often(data: Dataset) -> None:
    large = SMALL.replace(num_components=64, num_seeds=64, iterations=500)
    spacing = room.snapshot_spacing(large, mixture(64, 256))
    assert 4 * 64 * 64 * 256 * (500 // spacing + 1) <= 2 * room.SNAPSHOT_BYTES + 4 * 64 * 64 * 256

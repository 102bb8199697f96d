"""Live runs: shared, queued, stopped, let go of; one run's fault is its own."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.live import runs as runs_module
from app.live.computation import Computation
from app.live.door.refusals import REFUSALS
from app.live.runs import RunRefused
from spncore import Dataset, fit
from spncore.data.library import from_array
from spncore.learning.batch import BLOCK, Batch
from spncore.learning.states import Block
from spncore.record import ExperimentError
from spncore.runs import training
from spncore.runs.study import Study
from tests.app.live.conftest import ENDLESS, SMALL, ended, get, study
from tests.waiting import until


@pytest.mark.fault("D04")
@pytest.mark.parametrize("changes", [{}, {"component_init": "fitted"}, {"parametrisation": "log", "seed": 7}])
def test_a_live_run_ends_at_the_engines_own_numbers(make: Any, data: Dataset, changes: dict[str, Any]) -> None:
    registry, wanted = make(), study(**changes)
    run = ended(registry, registry.start(wanted, data, "a"))
    assert (run.state, run.reason, run.length) == ("done", None, SMALL.iterations + 1)
    for trace, experiment in zip(run.traces(), wanted.experiments(), strict=True):
        expected = fit(experiment, data)
        for name in ("llh", "value", "flow", "weights", "at_floor"):
            assert np.array_equal(getattr(trace, name), getattr(expected, name)), name


def test_snapshots_hold_the_first_and_the_last_components_and_are_few(make: Any, data: Dataset) -> None:
    registry = make()
    run = ended(registry, registry.start(study(iterations=333), data, "a"))
    for depth, snapshots in zip((1, 2), run.computation.kept, strict=True):
        assert min(snapshots) == 0 and max(snapshots) == 333 and len(snapshots) <= 101
        infos = [info for _, info in training.run(study(iterations=333).experiment.replace(depth=depth), data)]
        zeros, ones = infos[-1].inputs[0][:, 0], infos[-1].inputs[0][:, 1]
        assert np.array_equal(snapshots[333], (ones / (zeros + ones)).astype(np.float32))


def test_there_are_no_trainers_until_the_first_run(make: Any) -> None:
    assert not make().scheduler.trainers


def test_two_sessions_with_the_same_study_share_one_computation(make: Any, data: Dataset) -> None:
    registry = make()
    first, second = (get(registry, registry.start(study(ENDLESS), data, session)) for session in "ab")
    assert first.id != second.id and first.computation is second.computation


@pytest.mark.fault("E05")
def test_nothing_is_asked_of_a_trainer_once_all_runs_have_ended(make: Any, data: Dataset) -> None:
    registry = make()
    runs = [ended(registry, registry.start(study(seed=seed), data, seed)) for seed in range(3)]
    until(lambda: registry.scheduler.num_sessions == 0)
    assert not any(registry.scheduler.holds(run.computation) for run in runs)


def test_the_same_session_asking_twice_has_one_run(make: Any, data: Dataset) -> None:
    registry = make()
    assert registry.start(study(ENDLESS), data, "a") == registry.start(study(ENDLESS), data, "a")


@pytest.mark.fault("E14")
def test_data_that_differs_in_one_cell_is_not_shared(make: Any) -> None:
    rng, registry = np.random.default_rng(0), make()
    bits = rng.integers(0, 2, (50_000, 12))
    other = bits.copy()
    other[40_000, 7] ^= 1
    runs = []
    for array in (bits, other):
        named = from_array(array, SMALL.dataset)
        experiment = SMALL.replace(iterations=3)  # of one name for both: nothing but the content can tell them apart
        runs.append(ended(registry, registry.start(Study(experiment, (1,)), named, "a")))
    assert runs[0].computation is not runs[1].computation
    assert not np.array_equal(runs[0].traces()[0].llh, runs[1].traces()[0].llh)


def test_names_of_one_sessions_columns_do_not_reach_another_with_the_same_bits(make: Any) -> None:
    bits, registry = np.random.default_rng(0).integers(0, 2, (50, 2)), make()
    runs = []
    for session in ("mine", "theirs"):
        named = from_array(bits, "data", [f"{session}1", f"{session}2"])
        experiment = SMALL.replace(dataset=f"sha256:{named.sha256}")
        runs.append(get(registry, registry.start(Study(experiment, (1,)), named, session)))
    assert runs[0].computation is runs[1].computation
    assert [run.dataset.variables[0] for run in runs] == ["mine1", "theirs1"]


@pytest.mark.fault("E05")
def test_stopping_keeps_the_trace_and_ends_the_training_with_the_block_it_is_at(make: Any, data: Dataset) -> None:
    registry = make()
    run = get(registry, registry.start(study(ENDLESS), data, "a"))
    until(lambda: run.length > 3)
    assert registry.stop(run.id, run.session) and registry.stop(run.id, run.session)
    length, steps = run.length, run.computation.length
    assert run.state == "stopped" and run.reason == f"Stopped after {length - 1} updates."
    until(lambda: run.computation.ended)
    assert run.computation.length <= steps + BLOCK < ENDLESS.iterations, "no block begins after it"
    assert run.length == length and all(trace.llh.shape == (6, length) for trace in run.traces())
    assert not registry.scheduler.holds(run.computation)


def test_stopping_ends_a_shared_run_only_for_the_one_who_stops(make: Any, data: Dataset) -> None:
    registry = make()
    mine, theirs = (get(registry, registry.start(study(ENDLESS), data, session)) for session in "ab")
    until(lambda: mine.length > 3)
    registry.stop(mine.id, mine.session)
    stopped_at = mine.length
    until(lambda: theirs.length > stopped_at + 3)
    assert (mine.state, mine.length, theirs.state) == ("stopped", stopped_at, "running")
    registry.stop(theirs.id, theirs.session)
    until(lambda: theirs.computation.ended)


def test_training_again_after_a_stop_is_a_new_run(make: Any, data: Dataset) -> None:
    registry = make()
    first = get(registry, registry.start(study(ENDLESS), data, "a"))
    until(lambda: first.length > 0)
    registry.stop(first.id, first.session)
    again = get(registry, registry.start(study(ENDLESS), data, "a"))
    assert again.id != first.id and again.computation is not first.computation and again.state != "stopped"


def test_a_run_that_waits_for_memory_is_stopped_at_once(make: Any, data: Dataset) -> None:
    registry = make(memory_bytes=int(1.5 * Computation(study(ENDLESS), data).memory_bytes))
    registry.start(study(ENDLESS), data, "a")
    waiting = get(registry, registry.start(study(ENDLESS, seed=1), data, "b"))
    registry.stop(waiting.id, "b")
    assert waiting.computation.state == "stopped" and waiting.length == 0 and waiting.traces() == []
    assert registry.queue_position(waiting) == 0


def test_the_line_for_memory_is_first_come_first_served_and_its_places_move(make: Any, data: Dataset) -> None:
    registry = make(memory_bytes=int(1.5 * Computation(study(ENDLESS), data).memory_bytes))
    runs = [get(registry, registry.start(study(ENDLESS, seed=seed), data, seed)) for seed in range(4)]
    until(lambda: runs[0].length > 0)
    assert [run.queue_position for run in runs] == [0, 1, 2, 3]
    assert runs[3].reason == "The server's memory is taken by other runs: 2 runs before yours."
    registry.stop(runs[1].id, 1)
    assert [run.queue_position for run in runs[2:]] == [1, 2]
    registry.stop(runs[0].id, 0)
    until(lambda: runs[2].length > 0)
    assert (runs[2].queue_position, runs[3].queue_position) == (0, 1)


def test_who_needs_little_memory_does_not_wait_for_who_needs_much(make: Any, data: Dataset) -> None:
    registry = make(memory_bytes=int(1.5 * Computation(study(ENDLESS), data).memory_bytes))
    large = [get(registry, registry.start(study(ENDLESS, seed=seed), data, seed)) for seed in range(2)]
    assert ended(registry, registry.start(study(), data, "b")).state == "done"
    assert large[1].queue_position == 1


def test_all_who_wait_for_memory_are_served_in_turns(make: Any, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_module, "FETCH_SECONDS", 0.0)
    registry = make(memory_bytes=int(1.5 * Computation(study(), data).memory_bytes))
    runs = [get(registry, registry.start(study(seed=seed), data, seed)) for seed in range(6)]
    until(lambda: all(run.state == "done" for run in runs))


@pytest.mark.fault("J02")
def test_every_run_of_every_session_advances(make: Any, data: Dataset) -> None:
    registry = make()
    runs = [get(registry, registry.start(study(ENDLESS, seed=seed), data, seed)) for seed in range(8)]
    until(lambda: all(run.length > 1 for run in runs))
    assert all(run.state == "running" for run in runs)
    before = [run.length for run in runs]
    until(lambda: all(run.length > length for run, length in zip(runs, before, strict=True)))


@pytest.mark.fault("J01")
def test_a_long_run_of_64_components_does_not_starve_a_short_one(make: Any, data: Dataset) -> None:
    registry = make()
    long = get(registry, registry.start(study(ENDLESS, depths=(1, 2, 3), num_components=64), data, "a"))
    until(lambda: long.length > 0)
    short = ended(registry, registry.start(study(), data, "b"))
    assert short.state == "done" and long.state == "running" and long.length < 1000


def test_full_lines_and_sessions_are_refused_in_words(make: Any, data: Dataset) -> None:
    size = Computation(study(ENDLESS), data).memory_bytes
    registry = make(queue=2, unfinished_per_session=2, memory_bytes=int(1.5 * size))
    for seed, (session, page) in enumerate([("a", "lab"), ("a", "circuits"), ("b", "lab")]):
        registry.start(study(ENDLESS, seed=seed), data, session, page)
    with pytest.raises(RunRefused, match="You have 2 runs under way already"):
        registry.start(study(ENDLESS, seed=3), data, "a", "dynamics")
    with pytest.raises(RunRefused, match="2 runs wait for memory already"):
        registry.start(study(ENDLESS, seed=3), data, "c")
    registry.start(study(ENDLESS), data, "c")  # shared, so it needs no place


def test_a_session_that_has_computed_for_long_waits_while_others_do_not(make: Any, data: Dataset) -> None:
    registry = make(cpu_per_session=1e-4)
    ended(registry, registry.start(study(), data, "a"))
    with pytest.raises(RunRefused, match=r"Your runs of the last hour took .* s of computing; the limit is"):
        registry.start(study(seed=1), data, "a")
    assert ended(registry, registry.start(study(seed=1), data, "b")).state == "done"


def test_what_a_run_took_counts_before_it_is_seen_to_have_ended(
    make: Any, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, finish, counted = make(), Computation.finish, []

    def noting(run: Computation, *how: Any) -> None:
        counted.append(registry.scheduler.spent("a") - run.seconds)
        finish(run, *how)

    monkeypatch.setattr(Computation, "finish", noting)
    ended(registry, registry.start(study(), data, "a"))
    assert counted == pytest.approx([0.0])


def test_the_next_run_on_a_page_takes_the_place_of_the_last_one(make: Any, data: Dataset) -> None:
    registry = make()
    first, other = (
        get(registry, registry.start(study(ENDLESS, seed=seed), data, "a", page))
        for seed, page in enumerate(("lab", "circuits"))
    )
    until(lambda: first.length > 0)
    registry.start(study(ENDLESS, seed=2), data, "a", "lab")
    assert first.state == "stopped" and first.reason.startswith("Stopped for your next run after ")
    assert first.traces()[0].llh.shape[1] == first.length
    assert other.state in ("queued", "running"), "a run on another page goes on"


def test_a_run_that_is_refused_leaves_the_one_before_it_alone(make: Any, data: Dataset) -> None:
    registry = make(memory_bytes=10 * Computation(study(ENDLESS), data).memory_bytes)
    run = get(registry, registry.start(study(ENDLESS), data, "a", "lab"))
    with pytest.raises(ExperimentError):
        registry.start(study(ENDLESS, num_components=64, num_seeds=64, depths=(1, 2, 3)), data, "a", "lab")
    registry.drain()
    with pytest.raises(RunRefused):
        registry.start(study(ENDLESS, seed=1), data, "a", "lab")
    assert not run.stopped


def test_only_the_session_that_started_a_run_stops_it(make: Any, data: Dataset) -> None:
    registry = make()
    run = get(registry, registry.start(study(ENDLESS), data, "a"))
    assert not registry.stop(run.id, "b") and run.state != "stopped"
    assert registry.stop("no run", "b"), "what is gone is stopped"
    assert registry.stop(run.id, "a") and run.state == "stopped"


def test_a_server_that_is_about_to_end_takes_no_more_runs_but_trains_those_it_has(make: Any, data: Dataset) -> None:
    registry = make()
    run_id = registry.start(study(), data, "a")
    registry.drain()
    refused = REFUSALS["run"]
    with pytest.raises(RunRefused, match="about to be restarted"):
        registry.start(study(seed=1), data, "b")
    assert REFUSALS["run"] == refused + 1, "an operator sees it"
    assert ended(registry, run_id).state == "done"


@pytest.mark.fault("C14")
def test_a_run_that_is_too_large_is_refused_before_anything_is_allocated(make: Any, data: Dataset) -> None:
    large = study(depths=tuple(range(1, 9)), num_components=64, iterations=5000, num_seeds=20)
    with pytest.raises(ExperimentError, match=r"This run takes about [0-9.]+ GB; limit 1 GB\. Lower"):
        make().start(large, data, "a")


@pytest.mark.fault("E11")
def test_an_exception_in_one_run_is_its_own_and_is_logged_under_the_id_it_shows(
    make: Any, data: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    advance = Batch.advance

    def faulty(self: Batch, num_updates: int) -> list[Block | None]:
        if self.trainers[0].settings.seeds[0] == 13 and self.iteration >= 5:
            raise RuntimeError("/secret/path")
        return advance(self, num_updates)

    monkeypatch.setattr(Batch, "advance", faulty)
    registry = make()
    with caplog.at_level(logging.ERROR):
        bad, good = (get(registry, registry.start(study(seed=seed), data, seed)) for seed in (13, 0))
        until(lambda: bad.computation.ended and good.computation.ended)
    assert good.state == "done" and bad.state == "failed" and 5 <= bad.length < 5 + BLOCK
    assert bad.reason is not None and "secret" not in bad.reason
    identifier = bad.reason.rstrip(".").split()[-1]
    (record,) = caplog.records
    assert bad.id.startswith(f"{vars(record)['run']}-")
    assert vars(record)["error"] == identifier and "RuntimeError" in vars(record)["fault"]
    assert registry.start(study(seed=13), data, "again") != bad.id  # a failed run is not what others are given


@pytest.mark.fault("D01")
def test_a_depth_that_diverges_fails_the_run_with_its_reason_while_the_others_go_on(make: Any, data: Dataset) -> None:
    too_large = {"parametrisation": "log", "objective": "unnormalised", "learning_rate": 1.0, "init_scale": 9.0}
    wanted = study(depths=(1, 2, 3), iterations=29, **too_large)
    expected = [fit(experiment, data) for experiment in wanted.experiments()]
    lengths = [trace.llh.shape[1] for trace in expected]
    assert lengths == [30, 30, 1], "Z = K · 9^L: with three layers the first step leaves no weight above zero"
    registry = make()
    run = ended(registry, registry.start(wanted, data, "a"))
    assert (run.state, run.length) == ("failed", 30)
    assert run.reason == f"L=3 {expected[2].stopped}."
    assert [recorder.length for recorder in run.recorders] == lengths
    for trace, fitted in zip(run.traces(), expected, strict=True):
        assert trace.stopped == fitted.stopped and np.array_equal(trace.llh, fitted.llh)
    assert (lengths[2] - 1, f"L=3 {expected[2].stopped}.") in run.events()
    assert [max(snapshots) for snapshots in run.computation.kept] == [length - 1 for length in lengths]


@pytest.mark.fault("E10")
def test_a_run_over_its_time_is_stopped_and_names_the_limit(make: Any, data: Dataset) -> None:
    registry = make(run_seconds=0.5)
    run = ended(registry, registry.start(study(ENDLESS), data, "a"))
    assert run.state == "stopped" and run.length > 0
    assert run.reason == "Stopped at the limit of 0.5 s of training per run."


def test_closing_interrupts_what_is_under_way_and_a_later_run_begins_the_trainers_anew(
    make: Any, data: Dataset
) -> None:
    registry = make()
    runs = [get(registry, registry.start(study(ENDLESS, seed=seed), data, seed)) for seed in range(2)]
    until(lambda: runs[0].length > 3)
    registry.close()
    until(lambda: all(run.computation.ended for run in runs))
    assert [run.state for run in runs] == ["interrupted"] * 2 and runs[0].traces()[0].llh.shape[1] > 3
    assert ended(registry, registry.start(study(), data, "b")).state == "done"


@pytest.mark.fault("E15")
def test_recorded_values_do_not_change_while_training_goes_on(make: Any, data: Dataset) -> None:
    registry = make()
    run = get(registry, registry.start(study(ENDLESS), data, "a"))
    until(lambda: run.length > 5)
    before = [replace(trace, llh=trace.llh.copy()) for trace in run.traces()]
    length = run.length
    until(lambda: run.length > length + 20)
    for old, new in zip(before, run.traces(), strict=True):
        assert np.array_equal(old.llh, new.llh[:, : old.llh.shape[1]])

"""Trainer processes: what dies loses nothing, nobody else notices, and the server's own process trains nothing."""

import gc
import logging
import os
import signal
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.live.computation import Computation
from app.live.limits import ServerLimits
from app.live.runs import RunRegistry
from app.live.scheduler import DEATHS
from app.live.shares import Shares, Turn
from app.live.training import Advance, Begin, Desk, Drop
from spncore import Dataset, Trainer, fit
from spncore.learning import batch, em
from spncore.learning.batch import Batch
from spncore.record import ExperimentError
from spncore.runs import problem
from spncore.runs.study import Study
from spncore.structures import STRUCTURES
from tests.app.live import here
from tests.app.live.conftest import ENDLESS, SMALL, ended, get, study
from tests.waiting import until

CIRCUIT = SMALL.replace(structure="chow_liu", component_init="fitted", iterations=60)


@pytest.fixture(scope="module")
def processes() -> Iterator[RunRegistry]:
    """A registry of two real trainer processes."""
    made = RunRegistry(ServerLimits(trainers=2))
    yield made
    made.close()


@pytest.mark.parametrize(
    "wanted",
    [
        study(depths=(1, 3)),
        study(component_init="fitted", train_components=False),
        Study(SMALL.replace(batch_size=7, optimiser="momentum"), (1, 2)),
        Study(SMALL, (2,), ("em", "momentum")),
        Study(CIRCUIT, (1, 2)),
    ],
    ids=["gradient", "held", "batches", "rivals", "circuit"],
)
def test_whoever_goes_on_from_the_last_slice_brings_the_same_bits(wanted: Study, data: Dataset) -> None:
    whole, cut = here.computed(wanted, data), here.computed(wanted, data, kill_after=2)
    assert whole.state == cut.state == "done" and whole.study == cut.study and whole.target == cut.target
    for one, other in zip(whole.traces(), cut.traces(), strict=True):
        for name in ("llh", "value", "log_partition", "at_floor", "log_masses", "flow", "weights"):
            assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name
    assert [list(kept) for kept in whole.kept] == [list(kept) for kept in cut.kept]


def test_the_mixture_of_trees_goes_on_beside_its_circuit(data: Dataset) -> None:
    wanted = Study(CIRCUIT.replace(structure="random_partitions", split_depth=1, component_init="uniform"), (1,))
    whole, cut = here.computed(wanted, data), here.computed(wanted, data, kill_after=3)
    assert whole.study.shallow and len(whole.traces()) == 2
    for one, other in zip(whole.traces(), cut.traces(), strict=True):
        assert np.array_equal(one.llh, other.llh) and one.llh.shape[1] == CIRCUIT.iterations + 1


@pytest.mark.fault("J12")
@pytest.mark.slow
def test_a_killed_trainer_loses_no_run_and_changes_no_bit(processes: RunRegistry, data: Dataset) -> None:
    long = study(iterations=1500, num_seeds=4)
    runs = [get(processes, processes.start(study(long.experiment, seed=seed), data, seed)) for seed in range(4)]
    until(lambda: all(run.length for run in runs))
    for place in (0, 1, 0, 1, 0):
        trainer: Any = processes.scheduler.trainers[place]
        until(lambda trainer=trainer: trainer.pid is not None)
        lengths, dead = [run.length for run in runs], trainer.pid
        os.kill(dead, signal.SIGKILL)
        until(lambda trainer=trainer, dead=dead: trainer.pid not in (None, dead) or all(run.ended for run in runs))
        until(lambda lengths=lengths: all(run.ended or run.length > n for run, n in zip(runs, lengths, strict=True)))
    until(lambda: all(run.ended for run in runs))
    assert [run.state for run in runs] == ["done"] * 4
    for run in runs:
        expected = fit(run.study.experiments()[1], data)
        assert np.array_equal(run.traces()[1].llh, expected.llh)


def test_a_run_that_ends_its_process_again_and_again_is_given_up_and_others_go_on(
    make: Any, data: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    registry = make(trainers=1)
    bad = get(registry, registry.start(study(ENDLESS), data, "a"))
    until(lambda: bad.length > 0)
    scheduler = registry.scheduler
    take = bad.computation.take

    def dies(brought: Any) -> None:
        scheduler.trainers[0].kill()
        raise here.ChildDied

    with caplog.at_level(logging.INFO):
        bad.computation.take = dies
        until(lambda: bad.computation.ended)
    said = [record.message for record in caplog.records if vars(record).get("run") == bad.computation.id]
    assert said[:-1] == ["a trainer process died; its runs go on from where they were"] * DEATHS
    assert said[-1].startswith("a run ended: failed after ")
    assert bad.state == "failed" and bad.reason == f"The training ended its process {DEATHS} times."
    assert bad.length > 0 and take is not None
    assert ended(registry, registry.start(study(), data, "b")).state == "done"


def test_the_log_has_how_every_run_ended_under_its_id(
    make: Any, data: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    registry = make()
    large = Study(CIRCUIT.replace(structure="rat", num_components=8, split_depth=3, num_repetitions=8), (1,))
    with caplog.at_level(logging.INFO):
        done, refused = (ended(registry, registry.start(each, data, "a", str(each))) for each in (study(), large))
        stopped = get(registry, registry.start(study(ENDLESS), data, "a", "other"))
        until(lambda: stopped.length > 0)
        registry.stop(stopped.id, "a")
        until(lambda: stopped.computation.ended)

    def said(run: Any) -> list[str]:
        of_it = (record for record in caplog.records if run.id.startswith(vars(record).get("run", "none") + "-"))
        return [record.message.partition(" and ")[0].partition(" after ")[0] for record in of_it]

    until(lambda: all(any("ended" in word for word in said(each)) for each in (done, stopped, refused)))
    assert said(done) == ["a run ended: done"] and said(stopped) == ["a run ended: stopped"]
    assert said(refused) == ["a run was refused in its trainer", "a run ended: failed"]


@pytest.mark.fault("J11")
@pytest.mark.slow
def test_the_servers_process_trains_learns_and_fits_nothing(
    processes: RunRegistry, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here_(*_: Any, **__: Any) -> Any:
        raise AssertionError("computed in the server's process")

    problem._structure.cache_clear()
    problem.fitted.cache_clear()
    monkeypatch.setattr(batch.Batch, "advance", here_)
    monkeypatch.setattr(em, "fit", here_)
    monkeypatch.setattr(Trainer, "advance", here_)
    for name in ("learn_spn", "chow_liu", "rat"):
        monkeypatch.setitem(STRUCTURES, name, here_)
    wanted = [
        study(component_init="fitted"),
        Study(CIRCUIT, (1, 2)),
        Study(CIRCUIT.replace(structure="learn_spn"), (1,)),
        Study(CIRCUIT.replace(structure="rat", component_init="random", split_depth=1, num_repetitions=2), (1,)),
    ]
    for each in wanted:
        run = ended(processes, processes.start(each, data, object()))
        assert run.state == "done", run.reason
        assert run.told().headline


@pytest.mark.fault("J11")
@pytest.mark.slow
def test_a_circuit_that_cannot_be_is_refused_in_its_own_words_once_a_trainer_knows(
    processes: RunRegistry, data: Dataset
) -> None:
    large = Study(CIRCUIT.replace(structure="rat", num_components=8, split_depth=3, num_repetitions=8), (1,))
    run_id = processes.start(large, data, "a")
    with pytest.raises(ExperimentError, match="weighted edges are too many to draw live; the limit is"):
        processes.prepared(run_id, 60.0)


@pytest.mark.slow
def test_no_more_threads_than_trainers_and_a_keeper(processes: RunRegistry, data: Dataset) -> None:
    before = {
        thread.name for thread in threading.enumerate() if thread.name.startswith(("spnlab-trainer", "spnlab-keeper"))
    }
    runs = [processes.start(study(seed=100 + seed), data, seed) for seed in range(9)]
    during = {
        thread.name for thread in threading.enumerate() if thread.name.startswith(("spnlab-trainer", "spnlab-keeper"))
    }
    assert len(during | before) == 3
    for run_id in runs:
        ended(processes, run_id)


@pytest.mark.slow
def test_a_trainer_that_dies_while_nothing_is_trained_is_begun_anew(processes: RunRegistry) -> None:
    processes.scheduler.start()
    idle: Any = processes.scheduler.trainers[0]
    until(lambda: idle.pid is not None and not processes.scheduler.num_sessions)
    dead = idle.pid
    os.kill(dead, signal.SIGKILL)
    until(lambda: idle.pid not in (None, dead))


def test_what_a_trainer_lets_go_of_is_gone_at_once(data: Dataset) -> None:
    desk, others = Desk(), [one for one in gc.get_objects() if type(one) is Batch]
    desk.answer(Begin(1, Study(ENDLESS, (1, 2)), data))
    for _ in range(20):  # beyond its start
        desk.answer(Advance(1, 0.01))
    batches = (one for one in gc.get_objects() if type(one) is Batch)
    held = [weakref.ref(one) for one in batches if not any(one is other for other in others)]
    assert held
    desk.answer(Drop(1))
    assert not any(one() for one in held)


def test_a_run_on_a_trainer_with_another_gets_its_share_of_cpu_not_of_turns(data: Dataset) -> None:
    shares = Shares()
    light, heavy = [Turn(Computation(Study(ENDLESS, (1,)), data), order) for order in (0, 1)]
    for turn, session in ((light, "a"), (heavy, "b")):
        turn.run.sessions, turn.run.length = frozenset([session]), 1
        shares.join(turn.run, [])
    for turn, seconds in ((light, 0.02), (heavy, 0.2)):
        shares.reserve(turn, 0.02)
        shares.charge(turn, seconds)
    asked = []
    for _ in range(6):  # ahead of any answer
        chosen = min((light, heavy), key=shares.key)
        shares.reserve(chosen, 0.02)
        asked.append(chosen)
    assert asked == [light] * 6
    shares.release(light)
    assert shares.key(light) < shares.key(heavy) and light.clock == pytest.approx(0.02)

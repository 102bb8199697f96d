"""What is timed in either build: every work is named in a request, runs in this process and answers in plain values.

Times are CPU seconds of this process unless they say otherwise; what a work needs is prepared before and kept.
"""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.earlier.memory import forget_peak, peak_bytes

if find_spec("spncore.datasets"):
    from benchmarks.earlier import names_then as build
else:
    from benchmarks.earlier import names_now as build  # type: ignore[no-redef]

GOAL = -7.2  # nats per row, of Figure 3
Values = dict[str, Any]


def data(name: str = "nltcs", shape: tuple[int, int] = (17412, 69)) -> Any:
    """The data where they are at hand; else the twin of NLTCS, or random rows of another set's shape."""
    if build.library.available(name):
        return build.library.load(name)
    if name == "nltcs":
        return build.library.load("nltcs-twin")
    ones = np.random.default_rng(0).random(shape) < np.linspace(0.02, 0.6, shape[1])
    return build.from_array(ones.astype(np.uint8), name)


loaded = lru_cache(data)


@lru_cache(4)
def random_data(num_rows: int, num_variables: int) -> Any:
    """Fair coins."""
    return build.from_array(coins(num_rows, num_variables))


def coins(num_rows: int, num_variables: int) -> np.ndarray:
    """Zeros and ones (N, D) of one byte each."""
    return np.random.default_rng(0).integers(0, 2, (num_rows, num_variables), dtype=np.uint8)


def experiment_on(dataset: Any, **settings: Any) -> Any:
    """An experiment on data that need not be registered."""
    known = dataset.name in build.library.DATASETS
    return build.Experiment(dataset=dataset.name if known else f"sha256:{dataset.sha256}", **settings)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, and what it gave."""
    begin = time.process_time()
    given = work()
    return time.process_time() - begin, given


def default_experiment(num_seeds: int, iterations: int) -> Values:
    """Three depths with all traces kept; and by depth and seed the updates to Figure 3's first level."""
    dataset = loaded("nltcs")
    depths = [experiment_on(dataset, depth=d, num_seeds=num_seeds, iterations=iterations) for d in (1, 2, 3)]
    seconds, llh = timed(lambda: build.llh_of_all(depths, dataset))
    reached = [[int(np.argmax(row)) if row.any() else None for row in each >= GOAL] for each in llh]
    return {"seconds": seconds, "updates": reached}


def lab_study(seed: int, iterations: int) -> Values:
    """A study of default size but for its updates, trained as the lab does, with all that it keeps."""
    dataset = build.library.load("nltcs-twin")
    experiment = build.Experiment(dataset=dataset.name, num_seeds=6, iterations=iterations, seed=seed)
    seconds, length = timed(lambda: build.trained_in_the_lab(experiment, (1, 2, 3), dataset))
    return {"seconds": seconds, "states": length}


def first_states(settings: Values, updates: int) -> Values:
    """LLH (S, updates + 1) of an experiment on NLTCS."""
    dataset = loaded("nltcs")
    return {"llh": build.first_states(experiment_on(dataset, **settings), dataset, updates).tolist()}


def phase(per_decade: int, part: int, parts: int, workers: int, iterations: int) -> Values:
    """Every so-manieth cell of the phase diagram that ships, in processes of their own: seconds on the clock, and CPU.

    Starting the processes counts.
    """
    dataset = loaded("nltcs")
    held: Values = {"component_init": "fitted", "train_components": False, "init_noise": 0.0, "init_scale": 0.1}
    base = experiment_on(dataset, num_seeds=3, iterations=iterations, **held)
    cells = list(build.Plane(base, per_decade=per_decade).cells().values())[part::parts]
    begin, before = time.perf_counter(), _cpu_of_all()
    done = build.swept(cells, dataset, workers)
    clock, cpu = time.perf_counter() - begin, _cpu_of_all() - before
    return {"cells": len(cells), "done": done, "clock_seconds": clock, "cpu_seconds": cpu}


def _cpu_of_all() -> float:
    """Of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@lru_cache
def learned(name: str) -> Any:
    """LearnSPN on a data set."""
    return build.learned(loaded(name))


def query(question: str, name: str, num_rows: int) -> Values:
    """One question about rows of a LearnSPN's data, every second value missing where the question fills in."""
    asked, rows, rng = learned(name), loaded(name).rows[:num_rows], np.random.default_rng(0)
    holes = np.where(rng.random(rows.shape) < 0.5, -1, rows.astype(np.int64))
    questions: dict[str, Callable[[], Any]] = {
        "log_likelihood": lambda: build.queries.log_likelihood(asked, rows),
        "conditionals": lambda: build.queries.conditionals(asked, holes).mean,
        "moments": lambda: build.queries.moments(asked, holes).covariance,
        "most_probable": lambda: build.explanation.most_probable(asked, holes)[0],
        "sample": lambda: build.sampling.sample(asked, num_rows, rng),
        "complete": lambda: build.sampling.complete(asked, holes, rng),
    }
    seconds, answer = timed(questions[question])
    return {"seconds": seconds, "mean": float(np.mean(answer))}


def many_rows(num_rows: int, num_variables: int, steps: int = 5) -> Values:
    """From an array of bytes to a trainer's first state, then steps; the peak of this process, a fresh one."""
    rows = coins(num_rows, num_variables)
    held = forget_peak()
    to_data, dataset = timed(lambda: build.from_array(rows))
    to_trainer, (trainer, state) = timed(lambda: build.start(experiment_on(dataset), dataset))
    times = []
    for _ in range(steps):
        seconds, state = timed(lambda: build.update(trainer, state))  # noqa: B023  called at once
        times.append(seconds)
    return {
        "preparation_seconds": to_data + to_trainer,
        "to_data_seconds": to_data,
        "step_seconds": float(np.median(times)),
        "peak_mb": peak_bytes() / 1e6,
        "held_before_mb": held / 1e6,
    }


def class_objective(num_rows: int, num_variables: int) -> Values:
    """Preparing log p(y | x) on data that are ready: CPU time, and the peak beyond what was held before."""
    dataset = random_data(num_rows, num_variables)
    experiment = experiment_on(dataset, objective="discriminative")
    gc.collect()
    held = forget_peak()
    seconds, _ = timed(lambda: build.start(experiment, dataset))
    return {"seconds": seconds, "beyond_mb": (peak_bytes() - held) / 1e6}


@lru_cache(4)
def _batches(num_rows: int, num_variables: int) -> list[Any]:
    """A trainer of mini-batches and its present state."""
    dataset = random_data(num_rows, num_variables)
    return [*build.start(experiment_on(dataset, batch_size=500), dataset)]


def mini_batch(num_rows: int, num_variables: int, steps: int) -> Values:
    """Seconds per step on 500 rows of so many."""
    running = _batches(num_rows, num_variables)
    trainer, state = running

    def block() -> Any:
        now = state
        for _ in range(steps):
            now = build.update(trainer, now)
        return now

    seconds, running[1] = timed(block)
    return {"seconds": seconds / steps}


def estimator(num_rows: int, num_columns: int, iterations: int) -> Values:
    """scikit-learn's face on normal columns, so many updates of EM: CPU time, the peak of this process."""
    rows = np.random.default_rng(0).standard_normal((num_rows, num_columns))
    asked = build.estimator(num_components=8, iterations=iterations, tolerance=0.0, random_state=0)
    seconds, fitted = timed(lambda: asked.fit(rows))
    if fitted.n_iter_ != iterations:
        raise RuntimeError(f"{fitted.n_iter_} updates were made, {iterations} were asked for")
    return {"seconds": seconds, "peak_mb": peak_bytes() / 1e6}


WORKS: dict[str, Callable[..., Values]] = {
    work.__name__: work
    for work in (
        default_experiment,
        lab_study,
        first_states,
        phase,
        query,
        many_rows,
        class_objective,
        mini_batch,
        estimator,
    )
}

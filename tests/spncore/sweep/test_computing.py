"""What is asked of a cell is answered as `fit` answers it, whatever is computed beside it."""

from dataclasses import replace

import numpy as np

from spncore import Experiment, fit, load
from spncore.data.dataset import from_array
from spncore.learning.evaluator import Evaluator
from spncore.sweep import Cell, Outcome, Target
from spncore.sweep.cells import grid
from spncore.sweep.computing import compute, compute_together
from tests.closeness import assert_close
from tests.fitted_mixture import fit_mixture

DATA = {"two-clusters": load("two-clusters")}
SMALL = Experiment(dataset="two-clusters", num_components=2, iterations=20, init_noise=1e-3, num_seeds=2)


def test_an_outcome_says_what_fit_says():
    level = fit(SMALL).llh[0, 10]
    cell = Cell(SMALL, (Target("llh", level),), held_out=("test",), curve=True)
    outcome, trace = compute(cell, DATA["two-clusters"]), fit(SMALL, held_out=("test",))
    assert [seed.reached for seed in outcome.seeds] == [(at,) for at in trace.updates_to(level)]
    assert_close([seed.final_llh for seed in outcome.seeds], trace.llh[:, -1])
    assert_close([seed.held_out["test"] for seed in outcome.seeds], trace.held_out["test"])
    assert_close(outcome.curve["median"], np.median(trace.llh, axis=0))
    assert Outcome.read(outcome.to_json(), outcome.key) == outcome


def test_a_share_of_the_possible_gain_counts_from_the_start_to_what_em_reaches():
    experiment = SMALL.replace(component_init="fitted", train_components=False, init_scale=0.1, learning_rate=1e-3)
    trace = fit(experiment.replace(iterations=400))
    best = fit_mixture(DATA["two-clusters"], 2, np.random.default_rng(0)).llh
    start = trace.llh[0, 0]
    outcome = compute(Cell(trace.experiment, (Target("gain", 0.5),)), DATA["two-clusters"])
    assert outcome.seeds[0].reached[0] == trace.updates_to(start + 0.5 * (best - start))[0]


def test_a_seed_may_end_when_it_has_reached_every_target():
    level = float(np.sort(fit(SMALL).llh[:, 3])[0])
    cell = Cell(SMALL, (Target("llh", level),), stop_at_targets=True)
    outcome = compute(cell, DATA["two-clusters"])
    assert [seed.iterations for seed in outcome.seeds] == [seed.reached[0] for seed in outcome.seeds]
    assert all(seed.final_llh >= level for seed in outcome.seeds)


def test_one_seed_that_diverges_does_not_take_the_others_along(monkeypatch):
    add_rows = Evaluator.add_rows

    def touchy(self, seed, weights, coefficients, room, *others):
        add_rows(self, seed, weights, coefficients, room, *others)
        touchy.calls += 1
        if touchy.calls == 12:  # two seeds take turns: the second one's sixth evaluation
            room.seen[0, seed] = np.nan

    touchy.calls = 0
    monkeypatch.setattr(Evaluator, "add_rows", touchy)
    sound, diverged = compute(Cell(SMALL, curve=True), DATA["two-clusters"]).seeds
    assert (sound.iterations, sound.stopped) == (20, None)
    assert (diverged.seed, diverged.iterations) == (1, 4)
    assert diverged.stopped.startswith("diverged: after 5 updates, the log-likelihood of seed 1 ")


def test_cells_that_are_computed_together_have_the_numbers_they_have_alone():
    held = SMALL.replace(component_init="fitted", train_components=False, init_scale=0.1, iterations=60)
    cells = [
        *grid(Cell(SMALL, held_out=("test",), curve=True), {"depth": [1, 2, 3], "learning_rate": [0.01, 0.05]}),
        *grid(
            Cell(held, (Target("gain", 0.9),), stop_at_targets=True), {"depth": [1, 2], "learning_rate": [0.02, 10.0]}
        ),
        Cell(SMALL.replace(iterations=7, optimiser="em")),
        Cell(SMALL.replace(topology="private", seed=3, init_scale=0.5, floor=1e-3, iterations=9)),
    ]
    together = compute_together(cells, DATA)
    for cell, outcome in zip(cells, together, strict=True):
        alone = compute(cell, DATA["two-clusters"])
        assert replace(alone, seconds=0.0) == replace(outcome, seconds=0.0)
    assert len({outcome.key for outcome in together}) == len(cells)


def test_a_run_that_would_overflow_later_is_the_same_beside_a_longer_one():
    rng = np.random.default_rng(0)
    data = from_array((rng.random((60, 40)) < rng.uniform(0.05, 0.5, 40)).astype(np.uint8), "wide")
    wild = Experiment(dataset=f"sha256:{data.sha256}", num_components=2, depth=1, component_init="random", floor=1e-12)
    wild = wild.replace(objective="unnormalised", learning_rate=10.0, init_scale=10.0)
    cells, known = [Cell(wild.replace(iterations=n)) for n in (2, 3, 4, 20)], {wild.dataset: data}
    together = compute_together(cells, known)
    assert [outcome.seeds[0].iterations for outcome in together] == [2, 3, 3, 3]
    assert [outcome.seeds[0].stopped is None for outcome in together] == [True, True, False, False]
    for cell, outcome in zip(cells, together, strict=True):
        assert replace(compute(cell, data), seconds=0.0) == replace(outcome, seconds=0.0)

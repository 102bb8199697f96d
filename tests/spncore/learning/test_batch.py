"""Runs advance together with the bits they have alone, in blocks of any size, each to its own end."""

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, Recorder, fit, load, trainer_of
from spncore.circuits.model import Model, Parameters
from spncore.data.dataset import from_array
from spncore.inference.held import Held
from spncore.learning.batch import Batch, fit_together
from spncore.learning.divergence import DivergenceError
from spncore.learning.evaluator import Evaluator
from spncore.learning.learners import LEARNERS, LearnerSettings
from spncore.learning.lockstep import Lockstep, trainer_beside
from spncore.learning.objectives import OBJECTIVES, data_and_partition
from spncore.learning.problem import plain_problem
from spncore.learning.trainer import Trainer
from spncore.runs.problem import problem_of
from spncore.runs.training import all_blocks, learner_of
from spncore.structures import STRUCTURES
from tests.closeness import assert_close

DATA = from_array((np.random.default_rng(0).random((80, 6)) < np.linspace(0.2, 0.8, 6)).astype(np.uint8), "small")
BASE = Experiment(
    dataset=f"sha256:{DATA.sha256}",
    num_components=3,
    init_scale=0.5,
    component_init="random",
    init_noise=0.05,
    floor=1e-6,
    depth=2,
    num_repetitions=2,
    split_depth=1,
)
DIFFERENT = [
    {},
    {"depth": 3, "num_seeds": 2},
    {"topology": "private", "learning_rate": 0.05},
    {"seed": 7, "num_seeds": 3, "floor": 1e-3},
    {"init_scale": 0.1, "momentum": 0.5},
]


def together(experiments, dataset=DATA):
    trainers = []
    for experiment in experiments:
        trainers.append(trainer_beside(problem_of(experiment, dataset), learner_of(experiment), trainers))
    return trainers


def all_seen(lockstep, num_updates, sizes):
    """By run everything that is seen up to so many updates, in blocks of these sizes in turn."""
    found, made, turn = {}, 0, 0
    while made < num_updates:
        size = min(sizes[turn % len(sizes)], num_updates - made)
        for run, block in lockstep.advance(size):
            found[run] = block if run not in found else found[run].followed_by(block)
        made, turn = made + size, turn + 1
    for run, block in lockstep.look():
        found[run] = found[run].followed_by(block)
    return found


def same(one, other):
    return all(
        same(a, b) if isinstance(a, tuple) else np.array_equal(a, b, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("learner", LEARNERS)
def test_runs_together_have_the_bits_of_each_alone_in_blocks_of_any_size(structure, learner):
    rate = {"online_em": 0.5}.get(learner, 0.01)
    base = BASE.replace(structure=structure, optimiser=learner, learning_rate=rate)
    trainers = together([base.replace(**{k: v for k, v in c.items() if k != "learning_rate"}) for c in DIFFERENT])
    found = all_seen(Lockstep(trainers, [trainer.init() for trainer in trainers]), 9, [1, 3, 2])
    for run, trainer in enumerate(trainers):
        alone = Trainer(trainer.problem, trainer.settings)
        expected = all_seen(Lockstep([alone], [alone.init()]), 9, [9])[0]
        assert same(found[run].seen, expected.seen)
        assert same(found[run].last, expected.last)


@pytest.mark.parametrize("settings", [{}, {"parametrisation": "log"}, {"batch_size": 20}, {"train_components": False}])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_rates_floors_and_seeds_differ_within_one_batch(settings, objective):
    changes = [{}, {"learning_rate": 0.03}, {"num_seeds": 2}, {"floor": 1e-2, "init_scale": 0.2}]
    trainers = together([BASE.replace(objective=objective, **settings).replace(**change) for change in changes])
    assert all(fit_together(trainers[0], trainer) for trainer in trainers)
    batch = Batch(trainers, [trainer.init() for trainer in trainers])
    blocks = batch.advance(6)
    for run, trainer in enumerate(trainers):
        alone = Trainer(trainer.problem, trainer.settings)
        state, block = alone.advance(alone.init(), 6)
        assert same(blocks[run].seen, block.seen) and same(batch.state(run), state)


def test_the_states_of_a_study_are_grouped_by_what_can_be_one_batch():
    rival = {"optimiser": "adam"}
    changes = [{}, {"learning_rate": 0.1}, {"depth": 3}, rival, {"depth": 3, "seed": 5}, {"num_components": 4}]
    trainers = together([BASE.replace(**change) for change in changes])
    lockstep = Lockstep(trainers, [trainer.init() for trainer in trainers])
    assert lockstep._groups == [[0, 1], [2, 4], [3], [5]]
    assert [run for run, _ in lockstep.advance(2)] == list(range(6))


def test_a_run_that_diverges_drops_out_and_names_what_left_the_finite_numbers(monkeypatch):
    trainers = together([BASE.replace(seed=seed) for seed in range(3)])
    add_rows = Evaluator.add_rows

    def touchy(self, seed, *others):
        add_rows(self, seed, *others)
        touchy.calls[seed] = touchy.calls.get(seed, 0) + 1
        if seed == 1 and touchy.calls[seed] == 6:
            others[2].seen[0, seed] = np.nan

    touchy.calls = {}
    monkeypatch.setattr(Evaluator, "add_rows", touchy)
    batch = Batch(trainers, [trainer.init() for trainer in trainers])
    first, second = batch.advance(8), batch.advance(2)
    assert first[1].length == 5 and first[1].last.iteration == 4
    assert first[1].stopped.startswith(
        "after 5 updates, the log-likelihood of seed 1 is no longer a finite number; try"
    )
    assert [block is None for block in second] == [False, True, False]
    worked = dict(touchy.calls)
    batch.advance(1)
    assert {seed: touchy.calls[seed] - calls for seed, calls in worked.items()} == {0: 1, 1: 0, 2: 1}


def test_a_run_that_is_left_out_costs_nothing_more(monkeypatch):
    trainers = together([BASE.replace(seed=seed) for seed in range(2)])
    batch, seen, add_rows = Batch(trainers, [trainer.init() for trainer in trainers]), [], Evaluator.add_rows
    monkeypatch.setattr(
        Evaluator, "add_rows", lambda self, seed, *others: (seen.append(seed), add_rows(self, seed, *others))
    )
    batch.drop(0)
    assert batch.advance(3)[0] is None and seen == [1, 1, 1]


def test_a_step_is_a_block_of_one_and_any_kept_state_goes_on_bit_for_bit():
    trainer = trainer_of(BASE.replace(optimiser="adam", num_seeds=2), DATA)
    state, block = trainer.advance(trainer.init(), 7)
    stepped, infos = trainer.init(), []
    for _ in range(7):
        stepped, info = trainer.step(stepped)
        infos.append(info)
    assert same(state, stepped)
    assert all(same(block.at(place), info) for place, info in enumerate(infos))
    again, rest = trainer.advance(block.last, 3)
    assert np.array_equal(rest.seen.llh[0], block.seen.llh[-1])
    assert same(trainer.advance(state, 2)[0], again)


def test_an_update_that_is_interrupted_leaves_the_batch_where_it_was(monkeypatch):
    trainer = trainer_of(BASE.replace(optimiser="momentum"), DATA)
    batch = Batch([trainer], [trainer.init()])
    batch.advance(3)
    before, draw = batch.state(0), Batch._draw

    def interrupted(self):
        if self.iteration == 5:
            raise KeyboardInterrupt
        draw(self)

    monkeypatch.setattr(Batch, "_draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        batch.advance(4)
    monkeypatch.undo()
    expected, _ = Trainer(trainer.problem, trainer.settings).advance(before, 4)
    assert batch.iteration == 3
    batch.advance(4)
    assert same(batch.state(0), expected)


@pytest.mark.parametrize("at", [-800.0, -735.0])
def test_a_weight_that_rounds_to_zero_is_met_with_care_and_the_others_go_on(at):
    """In log-weights a leaf's weight may underflow; its other value keeps the node alive, and the run goes on."""
    data = from_array(np.array([[0, 1], [0, 0], [0, 1]], dtype=np.uint8), "first column constant")
    base = Experiment(dataset=f"sha256:{data.sha256}", num_components=2, parametrisation="log", init_noise=0.1, depth=1)
    base = base.replace(optimiser="momentum", momentum=0.99)
    trainers = together([base.replace(seed=seed) for seed in range(2)], data)
    states = [trainer.init() for trainer in trainers]
    low, (velocity,) = states[0].parameters.copy(), states[0].optimiser
    there = trainers[0].problem.sums.num_weights + 4  # log θ of value 1 of the first leaf
    low[0, there], velocity[0, there] = at, -1.0
    states[0] = states[0]._replace(parameters=low, optimiser=(velocity,))
    batch = Batch(trainers, states)
    first, second = batch.advance(30)
    weights = trainers[0].weights(low)
    assert first.length == second.length == 30 and np.isfinite(first.seen.llh).all()
    assert (weights == 0).any() == (at < -745.2)
    assert (first.seen.inputs[0] == 0).any(), "it was met"
    for run, trainer in enumerate(trainers):
        alone, block = Trainer(trainer.problem, trainer.settings).advance(states[run], 30)
        assert same(batch.state(run), alone) and same([first, second][run].seen, block.seen)
    looked = batch.look()
    assert [block.iteration for block in looked] == [30, 30] and batch.state(0).iteration == 30
    assert same(batch.look()[0].seen, looked[0].seen), "a look changes nothing"


def test_held_components_give_what_the_whole_evaluation_gives():
    held = BASE.replace(component_init="fitted", train_components=False, num_seeds=2, learning_rate=1e-3)
    trainer = trainer_of(held, DATA)
    state, block = trainer.advance(trainer.init(), 5)
    weights = block.at(4).layer_weights
    again = trainer.evaluate(block.last, trainer.evaluator)
    assert_close(again.llh, block.seen.llh[4]), assert_close(again.log_partition, block.seen.log_partition[4])
    assert_close(again.flow, block.seen.flow[4], atol=1e-15)
    assert all(isinstance(each, Held) for each in trainer.evaluator._held.values()) and len(weights) == 2
    assert np.array_equal(state.parameters[:, weights.shape[1] :], trainer.init().parameters[:, weights.shape[1] :])


def test_the_plan_of_a_mixture_says_what_an_update_does():
    trainer = trainer_of(Experiment(dataset="nltcs-twin", depth=2, learning_rate=0.5), load("nltcs-twin"))
    lines = str(Batch([trainer], [trainer.init()]).plan).splitlines()
    assert lines[-3:] == ["∇ = A / W", "Δ = 0.5 · ∇", "x' = maximum(x + Δ, 0.0001)"]
    assert "w = ∏ W[:10][φ]" in lines and "M, F = Σ over rows of posteriors at C, w" in lines


def test_an_objective_that_cannot_be_evaluated_at_the_start_says_so():
    model = Model(
        trainer_of(BASE, DATA).problem.circuit,
        Parameters((np.ones((1, 1, 3)),), (np.stack([np.zeros((3, 6)), np.ones((3, 6))]),)),
    )
    problem = plain_problem(model, data_and_partition(DATA), OBJECTIVES["generative"])
    with pytest.raises(DivergenceError, match="after 0 updates, the log-likelihood of seed 0 is not a finite number"):
        Trainer(problem, LearnerSettings()).step(Trainer(problem, LearnerSettings()).init())


WILD = Experiment(
    dataset="two-clusters", parametrisation="log", learning_rate=10.0, objective="unnormalised", iterations=200
)


def test_after_a_divergence_the_state_is_the_last_that_was_seen():
    trainer = trainer_of(WILD)
    state, block = trainer.advance(trainer.init(), 200)
    assert block.stopped.startswith(f"after {block.length} updates")
    assert state is block.last and state.iteration == block.length - 1 and np.isfinite(state.parameters).all()
    assert trainer.advance(state, 3)[1].stopped == block.stopped


def test_an_effective_weight_that_rounds_to_zero_ends_a_run_though_no_single_weight_is_zero():
    thin = Experiment(dataset="two-clusters", component_init="random", train_components=False, topology="private")
    thin = thin.replace(parametrisation="log", optimiser="momentum", momentum=0.999, learning_rate=2.0, init_scale=1.0)
    trace = fit(thin.replace(depth=8, seed=1, iterations=300))
    assert "the logarithm of a node's weight of seed 1" in trace.stopped
    assert (trace.weights > 0).all() and (trace.effective_weights > 0).all()


def test_a_run_of_seeds_keeps_each_ones_bits_beside_one_with_a_weight_of_zero():
    pair = Experiment(dataset="two-clusters", parametrisation="log", component_init="random", num_seeds=2)
    both, alone = trainer_of(pair), trainer_of(pair.replace(seed=1, num_seeds=1))
    start = both.init()
    parameters = start.parameters.copy()
    parameters[0, both.problem.sums.num_weights] = -800.0
    seen = both.advance(start._replace(parameters=parameters), 60)[1].seen.llh[:, 1]
    assert np.array_equal(seen, alone.advance(alone.init(), 60)[1].seen.llh[:, 0])


def test_what_cannot_go_on_together_is_refused_in_words():
    trainer = trainer_of(BASE, DATA)
    start = trainer.init()
    later, _ = trainer.advance(start, 3)
    with pytest.raises(ValueError, match="states: after 0 and 3 updates; give states after equally many"):
        Lockstep([trainer, trainer], [start, later])
    with pytest.raises(ValueError, match="updates: 0 cannot be made; ask for 1 or more"):
        trainer.advance(start, 0)
    with pytest.raises(ExperimentError, match="state: it is of another learner"):
        fit(BASE.replace(optimiser="adam"), DATA, state=start)


def test_an_interruption_says_nothing_of_runs_that_had_ended():
    recorder = Recorder(WILD, trainer_of(WILD).problem)
    list(recorder.follow(all_blocks(trainer_of(WILD), WILD)))
    said = recorder.stopped
    recorder.interrupt()
    assert said.startswith("diverged: ") and recorder.stopped == said

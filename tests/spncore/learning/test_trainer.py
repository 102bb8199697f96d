"""Training of circuits of any form: the same claims for each structure, by enumeration and conserved quantities."""

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, Trainer, fit, run, trainer_of
from spncore.circuits.circuit import Circuit, InputLayer, SumLayer, mixture
from spncore.circuits.model import Model
from spncore.circuits.overparam import consecutive_sums, deepened_sums, edge_nodes, effective_weights, weight_groups
from spncore.data.dataset import product_of_marginals_llh
from spncore.data.library import from_array
from spncore.dynamics import steps as dynamics
from spncore.inference.values import log_partition, log_values
from spncore.learning.bag import Bag, Term
from spncore.learning.learners import LEARNERS, LearnerSettings
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.problem import Problem
from spncore.runs.problem import model_of, problem_of
from spncore.structures import STRUCTURES
from tests import oracles
from tests.closeness import assert_close
from tests.deepened import deepen

DEEP = [name for name in STRUCTURES if name != "mixture"]


def small(seed=0, num_rows=60, num_variables=5):
    rng = np.random.default_rng(seed)
    base = rng.random((num_rows, 1)) < 0.5
    rows = np.where(rng.random((num_rows, num_variables)) < 0.75, base, ~base)
    return from_array(rows.astype(np.uint8), name="small")


DATA = small()
BASE = Experiment(
    dataset=f"sha256:{DATA.sha256}",
    structure="random_partitions",
    num_components=2,
    num_repetitions=2,
    split_depth=1,
    init_scale=0.5,
    weight_init="random",
    component_init="random",
    init_noise=1e-2,
    floor=1e-6,
    learning_rate=1e-2,
    iterations=12,
    depth=2,
)


def llh_by_enumeration(trainer, parameters):
    """Mean log f − log Z of all rows, node by node; Z as the sum over all worlds."""
    model = trainer.model(trainer.start(parameters[None])._replace(parameters=parameters[None]))
    partition = sum(oracles.model_value(model, world) for world in oracles.worlds(DATA.num_variables))
    values = np.log([oracles.model_value(model, row) for row in DATA.rows.astype(np.int8)])
    return float(DATA.counts @ values) / DATA.num_rows - np.log(partition)


@pytest.mark.parametrize("structure", DEEP)
@pytest.mark.parametrize("depth", [1, 2])
def test_a_step_of_a_deep_circuit_is_the_learning_rate_times_the_gradient_found_by_enumeration(structure, depth):
    trainer = trainer_of(BASE.replace(structure=structure, depth=depth), DATA)
    state = trainer.init()
    after, info = trainer.step(state)
    before = state.parameters[0].copy()
    some = np.random.default_rng(0).permutation(len(before))[:12]
    moved = (after.parameters - state.parameters)[0] / 1e-2

    def llh(values):
        changed = before.copy()
        changed[some] = values
        return llh_by_enumeration(trainer, changed)

    gradient = oracles.numerical_gradient(llh, before[some].copy())
    unclipped = after.parameters[0, some] > 1e-6
    assert unclipped.sum() >= len(some) // 2
    assert_close(moved[some][unclipped], gradient[unclipped], rtol=1e-5, atol=1e-6)  # differences
    assert_close(info.llh[0], llh_by_enumeration(trainer, before))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_improves_every_structure_and_never_leaves_the_finite_numbers(structure, learner):
    rate = 0.5 if learner == "online_em" else 0.01
    gentle = BASE.replace(component_init="uniform", init_noise=0.05, weight_init="equal", depth=1, iterations=30)
    trace = fit(gentle.replace(structure=structure, optimiser=learner, learning_rate=rate), DATA)
    assert trace.stopped is None and np.isfinite(trace.llh).all()
    assert trace.llh[0, -1] > trace.llh[0, 0]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_em_never_loses_likelihood_and_stays_normalised(structure):
    experiment = BASE.replace(structure=structure, optimiser="em", depth=1, iterations=25, floor=1e-9)
    trainer = trainer_of(experiment, DATA)
    llh = []
    for state, info in run(experiment, DATA):
        llh.append(info.llh[0])
        assert abs(log_partition(trainer.model(state))) < 1e-9
    assert (np.diff(llh) > -1e-9).all()
    assert llh[-1] > product_of_marginals_llh(DATA) - 1e-6


@pytest.mark.parametrize("topology", ["tree", "private", "shared"])
def test_em_does_not_see_consecutive_sum_layers(topology):
    """Each layer's weights become its normalised flows, and the products of those telescope."""
    shallow = fit(BASE.replace(optimiser="em", depth=1, weight_init="equal", floor=1e-9), DATA)
    deep = fit(BASE.replace(optimiser="em", depth=3, topology=topology, weight_init="equal", floor=1e-9), DATA)
    assert_close(deep.llh[:, 1:], shallow.llh[:, 1:], rtol=1e-7)  # the floor acts on factors of different sizes


@pytest.mark.parametrize(("topology", "depth"), [("tree", 3), ("private", 2), ("shared", 3)])
def test_the_stack_over_a_circuit_s_edges_has_the_effective_weights_of_the_explicit_layers(topology, depth):
    """Collapsed consecutive sums and the circuit that has them as nodes are one function with one gradient."""
    rng = np.random.default_rng(1)
    shallow = model_of(BASE.replace(structure="mixture", num_components=6), DATA)
    explicit = deepen(shallow, 0, topology, depth)
    rows = oracles.worlds(DATA.num_variables)
    assert_close(log_values(explicit, rows), log_values(shallow, rows))
    sums = consecutive_sums(topology, 6, depth)
    weights = rng.uniform(0.5, 1.5, sums.num_weights)
    assert_close(
        effective_weights(weights, deepened_sums(shallow.circuit, topology, depth)), effective_weights(weights, sums)
    )


@pytest.mark.parametrize("topology", ["tree", "private", "shared"])
def test_the_mixture_s_stack_is_that_of_the_one_sum(topology):
    one, all_edges = consecutive_sums(topology, 7, 3), deepened_sums(mixture(7, 3), topology, 3)
    assert all(np.array_equal(a, b) for a, b in zip(one, all_edges, strict=True))


@pytest.mark.parametrize("structure", DEEP)
@pytest.mark.parametrize("topology", ["tree", "private", "shared"])
def test_weights_normalised_among_siblings_give_effective_weights_that_are_normalised_at_every_sum(structure, topology):
    experiment = BASE.replace(structure=structure, topology=topology, depth=3)
    problem = problem_of(experiment, DATA)
    sums, nodes = problem.sums, edge_nodes(problem.circuit)
    groups = weight_groups(sums, nodes)
    weights = np.random.default_rng(0).random(sums.num_weights)
    weights /= np.bincount(groups, weights)[groups]
    assert_close(np.bincount(nodes, effective_weights(weights, sums)), np.ones(nodes.max() + 1))


@pytest.mark.parametrize("structure", DEEP)
def test_the_identities_of_a_step_hold_for_every_edge_of_a_deep_circuit(structure):
    """THEORY §3 and §6, with no change to the formulas: each sum is overparametrised on its own."""
    held = BASE.replace(depth=3, learning_rate=1e-3, floor=1e-12, train_components=False)
    trace = fit(held.replace(structure=structure), DATA)
    assert (trace.at_floor == 0).all()
    factors = dynamics.exact_factors(trace.weights, trace.flow, trace.sums, 1e-3)
    assert_close(trace.effective_weights[:, 1:], (trace.effective_weights * factors)[:, :-1], rtol=1e-11)
    norms = dynamics.layer_norms(trace.weights, trace.sums)
    growth = dynamics.norm_growth(trace.weights, trace.flow, trace.sums, 1e-3)
    through = 2e-3 * trace.flow.sum(axis=2, keepdims=True)  # of all sums; the root's alone is 0, as in a mixture
    assert_close(norms[:, 1:], (norms + through + growth)[:, :-1])
    nodes = edge_nodes(trace.problem.circuit)
    of_root = trace.flow[..., nodes == nodes.max()].sum(axis=2)
    assert_close(of_root, np.zeros(of_root.shape), atol=1e-12)


def test_a_mini_batch_of_all_rows_is_the_whole_and_an_epoch_sees_every_row_once():
    whole = fit(BASE, DATA)
    assert np.array_equal(fit(BASE.replace(batch_size=DATA.num_rows), DATA).llh, whole.llh)
    trainer = trainer_of(BASE.replace(batch_size=20, num_seeds=2), DATA)
    for seed in range(2):
        batches = [trainer.batches(iteration)[seed] for iteration in range(3)]
        seen = np.zeros(len(trainer.evaluator.bag.rows))
        for batch in batches:
            assert batch.num_rows == 20
            np.add.at(seen, batch.rows, batch.shares * 20)
        assert_close(seen, trainer.evaluator.bag.counts)


def test_mini_batches_differ_by_seed_and_go_on_from_a_kept_state_bit_for_bit():
    experiment = BASE.replace(batch_size=25, iterations=10)
    steps = list(run(experiment, DATA))
    again = list(run(experiment, DATA, steps[3][0]))
    assert np.array_equal(again[-1][0].parameters, steps[-1][0].parameters)
    assert not np.array_equal(fit(experiment.replace(seed=1), DATA).llh, fit(experiment, DATA).llh)


def test_the_gradient_of_mini_batches_is_on_average_that_of_all_rows():
    experiment = BASE.replace(batch_size=20, iterations=1, depth=1, parametrisation="log", learning_rate=1.0)
    trainer, whole = trainer_of(experiment, DATA), trainer_of(experiment.replace(batch_size=0), DATA)
    state = trainer.init()
    moved = [trainer.step(state._replace(iteration=i))[0].parameters - state.parameters for i in range(3)]
    assert_close(np.mean(moved, axis=0), whole.step(state)[0].parameters - state.parameters)


def test_leaves_with_means_and_scales_train_beside_weights_by_every_learner():
    """A Gaussian's mean is no weight: it moves by its own gradient, and EM puts it at the posterior mean."""
    rng = np.random.default_rng(0)
    circuit = Circuit(1, (InputLayer(np.array([[0]]), 2, "gaussian"), SumLayer(np.array([[0, 1]]), 1)))
    values = np.concatenate([rng.normal(-2.0, 0.5, 150), rng.normal(1.0, 1.0, 150)])[:, None]
    own = Term(np.arange(len(values)), 1.0)
    plain = Bag(np.append(values, [[np.nan]], axis=0), np.ones(len(values), dtype=np.int64), (own,), own, -1.0)
    start = np.array([0.5, 0.5, -1.0, 0.5, 1.0, 1.0])
    for name in LEARNERS:
        rate = 1.0 if name == "online_em" else 0.02
        settings = LearnerSettings(optimiser=name, learning_rate=rate, floor=1e-3)
        sums = deepened_sums(circuit, "tree", 1)
        trainer = Trainer(Problem(circuit, sums, plain, OBJECTIVES["generative"], lambda seed: start), settings)
        state, llh = trainer.init(), []
        for _ in range(150):
            state, info = trainer.step(state)
            llh.append(info.llh[0])
        assert llh[-1] > llh[0] + 0.05, name
        if name == "em":
            assert (np.diff(llh) > -1e-9).all()
            _, (means,) = trainer.problem.split(trainer.weights(state.parameters))
            assert_close(np.sort(means[0, 0, :, 0]), [-2.0, 1.0], rtol=0, atol=0.25)  # a sample of 300


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"optimiser": "em", "parametrisation": "log"}, "parametrisation: em has its own; choose linear"),
        ({"optimiser": "em", "objective": "discriminative"}, "objective: em maximises the generative one alone"),
        ({"optimiser": "online_em", "learning_rate": 2.0}, "learning_rate: 2 is out of range for online_em"),
        ({"class_variable": 9, "objective": "discriminative"}, "class_variable: 9 is no column; the data has 5"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_in_words(settings, sentence):
    with pytest.raises(ExperimentError, match=sentence):
        trainer_of(BASE.replace(**settings), DATA)


def test_a_model_taken_from_a_state_is_the_network_that_was_trained():
    trainer = trainer_of(BASE, DATA)
    state, info = trainer.step(trainer.init())
    taken = trainer.model(trainer.init())
    assert isinstance(taken, Model)
    values = log_values(taken, DATA.rows.astype(np.int8))
    assert_close(DATA.counts @ values / DATA.num_rows - log_partition(taken), info.llh[0])

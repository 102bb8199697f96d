import numpy as np
import pytest

from spncore import DivergenceError, Experiment, ExperimentError, fit, load, run, trainer_of
from spncore.circuits.overparam import TOPOLOGIES, effective_weights
from spncore.data.library import from_array
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.states import TrainState
from spncore.runs.checkpoint import load_state, save_state
from spncore.runs.experiment import FIELDS
from tests import oracles
from tests.closeness import assert_close

TWIN = Experiment(dataset="nltcs-twin", iterations=40, init_noise=1e-3)


def small_data(seed=0, num_rows=40, num_variables=4):
    rng = np.random.default_rng(seed)
    return from_array(rng.integers(0, 2, (num_rows, num_variables)).astype(np.uint8), name="small")


def on(dataset, **settings):
    return Experiment(dataset=f"sha256:{dataset.sha256}", **settings)


def flat_objective(trainer, parameters, all_rows, objective):
    """The objective as a plain function of the parameters, by enumeration; the class is the last column."""
    layers, (leaf_weights,) = trainer.problem.split(trainer.weights(parameters[None]))
    weights = effective_weights(layers, trainer.problem.sums)[0]

    def log_value(row):
        return np.log(oracles.mixture_value(weights, leaf_weights[0], row))

    partition = sum(np.exp(log_value(world)) for world in oracles.worlds(leaf_weights.shape[3]))
    classless = np.concatenate([all_rows[:, :-1], np.full((len(all_rows), 1), -1)], axis=1)
    joint, marginal = (np.array([log_value(row) for row in rows]) for rows in (all_rows, classless))
    if objective == "semi_supervised":
        labelled, unlabelled = np.split(trainer.problem.bag.items, 2)
        pairs = zip(labelled + unlabelled, labelled, strict=True)
        known = np.concatenate([np.arange(count) < of_count for count, of_count in pairs])
        return float(np.mean(np.where(known, joint, marginal)) - np.log(partition))
    return float(
        {
            "generative": joint.mean() - np.log(partition),
            "unnormalised": joint.mean() - partition,
            "discriminative": (joint - marginal).mean(),
            "hybrid": 0.5 * (joint.mean() - np.log(partition)) + 0.5 * (joint - marginal).mean(),
        }[objective]
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
@pytest.mark.parametrize(("topology", "depth"), [("tree", 1), ("tree", 3), ("private", 2), ("shared", 3)])
def test_a_step_is_the_learning_rate_times_the_gradient_found_by_enumeration(
    topology, depth, parametrisation, objective
):
    """Trapp et al. (2019), eq. (1), (2), (5)-(7) for every weight of every layer and leaf."""
    dataset = small_data()
    experiment = on(
        dataset,
        num_components=5,
        depth=depth,
        topology=topology,
        parametrisation=parametrisation,
        init_scale=0.5,
        weight_init="random",
        component_init="random",
        objective=objective,
        learning_rate=1e-3,
        floor=1e-12,
    )
    trainer = trainer_of(experiment, dataset)
    state = trainer.init()
    after, info = trainer.step(state)
    all_rows = np.repeat(dataset.rows.astype(np.int8), dataset.counts, axis=0)
    before = state.parameters[0].copy()
    gradient = oracles.numerical_gradient(lambda p: flat_objective(trainer, p, all_rows, objective), before)
    assert_close((after.parameters - state.parameters)[0] / 1e-3, gradient, rtol=1e-5, atol=1e-7)  # differences
    assert_close(info.llh[0], flat_objective(trainer, before, all_rows, "generative"))
    assert_close(info.value[0], flat_objective(trainer, before, all_rows, objective))


def test_distinct_rows_with_counts_equal_the_full_rows():
    dataset = load("two-clusters")
    full = np.repeat(dataset.rows, dataset.counts, axis=0)
    trainer = trainer_of(Experiment(dataset="two-clusters", component_init="random", init_noise=0))
    weights, (leaf_weights,) = trainer.problem.split(trainer.weights(trainer.init().parameters))
    products = effective_weights(weights, trainer.problem.sums)[0]
    llh = trainer.step(trainer.init())[1].llh[0]
    assert_close(llh, oracles.mixture_llh(products, leaf_weights[0], full.astype(np.int8)))


@pytest.mark.fault("D04")
def test_the_same_seed_gives_the_same_trace_and_another_seed_another():
    first, again, other = (fit(TWIN.replace(seed=seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.llh, again.llh) and np.array_equal(first.weights, again.weights)
    assert not np.array_equal(first.llh, other.llh)


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_batch_of_seeds_gives_the_numbers_of_the_runs_one_by_one(topology):
    batch = fit(TWIN.replace(num_seeds=3, topology=topology))
    for index in range(3):
        single = fit(TWIN.replace(seed=index, topology=topology))
        assert np.array_equal(batch.llh[index], single.llh[0])
        assert np.array_equal(batch.weights[index], single.weights[0])


@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_resuming_from_a_saved_state_is_bit_for_bit_the_run_that_went_on(parametrisation):
    experiment = TWIN.replace(parametrisation=parametrisation, num_seeds=2)
    whole = list(run(experiment))
    state = whole[14][0]
    saved = TrainState(state.iteration, np.frombuffer(state.parameters.tobytes()).reshape(2, -1), state.optimiser)
    rest = list(run(experiment, state=saved))
    assert len(rest) == len(whole) - 14
    for (one, seen), (other, seen_again) in zip(whole[14:], rest, strict=True):
        assert np.array_equal(one.parameters, other.parameters) and np.array_equal(seen.llh, seen_again.llh)


def test_a_state_saved_to_disk_goes_on_bit_for_bit(tmp_path):
    experiment = TWIN.replace(num_seeds=2, depth=2)
    whole = list(run(experiment))
    save_state(tmp_path / "state.npz", experiment, whole[10][0])
    loaded, state = load_state(tmp_path / "state.npz")
    assert loaded == experiment and state.iteration == 10
    assert np.array_equal(list(run(loaded, state=state))[-1][0].parameters, whole[-1][0].parameters)
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nonsense", b"\x80\x04\x95pickle", b"no archive"])
def test_a_file_that_is_no_saved_state_is_refused_by_name(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(ExperimentError, match="bad.npz: not a saved training state"):
        load_state(tmp_path / "bad.npz")


def test_the_state_of_another_experiment_is_refused():
    state, _ = next(run(TWIN))
    with pytest.raises(ExperimentError, match=r"state: its parameters have shape \(1, 270\), this experiment's have"):
        next(run(TWIN.replace(num_components=4), state=state))


def test_states_given_out_are_never_changed_by_later_steps():
    steps = run(TWIN)
    state, info = next(steps)
    kept = state.parameters.copy(), info.flow.copy(), info.layer_weights.copy()
    for _ in range(10):
        next(steps)
    assert all(
        np.array_equal(a, b) for a, b in zip(kept, (state.parameters, info.flow, info.layer_weights), strict=True)
    )


def test_held_components_never_change():
    experiment = TWIN.replace(component_init="fitted", train_components=False, init_scale=0.1, learning_rate=1e-3)
    states = [info.inputs[0] for _, info in run(experiment)]
    assert all(np.array_equal(states[0], other) for other in states[1:])


def test_no_trained_weight_ever_falls_below_the_floor_and_those_on_it_are_counted():
    experiment = TWIN.replace(init_noise=1e-3, iterations=200)
    seen = 0
    for state, info in run(experiment):
        assert state.parameters.min() >= experiment.floor
        on_floor = (info.layer_weights == experiment.floor).sum() + (info.inputs[0] == experiment.floor).sum()
        assert info.at_floor[0] == on_floor
        seen = max(seen, int(on_floor))
    assert seen > 10


def test_log_weights_step_by_exponentiated_flows():
    trainer = trainer_of(TWIN.replace(parametrisation="log", learning_rate=0.1, init_scale=0.3))
    state, info = trainer.step(trainer.init())
    seen = trainer.evaluator(effective_weights(info.layer_weights, trainer.problem.sums), info.inputs)
    (after,) = trainer.problem.split(trainer.weights(state.parameters))[1]
    flows = trainer.flows(seen.flow, seen.moments, info.inputs)
    assert_close(
        after, info.inputs[0] * np.exp(0.1 * flows[:, trainer.problem.sums.num_weights :].reshape(after.shape))
    )


@pytest.mark.parametrize("settings", [{}, {"topology": "private"}, {"train_components": True}])
def test_only_the_learning_rate_over_the_start_squared_matters(settings):
    """Runs at (η, s) and (c²η, c·s) coincide: exactly the sum weights' part, so components are held."""
    base = TWIN.replace(component_init="random", train_components=False, floor=1e-12, depth=3, iterations=15)
    one = fit(base.replace(learning_rate=1e-3, init_scale=0.1, topology=settings.get("topology", "tree")))
    other = fit(base.replace(learning_rate=0.1, init_scale=1.0, topology=settings.get("topology", "tree")))
    assert one.llh[0, -1] > one.llh[0, 0] + 1e-3
    assert_close(one.llh, other.llh)
    assert_close(one.lam, other.lam, rtol=1e-7, atol=1e-10)  # amplified rounding of 15 steps


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_private_chains_in_log_weights_are_the_shallow_network_at_l_times_the_rate(depth):
    base = TWIN.replace(parametrisation="log", component_init="random", train_components=False, init_scale=1.0)
    deep = fit(base.replace(topology="private", depth=depth, learning_rate=0.05))
    shallow = fit(base.replace(depth=1, learning_rate=0.05 * depth))
    assert_close(deep.llh, shallow.llh)
    assert deep.llh[0, -1] > deep.llh[0, 0] + 1e-3


def test_a_shared_scalar_does_nothing():
    base = TWIN.replace(
        component_init="random", train_components=False, init_scale=1.0, learning_rate=0.05, floor=1e-12
    )
    shallow = fit(base.replace(depth=1))
    for depth in (2, 4):
        assert_close(fit(base.replace(depth=depth, topology="shared")).llh, shallow.llh, rtol=1e-12)


@pytest.mark.parametrize("depth", [1, 3])
def test_a_single_component_learns_the_product_of_marginals_and_its_weight_never_moves(depth):
    dataset = load("two-clusters")
    trace = fit(Experiment(dataset="two-clusters", num_components=1, depth=depth, learning_rate=0.05, iterations=2000))
    marginals = dataset.counts @ dataset.rows / dataset.num_rows
    best = (marginals * np.log(marginals) + (1 - marginals) * np.log(1 - marginals)).sum()
    assert_close(trace.llh[0, -1], best, rtol=1e-6)  # gradient ascent gets there in the limit
    assert (trace.weights == trace.weights[:, :1]).all() and (trace.flow == 0).all()


@pytest.mark.fault("B08", "B09")
@pytest.mark.parametrize(
    "rows",
    [[[1, 0, 1]], [[0]], [[0], [1]], [[1, 1], [1, 1]], [[0, 1], [0, 0], [0, 1]]],
    ids=["one row", "one cell", "one variable", "all rows alike", "a constant column"],
)
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
@pytest.mark.parametrize("component_init", ["uniform", "random", "fitted"])
def test_degenerate_data_trains_without_nan(rows, parametrisation, component_init):
    dataset = from_array(np.array(rows, dtype=np.uint8), name="tiny")
    trace = fit(
        on(
            dataset,
            num_components=3,
            depth=2,
            parametrisation=parametrisation,
            component_init=component_init,
            init_scale=0.1,
            learning_rate=0.1,
            iterations=100,
        ),
        dataset,
    )
    assert trace.stopped is None
    for array in (trace.llh, trace.rho, trace.lam, trace.effective_weights, trace.log_partition):
        assert np.isfinite(array).all()
    assert (trace.llh <= 1e-12).all()


@pytest.mark.fault("D01")
def test_a_divergence_names_iteration_seed_and_quantity_and_the_trace_up_to_it_is_kept():
    experiment = TWIN.replace(
        objective="unnormalised", parametrisation="log", learning_rate=10.0, init_scale=10.0, num_seeds=2, seed=7
    )
    with pytest.raises(DivergenceError, match=r"after \d+ updates?, .* of seed 7 is no longer a finite number; try"):
        for _ in run(experiment):
            pass
    trace = fit(experiment)
    assert trace.stopped is not None and trace.stopped.startswith("diverged: after ")
    assert trace.llh.shape[1] == int(trace.stopped.split()[2]), "of the state that is not finite nothing is kept"
    assert np.isfinite(trace.llh).all()


@pytest.mark.fault("D01")
@pytest.mark.parametrize("depth", [1, 8])
def test_the_largest_learning_rate_for_the_longest_time_stays_finite_above_the_floor(depth):
    trace = fit(Experiment(dataset="two-clusters", depth=depth, learning_rate=10.0, iterations=5000))
    assert trace.stopped is None and np.isfinite(trace.llh).all() and np.isfinite(trace.rho).all()
    assert trace.at_floor.max() > 0


def test_held_out_rows_are_scored_with_the_final_state():
    trace = fit(TWIN, held_out=("valid", "test"))
    layers, (leaf_weights,) = trace.problem.split(trace.final_state.parameters)
    weights = effective_weights(layers, trace.sums)[0]
    rows = load("nltcs-twin", "test")
    values = [oracles.mixture_value(weights, leaf_weights[0], row) for row in rows.rows]
    partition = weights @ leaf_weights[0].sum(axis=0).prod(axis=1)
    assert_close(trace.held_out["test"], [rows.counts @ np.log(values) / rows.num_rows - np.log(partition)])
    assert set(trace.held_out) == {"valid", "test"}


def test_data_that_the_experiment_does_not_name_is_refused():
    with pytest.raises(ExperimentError, match="dataset: the experiment names nltcs-twin, the data given is small"):
        next(run(TWIN, small_data()))
    with pytest.raises(ExperimentError, match="is uploaded data; pass it along"):
        next(run(Experiment(dataset="sha256:" + "0" * 64)))


# Another value of every setting, and the setting beside which it matters.
OTHER = {
    "dataset": "nltcs-twin",
    "num_components": 4,
    "depth": 2,
    "topology": "private",
    "learning_rate": 0.02,
    "init_scale": 2e-4,
    "init_convention": "matched",
    "weight_init": "random",
    "component_init": "uniform",
    "init_noise": 1e-3,
    "train_components": False,
    "parametrisation": "log",
    "floor": 1e-3,
    "objective": "unnormalised",
    "iterations": 4,
    "num_seeds": 2,
    "seed": 1,
    "optimiser": "adam",
    "structure": "rat",
    "split_depth": 1,
    "num_repetitions": 2,
    "batch_size": 100,
    "momentum": 0.5,
    "class_variable": 2,
    "hybrid_mix": 0.2,
    "labelled_share": 0.7,
    "changes": ("2:rate:0.5",),
}
WHERE = {
    "split_depth": {"structure": "rat"},
    "num_repetitions": {"structure": "rat"},
    "momentum": {"optimiser": "momentum"},
    "class_variable": {"objective": "discriminative"},
    "hybrid_mix": {"objective": "hybrid"},
    "labelled_share": {"objective": "semi_supervised"},
}


def test_every_field_that_should_matter_changes_the_run():
    base = Experiment(dataset="two-clusters", num_components=5, iterations=5, init_noise=1e-2, component_init="random")
    assert set(OTHER) == set(FIELDS)
    for name, value in OTHER.items():
        special = base.replace(**WHERE.get(name, {}))
        reference, changed = fit(special).llh, fit(special.replace(**{name: value})).llh
        assert changed.shape != reference.shape or not np.array_equal(changed, reference), name

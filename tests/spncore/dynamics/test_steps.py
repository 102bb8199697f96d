import numpy as np
import pytest

from spncore import Experiment, fit, load, trainer_of
from spncore.circuits.overparam import TOPOLOGIES, consecutive_sums, effective_weights, layer_flows
from spncore.data.library import from_array
from spncore.dynamics import steps
from spncore.runs.replay import replay
from tests import oracles
from tests.closeness import assert_close

STABLE = Experiment(  # components differ from the start, and no weight comes near the floor
    dataset="nltcs-twin", depth=3, init_scale=0.5, init_noise=0.1, floor=1e-12, learning_rate=1e-3, iterations=60
)
DEPTHS = [(topology, depth) for topology in TOPOLOGIES for depth in (1, 2, 3, 5)]


def random_point(depth, topology="tree", seed=0):
    """Layer weights, flow with Σ a = 0, and the stack, at a random point."""
    rng = np.random.default_rng(seed)
    sums = consecutive_sums(topology, 8, depth)
    flow = rng.normal(scale=0.1, size=8)
    return rng.uniform(0.5, 1.5, sums.num_weights), flow - flow.mean(), sums


def stepped(weights, flow, sums, rate):
    return effective_weights(weights + rate * layer_flows(flow, sums) / weights, sums)


@pytest.mark.parametrize(("topology", "depth"), DEPTHS)
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_exact_factors_carry_the_effective_weights_from_step_to_step(topology, depth, parametrisation):
    trace = fit(STABLE.replace(topology=topology, depth=depth, parametrisation=parametrisation))
    factors = steps.exact_factors(trace.weights, trace.flow, trace.sums, 1e-3, parametrisation)
    assert (trace.at_floor == 0).all()
    assert_close(trace.effective_weights[:, 1:], (trace.effective_weights * factors)[:, :-1], rtol=1e-12)


@pytest.mark.parametrize(("depth", "printed_slope"), [(2, 2.0), (3, 1.0), (4, 1.0), (6, 1.0)])
def test_the_product_form_leaves_order_eta_squared_the_printed_form_order_eta_from_three_layers_on(
    depth, printed_slope
):
    """Erratum to Trapp et al. (2019), eq. (13)."""
    weights, flow, sums = random_point(depth)
    rates, products = np.array([1e-2, 1e-3, 1e-4]), effective_weights(weights, sums)
    slopes = []
    for residual in (steps.first_order_residual, steps.residual_as_printed):
        residuals = [residual(weights, flow, sums, rate) for rate in rates]
        slopes.append(np.polyfit(np.log(rates), np.log(np.abs(residuals).max(axis=1)), 1)[0])
    assert_close(steps.exact_factors(weights, flow, sums, 1e-2), stepped(weights, flow, sums, 1e-2) / products)
    assert_close(slopes, [2.0, printed_slope], rtol=0, atol=0.05)  # fitted over two decades


def test_with_one_layer_both_forms_are_the_learning_rate_and_the_step_is_exact():
    weights, flow, sums = random_point(1)
    assert_close(steps.adaptive_rate(weights, sums, 0.3), np.full(8, 0.3))
    assert_close(steps.adaptive_rate_as_printed(weights, sums, 0.3), np.full(8, 0.3))
    assert_close(steps.multiplicative_term(weights, flow, sums, 0.3), np.zeros(8))
    exact = stepped(weights, flow, sums, 0.3)
    assert_close(steps.first_order_step(weights, flow / weights, np.full(8, 0.3), np.zeros(8)), exact)


@pytest.mark.parametrize("depth", [2, 3, 5])
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_the_second_order_term_is_what_first_order_leaves(depth, parametrisation):
    weights, flow, sums = random_point(depth)
    rate = 1e-3
    left = steps.first_order_residual(weights, flow, sums, rate, parametrisation) * effective_weights(weights, sums)
    second = steps.second_order_term(weights, flow, sums, rate, parametrisation)
    assert_close(left, second, rtol=1e-2, atol=1e-11)  # up to O(η³)


def test_the_unrolled_recursion_is_start_term_plus_momentum_sum():
    """Trapp et al. (2019), eq. (14): the λw of step t equals its start share plus Σ_τ μ(t,τ) ∇(τ)."""
    rng = np.random.default_rng(0)
    rho, lam, gradient = rng.uniform(0, 0.1, 12), rng.normal(scale=0.3, size=12), rng.normal(size=12)
    weights = steps.unrolled_weight(0.7, rho, gradient, lam)
    start, mu = steps.start_term(0.7, lam), steps.momentum_kernel(rho, lam)
    assert_close(lam * weights[:-1], lam * start[:-1] + mu @ gradient)
    assert (mu[np.triu_indices(12)] == 0).all()
    by_hand = lam[5] * rho[2] * (1 + lam[3]) * (1 + lam[4])
    assert_close(mu[5, 2], by_hand)


def test_a_shallow_network_has_no_memory():
    trace = fit(STABLE.replace(depth=1))
    assert (steps.momentum_kernel(trace.rho[0, :, 0], trace.lam[0, :, 0]) == 0).all()


@pytest.mark.parametrize(("topology", "depth"), DEPTHS)
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_a_step_in_log_weights_is_the_preconditioner_times_the_flow(topology, depth, parametrisation):
    weights, flow, sums = random_point(depth, topology)
    rate = 1e-7
    matrix = steps.preconditioner(weights, sums, parametrisation)
    step = np.log(steps.exact_factors(weights, flow, sums, rate, parametrisation))
    assert_close(step / rate, matrix @ flow, rtol=1e-5, atol=1e-6)  # up to O(η)
    assert_close(matrix, matrix.T)
    eigenvalues = steps.preconditioner_eigenvalues(weights, sums, parametrisation)
    assert eigenvalues.min() > 0
    assert_close([eigenvalues.sum(), (eigenvalues**2).sum()], [np.trace(matrix), (matrix**2).sum()])


def test_the_shallow_preconditioner_is_diagonal_and_private_log_weights_give_l_times_the_identity():
    weights, _, sums = random_point(1)
    assert_close(steps.preconditioner(weights, sums), np.diag(weights**-2))
    weights, _, sums = random_point(4, "private")
    assert_close(steps.preconditioner(weights, sums, "log"), 4 * np.eye(8))


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_every_layer_s_squared_norm_grows_by_the_squared_step_and_by_nothing_else(topology):
    """𝓛 does not change when a layer is scaled, so its gradient is orthogonal to its weights."""
    trace = fit(STABLE.replace(learning_rate=0.05, train_components=False, topology=topology))
    assert (trace.at_floor == 0).all()
    norms = steps.layer_norms(trace.weights, trace.sums)
    growth = steps.norm_growth(trace.weights, trace.flow, trace.sums, 0.05)
    assert growth[..., -1].max() > 1e-6
    assert_close(norms[:, 1:], norms[:, :-1] + growth[:, :-1])


def test_a_replay_that_leaves_the_finite_numbers_ends_there():
    trace = fit(Experiment(dataset="nltcs-twin", iterations=300))
    curve = replay(trace, "first_order")
    ends = int(np.isfinite(curve).sum())
    assert 0 < ends < 300 and np.isfinite(curve[:, :ends]).all() and np.isnan(curve[:, ends:]).all()


def test_multiplying_a_layer_by_a_constant_leaves_the_likelihood_and_shrinks_the_step_by_its_square():
    trainer = trainer_of(STABLE)
    state = trainer.init()
    scaled = state.parameters.copy()
    scaled[:, :2] *= 10.0  # the root layer
    (after, info), (after_scaled, info_scaled) = trainer.step(state), trainer.step(state._replace(parameters=scaled))
    assert_close(info_scaled.llh, info.llh)
    relative = (after.parameters / state.parameters - 1)[:, :2]
    assert_close(
        (after_scaled.parameters / scaled - 1)[:, :2], relative / 100.0, rtol=1e-7
    )  # difference of near numbers


def test_balancedness_drifts_by_the_square_of_the_step():
    drifts = []
    for rate in (4e-3, 2e-3, 1e-3):
        trace = fit(STABLE.replace(learning_rate=rate, iterations=1))
        kept = steps.balancedness(trace.weights, trace.sums)
        assert kept.shape == (1, 2, 2 + 4)
        drifts.append(np.abs(kept[:, 1] - kept[:, 0]).max())
    assert_close(np.diff(np.log2(drifts)), [-2.0, -2.0], rtol=0, atol=0.05)  # halving the rate quarters the drift


def test_balancedness_is_the_square_of_a_weight_minus_the_squares_below_it():
    weights = np.arange(1.0, 15.0)
    kept = steps.balancedness(weights, consecutive_sums("tree", 8, 3))
    assert_close(kept, [1 - 9 - 16, 4 - 25 - 36, 9 - 49 - 64, 16 - 81 - 100, 25 - 121 - 144, 36 - 169 - 196])


def test_the_shallow_network_with_the_exact_factors_repeats_the_deep_curve():
    """Trapp et al. (2019), Observation 1: depth is a rule for the steps of a shallow network."""
    trace = fit(STABLE.replace(num_seeds=2))
    assert (trace.at_floor == 0).all() and trace.llh[0, -1] > trace.llh[0, 0] + 1e-3
    assert_close(replay(trace, "exact"), trace.llh)


def test_the_shallow_network_with_rho_and_lambda_repeats_the_deep_curve_up_to_the_square_of_the_rate():
    errors = []
    for rate in (1e-3, 5e-4, 2.5e-4):
        held = STABLE.replace(learning_rate=rate, train_components=False, iterations=2)
        trace = fit(held)
        errors.append(np.abs(replay(trace, "first_order") - trace.llh).max())
    assert_close(np.diff(np.log2(errors)), [-2.0, -2.0], rtol=0, atol=0.1)  # slope 2


def test_the_recorded_gradient_is_the_gradient_of_the_likelihood_in_the_effective_weights():
    """Trapp et al. (2019), eq. (2), by enumeration."""
    experiment = STABLE.replace(dataset="two-clusters", num_components=3)
    trainer = trainer_of(experiment)
    info = trainer.step(trainer.init())[1]
    weights = effective_weights(info.layer_weights, trainer.problem.sums)[0]
    dataset = load(experiment.dataset)
    rows = np.repeat(dataset.rows.astype(np.int8), dataset.counts, axis=0)[::50]
    part = from_array(rows.astype(np.uint8), name="part")
    trace = fit(experiment.replace(dataset=f"sha256:{part.sha256}", iterations=1), part)
    expected = oracles.numerical_gradient(lambda w: oracles.mixture_llh(w, info.inputs[0][0], rows), weights.copy())
    assert_close(trace.effective_gradient[0, 0], expected, rtol=1e-6, atol=1e-8)  # differences

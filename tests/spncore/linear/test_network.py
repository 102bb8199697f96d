"""Section 2.1 of the paper: the update identities, the closed form, and what stops a run."""

from dataclasses import replace

import numpy as np
import pytest

from spncore.linear.network import (
    LinearExperiment,
    LinearProblem,
    adaptive_terms,
    end_to_end,
    fit,
    init,
    layer_gradients,
    loss_and_gradient,
    products,
    regression_problem,
    run,
    step,
)
from spncore.linear.steps import exact_update, step_terms
from tests.closeness import assert_close

NETWORKS = [(1, 1), (2, 1), (3, 1), (5, 1), (2, 3), (4, 2)]  # (layers, width)


def first_order_terms(around, gradient):
    """Row l is A_l (∂loss/∂W_l) B_l, shape (L, D): a step of η changes w by −η times their sum, plus O(η²).

    Row 0 is the paper's ρ∇/η; with width 1 the others sum to λw/η (Arora et al. 2018, theorem 1, unbalanced).
    """
    return np.stack([(A @ A) * ((B @ gradient) @ B) for A, B in zip(*around, strict=True)])


def random_network(num_layers, width, dimension=3, seed=0):
    """A problem that nothing fits exactly, and layers of order 1."""
    generator = np.random.default_rng(seed)
    problem = LinearProblem(generator.standard_normal((7, dimension)), generator.standard_normal(7))
    sizes = [dimension] + [width] * (num_layers - 1) + [1]
    layers = tuple(generator.standard_normal((n, m)) for m, n in zip(sizes[:-1], sizes[1:], strict=True))
    return problem, layers


@pytest.mark.parametrize("p", [2, 4])
@pytest.mark.parametrize(("num_layers", "width"), NETWORKS)
def test_layer_gradients_agree_with_central_differences(p, num_layers, width):
    problem, layers = random_network(num_layers, width)
    gradient = loss_and_gradient(problem, p, end_to_end(layers))[1]
    for index, analytic in enumerate(layer_gradients(products(layers), gradient)):
        numeric = np.empty_like(analytic)
        for place in np.ndindex(analytic.shape):
            losses = []
            for h in (1e-5, -1e-5):
                moved = [layer.copy() for layer in layers]
                moved[index][place] += h
                losses.append(loss_and_gradient(problem, p, end_to_end(tuple(moved)))[0])
            numeric[place] = (losses[0] - losses[1]) / 2e-5
        scale = np.abs(analytic).max()
        assert_close(analytic / scale, numeric / scale, rtol=0, atol=1e-7)  # central differences: h² = 1e-10


@pytest.mark.parametrize("p", [2, 4])
def test_two_layer_step_is_the_paper_s_identity_to_rounding(p):
    problem, layers = random_network(2, 1)
    rate, w2 = 0.003, layers[1].item()
    state, info = step(problem, p, rate, init(LinearExperiment())._replace(layers=layers))
    grad_w1, grad_w2 = w2 * info.gradient, float(info.gradient @ layers[0][0])
    assert_close([info.rho, info.lam], [rate * w2**2, rate * grad_w2 / w2])
    printed = info.weights - info.rho * info.gradient - info.lam * info.weights + rate**2 * grad_w1 * grad_w2
    after = end_to_end(state.layers)
    assert_close(after / np.abs(after).max(), printed / np.abs(after).max(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("num_layers", [1, 2, 3, 5, 8])
def test_step_of_any_number_of_scalars_is_the_product_form_to_rounding(num_layers):
    problem, layers = random_network(num_layers, 1)
    state, info = step(problem, 4, 1e-3, init(LinearExperiment())._replace(layers=layers))
    after = end_to_end(state.layers)
    exact = exact_update(layers, info.gradient, 1e-3)
    assert_close(after / np.abs(after).max(), exact / np.abs(after).max(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("num_layers", "start"), [(1, 0.09), (2, 0.3), (4, 0.5)])
def test_every_step_of_a_run_is_the_sum_of_its_terms_to_rounding(num_layers, start):
    experiment = LinearExperiment(num_layers=num_layers, init_scale=start, learning_rate=0.1, iterations=200)
    terms = step_terms(experiment, 150)
    assert terms.before.shape == (150, 2) and terms.scalars.shape == (151, num_layers - 1)
    assert terms.residual < 1e-14
    assert_close(terms.before[1:], terms.after[:-1])
    without_higher = np.abs(terms.after - terms.predicted + terms.higher).max()
    assert (without_higher > 1e-6) == (num_layers > 1), "the second order is no rounding error"


def test_exact_update_refuses_a_wide_network():
    problem, layers = random_network(2, 3)
    with pytest.raises(ValueError, match="expected layers of width 1"):
        exact_update(layers, np.ones(3), 0.1)


@pytest.mark.parametrize(("num_layers", "width"), [case for case in NETWORKS if case[0] > 1])
def test_first_order_terms_leave_a_residual_of_order_rate_squared(num_layers, width):
    problem, layers = random_network(num_layers, width)
    residuals = []
    for rate in (1e-5, 1e-6):
        state, info = step(problem, 2, rate, init(LinearExperiment())._replace(layers=layers))
        first = info.weights - rate * first_order_terms(products(layers), info.gradient).sum(axis=0)
        residuals.append(np.abs(end_to_end(state.layers) - first).max())
    assert np.log10(residuals[0] / residuals[1]) == pytest.approx(2.0, abs=0.02)


def test_scalars_move_by_rho_and_lambda_alone_to_first_order():
    _, layers = random_network(4, 1)
    gradient = np.array([0.3, -1.2, 0.7])
    rho, lam = adaptive_terms(products(layers), end_to_end(layers), gradient, 0.01)
    moved = 0.01 * first_order_terms(products(layers), gradient).sum(axis=0)
    assert_close(moved, rho * gradient + lam * end_to_end(layers))


@pytest.mark.parametrize("num_layers", [2, 3, 4])
def test_balanced_network_moves_as_arora_et_al_claim_2_says(num_layers):
    direction, size = np.array([0.6, 0.0, -0.8]), 0.7
    layers = (size * direction[None, :],) + (np.full((1, 1), size),) * (num_layers - 1)
    weights, gradient = size**num_layers * direction, np.array([0.3, -1.2, 0.7])
    along = direction * (direction @ gradient)
    expected = (weights @ weights) ** (1 - 1 / num_layers) * (gradient + (num_layers - 1) * along)
    assert_close(first_order_terms(products(layers), gradient).sum(axis=0), expected)


def test_one_layer_is_plain_gradient_descent():
    experiment = LinearExperiment(num_layers=1, width=5, init_scale=0.0, learning_rate=0.1, iterations=20)
    problem, weights, trace = regression_problem(experiment), np.zeros(2), fit(experiment)
    for t in range(21):
        assert_close(trace.weights[t], weights)
        weights = weights - 0.1 * loss_and_gradient(problem, 4, weights)[1]
    assert_close(trace.rho, np.full(21, 0.1))
    assert not trace.lam.any()


@pytest.mark.parametrize(("num_layers", "width"), [(1, 1), (2, 1), (3, 1), (2, 3)])
def test_square_loss_reaches_the_least_squares_solution(num_layers, width):
    generator = np.random.default_rng(3)
    problem = LinearProblem(np.linalg.qr(generator.standard_normal((9, 2)))[0], generator.standard_normal(9))
    closed_form = np.linalg.solve(problem.inputs.T @ problem.inputs, problem.inputs.T @ problem.targets)
    state = init(LinearExperiment(num_layers=num_layers, width=width, init_scale=0.5))
    for _ in range(3000):
        state, _ = step(problem, 2, 0.05, state)
    assert_close(end_to_end(state.layers), closed_form)


@pytest.mark.parametrize(("num_rows", "dimension", "condition"), [(2, 2, 10.0), (9, 4, 50.0), (5, 1, 10.0)])
def test_problem_has_the_condition_asked_for_and_an_exact_fit(num_rows, dimension, condition):
    experiment = LinearExperiment(num_rows=num_rows, dimension=dimension, condition=condition)
    inputs, targets = regression_problem(experiment)
    eigenvalues = np.geomspace(1, condition, dimension)
    assert_close(np.linalg.eigvalsh(inputs.T @ inputs), eigenvalues)
    assert_close(inputs @ eigenvalues**-0.5, targets)


@pytest.mark.parametrize(("num_layers", "width"), NETWORKS)
@pytest.mark.parametrize("p", [2, 4])
def test_too_large_a_rate_stops_with_a_reason_and_finite_numbers(p, num_layers, width):
    trace = fit(LinearExperiment(p=p, num_layers=num_layers, width=width, init_scale=1.0, learning_rate=10.0))
    assert len(trace.loss) < 1000
    said = f"learning_rate 10: update {len(trace.loss)} would lift the loss past 1e+06 times its start; "
    assert trace.stopped == said + "use a smaller learning_rate"
    assert all(np.isfinite(values).all() for values in trace[:-1])


def test_the_largest_network_at_the_largest_rate_stops_with_finite_numbers():
    trace = fit(LinearExperiment(num_layers=8, width=64, init_scale=10.0, learning_rate=10.0, condition=1e6))
    assert trace.stopped
    assert all(np.isfinite(values).all() for values in trace[:-1])


def test_same_seed_same_trace_and_another_seed_another():
    experiment = LinearExperiment(width=3, num_rows=6, iterations=50, learning_rate=0.01)
    first, again, other = fit(experiment), fit(experiment), fit(replace(experiment, seed=1))
    assert all(np.array_equal(a, b) for a, b in zip(first[:-1], again[:-1], strict=True))
    assert not np.array_equal(first.loss, other.loss)


@pytest.mark.parametrize("iterations", [1, 7])
def test_so_many_updates_give_one_state_more_and_the_first_is_the_start(iterations):
    experiment = LinearExperiment(iterations=iterations, dimension=3, num_rows=3)
    trace, states = fit(experiment), [state for state, _ in run(experiment)]
    assert trace.loss.shape == trace.rho.shape == trace.lam.shape == (iterations + 1,)
    assert trace.weights.shape == trace.gradient.shape == (iterations + 1, 3)
    assert [state.iteration for state in states] == [*range(iterations + 1)]
    assert_close(trace.weights, [end_to_end(state.layers) for state in states])
    assert_close(trace.weights[0], end_to_end(init(experiment).layers))
    assert trace.stopped == ""


def test_a_run_that_diverges_at_once_has_its_start_and_no_step_to_take_apart():
    experiment = LinearExperiment(num_layers=3, init_scale=2.0, condition=1000.0, learning_rate=10.0)
    trace, terms = fit(experiment), step_terms(experiment, 5)
    assert trace.loss.shape == (1,) and "update 1 would" in trace.stopped
    assert terms.before.shape == terms.after.shape == (0, 2) and terms.scalars.shape == (1, 2)
    assert terms.residual == terms.missing == 0.0


def test_a_scalar_that_lands_on_zero_ends_the_steps_taken_apart():
    experiment = LinearExperiment(p=2, dimension=1, num_rows=1, num_layers=3, init_scale=2.0, learning_rate=1 / 14)
    states = [state for state, _ in run(experiment)]
    zero = next((t for t, state in enumerate(states) if state.layers[1].item() == 0.0), None)
    terms = step_terms(experiment, 4)
    assert len(terms.before) == (4 if zero is None else zero) and np.isfinite(terms.residual)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"p": 3}, "p: expected 2 or 4, got 3"),
        ({"num_layers": 9}, "num_layers: expected a whole number from 1 to 8, got 9"),
        ({"num_layers": 2.0}, "num_layers: expected a whole number from 1 to 8, got 2.0"),
        ({"seed": True}, "seed: expected a whole number from 0 to 4.29497e+09, got True"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a number from 1e-06 to 10, got nan"),
        ({"dimension": 3}, "num_rows: expected at least dimension=3, got 2"),
        ({"init_scale": 0.0}, "init_scale: 0 is a saddle that no gradient leaves"),
    ],
)
def test_refusals_name_the_field_and_what_is_allowed(changes, sentence):
    with pytest.raises(ValueError) as refusal:
        LinearExperiment(**changes)
    assert sentence in str(refusal.value)

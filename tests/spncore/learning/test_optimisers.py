import io
import math

import numpy as np
import pytest

from spncore.learning.optimisers import OPTIMISERS
from tests.closeness import assert_close

RATE, MOMENTUM, STEPS = 0.05, 0.8, 7
GRADIENTS = np.random.default_rng(0).normal(size=(STEPS, 3, 4)) * 10.0 ** np.arange(-2, 2)


def increments(name, gradients, momentum=MOMENTUM, state=None):
    """All increments (T, ...) of an optimiser that sees these gradients (T, ...), and its last state."""
    optimiser = OPTIMISERS[name](RATE, momentum)
    state = optimiser.init(np.zeros(gradients.shape[1:])) if state is None else state
    seen = []
    for gradient in gradients:
        increment, state = optimiser.update(gradient, state)
        seen.append(increment)
    return np.stack(seen), state


def by_hand_gradient_ascent(gradients):
    return [RATE * gradient for gradient in gradients]


def by_hand_momentum(gradients):
    """Each gradient still counts μ^age."""
    return [
        sum(MOMENTUM ** (t - s) * RATE * gradient for s, gradient in enumerate(gradients[: t + 1]))
        for t in range(len(gradients))
    ]


def by_hand_nesterov(gradients):
    """Sutskever et al. (2013), eq. 3–4: the gradient belongs to θ + μ v; the steps are those of that point."""
    position = velocity = 0.0
    ahead = [0.0]
    for gradient in gradients:
        velocity = MOMENTUM * velocity + RATE * gradient
        position += velocity
        ahead.append(position + MOMENTUM * velocity)
    return np.diff(ahead)


def by_hand_adagrad(gradients):
    return [
        RATE * gradient / (1e-8 + math.sqrt(sum(g * g for g in gradients[: t + 1])))
        for t, gradient in enumerate(gradients)
    ]


def by_hand_adam(gradients):
    """Bias-corrected means as the weighted means they are."""
    steps = []
    for t in range(1, len(gradients) + 1):
        recent = [0.9**age for age in range(t)][::-1], [0.999**age for age in range(t)][::-1]
        mean = sum(c * g for c, g in zip(recent[0], gradients, strict=False)) / sum(recent[0])
        square = sum(c * g * g for c, g in zip(recent[1], gradients, strict=False)) / sum(recent[1])
        steps.append(RATE * mean / (math.sqrt(square) + 1e-8))
    return steps


BY_HAND = {
    "gradient_ascent": by_hand_gradient_ascent,
    "momentum": by_hand_momentum,
    "nesterov": by_hand_nesterov,
    "adagrad": by_hand_adagrad,
    "adam": by_hand_adam,
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_increments_are_those_worked_out_by_hand_for_one_number(name):
    expected = [BY_HAND[name]([float(g) for g in GRADIENTS[:, seed, entry]]) for seed in range(3) for entry in range(4)]
    assert_close(increments(name, GRADIENTS)[0].reshape(STEPS, 12).T, expected)


def test_gradient_ascent_is_the_rate_times_the_gradient_to_the_bit():
    assert (increments("gradient_ascent", GRADIENTS)[0] == RATE * GRADIENTS).all()


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_without_momentum_it_is_gradient_ascent_to_the_bit(name):
    assert (increments(name, GRADIENTS, momentum=0.0)[0] == RATE * GRADIENTS).all()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_seeds_together_give_the_steps_of_each_alone_to_the_bit(name):
    together, state = increments(name, GRADIENTS)
    for seed in range(3):
        alone, own_state = increments(name, GRADIENTS[:, seed])
        assert (together[:, seed] == alone).all()
        assert [array[seed].tolist() for array in state] == [array.tolist() for array in own_state]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_state_that_went_through_a_file_goes_on_to_the_bit(name):
    whole, _ = increments(name, GRADIENTS)
    _, state = increments(name, GRADIENTS[:4])
    file = io.BytesIO()
    np.savez(file, *state)
    file.seek(0)
    with np.load(file, allow_pickle=False) as archive:
        state = tuple(archive[key] for key in archive.files)
    assert (increments(name, GRADIENTS[4:], state=state)[0] == whole[4:]).all()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_update_leaves_the_state_it_was_given_as_it_was(name):
    optimiser = OPTIMISERS[name](RATE, MOMENTUM)
    _, state = optimiser.update(GRADIENTS[0], optimiser.init(np.zeros((3, 4))))
    kept = [array.copy() for array in state]
    optimiser.update(GRADIENTS[1], state)
    assert all((array == copy).all() for array, copy in zip(state, kept, strict=True))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_zero_gradient_at_the_start_gives_no_step(name):
    assert (increments(name, np.zeros((2, 3)))[0] == 0).all()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_it_climbs_a_concave_function(name):
    curvature, top = np.array([1.0, 0.3, 3.0]), np.array([0.4, -0.2, 0.1])
    optimiser = OPTIMISERS[name](RATE, MOMENTUM)
    position = np.zeros(3)
    state = optimiser.init(position)
    for _ in range(60):
        increment, state = optimiser.update(curvature * (top - position), state)
        position = position + increment
    left = (curvature * (top - position) ** 2).sum() / (curvature * top**2).sum()
    assert left < 0.2

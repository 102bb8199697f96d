"""What log Z does under the objective as written: its flows, their squares, and what a step makes of a deviation."""

import numpy as np
import pytest

from spncore.data import library
from spncore.learning.partition import PartitionFlows
from spncore.runs.experiment import Experiment
from spncore.runs.training import trainer_of
from tests.closeness import assert_close

WRITTEN = Experiment(
    dataset="two-clusters",
    parametrisation="log",
    component_init="random",
    weight_init="random",
    init_scale=0.5,
    init_noise=0.0,
    objective="unnormalised",
    num_components=4,
    num_seeds=2,
)
CASES = [
    {"depth": 1},
    {"depth": 3},
    {"depth": 2, "topology": "private"},
    {"depth": 2, "topology": "shared"},
    {"train_components": False, "depth": 2},
    {"structure": "rat", "split_depth": 1, "num_components": 2, "num_repetitions": 2},
]


def trained(changes, updates=3):
    experiment = WRITTEN.replace(learning_rate=0.01, iterations=updates, **changes)
    trainer = trainer_of(experiment, library.load("two-clusters"))
    *_, (state, _) = trainer.states(updates)
    return trainer, state


def log_partition(trainer, state, parameters):
    return trainer.seen(state._replace(parameters=parameters)).log_partition


@pytest.mark.parametrize("changes", CASES, ids=str)
def test_the_flows_are_the_differences_of_log_z(changes):
    trainer, state = trained(changes)
    flows, numeric, step = PartitionFlows(trainer)(state), [], 1e-5
    for place in range(trainer.num_trained):
        shift = np.zeros_like(state.parameters)
        shift[:, place] = step
        up, down = (log_partition(trainer, state, state.parameters + sign * shift) for sign in (1, -1))
        numeric.append((up - down) / (2 * step))
    numeric = np.array(numeric).T
    assert_close(flows, numeric, rtol=1e-6, atol=1e-8)  # central differences of 1e-5
    assert_close(PartitionFlows(trainer).squared(state), (numeric**2).sum(axis=1), rtol=1e-6)  # as above


@pytest.mark.parametrize("changes", CASES, ids=str)
@pytest.mark.parametrize("rate", [1e-4, 1e-3])
def test_a_step_multiplies_a_small_deviation_of_log_z_by_one_less_eta_s(changes, rate):
    """The same network at two scales around Z = 1, a step from both: what became of their distance."""
    _, state = trained(changes)
    small = trainer_of(WRITTEN.replace(**changes, learning_rate=rate), library.load("two-clusters"))
    flows = PartitionFlows(small)
    offset = log_partition(small, state, state.parameters)
    at_root = np.zeros_like(state.parameters)
    at_root[:, : small.problem.sums.num_weights] = root_share(small, state)
    level = state.parameters - offset[:, None] * at_root
    assert_close(log_partition(small, state, level), np.zeros(2), atol=1e-9)  # Z = 1
    apart, after = 1e-4, []
    for sign in (1, -1):
        moved, _ = small.step(state._replace(parameters=level + sign * apart * at_root))
        after.append(small.seen(moved).log_partition)
    factor = (after[0] - after[1]) / (2 * apart)
    squared = flows.squared(state._replace(parameters=level))
    assert_close((1.0 - factor) / rate, squared, rtol=30 * rate, atol=1e-5)  # the rest is of second order in η


@pytest.mark.parametrize(("eta_s", "grows"), [(0.5, False), (1.8, False), (2.2, True), (5.0, True)])
def test_beyond_the_edge_a_deviation_of_log_z_grows_and_below_it_shrinks(eta_s, grows):
    """From a network at rest: its scale is moved a little, and followed for some steps."""
    trainer, state = trained({"depth": 1, "train_components": True}, updates=3000)
    squared = float(PartitionFlows(trainer).squared(state)[0])
    one = WRITTEN.replace(depth=1, num_seeds=1, learning_rate=eta_s / squared)
    fast = trainer_of(one, library.load("two-clusters"))
    shifted = state.parameters[:1].copy()
    shifted[:, : fast.problem.sums.num_weights] += 1e-3
    here, sizes = state._replace(parameters=shifted), []
    for _ in range(6):
        sizes.append(abs(float(fast.seen(here).log_partition[0])))
        here, _ = fast.step(here)
    assert (sizes[-1] > 2 * sizes[0]) == grows and (sizes[-1] < sizes[0]) != grows


def root_share(trainer, state):
    """Which log-weights to raise by 1 so that log Z rises by 1 and nothing else changes: those of the root."""
    flows = PartitionFlows(trainer)(state)[:, : trainer.problem.sums.num_weights]
    sizes = flows.cumsum(axis=1)
    width = int(np.argmax(np.isclose(sizes[0], 1.0))) + 1  # the root's weights share all of Z; they come first or last
    share = np.zeros_like(flows)
    share[:, :width] = 1.0
    return share

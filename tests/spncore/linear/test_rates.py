"""How many updates each learning rate needs, which rate is the best, and the speed-up that section 2.1 claims."""

from dataclasses import replace

import numpy as np
import pytest

from spncore.linear.network import LinearExperiment, fit
from spncore.linear.rates import FOLLOWED, RateOutcome, follow, grid, outcomes_by_rate, search, updates_to


def by_hand(experiment, target):
    """Updates to the target and whether it is lost, from the whole run."""
    longest = replace(experiment, iterations=2 * experiment.iterations + FOLLOWED)
    there = (loss := fit(longest).loss) <= target * loss[0]
    if not there[: experiment.iterations + 1].any():
        return None, False
    first = int(np.argmax(there))
    return first, not there[first : 2 * first + FOLLOWED + 1].all()


@pytest.mark.parametrize("p", [2, 4])
@pytest.mark.parametrize(("num_layers", "start"), [(1, 0.0), (1, 0.09), (2, 0.3), (3, 0.3), (5, 0.5)])
def test_rates_in_lockstep_need_what_each_needs_by_itself(p, num_layers, start):
    experiment = LinearExperiment(p=p, num_layers=num_layers, init_scale=start, iterations=300)
    rates = [1e-3, 0.01, 0.03, 0.1, 10.0]  # none at the edge of stability
    alone = [updates_to(replace(experiment, learning_rate=rate), 0.01) for rate in rates]
    assert outcomes_by_rate(experiment, rates, 0.01) == alone
    assert alone[-1] == RateOutcome(10.0, None, diverged=True)
    for outcome in alone[:-1]:
        expected = by_hand(replace(experiment, learning_rate=outcome.learning_rate), 0.01)
        assert (outcome.updates, outcome.lost) == expected


def test_a_wide_network_is_searched_rate_by_rate():
    experiment = LinearExperiment(width=2, iterations=100)
    [outcome] = outcomes_by_rate(experiment, [0.1], 0.5)
    assert outcome == updates_to(replace(experiment, learning_rate=0.1), 0.5) and outcome.updates


def test_a_target_that_is_not_reached_is_none_and_not_a_divergence():
    experiment = LinearExperiment(iterations=5)
    outcomes = outcomes_by_rate(experiment, [1e-3, 0.1])
    assert outcomes == [RateOutcome(1e-3, None), RateOutcome(0.1, None)]
    assert search(experiment, 1e-3, 0.1).best is None


def test_a_target_that_is_met_at_the_start_takes_no_update():
    experiment = LinearExperiment(dimension=1, num_rows=1, init_scale=1.0)
    assert outcomes_by_rate(experiment, [0.1, 10.0]) == [RateOutcome(0.1, 0), RateOutcome(10.0, 0)]
    assert follow(experiment).needed == 0


def test_a_target_that_is_reached_and_lost_is_said_to_be_lost_by_itself_and_in_lockstep():
    experiment = LinearExperiment(p=2, learning_rate=0.187, iterations=200)
    infos, needed, lost = follow(experiment)
    assert needed is not None and lost is not None
    goal = 1e-6 * infos[0].loss
    assert infos[needed].loss <= goal < infos[needed - 1].loss and infos[lost].loss > goal
    assert outcomes_by_rate(experiment, [0.187]) == [RateOutcome(0.187, needed, lost=True)]


def test_a_grid_has_its_ends_and_equal_ratios():
    rates = grid(1e-6, 10.0)
    assert (rates[0], rates[-1], len(rates)) == (1e-6, 10.0, 1345)
    assert np.diff(np.log10(rates)) == pytest.approx(1 / 192, abs=1e-5)


@pytest.mark.parametrize("p", [2, 4])
@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_neighbours_of_the_best_rate_are_close_and_need_about_as_many_updates(p, num_layers):
    experiment = LinearExperiment(p=p, num_layers=num_layers, init_scale=0.3, condition=4.0, iterations=2000)
    outcomes, best = search(experiment, 1e-6, 10.0)
    assert best.interior
    rates = np.array([each.learning_rate for each in outcomes])
    assert (np.diff(rates) > 0).all()
    near = rates[(rates > best.learning_rate / 1.04) & (rates < best.learning_rate * 1.04)]
    assert (near[1:] / near[:-1] < 1.02).all() and len(near) >= 5
    counts = [updates_to(replace(experiment, learning_rate=rate)).updates for rate in near.tolist()]
    assert max(counts) <= max(1.21 * best.updates, best.updates + 1) and min(counts) >= 0.79 * best.updates - 1


@pytest.mark.parametrize("condition", [1.0, 100.0])
def test_a_huge_step_that_lands_beside_the_solution_is_no_best_rate(condition):
    experiment = LinearExperiment(num_layers=1, condition=condition, init_scale=0.09, iterations=3000)
    outcomes, best = search(experiment, 1e-5, 10.0)
    assert min(each.updates for each in outcomes if each.updates is not None) <= 2
    assert best is None or best.updates > 100


def test_the_fastest_rate_at_an_end_of_the_grid_is_no_interior_best():
    experiment = LinearExperiment(p=2, dimension=1, num_rows=1, num_layers=1, init_scale=0.0, iterations=1000)
    assert not search(experiment, 1e-3, 0.1).best.interior
    assert search(experiment, 1e-3, 10.0).best.interior


@pytest.mark.parametrize("plain_start", [0.0, 0.09])
def test_factors_speed_up_l4_several_fold_and_l2_modestly_each_at_its_best_rate(plain_start):
    """The counts hang on the start, the order and the size of the factor do not (D = 2, κ = 10)."""
    factor = {}
    for p in (2, 4):
        models = [
            LinearExperiment(p=p, num_layers=n, init_scale=w, iterations=3000) for n, w in ((1, plain_start), (2, 0.3))
        ]
        plain, factors = (search(model, 1e-3, 10.0).best for model in models)
        factor[p] = plain.updates / factors.updates
    assert 3.0 < factor[4] < 10.0
    assert 1.0 < factor[2] < 2.0

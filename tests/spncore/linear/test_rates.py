"""How many steps each learning rate needs: the lockstep search, and the speed-up that section 2.1 claims."""

from dataclasses import replace

import numpy as np
import pytest

from spncore.linear.network import LinearExperiment
from spncore.linear.rates import RateOutcome, best_rate, iterations_to, outcomes_by_rate

GRIDS = {"4 a decade": np.logspace(-3, 1, 16), "15 a decade": np.logspace(-3, 1, 61)}


@pytest.mark.parametrize("p", [2, 4])
@pytest.mark.parametrize(("num_layers", "start"), [(1, 0.0), (1, 0.09), (2, 0.3), (3, 0.3), (5, 0.5)])
def test_rates_in_lockstep_need_what_each_needs_by_itself(p, num_layers, start):
    experiment = LinearExperiment(p=p, num_layers=num_layers, init_scale=start, iterations=300)
    rates = [1e-3, 0.01, 0.03, 0.1, 10.0]  # none at the edge of stability
    alone = [iterations_to(replace(experiment, learning_rate=rate), 0.01) for rate in rates]
    assert outcomes_by_rate(experiment, rates, 0.01) == alone
    assert alone[-1] == RateOutcome(10.0, None, diverged=True)


def test_a_wide_network_is_searched_rate_by_rate():
    experiment = LinearExperiment(width=2, iterations=100)
    [outcome] = outcomes_by_rate(experiment, [0.1], 0.5)
    assert outcome == iterations_to(replace(experiment, learning_rate=0.1), 0.5) and outcome.iterations


def test_a_target_that_is_not_reached_is_none_and_not_a_divergence():
    experiment = LinearExperiment(iterations=5)
    outcomes = outcomes_by_rate(experiment, [1e-3, 0.1])
    assert outcomes == [RateOutcome(1e-3, None), RateOutcome(0.1, None)]
    assert best_rate(experiment, outcomes) is None


def test_patience_leaves_the_slow_rates_unfinished_and_the_best_as_it_is():
    experiment, rates = LinearExperiment(p=2, iterations=2000), GRIDS["4 a decade"].tolist()
    patient, hasty = outcomes_by_rate(experiment, rates), outcomes_by_rate(experiment, rates, patience=2.0)
    assert best_rate(experiment, hasty) == best_rate(experiment, patient)
    assert sum(o.iterations is None for o in hasty) > sum(o.iterations is None for o in patient)


def test_a_huge_step_that_lands_beside_the_solution_is_no_best_rate():
    experiment = LinearExperiment(num_layers=1, condition=100.0, init_scale=0.09, iterations=6000)
    outcomes = outcomes_by_rate(experiment, np.logspace(-5, 1, 73).tolist())
    assert min(o.iterations for o in outcomes if o.iterations is not None) == 1
    best = best_rate(experiment, outcomes)
    assert best is None or best.iterations > 100


def test_a_count_that_hangs_on_rounding_is_passed_over():
    experiment = LinearExperiment(p=2, iterations=100)
    honest = iterations_to(replace(experiment, learning_rate=0.1))
    assert honest.iterations
    lucky = RateOutcome(0.01, 3)
    assert best_rate(experiment, [honest, lucky]) == honest


@pytest.mark.parametrize("rates", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("plain_start", [0.0, 0.09])
def test_factors_speed_up_l4_several_fold_and_l2_modestly_each_at_its_best_rate(rates, plain_start):
    """The counts hang on the start and on the grid, the order and the size of the factor do not (D = 2, κ = 10)."""
    factor = {}
    for p in (2, 4):
        needed = []
        for num_layers, start in ((1, plain_start), (2, 0.3)):
            experiment = LinearExperiment(p=p, num_layers=num_layers, init_scale=start, iterations=4000)
            best = best_rate(experiment, outcomes_by_rate(experiment, rates.tolist()))
            assert best is not None and best.iterations
            needed.append(best.iterations)
        factor[p] = needed[0] / needed[1]
    assert 3.0 < factor[4] < 10.0
    assert 1.0 < factor[2] < 2.0

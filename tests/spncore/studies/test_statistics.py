"""Statistics of the evidence pages: against SciPy's exact tests, against enumeration, and in words that stay fair."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from spncore.studies import statistics
from spncore.studies.statistics import Wins
from tests.closeness import assert_close


@pytest.mark.parametrize(("wins", "trials"), [(0, 5), (5, 5), (6, 6), (7, 12), (12, 12), (1, 1)])
def test_the_interval_of_a_share_is_clopper_and_pearsons(wins, trials):
    expected = binomtest(wins, trials).proportion_ci(0.95, "exact")
    assert_close(statistics.exact_interval(wins, trials), (expected.low, expected.high))


def test_without_a_decided_pair_any_share_is_possible():
    assert statistics.exact_interval(0, 0) == (0.0, 1.0)


def test_six_of_six_is_ahead_and_five_of_five_is_not():
    assert Wins(6, 0, 0).verdict == "ahead" and Wins(0, 6, 0).verdict == "behind"
    assert Wins(5, 0, 0).verdict == "open" and Wins(5, 0, 20).verdict == "open"
    assert Wins(0, 0, 6).verdict == "level"


def test_a_run_that_never_gets_there_is_later_than_any_other_and_level_with_its_like():
    assert statistics.paired_wins([400, None, None, 7], [None, 3, None, 7]) == Wins(1, 1, 2)


def test_runs_are_compared_seed_by_seed_so_that_both_need_the_same_seeds():
    with pytest.raises(ValueError):
        statistics.paired_wins([1, 2], [1])


def test_medians_count_runs_that_never_get_there():
    assert statistics.median([3, 1, 2]) == 2
    assert statistics.median([1, 4, 2, None]) == 3
    assert statistics.median([1, None]) is None and statistics.median([None, None, 1]) is None
    with pytest.raises(ValueError, match="at least one seed"):
        statistics.median([])


def test_the_interval_of_a_median_covers_as_often_as_it_says():
    """All 2^n ways in which n runs may fall on either side of the true median are equally likely."""
    for n in range(1, 12):
        interval = statistics.median_interval(list(range(1, n + 1)))
        cut = interval.low
        held = sum(cut <= sum(below) <= n - cut for below in product((0, 1), repeat=n))
        assert_close(interval.coverage, held / 2**n)
        assert interval.high == n + 1 - cut
        assert interval.coverage >= 0.95 or (n < 6 and cut == 1)


def test_scores_have_the_median_and_the_bounds_that_updates_have():
    updates = [3, 1, 4, 15, 9, 2, 6]
    low, high, coverage = statistics.median_interval(updates)
    assert statistics.spread([-float(at) for at in updates]) == (-4.0, -high, -low, coverage)
    assert statistics.score_span([-6.5, -6.25, -6.0]) == "−6.250 [−6.500, −6.000; 75\u00a0%]"
    assert statistics.score_span([-6.5, -math.inf]) == "none [none, −6.500; 50\u00a0%]", "of two the middle is between"
    assert statistics.score_span([-math.inf] * 6) == "none [none, none]"


def test_the_upper_bound_may_lie_beyond_the_last_iteration():
    interval = statistics.median_interval([10, 11, 12, 13, 14, None])
    assert (interval.low, interval.high) == (10, None)
    assert statistics.span([10, 11, 12, 13, 14, None], 500) == "12.5 [10, > 500]"


@pytest.mark.parametrize(("seeds", "percent"), [(1, "0"), (2, "50"), (3, "75"), (4, "87.5"), (5, "93.75")])
def test_an_interval_of_few_seeds_says_what_it_covers(seeds, percent):
    runs = [*range(10, 10 + seeds)]
    covers = f"{percent}\N{NO-BREAK SPACE}%"
    assert statistics.span(runs, 500).endswith(f"[10, {9 + seeds}; {covers}]")
    assert f"({covers}: 5 to {4 + seeds})" in statistics.by(statistics.lead([5] * seeds, runs, 500))


def drawn_back(known, coverage, low, high):
    """Every run that never got there replaced by one that did somewhat later: what the interval must then hold."""
    truth = statistics.lead(*known, 10_000)
    assert low <= truth.low and truth.high <= high and truth.coverage == coverage
    return truth.least


@pytest.mark.parametrize("missing", [(), (5,), (1, 4), (0, 2, 5), (0, 1, 2, 3)])
def test_a_run_that_never_got_there_leaves_a_difference_known_from_one_side(missing):
    first, second = [50, 60, 55, 70, 40, 52], [90, 95, 99, 80, 97, 96]
    cut = [None if place in missing else at for place, at in enumerate(second)]
    effect = statistics.lead(first, cut, 100)
    for later in (101, 150, 5_000):
        full = [later if at is None else at for at in cut]
        middle = drawn_back((first, full), effect.coverage, effect.low, effect.high)
        assert effect.least <= middle <= effect.most
    back = statistics.lead(cut, first, 100)
    assert back[:4] == tuple(-value for value in effect[:4][::-1])


def test_where_neither_got_there_the_difference_is_unknown():
    neither = statistics.by(statistics.lead([None], [None], 9))
    assert neither == "an unknown number of updates (0\N{NO-BREAK SPACE}%: no bound)"
    assert statistics.by(statistics.lead([4] * 6, [None] * 6, 9)).startswith("more than 5 updates (95")
    assert statistics.by(statistics.lead([None] * 6, [4] * 6, 9)).startswith("less than −5 updates (95")


def test_the_size_of_an_effect_is_the_median_of_the_pairs_not_the_difference_of_medians():
    assert statistics.lead([10, 20, 30], [15, 21, 90], 100).least == 5


def test_scores_are_level_below_what_three_digits_show():
    assert statistics.paired_scores([1.0, 1.0, 1.0], [1.0004, 1.0006, 0.999]) == Wins(1, 1, 1)
    assert statistics.scored("L=3", "L=1", [1.0] * 3, [1.0] * 3) == "L=3 and L=1 level in 3 of 3 seeds"
    words = statistics.scored("L=3", "L=1", [1.0] * 6, [1.25] * 6)
    assert words.startswith("L=1 higher than L=3 in 6 of 6 seeds, by 0.250 nats (95") and words.endswith("0.250)")


def test_equal_counts_name_first_who_wins_by_more():
    assert said([50, 90], [60, 50]).startswith("L=1 ahead of L=3 in 1 of 2 seeds")
    assert said([50, 60], [90, 50]).startswith("L=3 ahead of L=1 in 1 of 2 seeds")


def test_seeds_that_are_one_run_bit_for_bit_are_found():
    row, other = np.array([1.0, 2.0]), np.array([1.0, np.nextafter(2.0, 3.0)])
    curves = [np.stack([row, other, row, row]), np.stack([row, row, row, other])]
    assert statistics.first_of_each(curves) == [0, 1, 3]
    assert statistics.first_of_each(curves[:1]) == [0, 1] and statistics.first_of_each([]) == []


def test_the_better_of_two_takes_every_pair_once():
    assert sorted(statistics.better_of_two([5, 3, 9])) == [3, 3, 5]
    assert statistics.better_of_two([None, 4, None]) == [4, None, 4]
    assert len(statistics.better_of_two(list(range(24)))) == math.comb(24, 2)


def test_scoring_by_the_better_of_two_never_makes_a_median_later():
    runs = [335, 340, 354, 359, 402, None]
    assert statistics.median(statistics.better_of_two(runs)) < statistics.median(runs)


def said(deep, shallow, end=500):
    return statistics.compared("L=3", "L=1", deep, shallow, end)


def test_a_sure_win_is_said_with_seeds_medians_size_and_factor():
    assert said([50] * 6, [100] * 6) == (
        "L=3 ahead of L=1 in 6 of 6 seeds, median 50 against 100 updates, "
        "earlier by 50 updates (95\N{NO-BREAK SPACE}%: 50 to 50), 2 times as fast"
    )


def test_the_winner_is_named_first_whoever_it_is():
    assert said([100] * 6, [50] * 6).startswith("L=1 ahead of L=3 in 6 of 6 seeds, median 50 against 100")


def test_few_seeds_are_called_few_even_when_all_agree():
    words = said([50] * 5, [100] * 5)
    assert words.startswith("L=3 ahead of L=1 in 5 of 5 seeds") and "too few decided seeds" in words and "48%" in words
    assert "times as fast" not in words


def test_mixed_seeds_settle_nothing():
    words = said([50, 100, 50, 100, 50, 50], [100, 50, 100, 50, 100, 50])
    assert "in 3 of 6 seeds, level in 1" in words and "do not settle it" in words


def test_equal_runs_and_runs_that_never_arrive_are_told_apart():
    assert said([7] * 3, [7] * 3) == "L=3 and L=1 needed the same updates in 3 of 3 seeds"
    assert said([None] * 3, [None] * 3) == "neither L=3 nor L=1 got there in 500 updates"
    assert "against > 500 updates" in said([7] * 6, [None] * 6)

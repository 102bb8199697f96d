"""Each depth at its best learning rate: the search does not report its own grid, and what it cannot tell it says."""

import math
from itertools import pairwise

import pytest

from app.pages.held_equal import words
from spncore.data import library
from spncore.limits import LIMITS
from spncore.studies import held_equal
from spncore.studies.best_rate import NEAR, best, lasting, to_try
from spncore.studies.cells import DEPTHS, Runs
from spncore.studies.held_equal import SHIPPED, Case
from spncore.sweep import Outcome, SeedOutcome
from spncore.sweep.computing import compute
from tests.closeness import assert_close

AT_BEST = "Each at its best learning rate"


class Answers(dict):
    """Outcomes by cell, each made when it is first asked for; every seed needs `updates(depth, rate)`, or None."""

    def __init__(self, updates, edge=math.inf):
        super().__init__()
        self.updates, self.edge = updates, edge

    def __missing__(self, cell):
        rate, depth = cell.experiment.learning_rate, cell.experiment.depth
        at = self.updates(depth, rate)
        final = -1.0 if at is not None else -1.9
        seeds = [SeedOutcome(seed, 300, -2.0, final, (at,), 0.0, None, {}) for seed in cell.experiment.seeds]
        return self.setdefault(cell, Outcome("", "done", None, tuple(seeds)))


def outcome_of(*runs):
    seeds = [SeedOutcome(i, 10, -2.0, final, (at,), 0.0, stopped, {}) for i, (at, final, stopped) in enumerate(runs)]
    return Outcome("", "done", None, tuple(seeds))


def steady(at):
    return outcome_of(*[(at, -1.0 if at is not None else -2.0, None)] * 3)


def panel(case, found):
    """The panel of best rates, as the page has it."""
    return next(setting for setting in words.settings(case, found) if setting.name == AT_BEST)


# the best of some rates


def test_the_best_rate_is_the_fastest_that_keeps_what_it_won():
    slow, fast = outcome_of((8, -1.0, None), (8, -1.0, None)), outcome_of((4, -1.0, None), (4, -1.0, None))
    assert best({0.1: slow, 0.2: fast}).rate == 0.2
    lost = outcome_of((2, -1.5, None), (2, -1.9, None))
    diverged = outcome_of((1, None, "diverged"), (1, None, "diverged"))
    assert best({0.1: slow, 0.2: fast, 0.4: lost, 0.8: diverged}).rate == 0.2
    assert best({0.8: diverged}) == (None, False, math.inf) and to_try({0.8: diverged}) == []
    assert best({0.2: fast, 0.4: fast}).rate == 0.2, "of two equally fast rates the smaller one"


def test_a_rate_is_inside_when_slower_ones_were_found_on_both_sides():
    rates = {0.1: steady(40), 0.2: steady(20), 0.4: steady(30)}
    assert best(rates).inside and best(rates).rate == 0.2
    assert not best({rate: rates[rate] for rate in (0.2, 0.4)}).inside
    assert best({**rates, 0.4: steady(None)}).inside, "beyond it nothing gets there: that side was looked at too"
    assert not best({**rates, 0.4: steady(20)}).inside, "as fast to the end: beyond it a faster one may lie"


def test_what_the_grid_may_cost_is_the_step_to_a_neighbour_and_more_for_a_lucky_rate():
    assert_close(best({0.1: steady(40), 0.2: steady(20), 0.4: steady(30)}).slack, 10.0)
    assert_close(best({0.19: steady(21), 0.2: steady(20), 0.21: steady(21)}).slack, 20 - 20 * 0.19 / 0.2)
    lucky = best({0.19: steady(70), 0.2: steady(20), 0.21: steady(90)})
    assert lucky.slack == 50, "it lands and its neighbours do not"
    assert best({0.19: steady(None), 0.2: steady(20), 0.21: steady(None)}).slack == math.inf


def test_a_start_that_is_there_already_needs_no_update_and_is_the_best():
    assert best({0.1: steady(5), 0.2: steady(0), 0.4: steady(0)}).rate == 0.2
    assert lasting({0.1: steady(0)}) == {0.1: 0}


def test_next_are_the_middles_to_neighbours_that_are_not_near():
    rates = {0.1: steady(40), 0.2: steady(20), 0.4: steady(30), 0.8: steady(30)}
    assert_close(to_try(rates), [0.1 * 2**0.5, 0.2 * 2**0.5])
    assert to_try({0.19: steady(21), 0.2: steady(20), 0.21: steady(21)}) == []
    assert_close(to_try({0.1: steady(20), 0.2: steady(5)}), [0.1 * 2**0.5, 0.4])
    assert_close(to_try({0.1: steady(5), 0.2: steady(20)}), [0.1 * 2**0.5, 0.05])
    assert_close(to_try({0.1: steady(9), 0.2: steady(5), 0.21: steady(5)}), [0.1 * 2**0.5, 0.42])
    assert to_try({9.9: steady(6), 10.0: steady(5)}) == to_try({1e-6: steady(5), 1.05e-6: steady(6)}) == []


# the search


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: f"{case.topology}-{case.weights}-{case.components}")
def test_grids_of_depths_correspond_and_stay_within_what_is_allowed(case):
    expected = {"private": (1, 2, 3), "tree": (1, 5, 7), "shared": (1, 1, 1)}[case.topology]
    for depth, times in zip(DEPTHS, expected, strict=True):
        assert_close([rate * times for rate in case.rates(depth)], case.rates(1), rtol=1e-11)  # twelve digits are kept
        assert all(LIMITS.smallest_rate <= rate <= LIMITS.largest_rate for rate in case.rates(depth))
        assert all(high / low < 2.001 for low, high in pairwise(case.rates(depth)))


@pytest.mark.parametrize("fastest", [0.0011, 0.0063, 0.05, 0.09])
def test_rounds_go_on_until_rates_beside_the_best_are_near(fastest):
    """One layer needs updates as the inverse of its rate, and beyond `fastest` more and more."""

    def updates(depth, rate):
        scaled = rate / Case("private").scale(depth)
        return round(1000 * max(fastest / scaled, scaled / fastest) ** 0.5)

    case, found, asked = Case("private"), Answers(updates), []
    for cells in case.grid(found):
        asked.append(len(cells))
    assert asked[0] == 33 and len(asked) <= 1 + held_equal.ROUNDS and sum(asked) <= 33 + 6 * held_equal.ROUNDS
    for depth, each in case.best(found).items():
        tried = sorted(cell.experiment.learning_rate for cell in found if cell.experiment.depth == depth)
        place = tried.index(each.rate)
        assert each.inside and tried[place + 1] <= NEAR * each.rate <= NEAR**2 * tried[place - 1]
        assert 1 / NEAR <= each.rate / case.scale(depth) / fastest <= NEAR


def test_private_chains_of_log_weights_are_equal_at_their_best_rates(monkeypatch):
    """Depth L is the learning rate Lη, exactly: the search must not make a difference of its own."""
    monkeypatch.setattr(held_equal, "SETTINGS", {("fixed", "log"): (0.1, 30, 30)})  # shorter, to be quick
    case, rows = Case("private", "log", "fixed", Runs("two-clusters", 3)), library.load("two-clusters")
    found = {}
    for cells in case.grid(found):
        found |= {cell: compute(cell, rows) for cell in cells}
    best_rates = case.best(found)
    for depth in DEPTHS[1:]:
        assert_close(best_rates[depth].rate * depth, best_rates[1].rate, rtol=1e-11)  # twelve digits are kept
        assert_close(best_rates[depth].slack, best_rates[1].slack)
    found |= {cell: compute(cell, rows) for cell in case.all_cells(found)}
    setting = panel(case, found)
    for name in ("L=2", "L=3"):
        first, second = setting.pair(name)
        assert first == second and setting.verdict(name) == "level"
    assert "L=3 and L=1 needed the same" in words.statement(setting)


@pytest.mark.parametrize("case", [Case("private", "log"), Case("private"), Case("tree"), Case("shared", "log")])
def test_a_depth_that_is_only_a_larger_rate_is_never_ahead_whatever_its_best(case):
    """Updates by the rate that corresponds, with a best one anywhere between the rates of the grid."""
    for fastest in (0.31, 0.47, 0.83, 1.7):
        answers = Answers(
            lambda depth, rate, at=fastest: round(90 * (1 + abs(math.log(rate / case.scale(depth) / at))))
        )
        for _ in case.grid(answers):
            pass
        setting = panel(case, answers)
        assert {setting.verdict(name) for name in setting.rivals} == {"level"}


def test_a_real_difference_is_still_found():
    """Three layers are three times as fast at rates that correspond."""

    def updates(depth, rate):
        return round(300 / depth * (1 + abs(math.log(rate / Case("private").scale(depth) / 0.0333))))

    answers = Answers(updates)
    for _ in Case("private").grid(answers):
        pass
    setting = panel(Case("private"), answers)
    assert [setting.verdict(name) for name in ("L=2", "L=3")] == ["ahead", "ahead"]
    assert "L=3 ahead of L=1 in 12 of 12 seeds" in words.statement(setting)
    assert not setting.doubt("L=3")


@pytest.mark.parametrize(
    ("one", "three", "told", "doubt"),
    [
        (21, 20, "rates", "the medians are 1 update apart, and "),
        (104, 100, "rates", "the medians are 4 updates apart, and "),
        (300, 100, "ahead", ""),
        (100, 300, "behind", ""),
        (100, 100, "level", "the medians are 0 updates apart"),
    ],
)
def test_a_gap_that_one_update_or_the_grid_explains_is_no_verdict(one, three, told, doubt):
    def updates(depth, rate):
        needed = {1: one, 2: one, 3: three}[depth]
        return round(needed * (1 + abs(math.log(rate / Case("tree").scale(depth) / 0.016))))

    answers = Answers(updates)
    for _ in Case("tree").grid(answers):
        pass
    setting = panel(Case("tree"), answers)
    assert setting.verdict("L=3") == told and setting.doubt("L=3").startswith(doubt)
    said, rows = words.statement(setting), words.win_rows([setting])
    assert ("L=3 and L=1 are not told apart: median" in said) == (told == "rates")
    assert ("times as fast" in said.split(";")[0]) == (told in ("ahead", "behind"))
    assert rows[1][2] == {**words.statistics.VERDICTS, "rates": words.BY_RATES}[told]


def test_a_best_rate_at_the_end_of_what_is_allowed_gives_no_verdict_and_is_said():
    answers = Answers(lambda depth, rate: round(300 / rate / depth))
    for _ in Case("tree").grid(answers):
        pass
    setting = panel(Case("tree"), answers)
    assert [setting.verdict(name) for name in setting.rivals] == ["rates", "rates"]
    assert "the best rate of L=1 and L=3 may lie beyond those tried" in words.statement(setting)
    assert "L=1, L=2 and L=3 at the end of what was tried: the best may lie beyond." in setting.note
    assert f"{words.BY_RATES} under “{AT_BEST}”" in words.summary([setting])


@pytest.mark.parametrize(("needed", "told"), [(4, "rates"), (40, "behind")])
def test_a_depth_goes_on_where_one_layer_may_not_but_is_not_ahead_there(needed, told):
    """One layer is best at η = 6; the rate that corresponds to the best one of three layers would be 40."""

    def updates(depth, rate):
        least, at = {1: (10, 6), 2: (10, 6), 3: (needed, 40)}[depth]
        return round(least * (1 + 3 * abs(math.log(rate / Case("tree", "log").scale(depth) / at))))

    answers, case = Answers(updates), Case("tree", "log")
    for _ in case.grid(answers):
        pass
    setting = panel(case, answers)
    assert setting.best["L=3"].inside and setting.beyond == ["L=3"] and setting.verdict("L=3") == told
    said = "the best rate of L=3 corresponds to one above the limit, which L=1 cannot try"
    assert (said in words.statement(setting)) == (told == "rates")


def test_where_no_rate_gets_there_the_common_one_is_shown_and_it_is_said():
    answers = Answers(lambda depth, rate: None)
    assert len(list(Case().grid(answers))) == 1
    at_best = Case().at_best(Case().best(answers))
    assert {cell.experiment.learning_rate for cell in at_best.values()} == {Case().experiment.learning_rate}
    setting = panel(Case(), answers)
    assert "L=1: no rate gets there" in setting.note and setting.verdict("L=3") == "level"
    assert "neither L=3 nor L=1 got there" in words.statement(setting)


def test_verdicts_are_counted_with_those_that_chance_would_give():
    answers = Answers(lambda depth, rate: 5)
    for _ in Case().grid(answers):
        pass
    shown = words.settings(Case(), answers)
    assert words.by_chance(shown).startswith("8 verdicts stand here, 96 on the 12 choices of this page together.")
    assert "0.4 here, 5 of all" in words.by_chance(shown)


@pytest.mark.parametrize(("seeds", "covered"), [(1, "0"), (2, "50"), (3, "75"), (4, "87.5"), (5, "93.75"), (12, "95")])
def test_the_table_says_what_its_intervals_cover(seeds, covered):
    case = Case(runs=Runs("nltcs", seeds))
    answers = Answers(lambda depth, rate: 5)
    for _ in case.grid(answers):
        pass
    assert f"holds the median with {covered}\u00a0% probability" in words.columns_explained(
        words.settings(case, answers)
    )

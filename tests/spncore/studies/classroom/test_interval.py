"""The class is the confidence interval: what holds at the announced end holds while it is watched, what is so far not.

Starts fall on either side of the median over all starts like tosses of a coin, so that every probability here can be
had by counting: the number of starts below the median is a walk that goes up with probability one half.
"""

import json
import math
from functools import cache
from itertools import product
from math import comb

import numpy as np
import pytest

from spncore.studies import statistics
from spncore.studies.classroom.interval import Arrived, arrival, band, comparison, said
from spncore.studies.classroom.seats import unpacked
from tests.closeness import assert_close
from tests.spncore.studies.classroom.conftest import result, result_payload

MEDIAN = 0.0
HELD = statistics.covered(statistics.LEVEL)


def arrived(ends, number=None, names=("L=1",), seats=None, **of):
    """Starts with these ends, a number or one per curve, that came in this order."""
    rows = [end if isinstance(end, tuple) else (end,) for end in ends]
    seats = seats or range(1, len(rows) + 1)
    found = {seat: result(seat, *row, seq=seq, **of) for seq, (seat, row) in enumerate(zip(seats, rows, strict=True))}
    return Arrived(names, 100, number, found)


@cache
def cut(n):
    """The place, from 1, of the lower bound among n ordered starts: the largest with which so many in 20 hold."""
    held = [k for k in range(1, n // 2 + 1) if 1 - 2 * sum(comb(n, j) for j in range(k)) / 2**n >= statistics.LEVEL]
    return max(held, default=1)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 9, 17, 30, 64])
def test_bounds_at_every_update_are_order_statistics_with_the_binomials_probability(n):
    curves = np.random.default_rng(n).normal(size=(n, 4))
    found, ordered, place = band(curves), np.sort(curves, axis=0), cut(n)
    assert_close(found.median, np.median(curves, axis=0))
    assert_close(found.low, ordered[place - 1])
    assert_close(found.high, ordered[n - place])
    assert_close(found.coverage, 1 - 2 * sum(comb(n, j) for j in range(place)) / 2**n)


def test_the_bands_of_exported_curves_are_those_of_the_class():
    payloads = [result_payload(seat, -7.0 - (seat * 37 % 11) / 10) for seat in range(1, 12)]
    sent = [unpacked(json.loads(json.dumps(each)), 1) for each in payloads]
    found = Arrived(("L=1",), 100, 11, {each.seat: each for each in sent}).band(0)
    ends = sorted(curve["end"] for each in payloads for curve in each["curves"])
    assert found.median == [ends[5]] * 3 and found.low == [ends[1]] * 3 and found.high == [ends[9]] * 3


def walks(n):
    """By number below the median after each start, how probable: all ways of n starts, a path at a time."""
    return (list(np.cumsum(path)) for path in product((0, 1), repeat=n))


def covered(low_place, n, below):
    """Whether order statistics `low_place` and n + 1 − `low_place` hold the median, with so many starts below it."""
    return low_place <= below <= n - low_place


def held_throughout(first, n, holds):
    """The probability that the median is held after `first`, …, n starts: by the walk's states, exactly."""
    alive = {0: 1.0}
    for k in range(1, n + 1):
        grown = dict.fromkeys({b + up for b in alive for up in (0, 1)}, 0.0)
        for below, chance in alive.items():
            for up in (0, 1):
                grown[below + up] += chance / 2
        alive = {below: chance for below, chance in grown.items() if k < first or holds(k, below)}
    return sum(alive.values())


def test_the_interval_so_far_does_not_hold_while_it_is_watched_and_the_one_at_the_end_does():
    n = 30
    at_the_end = 1 - 2 * sum(comb(n, j) for j in range(cut(n))) / 2**n
    so_far = held_throughout(6, n, lambda k, below: covered(cut(k), k, below))
    place = cut(n)
    open_bounds = held_throughout(6, n, lambda k, below: below <= n - place and k - below <= n - place)
    assert so_far < 0.87, "looked at from the sixth start on, it has missed the median in one class of eight"
    assert_close(open_bounds, at_the_end)
    assert at_the_end >= 0.95
    few = 10
    by_walk = held_throughout(6, few, lambda k, below: covered(cut(k), k, below))
    paths = [all(covered(cut(k), k, path[k - 1]) for k in range(6, few + 1)) for path in walks(few)]
    assert_close(by_walk, sum(paths) / 2**few)


def test_simulated_classes_are_covered_as_often_as_is_said_at_every_moment_at_once():
    rng, n, classes = np.random.default_rng(1), 20, 2_000
    throughout, at_the_end, so_far = 0, 0, 0
    for _ in range(classes):
        values = rng.normal(MEDIAN, 1, n).tolist()
        seen = [arrived(values[:k], n) for k in range(6, n + 1, 2)]
        bounds = [each.at_end(0) for each in seen]
        throughout += all(each.low <= MEDIAN <= each.high for each in bounds)
        at_the_end += bounds[-1].low <= MEDIAN <= bounds[-1].high
        so_far += all(low <= MEDIAN <= high for low, high in ((b.low[0], b.high[0]) for b in (e.band(0) for e in seen)))
    expected = 1 - 2 * sum(comb(n, j) for j in range(cut(n))) / 2**n
    spread = 4 * math.sqrt(expected * (1 - expected) / classes)
    assert throughout == at_the_end and abs(at_the_end / classes - expected) < spread
    assert so_far / classes < 0.93


def test_what_is_said_of_the_end_holds_the_final_interval_from_the_first_start_on_and_only_narrows():
    values = np.random.default_rng(2).normal(size=30).tolist()
    found = [arrived(values[:k], 30).at_end(0) for k in range(31)]
    lows, highs = [each.low for each in found], [each.high for each in found]
    assert lows == sorted(lows) and highs == sorted(highs, reverse=True)
    assert lows[0] == -math.inf and highs[0] == math.inf
    final = band(np.array(values)[:, None])
    assert (lows[-1], highs[-1]) == (final.low[0], final.high[0])
    assert {round(each.coverage, 12) for each in found} == {round(final.coverage, 12)}


def test_the_fastest_are_not_the_announced_ones():
    """Seats beyond the number are drawn and do not count, however early they come."""
    found = arrived([-1.0, -9.0, -8.0], 3, seats=[5, 1, 2])
    assert [each.seat for each in found.counted] == [1, 2] and found.beyond == 1 and found.missing == 1
    assert found.ends(0) == [-9.0, -8.0] and not found.whole
    assert arrival(found) == "2 of 3 announced starts have arrived; 1 beyond them are drawn and do not count."


def test_without_a_number_nothing_holds_and_that_is_said():
    found = arrived([-7.0, -6.9, -6.8, -6.7, -6.6, -6.5, -6.4])
    assert found.at_end(0) is None and not found.whole
    assert arrival(found) == "7 starts arrived."
    so_far, never = said(found, 0)
    assert so_far.startswith("L=1, so far: median end −6.700 [−7.000, −6.400] nats per row. This one is watched")
    assert never == "No interval holds: nobody said before the first result how many starts will count."


def test_sentences_say_what_holds_before_and_at_the_end():
    values = [-7.0 + place / 100 for place in range(20)]
    early = said(arrived(values[:4], 20), 0)
    assert (
        early[1] == f"Of all 20, whatever the 16 that are missing bring: nothing is known of the median yet ({HELD})."
    )
    late = said(arrived(values[:17], 20), 0)
    assert late[0].startswith("L=1, so far: median end ") and f"does not hold with {HELD}" in late[0]
    assert "whatever the 3 that are missing bring: the median lies between −6.980 and −6.860" in late[1]
    [whole] = said(arrived(values, 20), 0)
    assert whole.startswith("L=1: median end −6.905 [−6.950, −6.860] nats per row, over starts on this one data set")
    assert arrival(arrived(values, 20)) == "All 20 announced starts have arrived."


def test_starts_that_are_the_same_run_are_one_start():
    found = arrived([-7.0] * 12, 12)
    assert len(found.own) == 1 and said(found, 0)[0].startswith("They are the same run, bit for bit")
    twice = arrived([-7.0, -6.0, -7.0], 3)
    assert twice.ends(0) == [-7.0, -6.0] and twice.whole


def test_a_run_that_went_beyond_all_numbers_is_below_every_other():
    found = arrived([None, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0], 7)
    assert found.at_end(0).low == -math.inf and found.band(0).median == [-4.0] * 3
    assert "[none, −1.000]" in said(found, 0)[0]


PAIR = ("L=1", "L=3")


def test_depths_are_compared_start_by_start_by_the_rule_of_all_pages():
    ends = [(-7.0 + n / 50, -6.5 + n / 40) for n in range(8)]
    found = arrived(ends, 8, PAIR)
    assert found.wins(1) == statistics.Wins(8, 0, 0)
    assert comparison(found) == f"{statistics.scored('L=3', 'L=1', found.ends(1), found.ends(0))}."
    assert comparison(found).startswith("L=3 higher than L=1 in 8 of 8 seeds")


def test_where_there_is_a_level_they_are_compared_by_when_it_was_reached():
    rows = {seat: result(seat, -7.0 + seat / 99, -7.0, target="−7.2", reached=(100 + seat, 50)) for seat in range(1, 8)}
    found = Arrived(PAIR, 500, 7, rows)
    slow, fast = [100 + seat for seat in range(1, 8)], [50] * 7
    assert comparison(found) == f"to −7.2: {statistics.compared('L=3', 'L=1', fast, slow, 500)}."
    level = Arrived(PAIR, 500, 8, {**rows, 8: result(8, -5.0, -5.1, seq=8)})
    assert level.wins(1) == statistics.Wins(7, 0, 1), "one that has no such level to reach decides nothing"


def test_what_is_settled_whatever_is_missing_stays_so_in_every_way_that_the_missing_can_go():
    for ahead, behind, missing in product(range(9), range(3), range(4)):
        ends = [(-7.0 - n / 100, -6.0) for n in range(ahead)] + [(-6.0, -7.0 - n / 100) for n in range(behind)]
        if not ends:
            continue
        found = arrived(ends, ahead + behind + missing, PAIR)
        more = [
            statistics.Wins(ahead + won, behind + lost, missing - won - lost).verdict
            for won in range(missing + 1)
            for lost in range(missing + 1 - won)
        ]
        assert found.settled(1) == (len({*more}) == 1 and more[0] in ("ahead", "behind"))


def test_nothing_is_compared_of_ends_beyond_all_numbers_and_of_one_start():
    found = arrived([(None, -6.0), (-7.0, -6.1)], 2, PAIR)
    assert comparison(found) == "L=3 and L=1 are not compared, since runs went beyond all numbers."
    assert comparison(arrived([(-7.0, -6.0)], 2, PAIR)) == ""
    assert comparison(arrived([-7.0, -6.0], 2)) == ""

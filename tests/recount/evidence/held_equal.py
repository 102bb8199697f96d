"""Judge of the page "What is held equal": from every seed that is compared, and every learning rate that was tried."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from tests.recount.evidence.counting import Row, Runs, clause, in_cells, middle, share, table, verdict, when

BY_RATES = "not told apart by the rates tried"
LARGEST = 10.0  # the largest rate that is allowed
# The rate, whether slower ones lie on both sides, what the grid may have cost, whether one layer could not try as much.
Best = tuple[float | None, bool, float, bool]


def judge(
    seeds: str,
    rates: str,
    end: Mapping[str, float],
    summary: str,
    panels: Mapping[str, str],
    rows: Sequence[Any],
    level: float,
    margin: float,
) -> int:
    """The summary, a statement per panel and the table; `end` by panel. Says how many sentences were judged.

    `level`: of the target, minus infinity where it is each seed's own. `margin`: nats that make no difference.
    """
    runs: dict[str, dict[str, Runs]] = defaultdict(lambda: defaultdict(dict))
    every: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in table(seeds):
        runs[row["held equal"]][row["network"]][row["seed"]] = math.inf if thrown(row) else when(row["updates"])
        every[row["held equal"]][row["network"]].append(row)
    tried = by_network(rates)
    first = {name: next(iter(own)) for name, own in tried.items()}  # of grids that correspond
    bests = {name: best_rate(own, first[name] / first["L=1"]) for name, own in tried.items()}
    told = {}
    for panel, said in panels.items():
        searched = bests if "best" in panel else {}
        compared, *rest = re.split(r"\.(?: |$)(?=Never|Lost|Thrown|L=\d[^.]* is first, but|$)", said, maxsplit=1)
        own = dict(statement(compared, panel, runs[panel], searched, end[panel]))
        told |= {(panel, name): found for name, found in own.items()}
        the_rest(rest[0], every[panel], own, level, margin)
    for row in rows:
        in_the_table(row, runs, told, end)
    for name, sentence in zip(("L=3", "L=2"), re.split(r"(?<=\.) (?=L=)", summary), strict=True):
        in_the_summary(sentence, name, {panel: told[panel, name] for panel in panels})
    return 2 + 2 * len(panels) + len(rows)


def statement(
    said: str, panel: str, runs: Mapping[str, Runs], bests: Mapping[str, Best], end: float
) -> Iterator[tuple[str, str]]:
    """A panel's sentence, clause by clause; the verdicts that stand."""
    parts = re.split(r"; (?=(?:neither )?L=\d(?: at \dη)? (?:ahead of|and|nor) L=)", said.partition(": ")[2])
    for name, part in zip(("L=3", "L=2"), parts, strict=True):
        rival = f"L=1 at {name[2:]}η" if "times the rate" in panel else "L=1"
        pair = runs[name], runs[rival]
        found = verdict(*pair)
        if bests and found in ("ahead", "behind") and doubted(*pair, name, bests, end):
            medians = " against ".join(middle(each, end) for each in pair)
            assert part.startswith(f"{name} and L=1 are not told apart: median {medians} updates, but "), part
            found = BY_RATES
        else:
            clause(part, name, rival, *pair, end)
        yield name, found


def thrown(row: Row) -> bool:
    """Whether a run left the finite range or ended below its start."""
    return bool(row["stopped"] or not row["final llh"]) or float(row["final llh"]) < float(row["first llh"])


def the_rest(
    said: str, rows: Mapping[str, Sequence[Row]], told: Mapping[str, str], level: float, margin: float
) -> None:
    """Who never got there, lost it again, was thrown off; and who is first, but lower in the end."""
    fates = {
        "Never there": lambda row: not thrown(row) and not row["updates"],
        "Lost again": lambda row: not thrown(row) and row["updates"] and float(row["final llh"]) < level,
        "Thrown off": thrown,
    }
    expected = []
    for fate, has in fates.items():
        counts = {name: (sum(bool(has(row)) for row in own), len(own)) for name, own in rows.items()}
        parts = [f"{name} in {n} of {all_} seed{'s' * (all_ != 1)}" for name, (n, all_) in counts.items() if n]
        joined = " and ".join([*filter(None, [", ".join(parts[:-1])]), *parts[-1:]])
        expected += [f"{fate}: {joined}."] if parts else []
    for name in sorted(told):
        rival = next(other for other in (f"L=1 at {name[2:]}η", "L=1") if other in rows)
        fast, slow = (rows[name], rows[rival]) if told[name] == "ahead" else (rows[rival], rows[name])
        lower = lower_in_the_end(fast, slow, margin)
        if told[name] in ("ahead", "behind") and lower:
            first, second = (name, rival) if told[name] == "ahead" else (rival, name)
            expected.append(f"{first} is first, but ends lower than {second} in {lower} of {len(fast)} seeds.")
    assert said == " ".join(expected), (said, expected)


def lower_in_the_end(fast: Sequence[Row], slow: Sequence[Row], margin: float) -> int:
    """In how many seeds the first ends lower after as many updates, if that is settled; else 0."""
    if len({row["updates made"] for row in (*fast, *slow)}) > 1:
        return 0
    ends = [tuple(float(row["final llh"] or -math.inf) for row in both) for both in zip(fast, slow, strict=True)]
    lower, higher = sum(a + margin < b for a, b in ends), sum(b + margin < a for a, b in ends)
    return lower if lower and share(lower, higher)[0] > 0.5 else 0


def in_the_table(
    row: Sequence[str], runs: Mapping[str, Any], told: Mapping[Any, str], end: Mapping[str, float]
) -> None:
    """One comparison as a row."""
    panel, compared, found, *counted = row
    name, _, rival = compared.partition(" against ")
    assert found == told[panel, name]
    in_cells(counted, runs[panel][name], runs[panel][rival], end[panel])


def in_the_summary(sentence: str, name: str, told: Mapping[str, str]) -> None:
    """Under which panels a depth is ahead, behind, or neither; every panel once."""
    pattern = rf"(ahead|behind|not settled|level|{BY_RATES}) under ((?:“[^”]*”|, | and )+)"
    said = dict(re.findall(pattern, sentence))
    for panel, found in told.items():
        assert [word for word, where in said.items() if f"“{panel}”" in where] == [found], sentence
    assert ("What is held equal decides." in sentence) == ({"ahead", "behind"} <= set(told.values()))
    assert sentence.startswith(f"{name} is ")


def by_network(rates: str) -> dict[str, dict[float, list[Row]]]:
    """The rows of the rates that were tried, by network and rate."""
    found: dict[str, dict[float, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in table(rates):
        found[row["network"]][float(row["learning rate"])].append(row)
    return found


def best_rate(tried: Mapping[float, Sequence[Row]], scale: float) -> Best:
    """The best rate of a network; times `scale` a rate of one layer corresponds to one of its own."""
    ends: dict[str, float] = defaultdict(lambda: -math.inf)
    for rows in tried.values():
        for row in rows:
            ends[row["seed"]] = max(ends[row["seed"]], float(row["final llh"] or -math.inf))
    needed = {rate: median([kept(row, ends) for row in rows]) for rate, rows in tried.items()}
    least = min(needed.values())
    if math.isinf(least):
        return None, False, math.inf, False
    rates = sorted(tried)
    rate = min(each for each in rates if needed[each] == least)
    beside = [b if a == rate else a for a, b in pairwise(rates) if rate in (a, b)]
    apart = max(max(rate, each) / min(rate, each) for each in beside)
    slack = max(least - least / apart, min(needed[each] for each in beside) - least)
    return rate, min(needed[rates[0]], needed[rates[-1]]) > least, slack, rate / scale > LARGEST * 1.000000001


def kept(row: Row, ends: Mapping[str, float]) -> float:
    """Updates of a run that ends within a tenth of the gain of its seed's best end."""
    if row["stopped"] or not row["first llh"] or not row["final llh"]:
        return math.inf
    first, final = float(row["first llh"]), float(row["final llh"])
    return when(row["updates"]) if final >= first + 0.9 * (ends[row["seed"]] - first) else math.inf


def doubted(first: Runs, second: Runs, name: str, bests: Mapping[str, Best], end: float) -> bool:
    """Whether the best rates that were found leave it open who is faster."""
    both = [bests["L=1"], bests[name]]
    deep, shallow = (min(median(runs.values()), end) for runs in (first, second))
    out_of_reach = bests[name][3] and deep < shallow
    slack = max(1.0, both[0][2] + both[1][2])
    return not (both[0][1] and both[1][1]) or out_of_reach or abs(deep - shallow) <= slack

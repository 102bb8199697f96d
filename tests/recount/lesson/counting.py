"""Reading what the lab hands out of a lesson's runs, and the clauses of comparisons counted again."""

from __future__ import annotations

import copy
import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.recount.lab.headline import Judge
from tests.recount.lab.table import NEVER, SIZE, check_size, check_wins, hold

L = r"L=\d"
SCORED = rf"({L}) (?:higher than ({L}) in (\d+) of (\d+) seeds?(?:, level in (\d+))?, by ({SIZE})(; .*)?" + (
    rf"|and ({L}) level in (\d+) of (\d+) seeds?)"
)
ARRIVED = rf"(?:({L}) ahead of ({L}) in (\d+) of (\d+) seeds?(?:, level in (\d+))?, median ([\d.]+|> \d+) against " + (
    rf"([\d.]+|> \d+) updates, earlier by ({SIZE})(, [\d.]+ times as fast|; .*)?"
    rf"|neither ({L}) nor ({L}) got there in ([\d,]+) updates?"
    rf"|({L}) and ({L}) needed the same updates in (\d+) of (\d+) seeds?)"
)
SMALL = r"(−?[\d.]+(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)"
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


class Run(NamedTuple):
    """A run of a step: the judge of its headline, its table of curves and of components, its rate, its settings."""

    judge: Judge
    rows: Sequence[Mapping[str, str]]
    components: Sequence[Mapping[str, str]]
    rate: float
    settings: Mapping[str, object]  # all but the rate, by which runs are told to be alike

    @classmethod
    def of(cls, judge: Judge, curves: str, components: str, settings: Mapping[str, object]) -> Run:
        """Of the two files, and the settings that the run's link has."""
        others = {name: value for name, value in settings.items() if name != "learning_rate"}
        rate = settings["learning_rate"]
        assert isinstance(rate, float)
        return cls(judge, table(curves), table(components), rate, others)

    def series(self, quantity: str, depth: int, seed: int) -> list[float]:
        """What a quantity of a depth and seed was after 0, 1, … updates."""
        wanted = str(depth), str(seed), quantity
        return [float(row["value"]) for row in self.rows if (row["L"], row["seed"], row["quantity"]) == wanted]

    @property
    def ends(self) -> tuple[str, str]:
        """The deepest and the shallowest."""
        names = sorted(self.judge.depths)
        return names[-1], names[0]

    def heaviest(self) -> int:
        """The component, from 1, with the largest weight in the end of the deepest network's first seed."""
        depth, count = int(self.ends[0][2:]), 1
        while self.series(f"w[{count + 1}]", depth, self.judge.own[0]):
            count += 1
        lasts = [self.series(f"w[{k}]", depth, self.judge.own[0])[-1] for k in range(1, count + 1)]
        return lasts.index(max(lasts)) + 1


class Step(NamedTuple):
    """The runs of a step by name, and the data: every row as often as it occurs, its columns' names, what is given."""

    runs: Mapping[str, Run]
    data: Mapping[tuple[int, ...], int]
    variables: Sequence[str]
    given: str

    def run(self, name: str = "") -> Run:
        """A run of it, or its only one."""
        return self.runs[name] if name else next(iter(self.runs.values()))


Parts = tuple[str, ...]


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV text without its remarks."""
    head, *rows = [row for row in csv.reader(io.StringIO(text)) if not row[0].startswith("#")]
    return [dict(zip(head, row, strict=True)) for row in rows]


def close(text: str, value: float) -> bool:
    """Whether a number of a few digits, perhaps with a power of ten, is this one, rounded."""
    mantissa, _, exponent = text.replace("−", "-").replace("+", "").partition("·10")
    power = int(exponent.translate(RAISED) or "0")
    digits = len(mantissa.partition(".")[2])
    places = digits
    if "." not in mantissa and not exponent:  # a whole number may have been rounded to two or three digits
        stripped = mantissa.lstrip("-").replace(",", "")
        places = -max(0, len(stripped) - max(2, len(stripped.rstrip("0"))))
    said = float(mantissa.replace(",", "")) * 10**power
    return abs(said - value) <= 0.5000001 * 10.0 ** (power - places)


def cut(judge: Judge, update: int) -> Judge:
    """The same table as it was after so many updates."""
    found = copy.copy(judge)
    found.values = {name: [row[: update + 1] for row in rows] for name, rows in judge.values.items()}
    found.updates = update
    return found


def scored(run: Run, text: str, update: int) -> None:
    """Who was higher after so many updates."""
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    parts = re.fullmatch(SCORED, text)
    hold(parts is not None, "not parsed:", text)
    assert parts
    judge, names = cut(run.judge, update), set(run.ends)
    if parts[8]:
        hold((parts[1], parts[8]) == run.ends, text)
        hold(judge.wins(parts[1], parts[8], False)[2] == int(parts[9]) == int(parts[10]) == len(judge.own), text)
        return
    one, other = parts[1], parts[2]
    hold({one, other} == names, text)
    check_wins(judge, (parts[3], parts[4], parts[5]), one, other, False)
    hold(judge.wins(one, other, False)[0] >= judge.wins(one, other, False)[1], "turned", text)
    check_size(judge, parts[6], one, other, False)
    sure(parts[7], judge, one, other, False)


def sure(text: str | None, judge: Judge, one: str, other: str, arrivals: bool) -> None:
    """What is said of a pair that seeds do not settle, with the exact interval of the share of wins."""
    hold(bool(text) == (not judge.settled(one, other, arrivals)), "settled", text)
    if text:
        ahead, behind, _ = judge.wins(one, other, arrivals)
        ends = re.search(r"from (\d+)% to (\d+)%", text)
        hold(ends is not None, text)
        assert ends
        low, high = shares(ahead, ahead + behind)
        hold((int(ends[1]), int(ends[2])) == (round(100 * low), round(100 * high)), text, low, high)


def shares(won: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval, by bisection of the binomial's tails."""

    def tail(share: float, least: int) -> float:
        return sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(least, of + 1))

    def where(least: int, wanted: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if tail(middle, least) < wanted else (low, middle)
        return low

    return where(won, 0.025) if won else 0.0, where(won + 1, 0.975) if won < of else 1.0


def arrived(run: Run, text: str) -> None:
    """Who was at the target first."""
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    parts = re.fullmatch(ARRIVED, text)
    hold(parts is not None, "not parsed:", text)
    assert parts
    judge, names = run.judge, set(run.ends)
    if parts[10]:
        hold((parts[10], parts[11]) == run.ends and not any(judge.arrival(name) < NEVER for name in names), text)
        hold(int(parts[12].replace(",", "")) == judge.updates, text)
        return
    if parts[13]:
        hold((parts[13], parts[14]) == run.ends and judge.wins(parts[13], parts[14], True)[2] == int(parts[15]), text)
        hold(int(parts[15]) == int(parts[16]) == len(judge.own), text)
        return
    one, other = parts[1], parts[2]
    hold({one, other} == names, text)
    check_wins(judge, (parts[3], parts[4], parts[5]), one, other, True)
    for said, name in ((parts[6], one), (parts[7], other)):
        due = f"> {judge.updates}" if judge.arrival(name) == NEVER else f"{judge.arrival(name):g}"
        hold(said == due, "median", said, due)
    check_size(judge, parts[8], one, other, True)
    factor, ratio = re.fullmatch(r", ([\d.]+) times as fast", parts[9] or ""), judge.arrival(other) / judge.arrival(one)
    settled = judge.settled(one, other, True)
    hold(bool(factor) == (settled and ratio < NEVER and ratio >= 1.05), "factor", text)
    hold(factor is None or factor[1] == f"{ratio:.2g}", "factor", text, ratio)
    sure(parts[9] if not factor else None, judge, one, other, True)


def whole(text: str) -> int:
    """A number with commas."""
    return int(text.replace(",", ""))

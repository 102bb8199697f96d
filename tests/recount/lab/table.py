"""A recount of what is said of a run, from the table that the lab hands out: neither engine nor words are imported.

The judge reads the CSV, parses both lines by regular expressions and counts again. It refuses what it cannot parse,
what is not so, and what should have been said.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

SAME = 0.0005
NEVER = math.inf
NAME = r"(?:L=\d|[Tt]he circuit|[Tt]he mixture of its trees)"
NAMES = rf"(?:{NAME}(?:, {NAME})*(?: and (?:{NAME}|\d+ others))?)"
NUMBER = r"−?\d+(?:\.\d+)?"
SIZE = rf"(?:more than |less than )?(?:{NUMBER}|an unknown number of) (?:updates?|nats) \([^)]*\)"
SEEDS = r"(\d+) of (\d+) seeds?(?:, level in (\d+))?"
SURE = r"(: settled|: not settled)?"


class RefusedError(AssertionError):
    """What was said is not what the table holds."""


def hold(condition: bool, *why: object) -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise RefusedError(" ".join(map(str, why)))


def number(text: str) -> float:
    """A number as sentences write it."""
    return float(text.replace("−", "-"))


def near(text: str, value: float) -> bool:
    """Whether a number with three decimals is this one, rounded."""
    return abs(number(text) - value) <= 0.5 * 10 ** -len(text.partition(".")[2]) + 1e-9


def learner(title: str) -> str:
    """The table's name of what a sentence calls `momentum 0.9` or `online EM`."""
    return re.sub(r" [\d.]+$", "", title).lower().replace(" ", "_")


class Table:
    """The exported table: values by curve, cut to what all sound curves have, each run once; and the target."""

    def __init__(self, text: str, ended: bool) -> None:
        self.ended, self.notes, rows = ended, [], []
        for row in csv.reader(io.StringIO(text)):
            (self.notes if row[0].startswith("#") else rows).append(row)
        head, rows = rows[0], rows[1:]
        found: dict[str, dict[int, list[float]]] = {}
        self.objective = any(row[head.index("quantity")] == "objective" for row in rows)
        wanted, self.main = "objective" if self.objective else "llh", None
        for row in (dict(zip(head, row, strict=True)) for row in rows):
            if row["quantity"] == wanted:
                found.setdefault(self._curve(row), {}).setdefault(int(row["seed"]), []).append(float(row["value"]))
        alone = [name for name in found if name.startswith("L=")]
        if "curve" in head and len(alone) == 1:
            found = {"the circuit" if name == alone[0] else name: curve for name, curve in found.items()}
        self.sizes = {name: len(next(iter(curve.values()))) for name, curve in found.items()}
        self._keep(found)

    def _curve(self, row: dict[str, str]) -> str:
        if "curve" in row:
            return row["curve"].replace("mixture of trees", "the mixture of its trees")
        self.main = self.main or row["learner"]
        return f"L={row['L']}" if row["learner"] == self.main else row["learner"]

    def _keep(self, found: dict[str, dict[int, list[float]]]) -> None:
        longest = max(self.sizes.values(), default=0)
        sound = {name: curve for name, curve in found.items() if self.sizes[name] == longest}
        self.diverged = [name for name in found if name not in sound]
        self.seeds = sorted(next(iter(found.values()))) if found else []
        runs: dict[tuple[float, ...], int] = {}
        for seed in self.seeds:
            runs.setdefault(tuple(value for curve in sound.values() for value in curve[seed]), seed)
        self.own = list(runs.values())
        self.values = {name: [curve[seed] for seed in self.own] for name, curve in sound.items()}
        self.updates = longest - 1
        note = next((row[0] for row in self.notes if row[0].startswith("# target: ")), "# target: none,")
        self.target = note.removeprefix("# target: ")
        levels = {int(seed): float(level) for seed, level in re.findall(r"(\d+) = (-?[\d.]+(?:e-?\d+)?)", self.target)}
        self.levels = [levels[seed] for seed in self.own] if levels else None

    @property
    def depths(self) -> list[str]:
        """Sound curves that are compared; all of a circuit's, no rivals of a mixture's."""
        return [name for name in self.values if name.startswith(("L=", "the "))]

    @property
    def rivals(self) -> list[str]:
        """Sound curves of other learners."""
        return [name for name in self.values if name not in self.depths]

    def last(self, name: str) -> list[float]:
        """Where every seed is."""
        return [row[-1] for row in self.values[name]]

    def thrown(self, name: str) -> list[bool]:
        """Which seeds are below their start."""
        return [row[-1] < row[0] - SAME for row in self.values[name]]

    def off(self, name: str) -> bool:
        """Whether most are."""
        return 2 * sum(self.thrown(name)) > len(self.own)

    def arrivals(self, name: str) -> list[float]:
        """The fewest updates to the level, seed by seed."""
        if self.levels is None:
            return [NEVER] * len(self.own)
        return [NEVER if thrown else at for at, thrown in zip(self.passed(name), self.thrown(name), strict=True)]

    def passed(self, name: str) -> list[float]:
        """The fewest updates to the level, thrown off later or not."""
        levels = self.levels or [NEVER] * len(self.own)
        rows = zip(self.values[name], levels, strict=True)
        return [next((t for t, value in enumerate(row) if value >= level), NEVER) for row, level in rows]

    def in_seeds(self, name: str) -> int:
        """In how many seeds the level was reached, kept or not."""
        return sum(at < NEVER for at in self.passed(name))

    def in_most(self, name: str) -> bool:
        """Whether it was in more than half of them."""
        return 2 * self.in_seeds(name) > len(self.own)

    def arrival(self, name: str) -> float:
        """The middle arrival."""
        ranked = sorted(self.arrivals(name))
        pair = ranked[(len(ranked) - 1) // 2], ranked[len(ranked) // 2]
        return NEVER if NEVER in pair else sum(pair) / 2

    def by_target(self, names: Sequence[str]) -> bool:
        """Whether any of the curves arrived."""
        return any(self.arrival(name) < NEVER for name in names)

    def scores(self, name: str, arrivals: bool) -> list[float]:
        """What runs are compared by, less being better."""
        if arrivals:
            return self.arrivals(name)
        return [NEVER if lost else -at for at, lost in zip(self.last(name), self.thrown(name), strict=True)]

    def wins(self, one: str, other: str, arrivals: bool) -> tuple[int, int, int]:
        """Ahead, behind, level."""
        margin = 0.0 if arrivals else SAME
        pairs = list(zip(self.scores(one, arrivals), self.scores(other, arrivals), strict=True))
        ahead, behind = sum(a + margin < b for a, b in pairs), sum(b + margin < a for a, b in pairs)
        return ahead, behind, len(pairs) - ahead - behind

    def settled(self, one: str, other: str, arrivals: bool) -> bool:
        """Whether the first wins so many of the decided pairs that a fair coin would do so in 2.5 % at most."""
        ahead, behind, _ = self.wins(one, other, arrivals)
        decided = ahead + behind
        return decided > 0 and sum(math.comb(decided, k) for k in range(ahead, decided + 1)) / 2**decided < 0.025

    def differences(self, one: str, other: str, arrivals: bool) -> list[tuple[float, float]]:
        """Between what the lead of every pair lies."""
        if not arrivals:
            return [(a - b, a - b) for a, b in zip(self.last(one), self.last(other), strict=True)]
        found, end = [], self.updates
        for a, b in zip(self.arrivals(one), self.arrivals(other), strict=True):
            both = {(True, True): (b - a, b - a), (True, False): (end - a, NEVER)}
            both |= {(False, True): (-NEVER, b - end), (False, False): (-NEVER, NEVER)}
            found.append(both[a < NEVER, b < NEVER])
        return found


def interval(n: int) -> tuple[int, float]:
    """How many order statistics to leave out at each end, and what the rest covers."""
    covers = [1 - 2 * sum(math.comb(n, i) for i in range(cut)) / 2**n for cut in range(1, n // 2 + 1)]
    enough = [cut for cut, cover in enumerate(covers) if cover >= 0.95]
    cut = enough[-1] if enough else 0
    return cut, covers[cut] if covers else 0.0


def of_names(text: str, known: Sequence[str]) -> list[str]:
    """The curves of a list; `L=1 and 4 others` gives what it names, and how many more."""
    names = re.findall(NAME, text)
    names = [name[0].lower() + name[1:] if name[0] == "T" else name for name in names]
    more = re.search(r" and (\d+) others", text)
    hold(all(name in known for name in names), "unknown curve in", text)
    hold(names == sorted(set(names)), "not in order:", text)
    return names + ["?"] * (int(more[1]) if more else 0)


def check_size(table: Table, text: str, one: str, other: str, arrivals: bool) -> None:
    """The median of the pairs' leads and its interval."""
    pairs = table.differences(one, other, arrivals)
    below, above = (sorted(side) for side in zip(*pairs, strict=True))
    n, (cut, cover) = len(pairs), interval(len(pairs))
    parts = re.fullmatch(
        rf"(more than |less than )?({NUMBER}|an unknown number of) (\w+) \(([\d.]+) %: ([^)]*)\)", text
    )
    hold(parts is not None, "no size:", text)
    assert parts
    middles = [(side[(n - 1) // 2] + side[n // 2]) / 2 for side in (below, above)]
    hold(parts[3].rstrip("s") == ("update" if arrivals else "nat"), "unit", text)
    hold((parts[3] == "update") == (parts[2] == "1"), "plural", text)
    least, most = middles
    if least == most or (math.isfinite(least) and math.isfinite(most) and abs(least - most) < 1e-12):
        hold(not parts[1] and near(parts[2], least), "size", text, least)
    elif least == -NEVER and most == NEVER:
        hold(parts[2].startswith("an unknown"), "size", text)
    else:
        word, value = ("less than ", most) if least == -NEVER else ("more than ", least)
        hold(parts[1] == word and near(parts[2], value), "size", text, value)
    hold(parts[4] == f"{100 * min(cover, 0.95):g}", "coverage", text, cover)
    check_bounds(parts[5], below[cut], above[n - 1 - cut])


def check_bounds(text: str, low: float, high: float) -> None:
    """`146 or more`, `5 or less`, `157 to 190`, `no bound`."""
    if low == -NEVER and high == NEVER:
        hold(text == "no bound", text)
    elif high == NEVER:
        hold(text.endswith(" or more") and near(text.split()[0], low), text, low)
    elif low == -NEVER:
        hold(text.endswith(" or less") and near(text.split()[0], high), text, high)
    else:
        ends = re.fullmatch(rf"({NUMBER}) to ({NUMBER})", text)
        hold(ends is not None and near(ends[1], low) and near(ends[2], high), text, low, high)  # type: ignore[index]


def check_wins(table: Table, found: Sequence[str], one: str, other: str, arrivals: bool) -> None:
    """`5 of 6 seeds, level in 1`."""
    ahead, _, level = table.wins(one, other, arrivals)
    said = tuple(int(each or 0) for each in found)
    hold(said == (ahead, len(table.own), level), "wins of", one, other, said, ahead, level)

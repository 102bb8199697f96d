"""Judge of the page "Predicting a class": from all numbers that it hands out."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.recount.evidence.counting import Runs, clause, in_cells, table, tally, verdict, when

QUANTITIES = {
    "the objective": "objective",
    "accuracy on test rows": "test accuracy",
    "log p(class | rest) on test rows": "test conditional",
    "log-likelihood of test rows": "test llh",
}
ANSWERS = {
    "ahead": "The acceleration carries over.",
    "behind": "The acceleration does not carry over",
    "level": "The acceleration does not show:",
    "not settled": "The acceleration does not show clearly",
}
MEANINGS = {
    "ahead": "depth does more than a larger learning rate.",
    "behind": "a larger learning rate does more than depth.",
    "level": "depth and a larger learning rate do the same.",
    "not settled": "depth is not shown to do more than a larger learning rate.",
}
Networks = Mapping[str, Runs]


def judge(numbers: str, end: float, headline: str, control: str, words: Mapping[str, str], rows: Sequence[Any]) -> int:
    """The headline, the control, a sentence by quantity and the table. Says how many sentences were judged."""
    runs: dict[str, dict[str, Runs]] = defaultdict(lambda: defaultdict(dict))
    ends: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in table(numbers):
        quantity, waits, _ = row["quantity"].partition(", updates to 90")
        if waits:
            runs[quantity][row["network"]][row["seed or statistic"]] = when(row["value"])
        elif row["updates"] == "last":
            ends[quantity][row["network"]].append(float(row["value"]))
    if compared(runs["objective"]):
        the_answer(headline, runs["objective"])
    else:
        assert headline.startswith(("Choose L = 1", "L=1 gained nothing in any seed"))
    if deep(runs["objective"]) and gained(runs["objective"]):
        the_control(control, runs["objective"], end)
    else:
        assert not control
    for quantity, said in words.items():
        the_end(said, quantity, ends[quantity])
        the_race(said, runs[quantity], end)
    for name, versus, *cells in rows:
        if versus.endswith(" gained nothing"):
            assert not gained(runs[QUANTITIES[name]])
        else:
            in_cells(cells, *(runs[QUANTITIES[name]][each] for each in versus.split(" against ")), end)
    return 2 + len(words) + len(rows)


def deep(networks: Networks) -> list[str]:
    """The deep networks at the common rate, the deepest first."""
    return sorted((name for name in networks if re.fullmatch(r"L=[2-9]", name)), reverse=True)


def gained(networks: Networks) -> bool:
    """Whether any run of any network gets there."""
    return any(at < math.inf for runs in networks.values() for at in runs.values())


def compared(networks: Networks) -> bool:
    """Whether there is a comparison to speak of."""
    return bool(deep(networks)) and "L=1" in networks and gained(networks)


def the_answer(said: str, networks: Networks) -> None:
    """The verdict on the deepest network, and the counts of every depth."""
    assert said.startswith(ANSWERS[verdict(networks[deep(networks)[0]], networks["L=1"])]), said
    for name in deep(networks):
        ahead, behind, level = tally(networks[name], networks["L=1"])
        total = ahead + behind + level
        assert f"{name} is first in {ahead} of {total} seed{'s' * (total != 1)}, L=1 in {behind}" in said, said


def the_control(said: str, networks: Networks, end: float) -> None:
    """The deepest network against one layer at that many times the rate."""
    name = deep(networks)[0]
    rival = f"L=1 at {name[2:]}η"
    assert said.endswith(f"So {MEANINGS[verdict(networks[name], networks[rival])]}"), said
    body = said.partition(" times the learning rate: ")[2].rpartition(". So ")[0]
    clause(body, name, rival, networks[name], networks[rival], end)


def the_end(said: str, quantity: str, ends: Mapping[str, Sequence[float]]) -> None:
    """The median of every network in the end."""
    for name, values in ends.items():
        share = "accuracy" in quantity
        value = (
            f"{100 * median(values):.1f}\u00a0%" if share else f"{median(values):.3f}".replace("-", "\N{MINUS SIGN}")
        )
        assert f"{name} {value}" in said, (quantity, said)


def the_race(said: str, networks: Networks, end: float) -> None:
    """The deepest network against the plain one."""
    if compared(networks):
        name = deep(networks)[0]
        race = said.partition("of L=1's gain: ")[2].removesuffix(".")
        clause(race, name, "L=1", networks[name], networks["L=1"], end)
    elif deep(networks) and "L=1" in networks:
        assert said.endswith("L=1 gained nothing in any seed, so nobody is ahead."), said


def answer(numbers: str, rival: str) -> str:
    """The verdict on three layers against a rival, with its counts, as a cell has it."""
    runs: dict[str, Runs] = defaultdict(dict)
    for row in table(numbers):
        if row["quantity"].startswith("objective, updates to 90"):
            runs[row["network"]][row["seed or statistic"]] = when(row["value"])
    pair = runs["L=3"], runs[rival]
    return f"{verdict(*pair)}: {', '.join(map(str, tally(*pair)))}"

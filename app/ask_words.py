"""The sentences of the page "Ask the network", made from the answers on screen. Foreign names come in as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from app.asked_networks import Trained
from app.asking import ENOUGH_ROWS, UNKNOWN, Answer, Flow, Item, Matches, root_flow
from app.export import cell
from app.text import literal
from spncore.explanation import MostProbable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
IMPOSSIBLE = "This network gives the evidence probability zero: set one item back to unknown, or change one."
SAY = 3  # so many changes are named


def likelihood(given: Answer, found: Matches, people: str) -> str:
    """How probable the evidence is: in nats, as one in N, and how often it is in the data."""
    num_set = int((given.row != UNKNOWN).sum())
    if not num_set:
        return f"**Nothing is set.** All probabilities are those of the network over all {people}."
    rows = f"{found.num:,} of {found.num_rows:,} rows" + (
        f" (1 in {rounded(found.num_rows / found.num)})" if found.num else ""
    )
    return (
        f"**log P(evidence) = {given.log_evidence:.3f} nats: 1 in {_one_in(given.log_evidence)} {people}** in this "
        f"network. In the data: {rows}."
    )


def changes(given: Answer, shown: Sequence[Item]) -> str:
    """What changes most, in a sentence."""
    free = [item for item in shown if given.row[item.place] == UNKNOWN]
    if len(free) == len(shown):
        return "Set an item to 0 or 1 to see the others change."
    if not free:
        return "Every item is set: nothing is left to ask."
    change = given.after - given.before
    most = sorted(free, key=lambda item: -abs(float(change[item.place])))[:SAY]
    said = [
        f"{literal(item.name)} from {given.before[item.place]:.0%} to {given.after[item.place]:.0%}" for item in most
    ]
    return f"Largest changes of P(1): {'; '.join(said)}."


def beside_the_data(given: Answer, found: Matches) -> str:
    """How far the network is from the data's own frequencies, or why that is not shown."""
    free = given.row == UNKNOWN
    if not free.any():
        return ""
    if not found.enough:
        return (
            f"Only {found.num:,} rows of the data hold this evidence; below {ENOUGH_ROWS} their frequencies are not "
            "shown."
        )
    inside = int(((found.low <= given.after) & (given.after <= found.high))[free].sum())
    gap = np.abs(given.after - found.share)[free]
    return (
        f"Beside the data ({found.num:,} matching rows): the network is inside the 95 % interval for {inside} of "
        f"{int(free.sum())} variables, and off by {gap.max():.3f} at most."
    )


def network_line(trained: Trained, title: str) -> str:
    """Size, training and fit of the network on screen."""
    circuit = trained.model.circuit
    fit = f"train LLH {trained.llh:.3f}" + ("" if trained.test_llh is None else f", test LLH {trained.test_llh:.3f}")
    steps = f", {trained.iterations:,} iterations" if trained.iterations else ""
    return f"{title}: {circuit.num_nodes:,} nodes, {circuit.num_edges:,} weighted edges{steps}; {fit} nats per row."


def most_probable(likely: MostProbable, row: Ints, shown: Sequence[Item], value_words: tuple[str, str]) -> str:
    """The most probable completion in words, and whether it is surely that."""
    filled = likely.rows[0]
    ones = [literal(item.name) for item in shown if row[item.place] == UNKNOWN and filled[item.place] == 1]
    if not (row == UNKNOWN).any():
        return "Every item is set: there is nothing to complete."
    what = f"{value_words[1]} with {', '.join(ones)}" if value_words[1] != "1" else f"a 1 in {', '.join(ones)}"
    said = what + ", a 0 in all others" if ones else "a 0 in every other item"
    sure = (
        "This is exact: no completion is more probable."
        if likely.exact[0]
        else "This is a good guess, not a proof: sums are replaced by maxima, and another completion may be more "
        "probable (the exact problem is NP-hard)."
    )
    return f"**Most probable completion**, with log P = {likely.log_values[0]:.3f} nats: {said}. {sure}"


def sampled(drawn: Ints, row: Ints, seed: int) -> str:
    """What the samples are, and how many are alike."""
    distinct = len(np.unique(drawn, axis=0))
    held = "given the evidence" if (row != UNKNOWN).any() else "without evidence"
    return f"{len(drawn)} samples {held} (seed {seed}); {distinct} of them distinct."


def telling(gain: Floats, given: Answer, target: Item, shown: Sequence[Item]) -> str:
    """Which answer tells most about the target."""
    best = max(shown, key=lambda item: float(gain[item.place]))
    p = float(given.after[target.place])
    left = -sum(share * math.log(share) for share in (p, 1.0 - p) if share > 0)
    if left == 0 or gain[best.place] == 0:
        return f"No further answer tells anything about {literal(target.name)}."
    return (
        f"About **{literal(target.name)}**, P(1) = {p:.1%}, {left:.3f} nats are unknown. The answer on "
        f"**{literal(best.name)}** tells most: {gain[best.place]:.3f} nats on average, {gain[best.place] / left:.0%} "
        "of it."
    )


def flow_sentence(trained: Trained, found: Flow, given: Answer) -> str:
    """Where the evidence leads at the root."""
    below = root_flow(trained.model, found)
    if below is None:
        return ""
    after, before = below
    order = np.argsort(-after, kind="stable")[:SAY]
    said = [f"child {i + 1} carries {after[i]:.0%} (before {before[i]:.0%})" for i in order.tolist()]
    moved = 0.5 * float(np.abs(after - before).sum())
    held = f"The evidence moves {moved:.0%} of the flow between the root's {len(after)} children" if (
        (given.row != UNKNOWN).any()
    ) else f"Without evidence, the flow into the root's {len(after)} children is their prior"  # fmt: skip
    return f"{held}: {'; '.join(said)}."


def drawn_part(num_items: int, num_nodes: int, complete: bool) -> str:
    """How much of the network the drawing shows."""
    if complete:
        return f"All {num_nodes:,} nodes are drawn."
    return (
        f"{num_nodes:,} nodes are drawn as {num_items} marks: a number before + or × says how many alike nodes a mark "
        "stands for, and what lies below a block may be folded away."
    )


def probability_rows(
    given: Answer, found: Matches, every: Sequence[Item], names: Sequence[str]
) -> Iterator[list[object]]:
    """Rows of the table of probabilities; `names` are the data set's own, by place."""
    for item in every:
        d, value = item.place, int(given.row[item.place])
        yield [
            item.code, cell(names[d]), "" if value == UNKNOWN else value, float(given.before[d]), float(given.after[d]),
            found.num, int(found.ones[d]), float(found.low[d]), float(found.high[d]),
        ]  # fmt: skip


PROBABILITY_COLUMNS = (
    "code", "variable", "set_to", "p_without_evidence", "p_given_evidence", "matching_rows", "ones_in_them",
    "interval_low", "interval_high",
)  # fmt: skip


def rounded(value: float) -> str:
    """A number of people or rows: one decimal when small, three figures when large."""
    if value < 10:
        return f"{value:.1f}"
    digits = max(0, math.floor(math.log10(value)) - 2)
    return f"{round(value, -digits):,.0f}"


def _one_in(log_probability: float) -> str:
    """How many there are for one of this probability."""
    if -log_probability > math.log(1e9):
        return f"10^{-log_probability / math.log(10):.1f}"
    return rounded(math.exp(-log_probability))

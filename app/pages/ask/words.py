"""The sentences of the page "Ask the network", made from the answers on screen. Foreign names come in as Markdown."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from app.kit.text import literal
from app.pages.ask.flow_lines import RootLine
from app.pages.ask.networks import Trained
from app.pages.ask.question import ENOUGH_ROWS, UNKNOWN, Answer, Item, Matches
from spncore.arrays import Floats, Ints
from spncore.files.export import Row, cell
from spncore.inference.explanation import MostProbable
from spncore.words import percent, raised, signed

IMPOSSIBLE = "This network gives the evidence probability zero: set one item back to unknown, or change one."
SAY = 3  # so many changes are named


def likelihood(given: Answer, found: Matches, people: str) -> str:
    """How probable the evidence is: in nats, as one in N, and how often it is in the data."""
    if given.free.all():
        return f"**Nothing is set.** All probabilities are those of the network over all {people}."
    rows = f"{found.num:,} of {found.num_rows:,} rows" + (
        f" (1 in {rounded(found.num_rows / found.num)})" if found.num else ""
    )
    return (
        f"**log P(evidence) = {signed(given.log_evidence)} nats: 1 in {_one_in(given.log_evidence)} {people}** in this "
        f"network. In the data: {rows}."
    )


def changes(given: Answer, shown: Sequence[Item]) -> str:
    """What changes most, in a sentence."""
    free = [item for item in shown if given.free[item.place]]
    if len(free) == len(shown):
        return "Set an item to 0 or 1 to see the others change."
    if not free:
        return "Every item is set: nothing is left to ask."
    change = given.after - given.before
    most = sorted(free, key=lambda item: -abs(float(change[item.place])))[:SAY]
    said = [
        f"{literal(item.name)} from {percent(given.before[item.place])} to {percent(given.after[item.place])}"
        for item in most
    ]
    return f"Largest changes of P(1): {'; '.join(said)}."


def beside_the_data(given: Answer, found: Matches) -> str:
    """How far the network is from the data's own frequencies, or why that is not shown."""
    free = given.free
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
        f"Beside the data ({found.num:,} matching rows): the network is inside the {percent(0.95)} interval for "
        f"{inside} of {int(free.sum())} variables, and off by {gap.max():.3f} at most."
    )


def network_line(trained: Trained, title: str) -> str:
    """Size, training and fit of the network on screen."""
    circuit = trained.model.circuit
    fit = f"train LLH {signed(trained.llh)}" + (
        "" if trained.test_llh is None else f", test LLH {signed(trained.test_llh)}"
    )
    steps = f", {trained.iterations:,} iterations" if trained.iterations else ""
    return f"{title}: {circuit.num_nodes:,} nodes, {circuit.num_edges:,} weighted edges{steps}; {fit} nats per row."


def most_probable(likely: MostProbable, row: Ints, shown: Sequence[Item], value_words: tuple[str, str]) -> str:
    """The most probable completion in words, and whether it is surely that."""
    if not (row == UNKNOWN).any():
        return "Every item is set: there is nothing to complete."
    free = [item for item in shown if row[item.place] == UNKNOWN]
    zero, one = ("0 in", "1 in") if value_words == ("0", "1") else (f"{word} with" for word in value_words)
    ones = [literal(item.name) for item in free if likely.rows[0, item.place] == 1]
    parts = [f"{one} {', '.join(ones)}"] * bool(ones) + [f"{zero} {'the others' if ones else 'any item'}"] * (
        len(ones) < len(free)
    )
    said = ", ".join(parts)
    sure = (
        "This is exact: no completion is more probable."
        if likely.exact[0]
        else "This is a good guess, not a proof: sums are replaced by maxima, and another completion may be more "
        "probable (the exact problem is NP-hard)."
    )
    return f"**Most probable completion**, with log P = {signed(likely.log_values[0])} nats: {said}. {sure}"


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
    told = float(gain[best.place])
    return (
        f"About **{literal(target.name)}**, P(1) = {percent(p, 1)}, {_small(left)} nats are unknown. The answer on "
        f"**{literal(best.name)}** tells most: {_small(told)} nats on average, {percent(told / left)} of it."
    )


def flow_sentence(root: Sequence[RootLine], given: Answer) -> str:
    """Where the evidence leads at the root; `root` are all lines below it."""
    if not root:
        return ""
    is_set = not given.free.all()
    said = [
        f"{'child' if line.children.isdigit() else 'children'} {line.children}: {percent(line.after)}"
        + f" (without evidence {percent(line.before)})" * is_set
        for line in root[:SAY]
    ]
    if not is_set:
        return f"Nothing is set, so the flow below the root is the prior: {'; '.join(said)}."
    moved = 0.5 * sum(abs(line.after - line.before) for line in root)
    to = "; ".join(said)
    return f"The evidence moves {percent(moved)} of the flow below the root to other children. It now goes to {to}."


def drawn_part(num_items: int, num_nodes: int, complete: bool) -> str:
    """How much of the network the drawing shows."""
    if complete:
        return f"All {num_nodes:,} nodes are drawn."
    return (
        f"{num_nodes:,} nodes are drawn as {num_items} marks: a number before + or × says how many alike nodes a mark "
        "stands for, and what lies below a block may be folded away."
    )


def probability_rows(given: Answer, found: Matches, every: Sequence[Item], names: Sequence[str]) -> Iterator[Row]:
    """Rows of the table of probabilities; `names` are the data set's own, by place."""
    for item in every:
        d = item.place
        said = "" if given.free[d] else int(given.row[d])
        before, after, low, high = (float(of[d]) for of in (given.before, given.after, found.low, found.high))
        yield [item.code, cell(names[d]), said, before, after, found.num, int(found.ones[d]), low, high]


PROBABILITY_COLUMNS = """
code variable set_to p_without_evidence p_given_evidence matching_rows ones_in_them interval_low interval_high
""".split()


def _small(value: float) -> str:
    return f"{value:.3f}" if value >= 5e-4 else raised(f"{value:.1e}")


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

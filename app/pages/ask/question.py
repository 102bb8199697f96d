"""A question to a network and its answer: evidence on named variables, probabilities before and after, the data's own.

Pure: no Streamlit. Every number comes from `spncore.inference`, or from counting rows.
"""

import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.special import entr

from app.kit.text import plain
from app.pages.ask.networks import LAB_RUN, NETWORKS
from spncore.arrays import Bools, Floats, Ints
from spncore.circuits.model import Model
from spncore.data.dataset import UPLOAD
from spncore.data.library import DATASETS, Dataset
from spncore.inference.explanation import MostProbable, most_probable
from spncore.inference.queries import conditionals, flow_of_evidence, log_likelihood
from spncore.inference.sampling import sample
from spncore.limits import LIMITS
from spncore.record import Field, Manner, Record, choice, cut, declare, whole
from spncore.studies.statistics import exact_interval

UNKNOWN = -1
NUM_SAMPLES = 20
ENOUGH_ROWS = 20  # that match the evidence: fewer say too little to stand beside the network
ROUNDING = 1e-12  # nats; what is told less is nothing
_CODED = re.compile(r"\((Y\d+), (ADL|IADL)\)$")
GROUPS = {"ADL": "basic activities (ADL)", "IADL": "instrumental activities (IADL)", "": ""}


_CODE = "[Yx][1-9][0-9]{0,3}"
_MANNER = Manner(whole="[0-9]{1,10}", one_of="", shown=cut)
_RANGE = "is not a whole number from {allowed}"


@dataclass(frozen=True)
class _Evidence(Field):
    """Pairs (code of a variable, 0 or 1), by code once."""

    def parse(self, text: str) -> Any:
        """The pairs that a text like `Y3:1,Y7:0` names."""
        parts = text.split(",") if text != "none" else []
        found = [part.split(":") for part in parts if re.fullmatch(f"{_CODE}:[01]", part)]
        if len(found) < len(parts):
            raise self.refusal(text, "is not understood; write e=Y3:1,Y7:0, or e=none")
        values = {code: int(value) for code, value in found}
        if len(values) < len(found):
            raise self.refusal(text, "names a variable twice; each has one value")
        return tuple(sorted(values.items(), key=lambda pair: (pair[0][0], int(pair[0][1:]))))

    def text(self, value: Any) -> str:
        """The pairs with commas."""
        return ",".join(f"{code}:{each}" for code, each in value) or "none"


@dataclass(frozen=True)
class Question(Record, manner=_MANNER):
    """Which network on which data is asked, with what evidence.

    `num_components` counts only where the network has components; `target` is the code of the variable to find out
    about, empty for the one least sure; `seed` is that of the samples.
    """

    dataset: str = choice(
        MISSING, "Data set", "", DATASETS, name="data", pattern=UPLOAD, said=", ".join([*DATASETS, "sha256:…"])
    )
    network: str = choice("mixture", "Network", "", [*NETWORKS, LAB_RUN], name="net")
    num_components: int = whole(8, "Components (K)", "", 1, LIMITS.num_components, name="k", refused=_RANGE)
    evidence: tuple[tuple[str, int], ...] = declare((), _Evidence(tuple, name="e"))
    target: str = choice("", "About", name="about", pattern=f"({_CODE})?", refused="is no variable; write about=Y5")
    seed: int = whole(0, "seed", "", 0, LIMITS.seed, refused=_RANGE)


class Item(NamedTuple):
    """A variable on the page: its `place` among the columns, a short `code` for links, its name, and its group."""

    place: int
    code: str
    name: str
    group: str


class Answer(NamedTuple):
    """`before` and `after` (D,): P(x_d = 1) without and with the evidence `row` (D,); `log_evidence` in nats."""

    row: Ints
    before: Floats
    after: Floats
    log_evidence: float

    @property
    def free(self) -> Bools:
        """Which variables are unknown, (D,)."""
        return np.equal(self.row, UNKNOWN)


class Matches(NamedTuple):
    """Rows of the data that hold the evidence: `num` of `num_rows`; of each variable the `ones` among them, and their
    share's exact binomial interval, `low` and `high`; all (D,).
    """

    num: int
    num_rows: int
    ones: Ints
    low: Floats
    high: Floats

    @property
    def share(self) -> Floats:
        """The frequency of a 1, (D,)."""
        return self.ones / max(self.num, 1)

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to compare with."""
        return self.num >= ENOUGH_ROWS


class Flow(NamedTuple):
    """Posterior, then prior flow of nodes (2, nodes) and weighted edges (2, E), in the numbering of the circuit."""

    nodes: Floats
    edges: Floats


@lru_cache(64)
def items(dataset: Dataset) -> tuple[Item, ...]:
    """The variables in the order of their codes: Y1 … Y16 where the registry has such, else x1 … xD by column."""
    known = DATASETS.get(dataset.name)
    found = []
    for place, name in enumerate(dataset.variables):
        coded = _CODED.search(known.variables[place].meaning) if known else None
        code, group = (coded[1], coded[2]) if coded else (f"x{place + 1}", "")
        found.append(Item(place, code, name.replace("_", " ") if known else plain(name), group))
    return tuple(sorted(found, key=lambda item: int(item.code[1:])))


def meanings(dataset: Dataset) -> tuple[str, str]:
    """What a 0 and what a 1 means, in a word or two each."""
    return ("no difficulty", "difficulty") if any(item.group for item in items(dataset)) else ("0", "1")


def evidence_row(question: Question, dataset: Dataset) -> tuple[Ints, list[str]]:
    """The evidence (D,), −1 where unknown; and one sentence for each part that names no variable of the data."""
    places = {item.code: item.place for item in items(dataset)}
    row, refused = np.full(dataset.num_variables, UNKNOWN, dtype=np.int64), []
    for code, value in question.evidence:
        if code in places:
            row[places[code]] = value
        else:
            there = f"{next(iter(places))} to {next(reversed(places))}"
            refused.append(f"e: {code} is no variable of this data set; its variables are {there}. It is left out.")
    return row, refused


def as_evidence(row: Ints, dataset: Dataset) -> tuple[tuple[str, int], ...]:
    """The evidence of a row as a question has it."""
    return tuple((item.code, int(row[item.place])) for item in items(dataset) if row[item.place] != UNKNOWN)


def half_of_a_real_row(dataset: Dataset, rng: np.random.Generator) -> Ints:
    """One row of the data, drawn by its count, of which a random half stays unknown."""
    row = dataset.rows[rng.choice(dataset.num_distinct, p=dataset.counts / dataset.num_rows)].astype(np.int64)
    row[rng.permutation(dataset.num_variables)[: (dataset.num_variables + 1) // 2]] = UNKNOWN
    return np.asarray(row)


def answer(model: Model, row: Ints) -> Answer:
    """Every variable's probability without and with the evidence. QueryError if the evidence is impossible."""
    rows = np.stack([np.full(len(row), UNKNOWN, dtype=np.int64), row])
    before, after = conditionals(model, rows).probabilities[:, :, 1]
    return Answer(row, before, after, float(log_likelihood(model, row[None])[0]))


def matches(dataset: Dataset, row: Ints) -> Matches:
    """Count the rows that hold the evidence; intervals by Clopper and Pearson (1934), [0, 1] without rows."""
    seen = row != UNKNOWN
    fitting = (dataset.rows[:, seen] == row[seen]).all(axis=1)
    counts = dataset.counts[fitting]
    num, ones = int(counts.sum()), counts @ dataset.rows[fitting].astype(np.int64)
    low, high = np.array([exact_interval(successes, num) for successes in ones.tolist()]).T
    return Matches(num, dataset.num_rows, ones, low, high)


def samples(model: Model, row: Ints, seed: int) -> Ints:
    """NUM_SAMPLES rows (n, D) drawn given the evidence."""
    return sample(model, NUM_SAMPLES, np.random.default_rng(seed), row).astype(np.int64)


def completion(model: Model, row: Ints) -> MostProbable:
    """The most probable completion of the evidence; its `rows` hold one."""
    return most_probable(model, row[None])


def information(model: Model, given: Answer, target: int) -> Floats:
    """What each variable's value would tell about the target, given the evidence: I(x_d; x_t | e) (D,) in nats.

    0 for observed variables and for the target itself.
    """
    odds = np.array([1.0 - given.after[target], given.after[target]])
    gain = _binary_entropy(given.after)
    for value in np.flatnonzero(odds > 0).tolist():
        row = given.row.copy()
        row[target] = value
        gain -= odds[value] * _binary_entropy(conditionals(model, row[None]).probabilities[0, :, 1])
    gain[~given.free] = gain[target] = 0.0
    return np.where(gain > ROUNDING, gain, 0.0)


def _binary_entropy(probabilities: Floats) -> Floats:
    return np.asarray(entr(probabilities) + entr(1.0 - probabilities))


def flow(model: Model, row: Ints) -> Flow:
    """The flow of the evidence through the network, and the flow without it."""
    found = [flow_of_evidence(model, each) for each in (row, np.full_like(row, UNKNOWN))]
    edges = [np.concatenate([edges.ravel() for edges in each.edges]) for each in found]
    return Flow(np.stack([each.nodes for each in found]), np.stack(edges))


def target_of(question: Question, dataset: Dataset, given: Answer) -> Item | None:
    """The variable to find out about: the question's, else the one least sure; None if there is no other unknown."""
    unknown = [item for item in items(dataset) if given.free[item.place]]
    if len(unknown) < 2:
        return None
    least_sure = min(unknown, key=lambda item: abs(float(given.after[item.place]) - 0.5))
    return next((item for item in unknown if item.code == question.target), least_sure)


def order_by_change(given: Answer, dataset: Dataset, most: int) -> Sequence[Item]:
    """All variables if they are at most so many; else the observed and those that change most, in their usual order."""
    every = items(dataset)
    if len(every) <= most:
        return every
    change = np.where(given.free, np.abs(given.after - given.before), np.inf)
    kept = set(np.argsort(-change, kind="stable")[:most].tolist())
    return [item for item in every if item.place in kept]

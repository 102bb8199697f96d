"""What is changed on the way: after some updates another learning rate, or a weight of a network set by hand.

A change belongs to its experiment as every other setting does: it stands in links and files and is made again bit for
bit. It is written `120:rate:0.05` (after 120 updates η = 0.05), or `40:L3.w1.4:0.2`: after 40 updates, in the network
of L = 3, the fourth weight of layer 1 (layers count from 0, as the paper's, weights from 1) is 0.2 in every seed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from spncore.circuits.overparam import TOPOLOGIES
from spncore.learning.lockstep import SECONDS, Lockstep
from spncore.learning.states import Block, TrainState
from spncore.learning.trainer import Trainer
from spncore.limits import LIMITS
from spncore.record import ExperimentError, Field
from spncore.words import counted

if TYPE_CHECKING:
    from spncore.runs.experiment import Experiment

WRITTEN = re.compile(r"([0-9]{1,4}):(?:rate|L([1-9])\.w([0-9])\.([1-9][0-9]{0,2})):([0-9.eE+-]{1,32})")


class Change(NamedTuple):
    """One change: `at` updates before it, and the new `value`, of η or of a weight.

    A weight is that of a network of `depth` layers: which one of `layer`, both counted from 0; None for η.
    """

    at: int
    value: float
    depth: int | None = None
    layer: int = 0
    weight: int = 0

    @property
    def of_rate(self) -> bool:
        """Whether it is the learning rate that changes."""
        return self.depth is None

    @property
    def what(self) -> str:
        """What changes, as it is written between the colons."""
        return "rate" if self.of_rate else f"L{self.depth}.w{self.layer}.{self.weight + 1}"

    @property
    def words(self) -> str:
        """What is changed, and when: `η = 0.05 after 120 updates`."""
        when = f"after {counted(self.at, 'update')}" if self.at else "at the start"
        if self.of_rate:
            return f"η = {self.value:g} {when}"
        return f"weight {self.weight + 1} of layer {self.layer} of L = {self.depth} set to {self.value:g} {when}"

    def __str__(self) -> str:
        return f"{self.at}:{self.what}:{self.value!r}"


def read(text: str) -> Change | None:
    """The change that is written so; None if none is."""
    found = WRITTEN.fullmatch(text)
    try:
        value = float(found[5]) if found else 0.0
    except ValueError:
        return None
    if found is None or not LIMITS.smallest_rate <= value <= LIMITS.largest_rate:
        return None
    at, depth = int(found[1]), found[2]
    return Change(at, value) if depth is None else Change(at, value, int(depth), int(found[3]), int(found[4]) - 1)


def read_all(texts: Iterable[str]) -> tuple[Change, ...]:
    """Those that are written so."""
    return tuple(change for change in map(read, texts) if change is not None)


@dataclass(frozen=True)
class Changes(Field):
    """The declaration of changes, as texts in the order in which they are made, one for each thing at a time."""

    def parse(self, text: str) -> Any:
        """The changes that a text names, with commas between them."""
        return self.check(text.split(",") if text else ())

    def text(self, value: Any) -> str:
        """The changes with commas."""
        return ",".join(value)

    def check(self, value: Any) -> Any:
        """Each as it is written shortest."""
        given = value if isinstance(value, (tuple, list)) else [value]
        found = [(text, read(text) if isinstance(text, str) else None) for text in given]
        for text, change in found:
            if change is None:
                raise self.refusal(text, "is not understood; allowed: {allowed}")
        changes = sorted({(change.at, change.what): change for _, change in found if change}.values(), key=_place)
        if len(found) > len(changes):
            raise ExperimentError(f"{self.name}: one thing is changed twice after as many updates; keep one of them")
        if len(changes) > LIMITS.changes:
            raise ExperimentError(
                f"{self.name}: {len(changes)} changes are too many; the limit is {LIMITS.changes}; leave some out"
            )
        return tuple(map(str, changes))


def _place(change: Change) -> tuple[int, str]:
    return change.at, change.what


def fits(change: Change, experiment: Experiment) -> bool:
    """Whether the networks of an experiment, whatever their depth, have what is changed."""
    if change.depth is None:
        return True
    if experiment.structure != "mixture" or change.layer >= change.depth or change.depth > LIMITS.depth:
        return False
    phi = TOPOLOGIES[experiment.topology](experiment.num_components, change.depth)
    return bool(change.weight <= phi[change.layer].max())


def stops(experiments: Sequence[Experiment], start: int) -> list[int]:
    """After how many updates some of these experiments change something, later than `start`, and their end."""
    end = max(experiment.iterations for experiment in experiments)
    changed = {change.at for experiment in experiments for change in experiment.acting}
    return [*sorted(at for at in changed if at > start), end]


def changed(trainer: Trainer, experiment: Experiment, state: TrainState) -> tuple[Trainer, TrainState]:
    """The trainer and the state to go on with after so many updates; the same ones where nothing changes."""
    made = state.iteration
    rate = float(experiment.rates_at(made)[0])
    if rate != trainer.settings.learning_rate:
        trainer = Trainer(trainer.problem, trainer.settings._replace(learning_rate=rate), trainer.evaluator)
    for change in experiment.acting:
        if change.at == made and not change.of_rate:
            index = int(trainer.problem.sums.sizes[: change.layer].sum()) + change.weight
            state = trainer.with_weight(state, index, change.value)
    return trainer, state


def blocks(
    experiments: Sequence[Experiment],
    trainers: Sequence[Trainer],
    states: Sequence[TrainState],
    seconds: float = SECONDS,
) -> Iterator[list[tuple[int, Block]]]:
    """(run, block) of all states of runs side by side, changed on the way as their experiments say.

    All make equally many updates, and have made as many; a block takes about so many seconds.
    """
    at_work, reached, going = list(trainers), list(states), list(range(len(trainers)))
    for stop in (ends := stops(experiments, states[0].iteration)):
        for run in going:
            at_work[run], reached[run] = changed(at_work[run], experiments[run], reached[run])
        together, ended = Lockstep([at_work[run] for run in going], [reached[run] for run in going]), set[int]()
        for found in together.blocks(stop, seconds, stop == ends[-1]):
            here = [(going[place], block) for place, block in found]
            ended |= {run for run, block in here if block.stopped is not None}
            yield here
        for place, run in enumerate(going):
            reached[run] = together.state(place)
        going = [run for run in going if run not in ended]
        if not going:
            return

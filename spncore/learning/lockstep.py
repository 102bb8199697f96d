"""Runs of any kind side by side: each update is made by all, in as few batches as they fit into."""

import time
from collections.abc import Iterable, Iterator, Sequence

from spncore.learning.batch import Batch, fit_together
from spncore.learning.learners import LearnerSettings
from spncore.learning.problem import Problem
from spncore.learning.states import Block, TrainState
from spncore.learning.trainer import Trainer

SECONDS = 0.1  # that a block should take where nobody waits for less


def trainer_beside(problem: Problem, settings: LearnerSettings, others: Iterable[Trainer]) -> Trainer:
    """A trainer that works in the arrays of one of the others, where circuit, evidence and objective are the same."""
    made = Trainer.evaluated(problem, settings)
    for evaluator in {id(other.evaluator): other.evaluator for other in others}.values():
        there = evaluator.circuit, evaluator.bag, evaluator.objective
        if all(mine is theirs for mine, theirs in zip(made, there, strict=True)):
            return Trainer(problem, settings, evaluator)
    return Trainer(problem, settings)


def trainers_side_by_side(learning: Iterable[tuple[Problem, LearnerSettings]]) -> list[Trainer]:
    """A trainer for each, beside those before it."""
    trainers = list[Trainer]()
    for problem, settings in learning:
        trainers.append(trainer_beside(problem, settings, trainers))
    return trainers


class Lockstep:
    """Runs that have made equally many updates, and go on together; ValueError if they have not."""

    def __init__(self, trainers: Sequence[Trainer], states: Sequence[TrainState]) -> None:
        made = sorted({state.iteration for state in states})
        if len(made) > 1:
            raise ValueError(f"states: after {made[0]} and {made[-1]} updates; give states after equally many")
        self._groups: list[list[int]] = []
        for run, trainer in enumerate(trainers):
            fitting = (group for group in self._groups if fit_together(trainers[group[0]], trainer))
            group = next(fitting, None)
            if group is None:
                self._groups.append([run])
            else:
                group.append(run)
        self._batches = [Batch([trainers[r] for r in group], [states[r] for r in group]) for group in self._groups]
        self._seconds = 0.0  # of the last updates, each

    def advance(self, num_updates: int) -> list[tuple[int, Block]]:
        """(run, block) of every run that has not dropped out: so many states with an update after each."""
        begin = time.perf_counter()
        blocks = [batch.advance(num_updates) for batch in self._batches]
        self._seconds = (time.perf_counter() - begin) / num_updates
        return self._by_run(blocks)

    def look(self) -> list[tuple[int, Block]]:
        """(run, block) of every run that has not dropped out: the state it is in, without an update."""
        return self._by_run([batch.look() for batch in self._batches])

    def drop(self, run: int) -> None:
        """Leave a run out from now on."""
        for group, batch in zip(self._groups, self._batches, strict=True):
            if run in group:
                batch.drop(group.index(run))

    def good_block(self, seconds: float = SECONDS) -> int:
        """How many updates take about so long, 1 at least; the first block is one update."""
        most = min(batch.block for batch in self._batches)
        return max(1, min(most, int(seconds / self._seconds))) if self._seconds else 1

    def state(self, run: int) -> TrainState:
        """Where a run is."""
        group, batch = next(each for each in zip(self._groups, self._batches, strict=True) if run in each[0])
        return batch.state(group.index(run))

    def blocks(
        self, num_updates: int, seconds: float = SECONDS, with_last: bool = True
    ) -> Iterator[list[tuple[int, Block]]]:
        """All states up to that after so many updates, in blocks of about so many seconds, while a run goes on.

        Without the last state, where it is to be changed before anybody sees it.
        """
        iteration = self._batches[0].iteration
        while iteration < num_updates:
            many = min(self.good_block(seconds), num_updates - iteration)
            found = self.advance(many)
            if not found:
                return
            yield found
            iteration += many
        if with_last:
            yield self.look()

    def _by_run(self, blocks: Sequence[Sequence[Block | None]]) -> list[tuple[int, Block]]:
        runs = [run for group in self._groups for run in group]
        pairs = zip(runs, (block for found in blocks for block in found), strict=True)
        return sorted(((run, block) for run, block in pairs if block is not None), key=lambda pair: pair[0])

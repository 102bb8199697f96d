"""Runs that advance together: one plan for all small arrays, and the work of the size of the rows run by run.

Runs fit together where circuit, sums, evidence and the kind of learner are the same; seeds, starts, learning rates and
floors may differ. A run has the same bits alone and in company: no operation on small arrays mixes runs, and rows are
worked on for one seed at a time. A run whose numbers leave the finite range drops out, and the others go on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spncore.arrays import Bools, Floats
from spncore.circuits.families import Moments
from spncore.circuits.overparam import effective_weights
from spncore.learning.bag import MiniBatch
from spncore.learning.divergence import divergence
from spncore.learning.evaluator import Evaluation, RowSums
from spncore.learning.kept import Kept
from spncore.learning.learners import joined, prepare
from spncore.learning.states import Block, TrainState
from spncore.plan import Plan, Symbol

if TYPE_CHECKING:
    from spncore.learning.trainer import Trainer

BLOCK = 32  # updates for which parameters are kept until what follows from them is derived
BLOCK_BYTES = 4_000_000  # of those parameters


class _Seen(NamedTuple):
    """Of one update: `found` (4, S), LLH, objective, accuracy, log Z; `flow` (S, E); the parameters after it.

    `empty` (S,): which seeds have a node of weight 0; None where no weight is.
    """

    found: Floats
    flow: Floats
    moved: Floats
    optimiser: Sequence[Floats]
    empty: Bools | None


def fit_together(one: Trainer, other: Trainer) -> bool:
    """Whether the runs of two trainers can be one batch."""
    kinds = [
        (each.settings.optimiser, each.settings.parametrisation, each.settings.batch_size, each.num_trained)
        for each in (one, other)
    ]
    return (
        one.evaluator is other.evaluator
        and np.array_equal(one.problem.sums.phi, other.problem.sums.phi)
        and one.problem.zeros is None
        and other.problem.zeros is None
        and kinds[0] == kinds[1]
        and (one.learner.geometry is None or one.settings.floor == other.settings.floor)
    )


class Batch:
    """The runs of trainers that fit together, from a state of each after as many updates."""

    def __init__(self, trainers: Sequence[Trainer], states: Sequence[TrainState]) -> None:
        self.trainers, self.iteration, self._given = tuple(trainers), states[0].iteration, list(states)
        ends = np.cumsum([0, *(len(trainer.settings.seeds) for trainer in trainers)]).tolist()
        self._rows = [slice(*pair) for pair in zip(ends, ends[1:], strict=False)]
        self._gone: dict[int, Batch | None] = {}  # runs that dropped out; those with weights of 0 go on by themselves
        self._lead = copy.copy(self.trainers[0])
        each = [settings for trainer in trainers for settings in [trainer.settings] * len(trainer.settings.seeds)]
        self._lead.parametrisation, self._lead.optimiser = prepare(joined(each), self._lead.groups)
        parameters, trained = np.concatenate([state.parameters for state in states]), self._lead.num_trained
        self._x, self._held = parameters[:, :trained].copy(), parameters[:, trained:]
        self._held_weights = self._lead.weights(parameters)[:, trained:]
        self._optimiser = [np.concatenate(own) for own in zip(*(state.optimiser for state in states), strict=True)]
        self._draws: list[MiniBatch] | None = None
        self._careful = self._go_carefully(parameters, states)
        self.plan = Plan()
        with np.errstate(all="ignore"):
            self._see = self._carefully if self._careful else self._compiled()

    def _go_carefully(self, parameters: Floats, states: Sequence[TrainState]) -> bool:
        """Whether a run that is alone has weights of 0; of several, those that have go on by themselves at once."""
        weights, sums = self._lead.weights(parameters), self._lead.problem.sums
        edges = effective_weights(weights[:, : sums.num_weights], sums)
        sound: Bools = np.asarray(weights.all(axis=1) & edges.all(axis=1))
        if len(self.trainers) == 1:
            return not (sound.all() and self._lead.problem.zeros is None)
        for run, rows in enumerate(self._rows):
            if not sound[rows].all():
                self._gone[run] = Batch([self.trainers[run]], [states[run]])
        return False

    @property
    def block(self) -> int:
        """How many updates at a time are a good number."""
        return max(1, min(BLOCK, BLOCK_BYTES // max(1, self._x.nbytes)))

    def is_at(self, state: TrainState) -> bool:
        """Whether it is one run alone, and in this state."""
        return len(self.trainers) == 1 and not self._gone and self.state(0) is state

    def state(self, run: int) -> TrainState:
        """Where a run is."""
        apart = self._gone.get(run)
        if apart is not None:
            return apart.state(0)
        if self._given[run].iteration != self.iteration:
            self._given[run] = self._state(run, self.iteration, self._x, self._optimiser)
        return self._given[run]

    def drop(self, run: int) -> None:
        """Leave a run out from now on."""
        self._gone[run] = None

    def advance(self, num_updates: int) -> list[Block | None]:
        """By run a block of so many states with an update after each, None for one that has dropped out.

        A block that is cut short says why; its run then drops out. ValueError for less than one update.
        """
        if num_updates < 1:
            raise ValueError(f"updates: {num_updates} cannot be made; ask for 1 or more")
        if len(self._gone) == len(self.trainers):
            return [self._apart(run, num_updates) for run in range(len(self.trainers))]
        begin, before = self.iteration, (self._x.copy(), [array.copy() for array in self._optimiser])
        try:
            with np.errstate(all="ignore"):
                kept, last = self._updated(num_updates)
                start = partial(self._state, iteration=begin, x=before[0], optimiser=before[1])
                return [self._block(run, kept, start, last) for run in range(len(self.trainers))]
        except BaseException:
            for array, copied in zip((self._x, *self._optimiser), (before[0], *before[1]), strict=True):
                array[...] = copied
            self.iteration = begin
            raise

    def look(self) -> list[Block | None]:
        """By run what is seen at the state it is in, without an update; None for one that has dropped out."""
        if len(self._gone) == len(self.trainers):
            return [self._apart(run) for run in range(len(self.trainers))]
        with np.errstate(all="ignore"):
            kept = Kept.room(1, self._x.shape, self._lead.problem.circuit.num_edges)
            self._keep(kept, 0)
            kept.parameters[1] = self._x
            runs = range(len(self.trainers))
            return [self._block(run, kept, self.state, self._optimiser, looks=True) for run in runs]

    def _apart(self, run: int, num_updates: int = 0) -> Block | None:
        """What a run that has dropped out has to say: only one with weights of 0 goes on."""
        apart = self._gone[run]
        if apart is None:
            return None
        return (apart.advance(num_updates) if num_updates else apart.look())[0]

    def _updated(self, num_updates: int) -> tuple[Kept, list[Floats]]:
        """What is kept of so many updates, and the optimiser's state before the last of them."""
        kept, last = Kept.room(num_updates, self._x.shape, self._lead.problem.circuit.num_edges), list[Floats]()
        for place in range(num_updates):
            seen = self._keep(kept, place)
            if place == num_updates - 1:
                last = [array.copy() for array in self._optimiser]
            self._x[...] = seen.moved
            for array, new in zip(self._optimiser, seen.optimiser, strict=True):
                array[...] = new
            self.iteration += 1
        kept.parameters[num_updates] = self._x
        return kept, last

    def _keep(self, kept: Kept, place: int) -> _Seen:
        """Work out one update, and keep what it sees."""
        self._draw()
        kept.parameters[place] = self._x
        seen = self._see()
        kept.found[:, place], kept.flow[place] = seen.found, seen.flow
        if seen.empty is not None:
            kept.empty[place] = seen.empty
        return seen

    def _draw(self) -> None:
        """The rows that each seed sees in the next update."""
        if self._lead.settings.batch_size:
            drawn = [trainer.batches(self.iteration) for trainer in self.trainers]
            self._draws = None if drawn[0] is None else [batch for batches in drawn for batch in batches or ()]

    def _compiled(self) -> Callable[[], _Seen]:
        """One update as a plan that writes to arrays of its own."""
        room, plan = self._lead.evaluator.room(len(self._x)), self.plan
        x = plan.symbol("x", self._x)
        own = [plan.symbol(f"m{number}", array) for number, array in enumerate(self._optimiser)]
        flow, moved, optimiser = self._update(x, own, partial(self._planned, room))
        found = _Seen(room.seen, flow.array, moved.array, [array.array for array in optimiser], None)

        def see() -> _Seen:
            plan.run()
            return found

        return see

    def _planned(self, room: RowSums, edges: Any, inputs: Sequence[Any]) -> tuple[Any, tuple[Moments, ...]]:
        """Flow and moments as symbols; what is done row by row is one call of the plan."""
        evaluator, plan = self._lead.evaluator, self.plan
        if evaluator.is_mixture and not (self._lead.settings.train_components or self._lead.settings.batch_size):
            held = [evaluator.held([array[seed] for array in inputs]) for seed in range(len(self._x))]
            each = [partial(evaluator.weigh_held, seed, edges.array[seed], one, room) for seed, one in enumerate(held)]
            plan.add(partial(self._work, each), "F = Σ over rows of posteriors at w")
            return plan.symbol("F", room.flow) * (1.0 / self._lead.rows_an_update), ()
        coefficients = [plan.named("C", array) for array in evaluator.coefficients(edges, inputs)]
        of_inputs = [array.array if isinstance(array, Symbol) else array for array in coefficients]
        each = [
            partial(self._add_rows, seed, edges.array[seed], [array[seed] for array in of_inputs], room)
            for seed in range(len(self._x))
        ]
        plan.add(partial(self._work, each), "M, F = Σ over rows of posteriors at C, w")
        flow: Any = plan.symbol("F", room.flow)
        moments: Any = tuple([plan.symbol("M", array) for array in room.moments])
        return evaluator.collected(RowSums(room.seen, flow, moments), self._lead.rows_an_update)

    def _work(self, seeds: Sequence[Callable[[], None]]) -> None:
        """Do what is to be done for each seed, but for those of runs that have dropped out."""
        for run, rows in enumerate(self._rows):
            if run not in self._gone:
                for work in seeds[rows]:
                    work()

    def _add_rows(self, seed: int, edges: Floats, coefficients: list[Floats], room: RowSums) -> None:
        evaluator = self._lead.evaluator
        batch = evaluator.whole if self._draws is None else self._draws[seed]
        evaluator.add_rows(seed, edges, coefficients, room, batch)

    def _carefully(self) -> _Seen:
        """One update step by step, for weights of 0."""
        seen: list[Evaluation] = []

        def see(edges: Floats, inputs: Sequence[Floats]) -> tuple[Floats, tuple[Moments, ...]]:
            seen.append(self._lead.evaluator(edges, inputs, self._draws))
            return seen[0].flow, seen[0].moments

        flow, moved, optimiser = self._update(self._x, self._optimiser, see)
        found = np.stack(seen[0][:4])
        return _Seen(found, flow, moved, optimiser, seen[0].empty if self._lead.problem.zeros is None else None)

    def _update(
        self, x: Any, own: Sequence[Any], see: Callable[[Any, Sequence[Any]], tuple[Any, tuple[Moments, ...]]]
    ) -> tuple[Any, Any, Sequence[Any]]:
        """The mathematics of one update, of arrays or of symbols: flows of the edges, new parameters, new state."""
        lead, named = self._lead, self.plan.named
        weights = named("W", lead.weights(x))
        if lead.settings.train_components:
            layers, leaves = lead.problem.split(weights)
            inputs: Sequence[Any] = [named("θ", each) for each in leaves]
        else:
            layers, inputs = weights, lead.problem.leaves(self._held_weights)
        edges = named("w", effective_weights(layers, lead.problem.sums))
        flow, moments = see(edges, inputs)
        flow = named("a", flow)
        flows = named("A", lead.flows(flow, moments, inputs))
        gradient = named("∇", lead.gradient(weights, flows))
        increment, after = lead.optimiser.update(gradient, tuple(own))
        moved = named("x'", lead.moved(x, named("Δ", increment)))
        return lead.competing(flow, edges), moved, after

    def _state(self, run: int, iteration: int, x: Floats, optimiser: Sequence[Floats]) -> TrainState:
        rows = self._rows[run]
        parameters = np.concatenate([x[rows], self._held[rows]], axis=1)
        return TrainState(iteration, parameters, tuple(array[rows].copy() for array in optimiser))

    def _block(
        self,
        run: int,
        kept: Kept,
        start: Callable[[int], TrainState],
        last: Sequence[Floats],
        looks: bool = False,
    ) -> Block | None:
        """What a run has seen from the state that `start` gives on; it drops out where it cannot go on.

        `looks`: of one state, without an update after it.
        """
        num = len(kept.flow)
        if run in self._gone:
            return self._apart(run, 0 if looks else num)
        trainer, rows = self.trainers[run], self._rows[run]
        part = kept.of(rows)
        info = part.seen(trainer, self._held_weights[rows])
        sound, ends = part.sound(trainer.problem.zeros)
        if not self._careful and (zero := part.first_zero(info, trainer.problem.sums)) < min(sound + 1, num):
            return self._go_apart(run, start(run), zero, 0 if looks else num)
        begin = self.iteration - (0 if looks else num)
        if not ends:
            return Block(begin, info, self._state(run, begin + num - 1, kept.parameters[-2], last))
        self._gone[run] = None
        reason = divergence(trainer.problem, trainer.settings, part, info, begin)
        alone = Batch([trainer], [start(run)])
        if sound > 1:
            alone.advance(sound - 1)
        return Block(begin, info.part(slice(sound)), alone.state(0) if sound else None, reason)

    def _go_apart(self, run: int, start: TrainState, sound: int, num: int) -> Block:
        """After so many sound updates a run has a weight of 0: from there it goes on by itself."""
        alone = Batch([self.trainers[run]], [start])
        head = alone.advance(sound)[0] if sound else None
        self._gone[run] = Batch([self.trainers[run]], [alone.state(0)])
        tail = self._apart(run, max(num - sound, 0))
        assert tail is not None
        return tail if head is None else head.followed_by(tail)

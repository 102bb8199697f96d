"""What a run leaves behind: arrays recorded at every state, and what can be derived from them afterwards."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Array, Floats, Ints
from spncore.circuits.overparam import SumStack, effective_weights, split_layers
from spncore.dynamics import steps as dynamics
from spncore.dynamics.shares import component_shares, effective_number, log_masses
from spncore.files.whole import whole
from spncore.learning.problem import Problem
from spncore.learning.states import Block, TrainState
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.words import counted


@dataclass(frozen=True, eq=False)
class Trace:
    """Recorded arrays of T states of S seeds; entry t is the state after t updates, the first is the start.

    `llh` and `value` (S, T), the LLH and the objective that is trained, in nats per row; `flow` a_k (S, T, K);
    `log_masses` log C_k(∗) (S, T, K), of a mixture; `weights` (S, T, n), the layers' weights in one row; `final_state`
    goes on where it ended; `stopped` says why it ended early, else None; `held_out` LLH (S,) by split, where asked for.
    Of a deep circuit, k counts its weighted edges: its `problem` has the stack of sum layers over all of them.
    """

    experiment: Experiment
    problem: Problem
    llh: Floats
    value: Floats
    log_partition: Floats
    at_floor: NDArray[np.int64]
    log_masses: Floats
    flow: Floats
    weights: Floats
    final_state: TrainState | None
    stopped: str | None = None
    held_out: dict[str, Floats] = field(default_factory=dict)

    @property
    def sums(self) -> SumStack:
        """The stack of sum layers."""
        return self.problem.sums

    @property
    def rates(self) -> tuple[float | Floats, str]:
        """η, a column (T, 1) where it changes, and the parametrisation, as the functions of `dynamics` take them."""
        first = 0 if self.final_state is None else self.final_state.iteration - self.llh.shape[1] + 1
        return self.experiment.rates_at(slice(first, first + self.llh.shape[1]))

    @property
    def layer_weights(self) -> tuple[Floats, ...]:
        """Per layer, root first, (S, T, n_l)."""
        return split_layers(self.weights, self.sums)

    @cached_property
    def effective_weights(self) -> Floats:
        """w_k (S, T, K)."""
        return effective_weights(self.weights, self.sums)

    @cached_property
    def components(self) -> Floats:
        """The effective number of components (S, T): exp of the entropy of their shares; NaN in a deep circuit."""
        return numbers_in_use(self.effective_weights, self.log_masses)

    @cached_property
    def effective_gradient(self) -> Floats:
        """∇_{w_k} (S, T, K) = a_k / w_k, Trapp et al. (2019), eq. (2)."""
        return self.flow / self.effective_weights

    @cached_property
    def rho(self) -> Floats:
        """Adaptive rate ρ_k (S, T, K), in the form that holds for every depth."""
        return dynamics.adaptive_rate(self.weights, self.sums, *self.rates)

    @cached_property
    def lam(self) -> Floats:
        """Multiplicative term λ_k (S, T, K)."""
        return dynamics.multiplicative_term(self.weights, self.flow, self.sums, *self.rates)

    def updates_to(self, target: float) -> list[int | None]:
        """Per seed the fewest updates after which the LLH is at least `target`, 0 at the start; None if never."""
        return first_at(self.llh, target)


def first_at(values: Floats, target: float | Floats) -> list[int | None]:
    """Per row of values (S, T) the first place at which it is at least `target`, None if never."""
    return [int(np.argmax(row)) if row.any() else None for row in values >= target]


def numbers_in_use(weights: Floats, masses: Floats) -> Floats:
    """The effective number of components (...) of weights and log-masses (..., K); NaN where no masses are kept."""
    if masses.shape != weights.shape:
        return np.full(weights.shape[:-1], np.nan)
    return effective_number(component_shares(weights, masses))


def trace_bytes(experiment: Experiment, sums: SumStack) -> int:
    """Memory of a recorded trace, in bytes."""
    return 8 * experiment.num_seeds * (experiment.iterations + 1) * (2 * sums.num_components + sums.num_weights + 4)


class Rows(NamedTuple):
    """What a trace keeps of a block of states, as a Recorder takes it; it can be sent from process to process."""

    iteration: int
    arrays: tuple[Array, ...]
    last: TrainState | None
    stopped: str | None

    @classmethod
    def of(cls, block: Block, with_masses: bool) -> Rows:
        """Of a block, `with_masses` that of a mixture."""
        seen = block.seen
        with np.errstate(all="ignore"):
            masses = log_masses(seen.inputs[0]) if with_masses else seen.flow[..., :0]
        arrays = seen.llh, seen.value, seen.log_partition, seen.at_floor, masses, seen.flow, seen.layer_weights
        return cls(block.iteration, arrays, block.last, block.stopped)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Rows that follow each other, in one."""
        arrays = tuple([np.concatenate(same) for same in zip(*(part.arrays for part in parts), strict=True)])
        last = next((part.last for part in reversed(parts) if part.last is not None), None)
        return cls(parts[0].iteration, arrays, last, parts[-1].stopped)


class Recorder:
    """Collects the states of one run in arrays that are allocated once; `trace()` may be asked for at any time."""

    NUM_ARRAYS = 7

    def __init__(self, experiment: Experiment, problem: Problem, make: Callable[..., Array] = np.empty) -> None:
        """Make room for all states by `make(shape, dtype)`; ExperimentError if a deep circuit's would take too much."""
        sums = problem.sums
        num_bytes = trace_bytes(experiment, sums)
        if num_bytes > LIMITS.run_bytes:
            raise ExperimentError(
                f"iterations, num_seeds, structure: with {sums.num_components} edges about {num_bytes / 1e9:.1f} GB of "
                f"trace; the limit is {LIMITS.run_bytes / 1e9:g} GB; lower one of them"
            )
        states, seeds = experiment.iterations + 1, experiment.num_seeds
        self.experiment, self.problem = experiment, problem
        self.length = self._first = 0  # states, and the updates before the first of them
        self.state: TrainState | None = None
        self.stopped: str | None = None  # why the run ended early
        self._num_masses = sums.num_components if experiment.structure == "mixture" else 0
        # kept state by state, shown with the seeds first
        widths = self._num_masses, sums.num_components, sums.num_weights
        sizes = *[((), float)] * 3, ((), np.int64), *[((width,), float) for width in widths]
        self._by_step = [make((states, seeds, *size), dtype) for size, dtype in sizes]
        self._by_seed: list[Any] = [array.swapaxes(0, 1) for array in self._by_step]
        self.llh, self.value, self.log_partition, self.at_floor, self.log_masses, self.flow, self.weights = (
            self._by_seed
        )

    def follow(self, blocks: Iterable[Block]) -> Iterator[int]:
        """Record a run's blocks, giving the number of states so far; divergence or Ctrl-C ends it with a reason."""
        try:
            for block in blocks:
                self.add(block)
                yield self.length
        except KeyboardInterrupt:
            self.interrupt()

    def interrupt(self) -> None:
        """Say that somebody ended it here, unless it had ended."""
        self.stopped = self.stopped or f"interrupted after {counted(max(self.length - 1, 0), 'update')}"

    def add(self, block: Block) -> None:
        """Append the states of a block; why it was cut short, if it was, becomes the reason."""
        self.append(Rows.of(block, self._num_masses > 0))

    def append(self, rows: Rows) -> None:
        """Append rows of states; those that are here already are left out, as where somebody went on from the last."""
        if not self.length:
            self._first = rows.iteration
        known = self._first + self.length - rows.iteration
        end = self.length + len(rows.arrays[0]) - known
        for array, values in zip(self._by_step, rows.arrays, strict=True):
            array[self.length : end] = values[known:]
        if rows.stopped is not None:
            self.stopped = f"diverged: {rows.stopped}"
        self.state, self.length = rows.last or self.state, end

    def components(self, at: Ints | slice) -> Floats:
        """The effective number of components of every seed at some of the states so far, (S, len(at))."""
        weights = effective_weights(self.weights[:, at], self.problem.sums)
        return numbers_in_use(weights, self.log_masses[:, at])

    def trace(self) -> Trace:
        """The states so far; its arrays are views that later ones do not change."""
        recorded: list[Any] = [array[:, : self.length] for array in self._by_seed]
        return Trace(*[self.experiment, self.problem, *recorded, self.state, self.stopped])


def tidy(traces: Sequence[Trace]) -> Iterator[tuple[int, int, int, str, float]]:
    """Rows (seed, L, t, quantity, value), t updates done: LLH of every seed; ρ, λ, effective weight of every k."""
    for trace in traces:
        depth = trace.experiment.depth
        for index, seed in enumerate(trace.experiment.seeds):
            for t, llh in enumerate(trace.llh[index]):
                yield seed, depth, t, "llh", float(llh)
            for name, array in (("rho", trace.rho), ("lambda", trace.lam), ("weight", trace.effective_weights)):
                for t, k in np.ndindex(array.shape[1:]):
                    yield seed, depth, t, f"{name}_{k + 1}", float(array[index, t, k])


def ended(trace: Trace) -> dict[str, Any]:
    """How a run went, as plain values: its seeds, what stopped it, LLH and objective of every seed and state."""
    own = {} if trace.experiment.objective == "generative" else {"objective": trace.value.tolist()}
    return {"seeds": list(trace.experiment.seeds), "stopped": trace.stopped, "llh": trace.llh.tolist(), **own}


def write_csv(path: Path, traces: Sequence[Trace]) -> None:
    """Write `tidy` rows, all or nothing; numbers in the shortest form that reads back to the same bits."""
    with whole(path) as file:
        writer = csv.writer(codecs.getwriter("utf-8")(file))
        writer.writerow(("seed", "L", "t", "quantity", "value"))
        writer.writerows(tidy(traces))

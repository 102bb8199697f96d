"""What is held equal between depths: the same comparison under four answers, each best learning rate searched for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from spncore.circuits.overparam import consecutive_sums, initial_layer_weights
from spncore.data.library import Dataset
from spncore.dynamics.steps import preconditioner
from spncore.limits import LIMITS
from spncore.record import Record, choice, part
from spncore.runs.experiment import Experiment
from spncore.studies import best_rate, shipped
from spncore.studies.best_rate import Best
from spncore.studies.cells import DEPTHS, REAL, Cells, Runs, depth_name, faster_name, outcomes, tidied
from spncore.studies.figure3 import HONEST
from spncore.studies.shipped import Measured
from spncore.sweep import Cell, Outcome, Reporter, Target

TOPOLOGIES = ("tree", "private", "shared")
WEIGHTS = ("linear", "log")
COMPONENTS = ("fixed", "trained")
RUNS = Runs(REAL, 12)
CHOOSING_SEED, CHOOSING_SEEDS = 100, 5  # learning rates are chosen on seeds that the comparison does not use
GAIN = Target("gain", 0.9)
LEVEL = Target("llh", -7.2)
NUM_RATES, ROUNDS = 11, 7  # of the coarse grid, and at most so many more rounds: three where the best stays in place
# η, T, and T where products start alike, which can be much slower
SETTINGS = {
    ("fixed", "linear"): (1e-3, 300, 2500),
    ("fixed", "log"): (0.1, 300, 300),
    ("trained", "linear"): (1e-2, 1000, 1000),
    ("trained", "log"): (0.1, 600, 600),
}


@dataclass(frozen=True)
class Case(Record):
    """One combination of the selectors of "What is held equal"."""

    topology: str = choice("tree", "topology", choices=TOPOLOGIES)
    weights: str = choice("linear", "weights", choices=WEIGHTS)
    components: str = choice("fixed", "components", choices=COMPONENTS)
    runs: Runs = part(Runs, RUNS)

    @property
    def target(self) -> Target:
        """What is waited for: most of the possible gain, or with trained components a level of Figure 3."""
        return GAIN if self.components == "fixed" else LEVEL

    @property
    def experiment(self) -> Experiment:
        """The common setting: per-layer start 0.1, one learning rate for all depths."""
        fixed = self.components == "fixed"
        rate, iterations, _ = SETTINGS[self.components, self.weights]
        return Experiment(
            **self.runs.settings(),
            topology=self.topology,
            parametrisation=self.weights,
            component_init="fitted" if fixed else "uniform",
            train_components=not fixed,
            init_noise=0.0 if fixed else HONEST,
            init_scale=0.1,
            learning_rate=rate,
            iterations=iterations,
        )

    def rates(self, depth: int) -> tuple[float, ...]:
        """The coarse grid of a depth: from half the common rate each twice the one before, times the depth's scale.

        All end where the largest rate that is allowed ends that of one layer, so that they correspond.
        """
        rates = (tidied(self.experiment.learning_rate * 2.0 ** (step - 1)) for step in range(NUM_RATES))
        shallow = dict.fromkeys(min(rate, LIMITS.largest_rate) for rate in rates)
        return tuple(tidied(rate * self.scale(depth), best_rate.DIGITS) for rate in shallow)

    def scale(self, depth: int) -> float:
        """How much smaller a rate must be for a depth to start as fast as one layer: λ_max(M₁)/λ_max(M_L)."""
        return self._steepest(1) / self._steepest(depth)

    def _steepest(self, depth: int) -> float:
        """The largest eigenvalue of the preconditioner at the start, over flows of components, which add to nothing."""
        start = self.experiment
        sums = consecutive_sums(start.topology, start.num_components, depth)
        weights = initial_layer_weights(sums, start.init_scale, start.init_convention)
        matrix = preconditioner(weights, sums, start.parametrisation)
        balanced = np.eye(len(matrix)) - 1.0 / len(matrix)
        return float(np.linalg.eigvalsh(balanced @ matrix @ balanced)[-1])

    def cell(self, depth: int, **changes: Any) -> Cell:
        """The common setting at one depth, with changes."""
        return Cell(self.experiment.replace(depth=depth, **changes), (self.target,), curve=True)

    def same_start(self) -> Cells:
        """Every weight starts alike in every layer."""
        return self.at_rates({})

    def same_product(self) -> Cells:
        """Every product of weights from root to component starts alike; one layer needs no longer than otherwise."""
        longer = {"iterations": SETTINGS[self.components, self.weights][2]}
        return {
            depth_name(depth): self.cell(depth, init_convention="matched", **(longer if depth > 1 else {}))
            for depth in DEPTHS
        }

    def grid(self, found: Mapping[Cell, Outcome]) -> Iterator[list[Cell]]:
        """Rounds of cells from which learning rates are chosen; `found` is to hold what a round asked for at the next.

        First the coarse grids of all depths, whose rates correspond; then rates around each depth's best one, and
        beyond an end where that is the best.
        """
        tried = {depth: self._choosing(depth, self.rates(depth)) for depth in DEPTHS}
        yield [cell for cells in tried.values() for cell in cells.values()]
        for _ in range(ROUNDS):
            known = {depth: {rate: found[cell] for rate, cell in cells.items()} for depth, cells in tried.items()}
            more = {depth: self._choosing(depth, best_rate.to_try(outcomes)) for depth, outcomes in known.items()}
            if not any(more.values()):
                return
            yield [cell for cells in more.values() for cell in cells.values()]
            tried = {depth: cells | more[depth] for depth, cells in tried.items()}

    def _choosing(self, depth: int, rates: Iterable[float]) -> dict[float, Cell]:
        """By rate the cells from which a depth's best learning rate is chosen."""
        changes = {"seed": CHOOSING_SEED, "num_seeds": CHOOSING_SEEDS}
        return {rate: replace(self.cell(depth, learning_rate=rate, **changes), curve=False) for rate in rates}

    def best(self, found: Mapping[Cell, Outcome]) -> dict[int, Best]:
        """The best learning rate of each depth, given the outcomes of all rounds."""
        tried: dict[int, dict[float, Outcome]] = {depth: {} for depth in DEPTHS}
        for cells in self.grid(found):
            for cell in cells:
                tried[cell.experiment.depth][cell.experiment.learning_rate] = found[cell]
        return {depth: best_rate.best(known) for depth, known in tried.items()}

    def beyond_one_layer(self, depth: int, rate: float) -> bool:
        """Whether a rate of a depth corresponds to one that is above the limit for one layer."""
        return rate / self.scale(depth) > LIMITS.largest_rate * (1.0 + 1e-9)

    def at_best(self, best: Mapping[int, Best]) -> Cells:
        """Each depth at its best rate, at the common one where no rate gets to the target."""
        return self.at_rates({depth: each.rate for depth, each in best.items() if each.rate is not None})

    def at_rates(self, rates: Mapping[int, float]) -> Cells:
        """Each depth at its own learning rate, the common one where it has none."""
        common = self.experiment.learning_rate
        return {depth_name(depth): self.cell(depth, learning_rate=rates.get(depth, common)) for depth in DEPTHS}

    def shallow_faster(self) -> Cells:
        """Each depth at the common learning rate η, and the shallow network at Lη."""
        rate = self.experiment.learning_rate
        shallow = {faster_name(depth): self.cell(1, learning_rate=tidied(rate * depth)) for depth in DEPTHS[1:]}
        return self.same_start() | shallow

    def all_cells(self, found: Mapping[Cell, Outcome]) -> list[Cell]:
        """Every cell of the page but those from which rates are chosen, given their outcomes."""
        settings = (
            self.same_start(),
            self.same_product(),
            self.at_best(self.best(found)),
            self.shallow_faster(),
        )
        return list(dict.fromkeys(cell for setting in settings for cell in setting.values()))


SHIPPED = tuple(
    Case(topology, weights, components) for components in COMPONENTS for weights in WEIGHTS for topology in TOPOLOGIES
)

pack, unpack = partial(shipped.pack, points=80), shipped.unpack
tidy = partial(shipped.rows, by="init_convention")


def run(study: Case, data: Dataset, report: Reporter) -> Measured:
    """All runs of one case: first the rounds that search for the best rates, then what they decide."""
    found: dict[Cell, Outcome] = {}
    for cells in study.grid(found):
        found |= outcomes(cells, data, report)
    return shipped.measured(found | outcomes(study.all_cells(found), data, report), data)

"""What is held equal between depths: the same comparison under four answers, each learning rate chosen on a grid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from spncore.data.library import Dataset
from spncore.limits import LIMITS
from spncore.record import Record, choice, part
from spncore.runs.experiment import Experiment
from spncore.studies import shipped
from spncore.studies.cells import DEPTHS, REAL, Cells, Compute, Runs, depth_name, faster_name, outcomes, tidied
from spncore.studies.figure3 import HONEST
from spncore.studies.shipped import Measured
from spncore.studies.statistics import median
from spncore.sweep import Cell, Outcome, Reporter, SeedOutcome, Target

TOPOLOGIES = ("tree", "private", "shared")
WEIGHTS = ("linear", "log")
COMPONENTS = ("fixed", "trained")
RUNS = Runs(REAL, 12)
CHOOSING_SEED, CHOOSING_SEEDS = 100, 5  # learning rates are chosen on seeds that the comparison does not use
GAIN = Target("gain", 0.9)
LEVEL = Target("llh", -7.2)
NUM_RATES = 11
KEPT = 0.9  # of the gain of the best run on the grid
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

    @property
    def rates(self) -> tuple[float, ...]:
        """Learning rates to choose from: half the common one, then each twice the one before."""
        rates = (tidied(self.experiment.learning_rate * 2.0 ** (step - 1)) for step in range(NUM_RATES))
        return tuple(rate for rate in rates if rate <= LIMITS.largest_rate)

    def cell(self, depth: int, **changes: Any) -> Cell:
        """The common setting at one depth, with changes."""
        return Cell(self.experiment.replace(depth=depth, **changes), (self.target,), curve=True)

    def choosing(self, depth: int, rate: float) -> Cell:
        """One point of the grid from which a depth's best learning rate is chosen."""
        cell = self.cell(depth, learning_rate=rate, seed=CHOOSING_SEED, num_seeds=CHOOSING_SEEDS)
        return replace(cell, curve=False)

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

    def best_rates(self, compute: Compute) -> dict[int, float]:
        """The best learning rate of each depth on the grid; the common one where no rate gets to the target."""
        best = {d: best_rate({rate: compute(self.choosing(d, rate)) for rate in self.rates}) for d in DEPTHS}
        return {depth: rate or self.experiment.learning_rate for depth, rate in best.items()}

    def at_rates(self, rates: Mapping[int, float]) -> Cells:
        """Each depth at its own learning rate, the common one where it has none."""
        common = self.experiment.learning_rate
        return {depth_name(depth): self.cell(depth, learning_rate=rates.get(depth, common)) for depth in DEPTHS}

    def shallow_faster(self) -> Cells:
        """Each depth at the common learning rate η, and the shallow network at Lη."""
        rate = self.experiment.learning_rate
        shallow = {faster_name(depth): self.cell(1, learning_rate=tidied(rate * depth)) for depth in DEPTHS[1:]}
        return self.same_start() | shallow

    def grid(self) -> list[Cell]:
        """All cells from which learning rates are chosen."""
        return [self.choosing(depth, rate) for depth in DEPTHS for rate in self.rates]

    def all_cells(self, compute: Compute) -> list[Cell]:
        """Every cell of the page but the grid, given the grid's outcomes."""
        settings = (
            self.same_start(),
            self.same_product(),
            self.at_rates(self.best_rates(compute)),
            self.shallow_faster(),
        )
        return list(dict.fromkeys(cell for setting in settings for cell in setting.values()))


SHIPPED = tuple(
    Case(topology, weights, components) for components in COMPONENTS for weights in WEIGHTS for topology in TOPOLOGIES
)

pack, unpack = partial(shipped.pack, points=80), shipped.unpack
tidy = partial(shipped.rows, by="init_convention")


def run(study: Case, data: Dataset, report: Reporter) -> Measured:
    """All runs of one case: first the grid of learning rates, then what it decides."""
    grid = outcomes(study.grid(), data, report)
    return shipped.measured(grid | outcomes(study.all_cells(grid.__getitem__), data, report), data)


def best_rate(outcomes: Mapping[float, Outcome]) -> float | None:
    """The rate with the smallest median of iterations to the target, the smaller one of two; None if none gets there.

    A run counts only if it keeps what it won: it ends within a tenth of the gain of its seed's best end on the grid.
    """
    best: dict[int, float] = {}
    for outcome in outcomes.values():
        for seed in outcome.seeds:
            if seed.final_llh is not None:
                best[seed.seed] = max(seed.final_llh, best.get(seed.seed, seed.final_llh))
    medians = {rate: median([_lasting(seed, best) for seed in outcome.seeds]) for rate, outcome in outcomes.items()}
    arrived = {rate: middle for rate, middle in medians.items() if middle is not None}
    return min(arrived, key=lambda rate: (arrived[rate], rate)) if arrived else None


def _lasting(seed: SeedOutcome, best: Mapping[int, float]) -> int | None:
    """Iterations to the target, None for a run that ends low or diverges."""
    if seed.first_llh is None or seed.final_llh is None or seed.stopped is not None:
        return None
    enough = seed.final_llh >= seed.first_llh + KEPT * (best[seed.seed] - seed.first_llh)
    return seed.reached[0] if enough else None

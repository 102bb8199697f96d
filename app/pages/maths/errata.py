"""Five slips of the paper, each with numbers from a run made here. Trapp, Peharz and Pernkopf (2019).

The run is the lab's preset "fixed-components" on a set that ships with the lab, so that a link can open it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from app.kit.text import sections
from spncore import Trainer, fit
from spncore.arrays import Floats
from spncore.circuits.overparam import SumStack, effective_weights
from spncore.data.library import Dataset, from_array, load
from spncore.dynamics import steps
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import OBJECTIVES, data_and_partition
from spncore.runs.study import Study
from spncore.runs.trace import Trace
from spncore.runs.training import learner_of
from spncore.studies import presets
from spncore.sweep import Reporter, quiet
from spncore.words import raised

DATASET = "two-clusters"
STEP = 20  # of the run, where the residuals are taken
RATES = np.logspace(-6, -3, 13)


class Scaled(NamedTuple):
    """Eq. 1: by how much doubling the root's weights moves it as printed, and the mean."""

    num_rows: int
    printed: float
    mean: float


class Slopes(NamedTuple):
    """Eq. 13 or 3: the largest residual of one step at every rate of the grid, and the fitted slopes."""

    rates: Floats
    residuals: dict[str, Floats]
    slopes: dict[str, float]


class Memory(NamedTuple):
    """Eq. 14: its right-hand side at step t, by how much it misses w(t+1) and w(t), and the start's share of it."""

    step: int
    component: int
    from_next: float
    from_same: float
    start_share: float


class Gradient(NamedTuple):
    """Eq. 2 for one component: difference quotient of the LLH, the mean over rows, and one row alone."""

    difference: float
    mean_over_rows: float
    one_row: float


class Errata(NamedTuple):
    """All evidence; `study` is the run that a link opens."""

    study: Study
    objective: Scaled
    rho: Slopes
    momentum: Memory
    gradient: Gradient
    layers: Slopes


def measure(report: Reporter = quiet) -> Errata:
    """Run the preset at its depths and take the evidence from it; well under a second."""
    preset = presets.PRESETS["fixed-components"].on(DATASET)
    study = Study(preset.experiment.replace(num_seeds=1), preset.depths)
    data = load(DATASET)
    traces = dict[int, Trace]()
    for experiment in study.experiments():
        report(len(traces), len(study.depths))
        traces[experiment.depth] = fit(experiment, data)
    deep = traces[3]
    rho = _slopes(deep, {"product form": steps.first_order_residual, "as printed": steps.residual_as_printed})
    layers = _slopes(deep, {"above the last": steps.first_order_residual, "all": _last_counted_twice})
    return Errata(study, _scaled(deep), rho, _memory(deep), _gradient(deep, data), layers)


def _scaled(trace: Trace) -> Scaled:
    """Eq. 1 at the start of the run, whose LLH is the mean log f − log Z."""
    trainer = Trainer(trace.problem, learner_of(trace.experiment))
    layers, leaves = trace.problem.split(trainer.weights(trainer.init().parameters))
    num_rows = trace.problem.bag.num_rows
    root = np.where(np.arange(layers.shape[1]) < trace.sums.sizes[0], 2.0, 1.0)
    seen = [trainer.evaluator(effective_weights(layers * by, trace.sums), leaves) for by in (1.0, root)]
    means, log_partitions = np.array([each.llh[0] for each in seen]), np.array([each.log_partition[0] for each in seen])
    printed = num_rows * (means + log_partitions) - log_partitions
    return Scaled(num_rows, float(np.diff(printed)[0]), abs(float(np.diff(means)[0])))


def _last_counted_twice(weights: Floats, flow: Floats, sums: SumStack, rate: float) -> Floats:
    """What first order leaves where λ runs over all layers, the last one among them."""
    last = steps.relative_steps(weights, flow, sums, rate)[-1]
    return np.asarray(steps.first_order_residual(weights, flow, sums, rate) - last)


def _slopes(trace: Trace, forms: Mapping[str, Callable[..., Floats]]) -> Slopes:
    weights, flow = trace.weights[0, STEP], trace.flow[0, STEP]
    residuals = {
        name: np.array([np.abs(residual(weights, flow, trace.sums, rate)).max() for rate in RATES])
        for name, residual in forms.items()
    }
    slopes = {name: float(np.polyfit(np.log(RATES), np.log(row), 1)[0]) for name, row in residuals.items()}
    return Slopes(RATES, residuals, slopes)


def _memory(trace: Trace) -> Memory:
    step = 10
    weights = trace.effective_weights[0]  # (T, K)
    k = int(np.abs(weights[step + 1] / weights[step] - 1).argmax())
    rho, lam, gradient = (values[0, : step + 1, k] for values in (trace.rho, trace.lam, trace.effective_gradient))
    memory = float(steps.momentum_kernel(rho, lam)[step] @ gradient)
    start = float(lam[step] * steps.start_term(weights[0, k], lam)[step])
    right = float(weights[step, k] + rho[step] * gradient[step]) + memory + start
    following, same = float(weights[step + 1, k]), float(weights[step, k])
    share = abs(start) / (abs(start) + abs(memory))
    return Memory(step, k + 1, abs(right / following - 1), abs(right / same - 1), share)


def _gradient(trace: Trace, data: Dataset) -> Gradient:
    """Component 1 at the start of the run, by central differences of the LLH."""
    trainer = Trainer(trace.problem, learner_of(trace.experiment))
    layers, leaves = trace.problem.split(trainer.weights(trainer.init().parameters))
    weights = effective_weights(layers, trace.sums)  # (1, K)
    h = 1e-4 * float(weights[0, 0])
    llh = []
    for change in (h, -h):
        moved = weights.copy()
        moved[0, 0] += change
        llh.append(float(trainer.evaluator(moved, leaves).llh[0]))
    seen = trainer.evaluator(weights, leaves).flow[0, 0] / weights[0, 0]
    proper = OBJECTIVES["generative"]
    first = data_and_partition(from_array(data.rows[:1]))
    one = Evaluator(trace.problem.circuit, first, proper)(weights, leaves).flow[0, 0] / weights[0, 0]
    return Gradient((llh[0] - llh[1]) / (2 * h), float(seen), float(one))


def sentences(found: Errata) -> dict[str, str]:
    """What the numbers say, by erratum."""
    _, by_erratum = sections("maths/evidence")
    return {name: raised(words.format(**found._asdict())) for name, words in by_erratum.items()}

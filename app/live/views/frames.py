"""What the browser is sent of a run: a layout once, then float32 frames and a small header that says what they are.

Frame i is the state after min(i · stride, last) updates; the last one is kept when the run ends. A frame holds, for
each depth and then for each rival, the fields of `OFFSETS`: of every seed the objective and a mixture's effective
number of components, the rest of one seed. `beyond` counts the updates since the frame before that first order does not
describe. Of learners other than gradient ascent ρ, λ and it are not defined, and NaN.
"""

import json
import math
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from app.live.computation import Computation
from app.live.history import saved
from app.live.run import LiveRun
from app.live.views.query import BadQueryError
from spncore import Dataset, Recorder
from spncore.arrays import Floats, Ints
from spncore.circuits.overparam import SumStack, effective_weights
from spncore.data.library import DATASETS, empirical_llh, product_of_marginals_llh
from spncore.dynamics import steps
from spncore.dynamics.shares import alone_since
from spncore.learning.learners import LEARNERS
from spncore.learning.objectives import OBJECTIVES
from spncore.limits import LIMITS
from spncore.runs.experiment import FIELDS, Experiment

VERSION = 2
MAX_FRAMES = 1_000
ANSWER_BYTES = 512_000
FIRST_BYTES = 64_000  # of the first answer, which a slow line has drawn while the rest comes
ANSWER_NUMBERS = 100_000  # of one answer of a series; the page asks again for the rest
Floats32 = NDArray[np.float32]
NOTHING: Floats32 = np.empty((0,), "<f4")
_ALONE: WeakKeyDictionary[Computation, dict[int, list[str]]] = WeakKeyDictionary()  # by length, for all its viewers


def stride_of(experiment: Experiment) -> int:
    """Every how many updates a frame is kept."""
    return max(1, math.ceil(experiment.iterations / MAX_FRAMES))


def iterations_from(run: LiveRun, start: int) -> Ints:
    """The updates before the frames from number `start` on; BadQueryError if it lies beyond them.

    The number of frames never falls, and a frame never changes.
    """
    ended = run.ended  # before the length: a run that ends in between is not yet over
    length, stride = run.length, stride_of(run.study.experiment)
    partial = ended and length > 0 and (length - 1) % stride > 0
    available = math.ceil(length / stride) + partial
    if start > available:
        raise BadQueryError(f"from: {start} lies beyond the {available} frames there are.")
    return np.minimum(np.arange(start, available) * stride, max(length - 1, 0))


def layout(run: LiveRun) -> dict[str, Any]:
    """All that stays the same during a run and is needed to read and to draw its frames."""
    experiment, start = run.study.experiment, 0
    curves: list[dict[str, Any]] = []
    stacks = [problem.sums for problem in run.computation.problems]
    described = zip(run.study.experiments(), run.study.names(), _widths_of(run), strict=True)
    for curve, (single, name, (*offsets, width)) in enumerate(described):
        shallow = run.study.is_shallow(curve)
        curves.append(
            {
                "depth": single.depth,
                "name": name,
                "learner": "shallow" if shallow else single.optimiser,
                "learner_title": name if shallow else single.learner_title,
                "has_rates": single.optimiser == RATES_OF and not shallow,
                "offsets": dict(zip(OFFSETS, (start + offset for offset in offsets), strict=True)),
                "sizes": [] if shallow else stacks[curve].sizes.tolist(),
                "phi": [] if shallow else stacks[curve].phi.tolist(),
            }
        )
        start += width
    return {
        "v": VERSION,
        "fields": start,
        "stride": stride_of(experiment),
        "iterations": experiment.iterations,
        "quantity": OBJECTIVES[experiment.objective].title,
        "curves": curves,  # the depths, then the rivals
        "num_depths": len(run.study.depths),
        "seeds": list(experiment.seeds),
        "num_components": stacks[0].num_components,
        "floor": experiment.floor if experiment.parametrisation == "linear" else None,
        "touch": _touch(experiment),
        "rates": [[each.at, each.value] for each in experiment.acting if each.of_rate],
        "settings": {name: getattr(experiment, name) for name in FIELDS if name != "depth"},
        **_of_dataset(run.dataset),
        **_bounds(run),
    }


RATES_OF = "gradient_ascent"  # the learner whose steps ρ and λ describe
OF_DATASET = "name title sha256 source synthetic num_rows num_distinct".split()
OFFSETS = "value components rho lam w weights beyond at_floor".split()


def frames(run: LiveRun, start: int, seed: int) -> tuple[dict[str, Any], Floats32]:
    """Header and frames (F, fields) from number `start` on, for one detail seed; half a megabyte at most."""
    stands = standing(run, start)  # first, so that the end is told with the last frame
    every = iterations_from(run, start)
    most = ANSWER_BYTES if start else min(FIRST_BYTES, ANSWER_BYTES)
    widths = _widths_of(run)
    numbers = every[: max(1, most // (4 * sum(width for *_, width in widths)))]
    before = (start - 1) * stride_of(run.study.experiment) if start else 0  # the iteration of the frame before
    curves = [
        _of_curve(recorder, numbers, seed, before, run.study.is_shallow(place), width)
        for place, (recorder, (*_, width)) in enumerate(zip(run.recorders, widths, strict=False))
    ]
    body = np.hstack(curves or [np.empty((0, 0), "<f4")])
    header = {
        **stands,
        "frames": len(numbers),
        "length": start + len(every),
        "done": run.length,
        "stride": stride_of(run.study.experiment),
        "iterations": run.study.experiment.iterations,
        **run.told()._asdict(),
        "events": run.events(),
        "alone": alone(run),
    }
    return header, body


def standing(run: LiveRun, start: int) -> dict[str, Any]:
    """Where a run stands: all there is to say while its circuit is being drawn or learned."""
    stands: dict[str, Any] = {
        "v": VERSION,
        "state": run.state,
        "reason": run.reason,
        "queue_position": run.queue_position,
    }
    return {**stands, "saved": saved(run)._asdict(), "from": start, "frames": 0, "length": start, "done": 0}


def components(run: LiveRun, frame: int, seed: int) -> tuple[dict[str, Any], Floats32]:
    """Header and a mixture's probabilities of a 1 (curves, K, D) as kept nearest to a frame; NaN where diverged."""
    wanted = min(frame * stride_of(run.study.experiment), max(run.length - 1, 0))
    kept = [] if run.study.deep else [dict(snapshots) for snapshots in run.computation.kept]
    iterations = sorted(iteration for iteration in set().union(*kept) if iteration < max(run.length, 1))
    header = {"v": VERSION, "state": run.state, "at": None, "depths": list(run.study.depths)}
    if not iterations:
        return header, NOTHING
    nearest = min(iterations, key=lambda iteration: abs(iteration - wanted))
    missing = np.full((run.study.experiment.num_components, run.dataset.num_variables), np.nan, "<f4")
    found = [snapshots[nearest][seed] if nearest in snapshots else missing for snapshots in kept]
    return {**header, "at": nearest}, np.stack(found)


def envelope(header: dict[str, Any], body: Floats32) -> bytes:
    """Length of the header (uint32, little-endian), header padded so that the body is 8-byte-aligned, body."""
    text = json.dumps(header, allow_nan=False).encode("ascii")
    text += b" " * (-(4 + len(text)) % 8)
    return len(text).to_bytes(4, "little") + text + np.ascontiguousarray(body, "<f4").tobytes()


def padded(rows: NDArray[Any], number: int) -> NDArray[Any]:
    """As many rows, NaN beyond those that are recorded."""
    result = np.full((number, rows.shape[1]), np.nan, rows.dtype)
    result[: len(rows)] = rows
    return result


def alone(run: LiveRun) -> list[str]:
    """A sentence for each curve of a mixture that ended with all of Z on one component."""
    if run.study.deep or run.study.experiment.num_components == 1 or not (run.ended and run.length):
        return []
    kept = _ALONE.setdefault(run.computation, {})
    if run.length not in kept:
        numbers = (recorder.components(slice(min(run.length, recorder.length))) for recorder in run.recorders)
        said = (alone_words(name, alone_since(each)) for name, each in zip(run.study.names(), numbers, strict=False))
        kept[run.length] = [sentence for sentence in said if sentence]
    return kept[run.length]


def alone_words(name: str, since: Sequence[int | None]) -> str:
    """In how many seeds of a curve one component holds all of Z, and from when on; empty where in none."""
    found = sorted(at for at in since if at is not None)
    if not found:
        return ""
    seeds = f" in {len(found)} of {len(since)} seeds" if len(since) > 1 else ""
    first = (
        f"update {found[0]}" if found[0] == found[-1] else f"update {found[0]} (the first) or {found[-1]} (the last)"
    )
    return f"{name}: one component holds all of Z{seeds}, from {first} on."


def _of_curve(recorder: Recorder, numbers: Ints, seed: int, before: int, is_shallow: bool, width: int) -> Floats32:
    """The fields of one curve (F, width) at the given iterations; NaN after it diverged."""
    known = numbers[numbers < recorder.length]
    if not known.size:
        return np.full((len(numbers), width), np.nan, "<f4")
    with np.errstate(all="ignore"):  # beyond float32 is inf, which the page shows as a gap
        detail = [] if is_shallow else _of_weights(recorder, (seed, known))
        numbers_of = [recorder.components(known).T] if recorder.experiment.structure == "mixture" else []
        beyond = [] if is_shallow else [_beyond(recorder, known, seed, before)]
        columns = recorder.value[:, known].T, *numbers_of, *detail, *beyond, recorder.at_floor[seed, known, None]
        return padded(np.concatenate(columns, axis=1).astype("<f4"), len(numbers))


def _beyond(recorder: Recorder, known: Ints, seed: int, before: int) -> Floats:
    """How many updates since the frame before passed what first order describes (F, 1); NaN of other learners."""
    if recorder.experiment.optimiser != RATES_OF or not known.size:
        return np.full((len(known), 1), np.nan)
    here = seed, slice(before, int(known[-1]))
    sums, rates = recorder.problem.sums, recorder.experiment.rates_at(here[1])
    passed = steps.beyond_first_order(recorder.weights[here], recorder.flow[here], sums, *rates)
    so_far = np.concatenate([[0], np.cumsum(passed)])[known - before]
    return np.diff(so_far, prepend=0)[:, None].astype(float)


def _of_weights(recorder: Recorder, here: tuple[int, Ints]) -> list[Floats]:
    """ρ, λ, w and the layers' weights of one seed at some iterations."""
    experiment, sums = recorder.experiment, recorder.problem.sums
    weights, flow = recorder.weights[here], recorder.flow[here]
    size = experiment.rates_at(here[1])
    rates = [
        steps.adaptive_rate(weights, sums, *size),
        steps.multiplicative_term(weights, flow, sums, *size),
    ]
    if experiment.optimiser != RATES_OF:
        rates = [np.full_like(rate, np.nan) for rate in rates]
    return [*rates, effective_weights(weights, sums), weights]


def _touch(experiment: Experiment) -> dict[str, Any]:
    """What may be changed on the way: weights of the depths, the rate, between which numbers; and the largest depth."""
    learner = LEARNERS[experiment.optimiser]
    ends = [LIMITS.smallest_rate, LIMITS.largest_rate]
    may = {"weights": learner.geometry is None, "rate": learner.fixed_rate is None}
    return {**may, "ends": ends, "layers": LIMITS.depth}


def _widths_of(run: LiveRun) -> list[list[int]]:
    """`_widths` by curve; of the mixture of trees, which may have thousands, only the objective and the floor."""
    num_seeds = run.study.experiment.num_seeds
    trees = [[0, *[num_seeds] * (len(OFFSETS) - 1), num_seeds + 1]] if run.study.shallow else []
    numbers = 0 if run.study.deep else num_seeds  # of effective numbers of components
    return [_widths(num_seeds, numbers, problem.sums) for problem in run.computation.problems] + trees


def _widths(num_seeds: int, numbers: int, sums: SumStack) -> list[int]:
    """Offsets of the fields of one curve, and last the width of them all."""
    K = sums.num_components
    widths = (num_seeds, numbers, K, K, K, sums.num_weights, 1, 1)
    return [int(end) for end in np.cumsum((0, *widths))]


def _of_dataset(dataset: Dataset) -> dict[str, Any]:
    known = DATASETS[dataset.name].variables if dataset.name in DATASETS else ()
    described = tuple(variable.name for variable in known) == dataset.variables
    return {
        "variables": list(dataset.variables),
        "meanings": [variable.meaning for variable in known] if described else None,
        "marginals": (dataset.counts @ dataset.rows / dataset.num_rows).tolist(),
        "dataset": {name: getattr(dataset, name) for name in OF_DATASET},
    }


def _bounds(run: LiveRun) -> dict[str, Any]:
    """What the LLH lies between, where it is what is drawn."""
    if run.study.experiment.objective != "generative":
        return {}
    return {"reference": {"independent": product_of_marginals_llh(run.dataset), "entropy": empirical_llh(run.dataset)}}

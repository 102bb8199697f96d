"""What the Circuits page shows of a deep run's induced trees: computed when asked for, from the recorded arrays.

A tree is asked for by its number, as `largest` (of all, at the iteration) or as `random-n`. Counts and numbers of trees
are texts, since they may be larger than what JavaScript counts with. Iterations are counted from 0.
"""

import math
import random
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from app.live import circuit_layout
from app.live.headline.told import trees_sentence
from app.live.run import LiveRun
from app.live.views import frames
from app.live.views.points import Steps, View, finite
from app.live.views.query import BadQueryError, below, count_of
from spncore.arrays import Floats
from spncore.circuits.circuit import Circuit
from spncore.circuits.model import Model, Parameters, by_layer
from spncore.circuits.overparam import effective_weights
from spncore.dynamics import steps as dynamics
from spncore.limits import LIMITS
from spncore.trees import models
from spncore.trees.induced import Trees, edge_ends, edge_trees, enumerate_trees, num_trees, tree, trees_of, written
from spncore.trees.weights import heaviest_tree, log_total_weight

MOST_IN_MATRIX = 48
MOST_PRESSED = 400
LISTED_TERMS = 4
_NUMBER, _RANDOM = re.compile(r"[0-9]{1,400}"), re.compile(r"random-([0-9]{1,9})")


def drawing(run: LiveRun, query: Mapping[str, str]) -> dict[str, Any]:
    """The circuit's drawing; `pressed` are groups that were pressed since the drawing that fits by itself."""
    circuit = run.computation.problems[0].circuit
    plan = circuit_layout.plan_of(circuit)
    view = circuit_layout.automatic(plan)
    pressed = [text for text in query.get("pressed", "").split(",") if text]
    if len(pressed) > MOST_PRESSED or not all(re.fullmatch(r"[0-9]{1,9}", text) for text in pressed):
        raise BadQueryError(f"pressed: give at most {MOST_PRESSED} whole numbers, separated by commas.")
    for text in pressed:
        view = circuit_layout.toggled(plan, view, int(text))
    count = num_trees(circuit)
    return {
        "v": frames.VERSION,
        "kappa": str(count),
        "trees": trees_sentence(count),
        "shallow": run.study.shallow,
        **circuit_layout.drawing(circuit, run.dataset.variables, _last_parameters(run), view),
    }


def _last_parameters(run: LiveRun) -> Parameters | None:
    """The leaves of the deepest network's first seed as they were kept last, for the words of the drawing."""
    kept = run.computation.kept[len(run.study.depths) - 1] if run.study.deep else {}
    if not kept:
        return None
    return Parameters((), tuple(array[0] for array in kept[max(tuple(kept))]))


def _tree(steps: Steps) -> View:
    """One induced tree: its edges and nodes, w_T, and its step as predicted, exact and recorded."""
    circuit, at = steps.problem.circuit, steps.at
    layers, flow, sums = steps.now
    now = effective_weights(layers, sums)
    number = _number(circuit, steps.query.get("tree", "largest"), now)
    found = tree(circuit, number)
    layers_after = steps.after(np.array(at))
    after = effective_weights(layers_after, sums)
    relative = dynamics.relative_steps(layers, flow, sums, *steps.rates_now)[:, found.edges]
    exact = dynamics.exact_factors(layers, flow, sums, *steps.rates_now)[found.edges]
    ends = edge_ends(circuit)[found.edges]
    log_weight = float(np.log(now[found.edges]).sum())
    total = float(log_total_weight(circuit, np.log(now)))
    cut = (layers_after[sums.paths[:, found.edges]] == steps.experiment.floor).any(axis=0) & steps.linear
    return {
        "kappa": str(num_trees(circuit)),
        "number": str(number),
        "edges": found.edges.tolist(),
        "nodes": found.nodes.tolist(),
        "from": ends[:, 0].tolist(),
        "to": ends[:, 1].tolist(),
        "weights": [finite(w) for w in now[found.edges]],
        "flows": [finite(a) for a in flow[found.edges]],
        "factors": [finite(f) for f in exact],
        "cut": cut.tolist(),
        "weight": finite(math.exp(log_weight)),
        "share": finite(math.exp(log_weight - total)),
        "exact": finite(float(np.prod(exact))),
        "first_order": finite(1.0 + float(relative.sum())),
        "measured": finite(float(np.exp(np.log(after[found.edges]).sum() - log_weight))),
        "rate": steps.experiment.learning_rate,
        "plain": steps.experiment.optimiser == "gradient_ascent",
    }, np.empty(0)


def _edge(steps: Steps) -> View:
    """Trapp et al. (2019), eq. (7), of one edge: the flows of all trees through it, against the backward pass's.

    At the nearest iteration whose leaves were kept, which the header calls `kept`.
    """
    circuit, run = steps.problem.circuit, steps.run
    edge = below(steps.query, "edge", circuit.num_edges)
    through = edge_trees(circuit)[edge]
    header = {"edge": edge, "through": written(int(through)), "kept": None}
    kept = sorted(t for t in tuple(run.computation.kept[steps.curve]) if t < steps.length)
    if num_trees(circuit) > LIMITS.live_trees or not kept:
        return header, np.empty(0)
    near = min(kept, key=lambda t: abs(t - steps.at))
    flows = _tree_flows(steps, near)
    listed = _all_trees(circuit)
    mine = np.flatnonzero(listed.edges[:, [edge]].toarray()[:, 0])
    weight = float(effective_weights(steps.weights[near], steps.sums)[edge])
    largest = mine[np.argsort(-np.abs(flows[mine]), kind="stable")[:LISTED_TERMS]]
    return {
        **header,
        "kept": near,
        "weight": finite(weight),
        "flow": finite(float(steps.flow[near, edge])),
        "sum": finite(float(flows[mine].sum())),
        "terms": [[str(int(i)), finite(float(flows[i]))] for i in largest],
    }, np.empty(0)


def _tree_matrix(steps: Steps) -> View:
    """M over trees, Δ log w = η M a: all of them, or as many as a picture can show, spread over their numbers."""
    circuit = steps.problem.circuit
    chosen = _spread(circuit)
    edges = dynamics.preconditioner(steps.weights[steps.at], steps.sums, steps.experiment.parametrisation)
    matrix = np.asarray(chosen.edges @ (chosen.edges @ edges).T)
    count = num_trees(circuit)
    numbers = [str(i * count // chosen.num_trees) for i in range(chosen.num_trees)]
    sound = bool(np.isfinite(matrix).all())
    values = np.linalg.eigvalsh(matrix)[::-1].tolist() if sound else []
    return {"numbers": numbers, "all": count == chosen.num_trees, "eigenvalues": values}, matrix


def _tree_curve(steps: Steps) -> View:
    """The share w_T / Σ w of one tree by frame, in the circuit and in the mixture of trees; NaN where not recorded."""
    circuit, run, start = steps.problem.circuit, steps.run, count_of(steps.query, "from")
    every = frames.iterations_from(run, start)
    numbers = every[: max(1, frames.ANSWER_NUMBERS // (4 * circuit.num_nodes))]
    chosen = _number(circuit, steps.query.get("tree", "0"), None)
    known = numbers[numbers < steps.length]
    log_weights = np.log(effective_weights(steps.weights[known], steps.sums))
    deep = log_weights[:, tree(circuit, chosen).edges].sum(axis=1) - log_total_weight(circuit, log_weights)
    rows = frames.padded(np.stack([np.exp(deep), np.full(len(known), np.nan)], axis=1), len(numbers))
    if run.study.shallow and len(run.recorders) == len(run.study.experiments()):
        shallow = run.recorders[-1]
        known = numbers[numbers < shallow.length]
        mixed = shallow.weights[steps.seed, known]
        rows[: len(known), 1] = mixed[:, chosen] / mixed.sum(axis=1)
    header = {"from": start, "frames": len(rows), "length": start + len(every), "fields": ["circuit", "mixture"]}
    return {**header, "number": str(chosen)}, rows


VIEWS: Mapping[str, Callable[[Steps], View]] = {
    "tree": _tree,
    "edge": _edge,
    "treematrix": _tree_matrix,
    "treecurve": _tree_curve,
}


def _number(circuit: Circuit, asked: str, weights: Floats | None) -> int:
    """The number of the tree that a query asks for."""
    count = num_trees(circuit)
    chance = _RANDOM.fullmatch(asked)
    if chance:
        return random.Random(int(chance[1])).randrange(count)
    if asked == "largest" and weights is not None:
        return heaviest_tree(circuit, np.log(weights))
    if not _NUMBER.fullmatch(asked) or int(asked) >= count:
        raise BadQueryError(f"tree: give a number from 0 to {written(count - 1)}, or largest, or random-1.")
    return int(asked)


@lru_cache(16)
def _all_trees(circuit: Circuit) -> Trees:
    return enumerate_trees(circuit, LIMITS.live_trees)


@lru_cache(16)
def _spread(circuit: Circuit) -> Trees:
    """Up to MOST_IN_MATRIX trees at equal distances of their numbers."""
    count = num_trees(circuit)
    number = min(count, MOST_IN_MATRIX)
    found = [tree(circuit, i * count // number) for i in range(number)]
    pairs = [
        (np.repeat(np.arange(number), [len(part) for part in parts]), np.concatenate(parts))
        for parts in ([one.edges for one in found], [one.inputs for one in found])
    ]
    return trees_of(circuit, number, pairs[0], pairs[1])


def _tree_flows(steps: Steps, at: int) -> Floats:
    """a_T (T,) of all trees at a kept iteration."""
    problem, leaves = steps.problem, steps.run.computation.kept[steps.curve][at]
    circuit, bag = problem.circuit, problem.bag
    edges = effective_weights(steps.weights[at], steps.sums)
    model = Model(circuit, Parameters(by_layer(circuit, edges), tuple(array[steps.seed] for array in leaves)))
    return models.tree_flows(model, bag.rows, bag.weights / bag.num_rows, _all_trees(circuit))

"""The models, rows and steps that `benchmarks.circuits` compares, one `Case` for each row of its document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers import cirkit_peer, random_mixture, spflow_peer, torch_step
from benchmarks.peers.shared import OwnStep, as_trees, mixture_model, trees_model
from benchmarks.turns import Step
from spncore import Dataset
from spncore.circuits.model import Model
from spncore.data import library
from spncore.data.dataset import from_array
from spncore.learning.batch import BLOCK
from spncore.learning.objectives import data_and_partition

COMPONENTS, DEPTH, INPUTS, REPETITIONS = 8, 4, 10, 8
GOALS = {"as is": 140.0, "distinct": 40.0, "elementwise": 5.0, "outer": 3.8}  # times libcirkit's speed
OVER_FLOOR = {"as is": 1.25, "distinct": 1.25, "elementwise": 1.8, "outer": 1.2}  # of a gradient step
PRODUCTS = {"elementwise": "element-wise products", "outer": "outer products"}


class Case(NamedTuple):
    """One model on one set of rows; `goal` a name of GOALS, `batch` 0 for all rows."""

    data: str
    goal: str
    batch: int
    learner: str = "gradient_ascent"
    dtype: str = "float64"

    @property
    def least(self) -> dict[str, float]:
        """How many times as fast as libcirkit the step is to be; on outer products more in float32 and with EM."""
        if self.learner == "em":
            return {} if self.data == "nltcs" else {"at_least": 5.0}
        return {"at_least": 5.0 if self.goal == "outer" and self.dtype == "float32" else GOALS[self.goal]}

    @property
    def most(self) -> dict[str, float]:
        """How many times a gradient step's arithmetic it may take."""
        return {"at_most": 2.0 if self.learner == "em" else OVER_FLOOR[self.goal]}

    @property
    def title(self) -> str:
        """In words."""
        kind = "EM" if self.learner == "em" else "gradient step"
        if self.data == "nltcs":
            rows = "every row" if self.goal == "as is" else "equal rows removed by the peers' caller"
            return f"{kind}, mixture, K = {COMPONENTS}, NLTCS, {rows}, {self.dtype}"
        rows = f"{self.batch:,} rows" if self.batch else "all rows"
        return f"{kind}, RAT-SPN, {PRODUCTS[self.goal]}, {rows} of {self.data}, {self.dtype}"


def cases(quick: bool) -> Iterator[Case]:
    """The rows of the document; `quick` leaves out those that take seconds a step."""
    for learner in ("gradient_ascent", "em"):
        for goal in ("as is", "distinct"):
            for dtype in ("float64", "float32"):
                yield Case("nltcs", goal, 0, learner, dtype)
    for data in ("plants",) if quick else ("plants", "baudio"):
        for goal in ("elementwise", "outer"):
            yield Case(data, goal, 1000)
            yield Case(data, goal, 1000, dtype="float32")
            if not quick:
                yield Case(data, goal, 1000, "em")
                yield Case(data, goal, 0)


def load(name: str) -> Dataset:
    """The data, or random rows of the same shape where they are not at hand."""
    if library.available(name):
        return library.load(name)
    num_rows, num_variables = {"nltcs": (16181, 16), "plants": (17412, 69), "baudio": (15000, 100)}[name]
    rng = np.random.default_rng(0)
    ones = rng.random((num_rows, num_variables)) < rng.uniform(0.02, 0.6, num_variables)
    return from_array(ones.astype(np.uint8), name)


def rows_of(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Rows (B, D) and how often each counts."""
    dataset = load(case.data)
    if case.goal == "distinct":
        return dataset.rows, dataset.counts
    rows = np.random.default_rng(0).permutation(np.repeat(dataset.rows, dataset.counts, axis=0))
    rows = rows[: case.batch] if case.batch else rows
    return rows, np.ones(len(rows), dtype=np.int64)


def models(case: Case) -> tuple[Model, Any]:
    """The engine's model and the same as plain arrays."""
    rng, num_variables = np.random.default_rng(1), load(case.data).num_variables
    if case.data == "nltcs":
        shared = random_mixture(rng, COMPONENTS, num_variables)
        return mixture_model(shared), shared
    outer = case.goal == "outer"
    asked = trees_model(rng, num_variables, DEPTH, INPUTS, REPETITIONS, outer)
    return asked, as_trees(asked, DEPTH, REPETITIONS, outer)


def own_step(case: Case, asked: Model) -> OwnStep:
    """The engine's step; on random trees equal rows are not merged, so that the arithmetic is compared."""
    rows, counts = rows_of(case)
    dataset = load(case.data)
    bag = data_and_partition(dataset if case.data == "nltcs" else replace(dataset, rows=rows, counts=counts))
    dtype, at_a_time = getattr(np, case.dtype), BLOCK if case.data == "nltcs" else 1
    return OwnStep(asked, bag, case.learner, 0.1, dtype, at_a_time=at_a_time)


def peer_step(case: Case, name: str, arrays: Any) -> Step:
    """A peer's step with its fastest settings; call it inside `torch_step.one_thread`."""
    options: dict[str, Any] = {}
    if name == "cirkit" and case.learner == "em":
        options = {"normalised": False, "optimize": False} if case.goal == "outer" else {"normalised": False}
    module, rows, log_likelihood = peer_model(case, name, arrays, **options)
    counts = torch_step.as_tensors(*rows_of(case))[1]
    if case.learner == "em":
        return peer_of(name).em(module, rows, counts)
    return torch_step.ascent(module, log_likelihood, rows, counts, 0.1 if name == "spflow" else 0.01)


def peer_model(case: Case, name: str, arrays: Any, **options: Any) -> tuple[Any, Any, Any]:
    """A peer's module, the case's rows as it takes them, and its log-likelihood of rows."""
    peer = peer_of(name)
    rows, _ = torch_step.as_tensors(*rows_of(case))
    build = peer.build_mixture if case.data == "nltcs" else peer.build_trees
    module = build(arrays, **options)
    return module, rows.long() if name == "cirkit" else rows, peer.log_likelihood(module)


def peer_of(name: str) -> Any:
    """The module of this package that speaks to a peer."""
    return {"spflow": spflow_peer, "cirkit": cirkit_peer}[name]

"""libcirkit 0.3.1: the same models, its log-likelihoods and its EM.

Parameters are given through `ConstantTensorInitializer` when a symbolic circuit is put together; the circuits are those
of `RegionGraph.build_circuit` with "cp-t" (element-wise) and "tucker" (outer). Folding and the fusing of each sum with
its product are on, in the semiring "lse-sum": the fastest it has on a CPU.

- Leaves: "categorical" is the fastest and has two numbers per Bernoulli, "embedding" takes up to twice and "binomial"
  (one number, as in SPFlow) two to four times as long.
- Its EM knows categorical leaves, sums, and sums fused with element-wise products; `TorchTuckerLayer` has no EM step,
  so outer products need `optimize=False`. Rows are weighted by weighting the log-likelihoods. It stayed finite on NLTCS
  in every run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.peers import Mixture, RandomTrees

if TYPE_CHECKING:
    from cirkit.symbolic.layers import Layer
    from cirkit.symbolic.parameters import Parameter
    from torch import Tensor
    from torch.nn import Module

Inputs = dict["Layer", list["Layer"]]


def build_mixture(mixture: Mixture, leaves: str = "categorical", normalised: bool = True) -> Module:
    """A sum over one Hadamard product of D input layers with K units."""
    from cirkit.symbolic.layers import SumLayer

    inputs: Inputs = {}
    product = _leaf_region(inputs, range(mixture.probabilities.shape[1]), mixture.probabilities.T, leaves, normalised)
    root = SumLayer(len(mixture.weights), 1, weight=_weights(mixture.weights[None], normalised))
    inputs[root] = [product]
    return _compiled(inputs, root)


def build_trees(
    trees: RandomTrees, leaves: str = "categorical", normalised: bool = True, optimize: bool = True
) -> Module:
    """The circuit of a random binary tree region graph with one input layer for each variable of each tree."""
    from cirkit.symbolic.layers import SumLayer

    inputs: Inputs = {}
    roots = [_tree(inputs, trees, repetition, leaves, normalised) for repetition in range(len(trees.mixing))]
    if len(roots) == 1:
        return _compiled(inputs, roots[0], optimize)
    mix = SumLayer(1, 1, arity=len(roots), weight=_weights(trees.mixing[None], normalised))
    inputs[mix] = roots
    return _compiled(inputs, mix, optimize)


def log_likelihood(module: Module) -> Callable[[Tensor], Tensor]:
    """Of integer rows (B, D) in nats, (B,)."""
    return lambda rows: module(rows).reshape(-1)


def em(module: Module, rows: Tensor, counts: Tensor) -> Callable[[], float]:
    """A full EM step of its optimiser `EM`, with counts as weights of the rows; returns the mean LLH before it.

    It needs parameters that are the probabilities themselves (`normalised=False`) and categorical leaves.
    """
    from cirkit.backend.torch.em_optimizer import EM

    circuit: Any = module
    optimiser = EM(circuit, lr=1.0, pseudocount=0.0)
    num_rows = float(counts.sum())

    def step() -> float:
        optimiser.zero_grad()
        total = counts @ circuit(rows).reshape(-1)
        total.backward()
        optimiser.step()
        return float(total.detach()) / num_rows

    return step


def _tree(inputs: Inputs, trees: RandomTrees, repetition: int, leaves: str, normalised: bool) -> Layer:
    """Adds the layers of one repetition to `inputs`; returns its root."""
    from cirkit.symbolic.layers import HadamardLayer, KroneckerLayer, SumLayer

    regions, probabilities = trees.leaf_region[repetition], trees.probabilities[repetition]
    level = [
        _leaf_region(inputs, np.flatnonzero(regions == region).tolist(), probabilities, leaves, normalised)
        for region in range(2 * trees.sum_weights[0].shape[1])
    ]
    for weights in trees.sum_weights:
        level_above: list[Layer] = []
        for region, weight in enumerate(weights[repetition]):  # (sums, products...)
            product = (KroneckerLayer if trees.outer else HadamardLayer)(level[0].num_output_units, arity=2)
            matrix = weight.reshape(len(weight), -1)
            total = SumLayer(product.num_output_units, len(weight), weight=_weights(matrix, normalised))
            inputs[product], inputs[total] = level[2 * region : 2 * region + 2], [product]
            level_above.append(total)
        level = level_above
    return level[0]


def _leaf_region(inputs: Inputs, scope: Any, probabilities: np.ndarray, leaves: str, normalised: bool) -> Layer:
    """Input layers of K units for the variables of `scope`, of probabilities (D, K), and their Hadamard product."""
    from cirkit.symbolic.layers import HadamardLayer

    layers = [_leaf(variable, probabilities[variable], leaves, normalised) for variable in scope]
    inputs.update({layer: [] for layer in layers})
    if len(layers) == 1:
        return layers[0]
    product = HadamardLayer(probabilities.shape[1], arity=len(layers))
    inputs[product] = layers
    return product


def _leaf(variable: int, probabilities: np.ndarray, leaves: str, normalised: bool) -> Layer:
    from cirkit.symbolic.layers import BinomialLayer, CategoricalLayer, EmbeddingLayer
    from cirkit.symbolic.parameters import Parameter, SigmoidParameter
    from cirkit.utils.scope import Scope

    scope, num_units = Scope([variable]), len(probabilities)
    table = np.stack([1.0 - probabilities, probabilities], axis=1)  # (K, 2)
    if leaves == "categorical":
        return CategoricalLayer(scope, num_units, num_categories=2, probs=_weights(table, normalised))
    if leaves == "embedding":
        return EmbeddingLayer(scope, num_units, num_states=2, weight=_weights(table, normalised))
    logits = _constant(np.log(probabilities / (1.0 - probabilities)))
    probs = Parameter.from_unary(SigmoidParameter((num_units,)), logits)
    return BinomialLayer(scope, num_units, total_count=1, probs=probs)


def _weights(values: np.ndarray, normalised: bool) -> Parameter:
    """A softmax of the logarithms of `values` if `normalised`, else the values themselves."""
    from cirkit.symbolic.parameters import Parameter, SoftmaxParameter

    if normalised:
        return Parameter.from_unary(SoftmaxParameter(values.shape), _constant(np.log(values)))
    return Parameter.from_input(_constant(values))


def _constant(values: np.ndarray) -> Any:
    from cirkit.symbolic.initializers import ConstantTensorInitializer
    from cirkit.symbolic.parameters import TensorParameter

    return TensorParameter(*values.shape, initializer=ConstantTensorInitializer(np.ascontiguousarray(values)))


def _compiled(inputs: Inputs, root: Layer, optimize: bool = True) -> Module:
    from cirkit.backend.torch.compiler import TorchCompiler
    from cirkit.symbolic.circuit import Circuit

    compiler = TorchCompiler(semiring="lse-sum", fold=True, optimize=optimize)
    return compiler.compile(Circuit(list(inputs), inputs, [root]))

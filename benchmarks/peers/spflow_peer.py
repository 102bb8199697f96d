"""SPFlow 1.1: the same models, its log-likelihoods and its EM.

Parameters are given to the constructors as probabilities; SPFlow keeps logits and normalises with a softmax, so Z = 1
and its gradient ascent moves the logits.

- Element-wise products: `LinsumLayer` (of `Einet`) and `ElementwiseProduct` with `Sum` (of `RatSPN`) compute the same
  in about the same time: both hold sums * K log-values for each region and row.
- Outer products: `EinsumLayer` (of `Einet`) is the fastest; `OuterProduct` and `Sum` hold sums * K * K of them.
- `Einet` and `RatSPN` draw their own partitions and weights, so their layers are put together here as they do it.
- `expectation_maximization` has no row weights. Counts are possible for a caller who writes its loop anew over the
  private `_expectation_maximization_step`, as `em` does here. Leaf probabilities are kept above 0 but not below 1: one
  that rounds to 1 has an infinite logit, and the LLH and then all weights of the sum become NaN. In float32, SPFlow's
  default, that happened on NLTCS in 6 of 6 runs with K = 16 and 32 (after 6 to 26 iterations) and in 2 of 10 with
  K = 8 (after 8 and 66); in float64 in none of 16 runs of 243 to 1,000 iterations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.peers import Mixture, RandomTrees

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def build_mixture(mixture: Mixture) -> Module:
    """`Sum` of one `Product` of Bernoullis, one channel for each component."""
    from spflow.modules.products import Product
    from spflow.modules.sums import Sum

    return Sum(Product(_leaves(mixture.probabilities.T[:, :, None])), weights=_tensor(mixture.weights))


def build_trees(trees: RandomTrees, fused: bool = True) -> Module:
    """The layers of `Einet` if `fused`, else those of `RatSPN`."""
    from spflow.modules.sums.repetition_mixing_layer import RepetitionMixingLayer

    layer = _factorize(trees)
    for weights in trees.sum_weights:
        layer = _fused_layer(layer, weights) if fused else _separate_layers(layer, weights)
    root = RepetitionMixingLayer(layer, out_channels=1, num_repetitions=len(trees.mixing))
    root.weights = _tensor(trees.mixing[None, None])  # its constructor checks given weights along the wrong axis
    return root


def log_likelihood(module: Module) -> Callable[[Tensor], Tensor]:
    """Of rows (B, D) in nats, (B,)."""
    evaluate: Any = module.log_likelihood
    return lambda rows: evaluate(rows).reshape(-1)


def em(module: Module, rows: Tensor, counts: Tensor) -> Callable[[], float]:
    """The loop body of `expectation_maximization` with counts; the step returns the mean LLH before it."""
    from spflow.learn.expectation_maximization import _retain_cached_log_likelihood_grads
    from spflow.utils.cache import Cache

    model: Any = module
    num_rows = float(counts.sum())

    def step() -> float:
        cache = Cache()
        total = counts @ model.log_likelihood(rows, cache=cache).reshape(-1)
        _retain_cached_log_likelihood_grads(cache)
        total.backward()
        model._expectation_maximization_step(data=rows, bias_correction=True, cache=cache)
        return float(total.detach()) / num_rows

    return step


def _leaves(probabilities: np.ndarray) -> Module:
    """Bernoullis of D variables, channels K and repetitions R: (D, K, R)."""
    from spflow.modules.leaves import Bernoulli

    return Bernoulli(scope=list(range(len(probabilities))), probs=_tensor(probabilities), validate_args=False)


def _factorize(trees: RandomTrees) -> Module:
    """Products over the variables of each leaf region; SPFlow's partition is overwritten with the given one."""
    from spflow.modules.rat import Factorize

    num_regions = 2 * trees.sum_weights[0].shape[1]
    factorize = Factorize(
        inputs=[_leaves(trees.probabilities.transpose(1, 2, 0))],
        depth=num_regions.bit_length() - 1,
        num_repetitions=len(trees.mixing),
    )
    one_hot = trees.leaf_region.T[:, None, :] == np.arange(num_regions)[None, :, None]  # (D, regions, R)
    factorize.indices.copy_(_tensor(one_hot))
    return factorize


def _fused_layer(layer: Module, weights: np.ndarray) -> Module:
    from spflow.modules.einsum import EinsumLayer, LinsumLayer
    from spflow.modules.ops.split import SplitMode

    kind = EinsumLayer if weights.ndim == 5 else LinsumLayer
    repetitions_third = np.moveaxis(weights, 0, 2)  # (regions, sums, R, products...)
    return kind(
        layer,
        out_channels=weights.shape[2],
        num_repetitions=len(weights),
        weights=_tensor(repetitions_third),
        split_mode=SplitMode.interleaved(num_splits=2),
    )


def _separate_layers(layer: Module, weights: np.ndarray) -> Module:
    from spflow.modules.ops.split import SplitMode
    from spflow.modules.products import ElementwiseProduct, OuterProduct
    from spflow.modules.sums import Sum

    product = OuterProduct if weights.ndim == 5 else ElementwiseProduct
    flat = weights.reshape(*weights.shape[:3], -1)  # (R, regions, sums, products)
    return Sum(
        product(SplitMode.interleaved(num_splits=2).create(layer)),
        weights=_tensor(flat.transpose(1, 3, 2, 0)),
    )


def _tensor(values: np.ndarray) -> Tensor:
    import torch

    return torch.as_tensor(np.ascontiguousarray(values)).to(torch.get_default_dtype())

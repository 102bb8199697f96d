"""The models that the peers build from plain arrays, so that all of them compute the same function.

`spflow_peer` and `cirkit_peer` turn a `Mixture` or `RandomTrees` into SPFlow 1.1 or libcirkit 0.3.1 modules with these
very numbers, and `torch_step` times one update of any such module. Torch, SPFlow and cirkit are imported inside the
functions that need them, so this package can be imported without the optional extra `peers`.

libcirkit 0.3.1 asks for SciPy 1.14, which asks for NumPy below 2.3, and so cannot be resolved beside this project's own
pins; with them it runs as it is, and is installed by itself: `pip install --no-deps libcirkit==0.3.1`.
"""

from typing import NamedTuple

import numpy as np


class Mixture(NamedTuple):
    """A mixture of fully factorised Bernoullis."""

    weights: np.ndarray  # (K,), sums to one
    probabilities: np.ndarray  # (K, D), of the value one


class RandomTrees(NamedTuple):
    """R complete binary trees over the D variables, mixed at the root: a RAT-SPN (Peharz et al., 2020).

    Leaf region i of a tree has K factorised Bernoullis over the variables v with `leaf_region[r, v] == i`. The regions
    2i and 2i+1 of a level are multiplied into region i of the level above, k-th with k-th or every k with every k; each
    region sums over its products, K sums below the root and one sum at the root.
    """

    leaf_region: np.ndarray  # (R, D), integers from 0 to 2**depth - 1
    probabilities: np.ndarray  # (R, D, K), of the value one
    sum_weights: tuple[np.ndarray, ...]  # from the lowest: (R, regions, sums, K), or (R, regions, sums, K, K) if outer
    mixing: np.ndarray  # (R,), sums to one

    @property
    def outer(self) -> bool:
        """Whether every input of the left region is multiplied with every input of the right one."""
        return self.sum_weights[0].ndim == 5


def random_mixture(rng: np.random.Generator, num_components: int, num_variables: int) -> Mixture:
    """Weights uniform on the simplex, probabilities between 0.2 and 0.8."""
    return Mixture(rng.dirichlet(np.ones(num_components)), rng.uniform(0.2, 0.8, (num_components, num_variables)))


def random_trees(
    rng: np.random.Generator, num_variables: int, depth: int, num_inputs: int, num_repetitions: int, outer: bool
) -> RandomTrees:
    """Trees that halve a random order of the variables `depth` times; numbers as for `random_mixture`."""
    num_leaves = 2**depth
    region_of_place = np.arange(num_variables) * num_leaves // num_variables
    leaf_region = np.array([region_of_place[rng.permutation(num_variables)] for _ in range(num_repetitions)])
    products = (num_inputs, num_inputs) if outer else (num_inputs,)
    sum_weights = []
    for level in range(1, depth + 1):
        shape = (num_repetitions, num_leaves >> level, num_inputs if level < depth else 1)
        sum_weights.append(rng.dirichlet(np.ones(np.prod(products)), shape).reshape(*shape, *products))
    probabilities = rng.uniform(0.2, 0.8, (num_repetitions, num_variables, num_inputs))
    return RandomTrees(leaf_region, probabilities, tuple(sum_weights), rng.dirichlet(np.ones(num_repetitions)))

"""Independent truth for small cases: plain loops over all worlds, without logarithms, layers or matrix products."""

import itertools
import math

import numpy as np

from spncore.circuit import Circuit, InputLayer, ProductLayer


def worlds(num_variables):
    """All rows of 0 and 1, (2^D, D)."""
    return np.array(list(itertools.product((0, 1), repeat=num_variables)), dtype=np.int8)


def mixture_value(weights, leaf_weights, row):
    """f(row) of a mixture; −1 in the row sums a variable out. weights (K,), leaf_weights (2, K, D)."""
    total = 0.0
    for k in range(len(weights)):
        product = weights[k]
        for d, x in enumerate(row):
            product *= leaf_weights[0, k, d] + leaf_weights[1, k, d] if x < 0 else leaf_weights[x, k, d]
        total += product
    return total


def mixture_llh(weights, leaf_weights, rows):
    """Mean of log f minus log Z, Z as the sum over all worlds."""
    partition = math.fsum(mixture_value(weights, leaf_weights, world) for world in worlds(leaf_weights.shape[2]))
    return math.fsum(math.log(mixture_value(weights, leaf_weights, row)) for row in rows) / len(rows) - math.log(
        partition
    )


def circuit_value(circuit: Circuit, leaf_weights, sum_weights, row):
    """Value of the root on one row, node by node."""
    values, sums = [], iter(sum_weights)
    for layer in circuit.layers:
        if isinstance(layer, InputLayer):
            for node, scope in enumerate(layer.scopes):
                value = 1.0
                for d in np.flatnonzero(scope):
                    zero, one = leaf_weights[:, node, d]
                    value *= zero + one if row[d] < 0 else (zero, one)[row[d]]
                values.append(value)
        elif isinstance(layer, ProductLayer):
            values += [math.prod(values[c] for c in children) for children in layer.children]
        else:
            weights = next(sums)
            values += [
                sum(w * values[c] for w, c in zip(weights[g, m], layer.children[g], strict=True))
                for g in range(len(layer.children))
                for m in range(layer.num_sums)
            ]
    return values[-1]


def numerical_gradient(function, parameters, step=1e-6):
    """Central differences of a scalar function of an array; the array is restored."""
    gradient = np.zeros_like(parameters)
    for index in np.ndindex(parameters.shape):
        kept = parameters[index]
        change = step * max(1.0, abs(kept))
        parameters[index] = kept + change
        above = function(parameters)
        parameters[index] = kept - change
        gradient[index] = (above - function(parameters)) / (2 * change)
        parameters[index] = kept
    return gradient

"""Independent truth for small cases: plain loops over all worlds, without logarithms, layers or matrix products."""

import itertools
import math

import numpy as np

from spncore.circuits.circuit import InputLayer, ProductLayer


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


def circuit_worlds(circuit):
    """Every full row of a circuit whose leaves are all categorical, (worlds, D)."""
    sizes = [2] * circuit.num_variables
    for layer in circuit.input_layers:
        for d in layer.variables.ravel():
            sizes[d] = layer.num_values
    return np.array(list(itertools.product(*map(range, sizes))), dtype=np.int8)


def leaf_value(family, parameters, x):
    """Density or probability of one value, or what a leaf is worth with its variable summed out (None)."""
    if family == "categorical":
        return sum(parameters) if x is None else parameters[int(x)]
    if x is None:
        return 1.0
    if family == "gaussian":
        mean, deviation = parameters
        return math.exp(-((x - mean) ** 2) / (2 * deviation**2)) / (deviation * math.sqrt(2 * math.pi))
    (rate,) = parameters
    if family == "poisson":
        return math.exp(-rate) * rate**x / math.factorial(int(x))
    return rate * math.exp(-rate * x)


def node_values(model, row, without=None):
    """Value of every node on one row (−1 or NaN: summed out), node by node; exact where parameters are fractions.

    The node `without` counts as zero.
    """
    values, sums, inputs = [], iter(model.parameters.sums), iter(model.parameters.inputs)
    missing = row < 0 if np.issubdtype(row.dtype, np.integer) else np.isnan(row)
    for layer in model.circuit.layers:
        if without is not None and without < len(values):
            values[without] = 0
        if isinstance(layer, InputLayer):
            parameters = next(inputs)
            for node in range(layer.num_nodes):
                value = 1
                for place, d in enumerate(layer.variables[node // layer.num_inputs]):
                    x = None if missing[d] else row[d].item()
                    value = value * leaf_value(layer.family, list(parameters[:, node, place]), x)
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
    return values


def model_value(model, row, without=None):
    """f(row), the value of the root; zero if it is the node `without`."""
    return 0 if without == model.circuit.num_nodes - 1 else node_values(model, row, without)[-1]


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

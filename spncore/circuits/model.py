"""A circuit with its parameters: what structures and learners return, and queries ask."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats, Generator
from spncore.circuits.circuit import Circuit, CircuitError, InputLayer, SumLayer


class Parameters(NamedTuple):
    """`sums`: an array (G, num_sums, A) > 0 per sum layer; `inputs`: an array (P, nodes, S) per input layer."""

    sums: tuple[Floats, ...]
    inputs: tuple[Floats, ...]


class Model(NamedTuple):
    """A sum-product network: structure and parameters, not necessarily normalised."""

    circuit: Circuit
    parameters: Parameters

    @property
    def leaves(self) -> list[tuple[InputLayer, Floats]]:
        """Each input layer with its parameters."""
        return list(zip(self.circuit.input_layers, self.parameters.inputs, strict=True))


def model(circuit: Circuit, sums: tuple[Floats, ...], inputs: tuple[Floats, ...]) -> Model:
    """The model with these parameters; CircuitError names the first array whose shape or values do not fit."""
    _check_arrays("sum", circuit.sum_layers, sums)
    _check_arrays("input", circuit.input_layers, inputs)
    return Model(circuit, Parameters(sums, inputs))


def _check_arrays(kind: str, layers: Sequence[InputLayer | SumLayer], arrays: Sequence[Floats]) -> None:
    if len(layers) != len(arrays):
        raise CircuitError(f"{kind} layers: {len(layers)} need as many parameter arrays, got {len(arrays)}")
    for number, (layer, array) in enumerate(zip(layers, arrays, strict=True)):
        _check_array(f"{kind} layer {number}", layer, array)


def _check_array(name: str, layer: InputLayer | SumLayer, array: Floats) -> None:
    shape = parameter_shape(layer)
    if array.shape != shape or array.dtype != np.float64:
        raise CircuitError(f"{name}: float64 parameters of shape {shape} are needed, got {array.dtype} {array.shape}")
    positive = np.ones(shape, dtype=bool)
    if isinstance(layer, InputLayer):
        positive &= np.array(layer.distribution.positive)[:, None, None]
    if not np.isfinite(array).all() or (array[positive] < 0).any():
        raise CircuitError(f"{name}: parameters must be finite, and weights and scales not negative")


def parameter_shape(layer: InputLayer | SumLayer) -> tuple[int, int, int]:
    """(G, num_sums, A) of a sum layer, (P, nodes, S) of an input layer."""
    if isinstance(layer, SumLayer):
        return len(layer.children), layer.num_sums, layer.children.shape[1]
    return layer.distribution.num_parameters, layer.num_nodes, layer.variables.shape[1]


def by_layer(circuit: Circuit, edge_weights: Floats) -> tuple[Floats, ...]:
    """Edge weights (E,) as an array (G, num_sums, A) per sum layer."""
    layers = zip(circuit.edge_spans, circuit.sum_layers, strict=True)
    return tuple(edge_weights[own].reshape(parameter_shape(layer)) for own, layer in layers)


def random_model(circuit: Circuit, rng: Generator) -> Model:
    """Normalised random parameters: sum weights and categorical leaves from a Dirichlet, others around 0 and 1."""
    sums = tuple(rng.dirichlet(np.ones(shape[2]), shape[:2]) for shape in map(parameter_shape, circuit.sum_layers))
    ones = np.ones(circuit.num_variables)
    return model(circuit, sums, start_leaves(circuit, ones, ones, rng))


def start_leaves(circuit: Circuit, means: Floats, deviations: Floats, rng: Generator) -> tuple[Floats, ...]:
    """Random parameters of each input layer around the mean and deviation of every variable, (D,) each."""
    places = ((layer, layer.node_variables) for layer in circuit.input_layers)
    return tuple(layer.distribution.start(means[at], deviations[at], rng) for layer, at in places)

"""A model on disk: its layers as JSON, its children, variables and parameters as plain arrays, in one archive (.npz).

The member `model` holds the text; `children_3` or `variables_0` belong to the layer of that number, `parameters_3` to
a layer of sums or inputs. A file may come from anybody: everything is checked before it is used.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from spncore.arrays import Array
from spncore.circuits.circuit import Circuit, CircuitError, InputLayer, Layer, ProductLayer, SumLayer
from spncore.circuits.model import Model, model
from spncore.files.archive import ArchiveError, read_arrays, write_arrays
from spncore.files.strict_json import JsonError, parse_object, shorten, shown
from spncore.limits import LIMITS

SCHEMA = 1
MAX_CHARACTERS = 1_000_000
KEYS: Mapping[str, Mapping[str, type]] = {
    "input": {"family": str, "num_values": int, "num_inputs": int},
    "product": {},
    "sum": {"num_sums": int},
}


class SavedModelError(ValueError):
    """The file holds no model this release can read; the text names the key path or the array."""


def save_model(path: Path, saved: Model) -> None:
    """Write a model; the file appears whole or not at all. OSError if the place cannot be written."""
    circuit, parameters = saved
    arrays: dict[str, Array] = {}
    sums, inputs = iter(parameters.sums), iter(parameters.inputs)
    for number, layer in enumerate(circuit.layers):
        arrays[_structure_name(number, _kind(layer))] = layer[0].astype(np.int64)
        if not isinstance(layer, ProductLayer):
            arrays[f"parameters_{number}"] = next(inputs if isinstance(layer, InputLayer) else sums)
    layers = [
        {"kind": _kind(layer), **{key: getattr(layer, key) for key in KEYS[_kind(layer)]}} for layer in circuit.layers
    ]
    described = {"schema": SCHEMA, "num_variables": circuit.num_variables, "layers": layers}
    write_arrays(path, {"model": np.array(json.dumps(described, allow_nan=False)), **arrays})


def load_model(source: Path | IO[bytes]) -> Model:
    """What `save_model` wrote, bit for bit. SavedModelError if it is not; OSError if the file cannot be read."""
    try:
        arrays = read_arrays(source, LIMITS.model_bytes)
        text = arrays.pop("model", None)
        if text is None or text.shape or text.dtype.kind != "U":
            raise SavedModelError("model: the text that describes the layers is missing")
        described = parse_object(str(text), "a saved model", MAX_CHARACTERS)
        num_variables, layers = _layers(described, arrays)
        return _model(num_variables, layers, arrays)
    except (ArchiveError, JsonError, CircuitError) as error:
        raise SavedModelError(str(error)) from None


def _layers(described: dict[str, Any], arrays: dict[str, Array]) -> tuple[int, list[Layer]]:
    """Number of variables and the layers, taken out of `arrays`."""
    schema = described.get("schema")
    if type(schema) is not int or schema != SCHEMA:
        raise SavedModelError(f"$.schema: {shown(schema)} is not known; this release reads schema {SCHEMA}")
    _check_keys("$", described, {"schema": int, "num_variables": int, "layers": list})
    num_variables, layers = described["num_variables"], described["layers"]
    if not 1 <= num_variables <= LIMITS.columns:
        raise SavedModelError(f"$.num_variables: {shown(num_variables)}; allowed: 1 to {LIMITS.columns}")
    if not 1 <= len(layers) <= LIMITS.model_layers:
        raise SavedModelError(f"$.layers: {len(layers)} layers; allowed: 1 to {LIMITS.model_layers}")
    return num_variables, [_layer(number, layer, arrays) for number, layer in enumerate(layers)]


def _layer(number: int, described: Any, arrays: dict[str, Array]) -> Layer:
    path = f"$.layers[{number}]"
    kind = described.get("kind") if isinstance(described, dict) else None
    if not isinstance(kind, str) or kind not in KEYS:
        raise SavedModelError(f"{path}.kind: {shown(kind)} is not known; allowed: {', '.join(KEYS)}")
    _check_keys(path, described, {"kind": str, **KEYS[kind]})
    for key, limit in (("num_inputs", LIMITS.model_bytes), ("num_sums", LIMITS.model_bytes), ("num_values", 256)):
        if key in described and not 1 <= described[key] <= limit:
            raise SavedModelError(f"{path}.{key}: {shown(described[key])}; allowed: 1 to {limit}")
    nodes = _take(arrays, _structure_name(number, kind), np.int64)
    if kind == "product":
        return ProductLayer(nodes)
    if kind == "sum":
        return SumLayer(nodes, described["num_sums"])
    return InputLayer(nodes, described["num_inputs"], described["family"], described["num_values"])


def _model(num_variables: int, layers: list[Layer], arrays: dict[str, Array]) -> Model:
    """The checked model; everything large is bounded before it is allocated."""
    inputs: list[Array] = []
    sums: list[Array] = []
    for number, layer in enumerate(layers):
        if isinstance(layer, ProductLayer):
            continue
        parameters = _take(arrays, f"parameters_{number}", np.float64)
        if layer.num_nodes > parameters.size:  # every node has a parameter, so the file bounds the nodes
            raise SavedModelError(f"parameters_{number}: {parameters.size} numbers for {layer.num_nodes} nodes")
        (inputs if isinstance(layer, InputLayer) else sums).append(parameters)
    if arrays:
        raise SavedModelError(f"{shorten(min(arrays))}: no such array in a model of {len(layers)} layers")
    scopes = num_variables * sum(max(layer[0].size, layer.num_nodes) for layer in layers)
    moved = scopes * len(layers)  # the table of scopes grows layer by layer
    if scopes > LIMITS.run_bytes or moved > 20 * LIMITS.run_bytes:
        raise SavedModelError(
            f"$.layers: too large together; the scopes need about {scopes} bytes (limit {LIMITS.run_bytes}), {moved} "
            f"moved layer by layer (limit {20 * LIMITS.run_bytes})"
        )
    return model(Circuit(num_variables, tuple(layers)), tuple(sums), tuple(inputs))


def _check_keys(path: str, values: dict[str, Any], kinds: Mapping[str, type]) -> None:
    """Exactly these keys with values of exactly these types: true is not 1."""
    for name in values:
        if name not in kinds:
            raise SavedModelError(f"{path}.{shorten(name)}: no such key; known are {', '.join(kinds)}")
    for name, kind in kinds.items():
        if name not in values:
            raise SavedModelError(f"{path}.{name}: missing")
        if type(values[name]) is not kind:
            words = {int: "a whole number", str: "a name", list: "a list"}[kind]
            raise SavedModelError(f"{path}.{name}: {shown(values[name])} is not {words}")


def _take(arrays: dict[str, Array], name: str, dtype: type) -> Array:
    array = arrays.pop(name, None)
    if array is None:
        raise SavedModelError(f"{name}: this array is missing")
    dimensions = 3 if dtype is np.float64 else 2
    if array.dtype != dtype or array.ndim != dimensions:
        raise SavedModelError(
            f"{name}: {np.dtype(dtype)} of {dimensions} dimensions is needed, got {array.dtype} {array.shape}"
        )
    return array


def _structure_name(number: int, kind: str) -> str:
    return f"variables_{number}" if kind == "input" else f"children_{number}"


def _kind(layer: Layer) -> str:
    return {InputLayer: "input", ProductLayer: "product", SumLayer: "sum"}[type(layer)]

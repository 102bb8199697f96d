import io
import json
import zipfile

import numpy as np
import pytest

from spncore.circuits.saving import SavedModelError, load_model, save_model
from spncore.data.library import load
from spncore.inference.values import log_values
from spncore.limits import LIMITS
from spncore.structures import STRUCTURES, StructureSettings
from tests import circuits


def saved_parts(tmp_path, seed=0):
    """The description and the arrays of a saved model."""
    asked, _ = circuits.random_asked(seed, 3, circuits.ALL)
    save_model(tmp_path / "model.npz", asked)
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    return json.loads(str(arrays.pop("model"))), arrays


def file_of(description, arrays):
    """An archive with this description, in memory."""
    text = description if isinstance(description, str) else json.dumps(description)
    file = io.BytesIO()
    np.savez(file, model=np.array(text), **arrays)
    return io.BytesIO(file.getvalue())


@pytest.mark.parametrize("seed", range(8))
def test_a_model_is_the_same_after_saving_and_loading(tmp_path, seed):
    asked, rng = circuits.random_asked(seed, 4, circuits.ALL)
    save_model(tmp_path / "model.npz", asked)
    loaded = load_model(tmp_path / "model.npz")
    for mine, its in zip(
        (*asked.parameters.sums, *asked.parameters.inputs),
        (*loaded.parameters.sums, *loaded.parameters.inputs),
        strict=True,
    ):
        assert np.array_equal(mine, its)
    rows = circuits.random_rows(rng, asked, 10)
    assert np.array_equal(log_values(asked, rows), log_values(loaded, rows))
    assert [type(layer) for layer in asked.circuit.layers] == [type(layer) for layer in loaded.circuit.layers]


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_can_be_saved(tmp_path, name):
    dataset = load("two-clusters")
    asked = STRUCTURES[name](dataset, StructureSettings(), np.random.default_rng(0))
    save_model(tmp_path / "model.npz", asked)
    loaded = load_model(tmp_path / "model.npz")
    assert np.array_equal(log_values(loaded, dataset.rows[:20]), log_values(asked, dataset.rows[:20]))


@pytest.mark.fault("J06")
def test_the_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    asked, _ = circuits.random_asked(0, 3)
    save_model(tmp_path / "model.npz", asked)
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]
    before = (tmp_path / "model.npz").read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr("numpy.savez", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_model(tmp_path / "model.npz", asked)
    assert (tmp_path / "model.npz").read_bytes() == before


@pytest.mark.fault("C11", "F06")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.pop("schema"), r"\$\.schema: None is not known; this release reads schema 1"),
        (lambda d: d.update(schema=2), r"\$\.schema: 2 is not known"),
        (lambda d: d.update(schema=True), r"\$\.schema: True is not known"),
        (lambda d: d.update(extra=1), r"\$\.extra: no such key; known are schema, num_variables, layers"),
        (lambda d: d.pop("layers"), r"\$\.layers: missing"),
        (lambda d: d.update(layers={}), r"\$\.layers: \{\} is not a list"),
        (lambda d: d.update(layers=[]), r"\$\.layers: 0 layers; allowed: 1 to"),
        (lambda d: d.update(num_variables=True), r"\$\.num_variables: True is not a whole number"),
        (lambda d: d.update(num_variables=10**9), r"\$\.num_variables: 1000000000; allowed: 1 to 256"),
        (lambda d: d["layers"].__setitem__(1, 7), r"\$\.layers\[1\]\.kind: None is not known"),
        (lambda d: d["layers"][0].update(kind=["sum"]), r"\$\.layers\[0\]\.kind: \['sum'\] is not known"),
        (lambda d: d["layers"][0].update(family="cauchy"), "layer 0: .* family 'cauchy'"),
        (lambda d: d["layers"][0].update(num_inputs=10**30), r"\$\.layers\[0\]\.num_inputs: 1000.*; allowed: 1 to"),
        (lambda d: d["layers"][0].update(num_inputs=10**7), r"parameters_0: \d+ numbers for \d+ nodes"),
        (lambda d: d["layers"][0].update(num_inputs=1.0), r"\$\.layers\[0\]\.num_inputs: 1\.0 is not a whole number"),
        (lambda d: d["layers"][-1].update(nodes=3), r"\$\.layers\[\d+\]\.nodes: no such key"),
        (lambda d: d["layers"][-1].pop("num_sums"), r"\$\.layers\[\d+\]\.num_sums: missing"),
        (lambda d: d["layers"].pop(), "no such array in a model of"),
        (lambda d: d["layers"].append(d["layers"][-1]), r"children_\d+: this array is missing"),
    ],
)
def test_a_description_that_is_not_whole_is_refused_by_key_path(tmp_path, change, sentence):
    description, arrays = saved_parts(tmp_path)
    change(description)
    with pytest.raises(SavedModelError, match=sentence):
        load_model(file_of(description, arrays))


@pytest.mark.fault("C11")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", r"\$: a saved model is a JSON object, got \[\]"),
        ('{"schema": NaN}', "NaN is not a number JSON allows"),
        ('{"schema": 1, "schema": 1}', r"\$\.schema: given twice"),
        ("[" * 100_000, "nested too deeply for a saved model|not JSON"),
        ("x" * 1_000_001, "1000001 characters; a saved model has at most"),
    ],
)
def test_text_that_describes_no_model_is_refused(tmp_path, text, sentence):
    with pytest.raises(SavedModelError, match=sentence):
        load_model(file_of(text, saved_parts(tmp_path)[1]))


def last(arrays, kind):
    return max((name for name in arrays if name.startswith(kind)), key=lambda name: int(name.split("_")[1]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a: a.update(parameters_0=a["parameters_0"].astype(">f8")), "parameters_0: float64 of 3 dimensions"),
        (lambda a: a.update(parameters_0=a["parameters_0"][0]), "parameters_0: float64 of 3 dimensions is needed"),
        (lambda a: a.update(parameters_0=a["parameters_0"] + np.nan), "parameters must be finite"),
        (lambda a: a.update(parameters_0=a["parameters_0"][:, :, [0, 0]]), "input layer 0: .* shape"),
        (lambda a: a.update({last(a, "parameters"): -a[last(a, "parameters")]}), "not negative"),
        (lambda a: a.update({last(a, "children"): a[last(a, "children")] + 10**6}), "children must be nodes 0 to"),
        (lambda a: a.update(variables_0=a["variables_0"] - 9), "variables must be numbers 0 to 2"),
        (lambda a: a.update(variables_0=a["variables_0"][:0]), "variables must be numbers 0 to 2"),
        (lambda a: a.update(more=np.zeros(2)), "more: no such array"),
        (lambda a: a.pop("parameters_0"), "parameters_0: this array is missing"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(tmp_path, change, sentence):
    description, arrays = saved_parts(tmp_path)
    change(arrays)
    with pytest.raises(SavedModelError, match=sentence):
        load_model(file_of(description, arrays))


def test_a_circuit_that_is_too_large_to_check_is_refused_before_it_is_made(tmp_path, monkeypatch):
    description, arrays = saved_parts(tmp_path)
    monkeypatch.setattr("spncore.circuits.saving.Circuit", lambda *arguments: pytest.fail("was made"))
    monkeypatch.setattr("spncore.circuits.saving.LIMITS", LIMITS.__class__(run_bytes=10))
    with pytest.raises(SavedModelError, match=r"too large together; the scopes need about \d+ bytes \(limit 10\)"):
        load_model(file_of(description, arrays))


def test_a_file_without_a_description_is_refused():
    file = io.BytesIO()
    np.savez(file, parameters_0=np.ones(3))
    with pytest.raises(SavedModelError, match="model: the text that describes the layers is missing"):
        load_model(io.BytesIO(file.getvalue()))


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(SavedModelError, match="not an archive of arrays"):
        load_model(tmp_path / "bad.npz")
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        archive.writestr("model.npy", b"nothing")
    with pytest.raises(SavedModelError, match="'model.npy': not an array"):
        load_model(tmp_path / "bad.npz")

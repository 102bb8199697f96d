"""Kept runs are listed whole, chosen by number or name, and proved or found at fault by training again."""

import json
import sqlite3
import struct

import numpy as np
import pytest

from spncore import Experiment, fit_all
from spncore.data.library import load
from spncore.kept import runs
from spncore.kept.runs import COMMAND_LINE, KeptError
from spncore.learning.objectives import OBJECTIVES
from spncore.record import ExperimentError
from spncore.runs.study import RIVALS, Study
from spncore.store import Place, Store, changes, reading
from spncore.store.rows import owner_of
from spncore.structures import CIRCUITS
from spncore.studies import history
from spncore.studies.target import fixed
from tests import kept_runs
from tests.kept_runs import PLAIN, STUDIES, data_of


@pytest.fixture
def store(tmp_path):
    with Store(Place(file=tmp_path / "runs.db")) as opened:
        yield opened


def test_a_run_is_read_whole_with_every_bit_it_was_kept_with(store):
    kept_runs.keep(store)
    for study, run in zip(STUDIES, kept_runs.kept(store), strict=True):
        before = kept_runs.finished(study)
        assert run.study == study and run.finished.key == before.key and run.finished.versions == before.versions
        for now, then in zip(run.finished.results, before.results, strict=True):
            assert now._replace(llh=None) == then._replace(llh=None) and now.llh.tobytes() == then.llh.tobytes()
        assert [curve.llh.shape for curve in run.curves()] == [
            (each.num_seeds, each.iterations + 1) for each in study.experiments()
        ]


def test_a_run_that_lacks_a_seed_is_refused_by_its_number(store):
    kept_runs.keep(store, [PLAIN])
    [run] = kept_runs.kept(store)
    less = run._replace(finished=run.finished._replace(results=run.finished.results[:-1]))
    with pytest.raises(KeptError, match="run 1: curve 1 has not the results of all its seeds"):
        less.curves()


def test_a_long_list_is_read_page_by_page(store, monkeypatch):
    numbers = kept_runs.keep(store)
    monkeypatch.setattr(runs, "PAGE", 3)
    asked = []
    monkeypatch.setattr(store, "read", lambda what, query: asked.append(query) or reading_of(store, what, query))
    found = [entry.id for entry in runs.listed(store, reading.Query(COMMAND_LINE))]
    assert found == numbers[::-1] and [(query.skip, query.most) for query in asked] == [(0, 3), (3, 3)]


def reading_of(store, what, query):
    return Store.read(store, what, query)


def test_a_run_is_chosen_by_its_number_or_by_a_name_that_one_run_has(store):
    one, two, three, _ = kept_runs.keep(store, names=["one", "7", "twin"])
    chosen = runs.chosen(store, COMMAND_LINE, ["one", str(two), "7", "1"])
    assert [entry.id for entry in chosen] == [one, two]
    store.write(changes.describe, COMMAND_LINE, one, "twin").result()
    for word, said in (
        ("twin", f"'twin': 2 runs have this name; say one of the numbers {three}, {one}"),
        ("nobody", "'nobody': no such run; allowed: a number or a name of `history list`"),
        ("9" * 400, f"'{'9' * 59}: no such run"),
        ("²", "'\\xb2': no such run"),
    ):
        with pytest.raises(KeptError) as refused:
            runs.chosen(store, COMMAND_LINE, [word])
        assert str(refused.value).startswith(said)


@pytest.mark.parametrize("study", STUDIES)
def test_a_run_that_is_trained_again_gives_every_number_back(store, study):
    kept_runs.keep(store, [study])
    [run] = kept_runs.kept(store)
    proof = runs.recomputed(store, run.entry, data_of(study))
    assert proof.same and len(proof.sentences) == 1
    assert proof.sentences[0].endswith("stored numbers came back bit for bit.")


def flipped(number):
    """A float with its last bit turned."""
    return struct.unpack("<d", (int.from_bytes(struct.pack("<d", number), "little") ^ 1).to_bytes(8, "little"))[0]


def falsify_trace(raw):
    [numbers] = raw.execute("SELECT numbers FROM trace WHERE curve = 0 AND seed = 0").fetchone()
    raw.execute("UPDATE trace SET numbers = ? WHERE curve = 0 AND seed = 0", (bytes([numbers[0] ^ 1]) + numbers[1:],))


def falsify_trace_and_hash(raw):
    falsify_trace(raw)
    raw.create_function("sha256", 1, lambda data: __import__("hashlib").sha256(data).hexdigest())
    raw.execute("UPDATE trace SET sha256 = sha256(numbers)")


def falsify_end(raw):
    [end] = raw.execute("SELECT final_llh FROM result WHERE curve = 1 AND seed = 1").fetchone()
    raw.execute("UPDATE result SET final_llh = ? WHERE curve = 1 AND seed = 1", (flipped(end),))


def falsify_reached(raw):
    raw.execute("UPDATE result SET reached = coalesce(reached, 0) + 1 WHERE curve = 1 AND seed = 1")


def falsify_json(column, *path):
    def falsify(raw):
        [text] = raw.execute(f"SELECT {column} FROM study").fetchone()
        values = place = json.loads(text)
        *folders, last = path
        for name in folders:
            place = place[name]
        place[last] = flipped(place[last])
        raw.execute(f"UPDATE study SET {column} = ?", (json.dumps(values),))

    return falsify


FALSIFIED = {
    "a number": (falsify_trace, "The stored llh of curve 0, seed 0 is damaged: its SHA-256 is not the one"),
    "a number and its hash": (falsify_trace_and_hash, "1 of 36 stored numbers differ"),
    "an end": (falsify_end, "L=3, seed 1: its first and last LLH are stored as"),
    "updates": (falsify_reached, "L=3, seed 1: it is stored as first at"),
    "a summary": (falsify_json("summary", "end"), "What the list shows of it is not what its numbers give"),
    "a target": (falsify_json("summary", "target", "levels", 0), "What its curves are compared at is not the target"),
    "a setting": (falsify_json("settings", "experiment", "learning_rate"), "Its settings or its data are not those"),
}


@pytest.mark.parametrize("what", FALSIFIED)
def test_one_falsified_bit_is_found(tmp_path, what):
    falsify, said = FALSIFIED[what]
    file = tmp_path / "runs.db"
    with Store(Place(file=file)) as store:
        kept_runs.keep(store, [PLAIN])
    raw = sqlite3.connect(file)
    with raw:
        falsify(raw)
    raw.close()
    with Store(Place(file=file)) as store:
        [entry] = runs.chosen(store, COMMAND_LINE, ["1"])
        proof = runs.recomputed(store, entry, data_of(PLAIN))
    assert not proof.same and any(said in sentence for sentence in proof.sentences), proof


def random_study(rng):
    """A small study of any kind that the engine takes."""
    while True:
        objective = str(rng.choice([*OBJECTIVES]))
        experiment = {
            "dataset": str(rng.choice(["two-clusters", "labelled-clusters", "nltcs-twin"])),
            "structure": str(rng.choice(["mixture", *CIRCUITS])) if rng.random() < 0.3 else "mixture",
            "num_components": int(rng.integers(1, 5)),
            "learning_rate": float(rng.choice([0.001, 0.01, 0.1])),
            "init_scale": float(rng.choice([1e-4, 0.1, 1.0])),
            "init_convention": str(rng.choice(["per_layer", "matched"])),
            "weight_init": str(rng.choice(["equal", "random"])),
            "component_init": str(rng.choice(["uniform", "random"])),
            "init_noise": float(rng.choice([0.0, 1e-12, 1e-3])),
            "parametrisation": str(rng.choice(["linear", "log"])),
            "objective": objective if rng.random() < 0.5 else "generative",
            "batch_size": int(rng.choice([0, 0, 50])),
            "iterations": int(rng.integers(0, 13)),
            "num_seeds": int(rng.integers(1, 4)),
            "seed": int(rng.integers(0, 1000)),
            "changes": ("2:rate:0.05",) if rng.random() < 0.2 else (),
        }
        depths = tuple(sorted({int(depth) for depth in rng.integers(1, 4, 2)}))
        rivals = tuple(each for each in RIVALS if rng.random() < 0.15)
        try:
            study = Study(Experiment(**experiment), depths, rivals)
            study.experiments()
        except ExperimentError:
            continue
        return study


@pytest.mark.slow
def test_the_numbers_of_a_hundred_kept_runs_are_those_that_are_computed_anew(store):
    rng = np.random.default_rng(20)
    studies, asked = [], []
    while len(studies) < 100:
        study = random_study(rng)
        try:
            traces = fit_all(study.experiments(), load(study.experiment.dataset))  # side by side, as the lab has them
        except ExperimentError:
            continue
        data = load(study.experiment.dataset)
        kept = history.finished(study, data, traces, fixed(study.experiment, data))
        studies.append(study)
        asked.append(store.write(changes.keep, kept, COMMAND_LINE))
    entries = store.read(reading.own, COMMAND_LINE, [each.result() for each in asked])
    proofs = [
        runs.recomputed(store, entry, load(study.experiment.dataset))
        for study, entry in zip(studies, entries, strict=True)
    ]
    assert len({entry.study for entry in entries}) == 100
    assert [proof.sentences for proof in proofs if not proof.same] == []
    assert {study.deep for study in studies} == {True, False} and any(study.rivals for study in studies)


def test_runs_that_were_read_are_gone_through_as_those_of_a_store(store):
    kept_runs.keep(store)
    found = kept_runs.kept(store)
    selection = runs.of_runs(found)
    assert [*selection.runs()] == found and [*selection.entries()] == [run.entry for run in found]


def test_the_command_line_s_owner_is_that_of_no_token():
    assert owner_of("command line") != COMMAND_LINE != owner_of("spnlab command line") and len(COMMAND_LINE) == 64

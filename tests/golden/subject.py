"""The product as the goldens see it: each topic a function from a plain case to plain values.

Nothing else in this folder imports the product: whoever moves its parts changes the imports here, and no stored case or
answer. The other `subject_` files take what they need of it from here.
"""


# ruff: noqa: F401 (imported for those)

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

import spncore.__main__ as command_line
from app.kit import results, text, uploads
from app.kit.link import CIRCUITS, GRID, LAB, decode_view
from app.live import circuit_layout
from app.live.headline.told import circuit_told, told
from app.live.runs import REGISTRY
from app.pages.ask import flow_lines
from app.pages.ask import networks as asked_networks
from app.pages.ask import question as asking
from app.pages.ask import words as ask_words
from app.pages.ask.link import LINKS as ASKING
from app.pages.circuits import files as circuit_export
from app.pages.classes import link as class_link
from app.pages.classes import words as classes_words
from app.pages.figure3 import words as figure3_facts
from app.pages.grid import link as grid_page
from app.pages.grid import words as grid_words
from app.pages.held_equal import words as fair_facts
from app.pages.lab import files as export
from app.pages.linear import words as linear_words
from app.pages.linear.link import LINKS as LINEAR
from app.pages.maths import errata
from app.pages.phase import words as phase_words
from app.pages.update2020 import words as update_facts
from spncore import Experiment, Trace, Trainer, run, structures, sweep, trainer_of
from spncore.circuits import overparam, saving
from spncore.circuits.circuit import mixture
from spncore.circuits.model import random_model
from spncore.data import library as datasets
from spncore.files import export as files
from spncore.inference import explanation, queries, sampling
from spncore.learning import em, objectives, parametrisation
from spncore.learning.learners import LEARNERS
from spncore.linear import network as linear_network
from spncore.linear import rates as linear_rates
from spncore.record import Field
from spncore.runs.experiment import FIELDS
from spncore.runs.problem import model_of, trees_problem
from spncore.runs.study import RIVALS, Study
from spncore.runs.trace import Recorder
from spncore.runs.training import fit as fit_and_score
from spncore.runs.training import traced
from spncore.studies import classes as classes_study
from spncore.studies import envelope, grid, phase, presets, update2020
from spncore.studies import held_equal as recipes
from spncore.studies import linear as linear_study
from spncore.studies import shipped as evidence
from spncore.studies.target import fixed
from tests.golden.plain import changes, masked, plain, shape, table, without_rounding

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
ENTRY = ROOT / "app" / "main.py"
LINK = "http://host/?v=1"
Case = Any
Record = dict[str, Any]


# ---- links: a case is what stands in an address, by name; one text, or a list where a name is repeated --------------
def _decoded(params: Case, decode: Callable[..., Any], record: Callable[..., Record], query: Callable[..., str]) -> Any:
    opened, refused = decode({name: [given] if isinstance(given, str) else given for name, given in params.items()})
    opens = record(opened)
    if params:
        opens = changes(opens, record(decode({})[0]))
    return {"opens": opens, "refused": list(refused), "link": query(opened)}


def study_record(study: Study) -> Record:
    """A study's settings by name."""
    own = {field.name: plain(getattr(study, field.name)) for field in fields(study) if field.name != "experiment"}
    return {**asdict(study.experiment), **own}


def lab_link(params: Case) -> Any:
    """What a link to the lab opens, what it refuses, the link written for what it opened, and the view."""
    shown = decode_view({name: [each] if isinstance(each, str) else each for name, each in params.items()})
    return {**_decoded(params, LAB.decode, study_record, LAB.query_string), "view": plain(shown)}


def circuits_link(params: Case) -> Any:
    """The same of a link to the Circuits page."""
    return _decoded(params, CIRCUITS.decode, study_record, CIRCUITS.query_string)


def asking_link(params: Case) -> Any:
    """The same of a link to the page "Ask the network"."""
    return _decoded(params, ASKING.decode, lambda question: plain(asdict(question)), ASKING.query_string)


def linear_networks_link(params: Case) -> Any:
    """The same of a link to the page of linear networks."""
    return _decoded(params, LINEAR.decode, asdict, LINEAR.query_string)


def classes_link(params: Case) -> Any:
    """The same of a link to the page "Predicting a class", with the data that ships at hand."""
    data = [name for name in datasets.DATASETS if (DATA / f"{name}.train.npy").exists()]
    return _decoded(params, lambda given: class_link.decode(given, data), study_record, LAB.query_string)


def grid_link(params: Case) -> Any:
    """The same of a link to the page "Any grid", as a visitor may start it."""
    return _decoded(params, grid_page.decode, grid_record, GRID.query_string)


def grid_record(found: grid.Grid) -> Record:
    """A grid's settings by name, its axes as they are written."""
    return {**plain(found.settings()), "axes": list(map(str, found.axes))}


def selectors(page: Case) -> Any:
    """What the evidence pages' own selectors may be set to by their addresses."""
    return plain(
        {
            "fair": {"topology": recipes.TOPOLOGIES, "weights": recipes.WEIGHTS, "components": recipes.COMPONENTS},
            "update2020": {"data": update2020.DATA_SETS},
        }[page]
    )


def declared(what: Case) -> Any:
    """Names that links, files and controls rely on, in order."""
    lists: Mapping[str, Callable[[], Any]] = {
        "settings": lambda: {name: _setting(field) for name, field in FIELDS.items()},
        "defaults": lambda: asdict(Experiment()),
        "linear settings": lambda: {name: _setting(field) for name, field in linear_study.LinearStudy.fields.items()},
        "learners": lambda: list(LEARNERS),
        "rivals": lambda: RIVALS,
        "structures": lambda: list(structures.STRUCTURES),
        "parametrisations": lambda: list(parametrisation.PARAMETRISATIONS),
        "topologies": lambda: list(overparam.TOPOLOGIES),
        "objectives": lambda: list(objectives.OBJECTIVES),
        "networks to ask": lambda: {name: network.title for name, network in asked_networks.NETWORKS.items()},
        "data sets": lambda: {name: _about_data(name) for name in datasets.DATASETS},
        "presets": lambda: list(presets.PRESETS),
        "words": lambda: text.WORDS,
        "choices": lambda: text.CHOICES,
    }
    found = plain(lists[what]())
    return list(found.items()) if isinstance(found, dict) else found  # in order


def _setting(field: Field) -> Record:
    names = ("label", "symbol", "help", "low", "high", "choices", "zero_allowed", "log_scale", "named")
    return {"kind": field.kind.__name__, **{name: getattr(field, name) for name in names}}


def _about_data(name: str) -> Record:
    info = datasets.DATASETS[name]
    return {
        "title": info.title,
        "description": info.description,
        "licence": info.licence,
        "synthetic": info.synthetic,
        "variables": [[each.name, each.meaning] for each in info.variables],
    }


def preset(name: Case) -> Any:
    """A named study of the lab: its words, settings and link."""
    found = presets.PRESETS[name]
    return {
        "title": found.title,
        "held_equal": found.held_equal,
        "look_for": found.look_for,
        "settings": study_record(found.study),
        "link": LAB.query_string(found.study),
        "matching": getattr(presets.matching(found.on("two-clusters")), "name", None),
    }


# ---- short runs -----------------------------------------------------------------------------------------------------
def study_of(case: Case) -> Study:
    """The study a case names: a preset or settings, with changes, depths, rivals."""
    if "preset" in case:
        found = presets.PRESETS[case["preset"]].study
        depths, rivals, experiment = found.depths, found.rivals, found.experiment
    elif "circuit" in case:
        found = CIRCUITS.decode(case["circuit"])[0]
        depths, rivals, experiment = found.depths, found.rivals, found.experiment
    else:
        depths, rivals, experiment = (1, 3), (), Experiment()
    settings = case.get("settings", {})
    return Study(experiment.replace(**settings), tuple(case.get("depths", depths)), tuple(case.get("rivals", rivals)))


def traces_of(study: Study) -> list[Trace]:
    """The finished curves of a study."""
    data = data_set(study.experiment.dataset)
    traces = []
    for curve, experiment in enumerate(study.experiments()):
        trainer = trainer_of(experiment, data)
        if study.is_shallow(curve):
            trainer = Trainer(trees_problem(trainer, trainer.init()), trainer.settings)
        traces.append(traced(trainer, experiment))
    return traces


def headlines(case: Case) -> Any:
    """The headline of a study's runs."""
    study = study_of(case)
    data = data_set(study.experiment.dataset)
    if study.deep:
        study = study.beside_trees(data)
        said = circuit_told(traces_of(study), data, case.get("ended", True), study.shallow)
    else:
        target = fixed(study.experiment, data)
        said = told(traces_of(study), data, target, case.get("ended", True), len(study.rivals))
    return [without_rounding(line) for line in said]


def exports(case: Case) -> Any:
    """A file made of a short run: its structure, without numbers; of a script and a name, the text."""
    made = exported(case)
    if isinstance(made, bytes):
        with np.load(io.BytesIO(made)) as arrays:
            return {name: [array.dtype.kind, list(array.shape)] for name, array in arrays.items()}
    if made.startswith("{"):
        document = json.loads(made)
        kept = {name: each for name, each in document.items() if name not in ("result", "versions")}
        return {**kept, "result": shape(document["result"]), "versions": sorted(document["versions"])}
    return masked(made).splitlines() if case["kind"] in ("script", "name") else table(made)


def exported(case: Case) -> str | bytes:
    """The file itself."""
    if case["kind"] == "name":
        return files.file_name(case["title"], case["suffix"])
    study = study_of(case)
    data = data_set(study.experiment.dataset)
    if study.deep:
        study = study.beside_trees(data)
    made = (
        export.script if case["kind"] == "script" else getattr(circuit_export if study.deep else export, case["kind"])
    )
    if case["kind"] == "script":
        return made(study, data, LINK)
    traces = traces_of(study)
    return made(study, data, traces, study.depths[-1] if case["kind"] == "model_file" else LINK)


def page_tables(case: Case) -> Any:
    """A table that an evidence page hands out, from plain columns, rows and remarks."""
    return table(files.table(case["columns"], case["rows"], files.signed(*case["remarks"])))


def page_texts(name: Case) -> Any:
    """A page's prose: its headings, how long it is, and the SHA-256 of all of it."""
    words = text.page_text(name)
    lines = words.splitlines()
    return {
        "headings": [line for line in lines if line.startswith("#")],
        "lines": len(lines),
        "sha256": hashlib.sha256(words.encode()).hexdigest(),
    }


def shipped_files(name: Case) -> Any:
    """The shape of a JSON file of the folder `data`."""
    return shape(json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")))


def shipped_settings(name: Case) -> Any:
    """The settings of the results that ship, as they load: how many, what varies, and the SHA-256 of all of them."""
    if name == "classes_runs":
        records = [study_record(study) for study in classes_study.shipped()]
    else:
        book = evidence.shipped(name.removesuffix("_runs"))
        records = [{**asdict(cell.experiment), **_cell_record(cell)} for cell in book.results]
        records += [asdict(experiment) for experiment in book.first_steps]
    values: dict[str, Any] = {}
    for record in records:
        for key, value in plain(record).items():
            values.setdefault(key, {})[json.dumps(value)] = value
    whole = json.dumps(plain(records), sort_keys=True)
    return {
        "results": len(records),
        "always": {key: next(iter(each.values())) for key, each in values.items() if len(each) == 1},
        "varies": {key: list(each.values()) for key, each in values.items() if len(each) > 1},
        "sha256": hashlib.sha256(whole.encode()).hexdigest(),
    }


def _cell_record(cell: sweep.Cell) -> Record:
    targets = [[target.kind, target.value] for target in cell.targets]
    return {"targets": targets, "held_out": list(cell.held_out), "curve": cell.curve}


def data_sets(case: Case) -> Any:
    """A split of a data set that ships."""
    data = datasets.load(case["name"], case["split"])
    return {
        "title": data.title,
        "synthetic": data.synthetic,
        "variables": list(data.variables),
        "sha256": data.sha256,
        "rows": data.num_rows,
        "distinct": data.num_distinct,
        "independent": round(datasets.product_of_marginals_llh(data), 9),
        "entropy": round(datasets.empirical_llh(data), 9),
    }


def estimators() -> Any:
    """The module that needs scikit-learn."""
    from spncore.tables import estimator

    return estimator


@cache
def data_set(name: str) -> datasets.Dataset:
    """A data set that ships, read once: what is cached by data set is then found again."""
    return datasets.load(name)

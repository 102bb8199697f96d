"""A study of a deep circuit as plain `name=value` pairs of a link, and back: the lab's codec over other defaults.

As in `permalink`, a link leaves out what equals the defaults of its version, and those are frozen here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from app.kit import study_links
from spncore.data.library import Dataset
from spncore.limits import LIMITS
from spncore.runs.experiment import ExperimentError
from spncore.runs.problem import model_of
from spncore.runs.study import Study
from spncore.trees.induced import num_trees

# Never change a row: links out there rely on it. What is not named here has the default of the lab's links.
DEFAULTS: Mapping[str, str] = {
    "structure": "random_partitions",
    "split_depth": "2",
    "num_repetitions": "1",
    "num_components": "2",
    "depths": "1,2",
    "learning_rate": "0.1",
    "init_scale": "1.0",
    "component_init": "fitted",
    "train_components": "false",
    "init_noise": "0.0",
    "floor": "1e-09",
    "iterations": "200",
    "num_seeds": "3",
}


def default_study() -> Study:
    """The study that a link without any setting opens."""
    return _decoded({})


def encode(study: Study) -> dict[str, str]:
    """The version and every setting that differs from this page's defaults."""
    said = study_links.encode(study)
    version = said.pop("v")
    lab = study_links.DEFAULTS[study_links.VERSION]
    own = {name: said.pop(name, lab[name]) for name in DEFAULTS}
    return {"v": version, **{name: text for name, text in own.items() if not _same(name, text)}, **said}


def query_string(study: Study) -> str:
    """`encode` as the part of an address after the question mark."""
    return urlencode(encode(study), safe=",:")


def decode(params: Mapping[str, str | Sequence[str]]) -> tuple[Study, list[str]]:
    """The study that a link describes, and one sentence for each thing refused; the default is kept for those."""
    kept: dict[str, str] = {}
    refusals: list[str] = []
    if "v" in params and (refused := study_links.decode({"v": params["v"]})[1]):
        return default_study(), refused
    for name in params:
        if name in ("v", "view"):
            continue
        refused = [] if name == "rivals" else study_links.decode({**DEFAULTS, name: params[name]})[1]
        if refused or name == "rivals":
            refusals += refused or ["rivals: this page compares a circuit with the mixture of its trees only."]
        else:
            value = params[name]
            kept[name] = value if isinstance(value, str) else value[0]
    more = len(refusals) - study_links.MAX_SENTENCES
    if more > 0:
        refusals = [*refusals[: study_links.MAX_SENTENCES], f"{more} more settings were refused."]
    try:
        return _decoded(kept), refusals
    except ExperimentError as error:
        return default_study(), [*refusals, f"{error}. All defaults are kept."]


def prepared(study: Study, dataset: Dataset) -> Study:
    """The study with the mixture of trees beside it where there are few enough; ExperimentError beyond the limits."""
    if not study.deep:
        raise ExperimentError(
            "structure: one mixture has no trees but its components; the lab shows it, choose another"
        )
    circuit = model_of(study.experiment, dataset).circuit
    if circuit.num_edges > LIMITS.live_edges:
        raise ExperimentError(
            f"structure: {circuit.num_edges:,} weighted edges are too many to draw live; the limit is "
            f"{LIMITS.live_edges}; lower components, splits or repetitions"
        )
    return replace(study, shallow=1 < num_trees(circuit) <= LIMITS.live_trees)


def _decoded(values: Mapping[str, str]) -> Study:
    study, refused = study_links.decode({**DEFAULTS, **values})
    if refused:
        raise ExperimentError(refused[0].removesuffix(" All defaults are kept.").rstrip("."))
    return study


def _same(name: str, text: str) -> bool:
    return study_links.decode({name: text})[0] == study_links.decode({name: DEFAULTS[name]})[0]

"""A study as plain `name=value` pairs of a link, and back; what a link gets wrong is refused in words.

A link leaves out what equals the lab's default, so the defaults are frozen here per version: a link of version 1
reopens the same study in every later release, whatever that release's own defaults are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from spncore.limits import LIMITS
from spncore.runs.experiment import FIELDS, Experiment, ExperimentError, format_value, parse
from spncore.runs.study import RIVALS, Study

VERSION = 1
VIEWS = ("normal", "projector", "embed")
MAX_CHARACTERS = 200  # of one value; the longest that can be right is a data set's SHA-256
MAX_SENTENCES = 5
DEPTH_SETTING = "depth"  # an Experiment has one depth, a study has several: links say `depths`

# Never change a row: links out there rely on it. A new setting is a new row, whose default is what runs did before it
# came; a new default is a new version.
DEFAULTS: Mapping[int, Mapping[str, str]] = {
    1: {
        "dataset": "nltcs",
        "structure": "mixture",
        "split_depth": "2",
        "num_repetitions": "4",
        "num_components": "8",
        "depths": "1,2,3",
        "topology": "tree",
        "learning_rate": "0.01",
        "init_scale": "0.0001",
        "init_convention": "per_layer",
        "weight_init": "equal",
        "component_init": "uniform",
        "init_noise": "1e-12",
        "train_components": "true",
        "parametrisation": "linear",
        "floor": "0.0001",
        "objective": "generative",
        "class_variable": "0",
        "hybrid_mix": "0.5",
        "labelled_share": "0.1",
        "optimiser": "gradient_ascent",
        "momentum": "0.9",
        "batch_size": "0",
        "rivals": "",
        "iterations": "500",
        "num_seeds": "6",
        "seed": "0",
    }
}


def default_study(version: int = VERSION) -> Study:
    """The study that a link of this version without any setting opens."""
    return _study({name: _parse(name, text) for name, text in DEFAULTS[version].items()})


def encode(study: Study) -> dict[str, str]:
    """The version and every setting that differs from that version's defaults, in order of declaration."""
    texts = {name: _text(study, name) for name in DEFAULTS[VERSION]}
    changed = {name: text for name, text in texts.items() if _parse(name, text) != _default(name)}
    return {"v": str(VERSION), **changed}


def query_string(study: Study) -> str:
    """`encode` as the part of an address after the question mark."""
    return urlencode(encode(study), safe=",:")


def decode(params: Mapping[str, str | Sequence[str]]) -> tuple[Study, list[str]]:
    """The study that a link describes, and one sentence for each thing refused; the default is kept for those."""
    version, refusals = _version(params)
    if version is None:
        return default_study(), refusals
    values = {name: _parse(name, text) for name, text in DEFAULTS[version].items()}
    for name in params:
        if name not in ("v", "view"):
            try:
                values[name] = _parse(_known(name), _only(name, params[name]))
            except ExperimentError as error:
                refusals.append(f"{error}. The default is kept.")
    try:
        study = _study(values)
    except ExperimentError as error:
        return default_study(version), _shortened([*refusals, f"{error}. All defaults are kept."])
    return study, _shortened(refusals)


def decode_view(params: Mapping[str, str | Sequence[str]]) -> tuple[str, list[str]]:
    """How the page is to be shown, and what was refused about it."""
    if "view" not in params:
        return VIEWS[0], []
    try:
        text = _only("view", params["view"])
    except ExperimentError as error:
        return VIEWS[0], [f"{error}. The normal view is shown."]
    if text in VIEWS:
        return text, []
    return VIEWS[0], [f"view: {_shown(text)} is not known; allowed: {', '.join(VIEWS)}. The normal view is shown."]


def _version(params: Mapping[str, str | Sequence[str]]) -> tuple[int | None, list[str]]:
    try:
        text = _only("v", params["v"]) if "v" in params else str(VERSION)
    except ExperimentError as error:
        return None, [f"{error}. The link cannot be read, so the default experiment is open."]
    known = {str(version): version for version in DEFAULTS}
    if text in known:
        return known[text], []
    return None, [
        f"v: this link is of version {_shown(text)}; this release reads version {', '.join(known)}. "
        "The default experiment is open."
    ]


def _known(name: str) -> str:
    if name == DEPTH_SETTING:
        raise ExperimentError("depth: no such setting in a link; write depths=1,2,3")
    if name not in DEFAULTS[VERSION]:
        raise ExperimentError(f"{_shown(name)}: no such setting in a link")
    return name


def _only(name: str, value: str | Sequence[str]) -> str:
    """The one value of a parameter; refused when it is repeated or longer than any right value."""
    values = [value] if isinstance(value, str) else list(value)
    if len(values) != 1:
        raise ExperimentError(f"{_shown(name)}: given {len(values)} times; a link gives each setting once")
    if len(values[0]) > MAX_CHARACTERS:
        raise ExperimentError(
            f"{_shown(name)}: the value has {len(values[0])} characters; at most {MAX_CHARACTERS} are allowed"
        )
    return values[0]


def _parse(name: str, text: str) -> Any:
    lists = {"depths": _parse_depths, "rivals": _parse_rivals}
    return lists[name](text) if name in lists else parse(name, text)


def _parse_depths(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part in {str(depth) for depth in range(1, LIMITS.depth + 1)} for part in parts):
        allowed = f"whole numbers from 1 to {LIMITS.depth}, separated by commas"
        raise ExperimentError(f"depths: {_shown(text)} is not understood; allowed: {allowed}")
    return tuple(sorted({int(part) for part in parts}))


def _parse_rivals(text: str) -> tuple[str, ...]:
    names = set(text.split(",")) if text else set()
    if not names <= set(RIVALS):
        raise ExperimentError(f"rivals: {_shown(text)} is not understood; allowed: {', '.join(RIVALS)}, with commas")
    return tuple(name for name in RIVALS if name in names)


def _text(study: Study, name: str) -> str:
    if name == "depths":
        return ",".join(str(depth) for depth in study.depths)
    if name == "rivals":
        return ",".join(study.rivals)
    return format_value(name, getattr(study.experiment, name))


def _default(name: str) -> Any:
    return _parse(name, DEFAULTS[VERSION][name])


def _study(values: Mapping[str, Any]) -> Study:
    """The study of parsed values; ExperimentError where they ask for too much together."""
    settings = {name: value for name, value in values.items() if name in FIELDS}
    study = Study(Experiment(**settings), values["depths"], values["rivals"])
    study.experiments()  # each depth and rival is checked, too
    return study


def _shown(text: str) -> str:
    short = text if len(text) <= 40 else text[:40] + "…"
    return ascii(short[:40]) + ("…" if len(text) > 40 else "")


def _shortened(refusals: list[str]) -> list[str]:
    more = len(refusals) - MAX_SENTENCES
    return refusals if more <= 0 else [*refusals[:MAX_SENTENCES], f"{more} more settings were refused."]

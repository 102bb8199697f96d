"""One frozen record describes a run: every field is declared here once, with its range, label and help."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spncore.circuits.overparam import TOPOLOGIES
from spncore.data.library import DATASETS
from spncore.files.strict_json import JsonError, parse_object, shorten, shown
from spncore.learning.learners import LEARNERS, title
from spncore.learning.objectives import OBJECTIVES, Labels
from spncore.learning.parametrisation import PARAMETRISATIONS
from spncore.limits import LIMITS
from spncore.structures import STRUCTURES, StructureSettings

SCHEMA = 2
# What later schemas added: an experiment saved before has the value these fields had when they came, for ever.
_ADDED: Mapping[int, Mapping[str, Any]] = {
    2: {
        "structure": "mixture",
        "split_depth": 2,
        "num_repetitions": 4,
        "class_variable": 0,
        "hybrid_mix": 0.5,
        "labelled_share": 0.1,
        "momentum": 0.9,
        "batch_size": 0,
    },
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,4})?")
_UPLOAD = re.compile(r"sha256:[0-9a-f]{64}")


class ExperimentError(ValueError):
    """A setting is refused; the text names the parameter, the value and what is allowed."""


@dataclass(frozen=True)
class Field:
    """How one setting is declared: its kind, what it may be, and the words a control shows."""

    kind: type
    label: str
    symbol: str
    help: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    zero_allowed: bool = False  # a log-scaled number that may also be exactly 0
    log_scale: bool = False
    named: Mapping[str, float] = dataclasses.field(default_factory=dict)  # points a control can jump to

    def allowed(self) -> str:
        """The sentence part that says what this field may be."""
        if self.kind is bool:
            return "true or false"
        if self.choices:
            return "one of " + ", ".join(self.choices)
        span = f"{self.low:g} to {self.high:g}" if self.kind is float else f"{self.low:.0f} to {self.high:.0f}"
        return ("0 or " if self.zero_allowed else "") + span


def _declare(default: Any, kind: type, label: str, symbol: str, help: str, **rest: Any) -> Any:
    return dataclasses.field(default=default, metadata={"field": Field(kind, label, symbol, help, **rest)})


@dataclass(frozen=True)
class Experiment:
    """Everything that decides a run; equal records give equal numbers (same machine, same versions)."""

    dataset: str = _declare("nltcs", str, "data set", "", "The 0/1 table the network learns.", choices=tuple(DATASETS))
    structure: str = _declare(
        "mixture",
        str,
        "structure",
        "",
        "One mixture, or a circuit that is deep by itself: drawn at random or learned, with the first seed.",
        choices=tuple(STRUCTURES),
    )
    split_depth: int = _declare(
        2,
        int,
        "splits",
        "",
        "How often a drawn circuit splits the variables below each other.",
        low=1,
        high=LIMITS.split_depth,
    )
    num_repetitions: int = _declare(
        4,
        int,
        "repetitions",
        "R",
        "How many random partitions a RAT-SPN mixes.",
        low=1,
        high=LIMITS.num_repetitions,
    )
    num_components: int = _declare(
        8,
        int,
        "components",
        "K",
        "How many product distributions the network mixes.",
        low=1,
        high=LIMITS.num_components,
    )
    depth: int = _declare(
        3,
        int,
        "sum layers",
        "L",
        "Consecutive sum layers; L = 1 is the plain mixture.",
        low=1,
        high=LIMITS.depth,
    )
    topology: str = _declare(
        "tree",
        str,
        "topology",
        "φ",
        "How components share weights: the paper's tree, a private chain each, or one shared scalar.",
        choices=tuple(TOPOLOGIES),
    )
    learning_rate: float = _declare(
        0.01,
        float,
        "learning rate",
        "η",
        "Size of a gradient step; only η over start² matters for the weights.",
        low=LIMITS.smallest_rate,
        high=LIMITS.largest_rate,
        log_scale=True,
        named={"gentle": 1e-3, "paper": 1e-2, "too large": 1.0},
    )
    init_scale: float = _declare(
        1e-4,
        float,
        "starting weight",
        "w0",
        "Smaller start = larger true step, because only the ratios of weights matter.",
        low=LIMITS.smallest_rate,
        high=LIMITS.largest_rate,
        log_scale=True,
        named={"paper": 1e-4, "fair": 0.1, "large": 1.0},
    )
    init_convention: str = _declare(
        "per_layer",
        str,
        "held equal",
        "",
        "Per layer: every weight starts at w0. Matched: every product w_k starts at w0.",
        choices=("per_layer", "matched"),
    )
    weight_init: str = _declare(
        "equal",
        str,
        "weight start",
        "",
        "Equal: all weights of a layer start alike. Random: each starts at |normal| times the start.",
        choices=("equal", "random"),
    )
    component_init: str = _declare(
        "uniform",
        str,
        "component start",
        "",
        "Uniform: leaf weights ½. Random: |normal(0, 0.1²)|. Fitted: by EM, or by what learned the structure.",
        choices=("uniform", "random", "fitted"),
    )
    init_noise: float = _declare(
        1e-12,
        float,
        "leaf noise",
        "ε",
        "Relative noise on the leaf weights; equal components stay equal for ever without it.",
        low=1e-16,
        high=LIMITS.largest_noise,
        zero_allowed=True,
        log_scale=True,
        named={"none": 0.0, "rounding": 1e-12, "honest": 1e-3},
    )
    train_components: bool = _declare(
        True, bool, "train components", "θ", "Train the leaf weights too, or only the sum weights."
    )
    parametrisation: str = _declare(
        "linear",
        str,
        "parametrisation",
        "",
        "Linear: steps on the weights, held above the floor. Log: steps on their logarithms.",
        choices=tuple(PARAMETRISATIONS),
    )
    floor: float = _declare(
        1e-4,
        float,
        "floor",
        "",
        "No linear weight may fall below this after a step.",
        low=LIMITS.smallest_floor,
        high=LIMITS.largest_floor,
        log_scale=True,
        named={"paper": 1e-4},
    )
    objective: str = _declare(
        "generative",
        str,
        "objective",
        "𝓛",
        "Generative: mean log f − log Z. Unnormalised: mean log f − Z (authors, later). The others predict a class.",
        choices=tuple(OBJECTIVES),
    )
    class_variable: int = _declare(
        0,
        int,
        "class column",
        "y",
        "Column of the class, counted from 1, for objectives with a class; 0 is the last.",
        low=0,
        high=LIMITS.columns,
    )
    hybrid_mix: float = _declare(
        0.5,
        float,
        "generative share",
        "",
        "Hybrid objective: how much of it is generative, the rest discriminative.",
        low=0.0,
        high=1.0,
    )
    labelled_share: float = _declare(
        0.1,
        float,
        "labelled share",
        "",
        "Semi-supervised objective: the share of rows whose class is known.",
        low=0.0,
        high=1.0,
    )
    optimiser: str = _declare(
        "gradient_ascent",
        str,
        "optimiser",
        "",
        "The rule that turns flows into a step: a gradient method, or EM.",
        choices=tuple(LEARNERS),
    )
    momentum: float = _declare(
        0.9,
        float,
        "momentum",
        "β",
        "Share of the last step that momentum and Nesterov add to the next one.",
        low=0.0,
        high=LIMITS.largest_momentum,
    )
    batch_size: int = _declare(
        0,
        int,
        "rows per step",
        "B",
        "Rows of a mini-batch, drawn without replacement; 0 takes all rows.",
        low=0,
        high=LIMITS.rows,
    )
    iterations: int = _declare(
        500, int, "iterations", "T", "How many gradient steps to take.", low=1, high=LIMITS.iterations
    )
    num_seeds: int = _declare(
        1, int, "seeds", "", "Runs that differ only in their random numbers.", low=1, high=LIMITS.num_seeds
    )
    seed: int = _declare(0, int, "first seed", "", "The runs use this seed and the next ones.", low=0, high=LIMITS.seed)

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            object.__setattr__(self, name, _checked(name, field, getattr(self, name)))
        if self.seed + self.num_seeds - 1 > LIMITS.seed:
            raise ExperimentError(
                f"seed: {self.seed} plus {self.num_seeds} seeds passes the largest, {LIMITS.seed}; lower one of them"
            )
        if self.trace_bytes > LIMITS.run_bytes:
            raise ExperimentError(
                f"iterations, num_seeds, num_components, depth: together about {self.trace_bytes / 1e9:.1f} GB "
                f"of trace; the limit is {LIMITS.run_bytes / 1e9:g} GB; lower one of them"
            )

        _check_learner(self)

    @property
    def rates(self) -> tuple[float, str]:
        """η and the parametrisation, as the functions of `dynamics` take them."""
        return self.learning_rate, self.parametrisation

    @property
    def structure_settings(self) -> StructureSettings:
        """What decides the circuit."""
        return StructureSettings(self.num_components, self.split_depth, self.num_repetitions)

    def labels(self, num_variables: int) -> Labels:
        """The class and its share, for objectives that need them; ExperimentError where the data has no such column."""
        if self.class_variable > num_variables:
            raise ExperimentError(f"class_variable: {self.class_variable} is no column; the data has {num_variables}")
        return Labels((self.class_variable - 1) % num_variables, self.hybrid_mix, self.labelled_share, self.seed)

    @property
    def seeds(self) -> range:
        """The seeds of the runs, in order."""
        return range(self.seed, self.seed + self.num_seeds)

    @property
    def trace_bytes(self) -> int:
        """Upper bound of the memory of the recorded trace, in bytes."""
        per_step = self.num_components * (self.depth + 6) + 8
        return 8 * self.num_seeds * self.iterations * per_step

    def replace(self, **changes: Any) -> Experiment:
        """The same experiment with some fields changed; ExperimentError where a value is refused."""
        return dataclasses.replace(self, **changes)

    def rival(self, optimiser: str) -> Experiment:
        """The plain network, L = 1, under another learner, whose own geometry replaces the parametrisation."""
        own = {} if LEARNERS[optimiser].geometry is None else {"parametrisation": "linear"}
        return self.replace(depth=1, optimiser=optimiser, **own)

    @property
    def learner_title(self) -> str:
        """What the learner is called: `momentum 0.9`, `EM`."""
        return title(self.optimiser, self.momentum)

    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults, in order of declaration."""
        return {name: getattr(self, name) for name in FIELDS if getattr(self, name) != default_of(name)}

    def to_json(self) -> str:
        """All fields and the schema number as a JSON object."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """Read what `to_json` wrote; ExperimentError names the key path of the first fault."""
        try:
            return cls.from_dict(parse_object(text, "a saved experiment", 20_000))
        except JsonError as error:
            raise ExperimentError(str(error)) from None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Experiment:
        """All fields and `schema`, exactly; ExperimentError names what is missing, extra or wrong."""
        schema = values.get("schema")
        if type(schema) is not int or not 1 <= schema <= SCHEMA:
            raise ExperimentError(f"$.schema: {shown(schema)} is not known; this release reads schemas 1 to {SCHEMA}")
        for later in range(schema + 1, SCHEMA + 1):
            values = {**_ADDED[later], **values}
        for name in values:
            if name != "schema" and name not in FIELDS:
                raise ExperimentError(f"$.{shorten(name)}: no such setting; known are {', '.join(FIELDS)}")
        missing = [name for name in FIELDS if name not in values]
        if missing:
            raise ExperimentError(f"$.{missing[0]}: missing; a saved experiment holds every setting")
        try:
            return cls(**{name: values[name] for name in FIELDS})
        except ExperimentError as error:
            raise ExperimentError(f"$.{error}") from None


def _check_learner(experiment: Experiment) -> None:
    """Refuse what a learner with a geometry of its own cannot do."""
    learner = LEARNERS[experiment.optimiser]
    if learner.geometry is not None and experiment.parametrisation != "linear":
        raise ExperimentError(
            f"parametrisation: {experiment.optimiser} has its own; choose linear with it, or another optimiser"
        )
    if learner.data_flow_only and experiment.objective != "generative":
        raise ExperimentError(
            f"objective: {experiment.optimiser} maximises the generative one alone; choose generative"
        )
    if experiment.learning_rate > learner.largest_rate:
        raise ExperimentError(
            f"learning_rate: {experiment.learning_rate:g} is out of range for {experiment.optimiser}; "
            f"allowed: {LIMITS.smallest_rate:g} to {learner.largest_rate:g}"
        )


FIELDS: Mapping[str, Field] = {f.name: f.metadata["field"] for f in dataclasses.fields(Experiment)}


def default_of(name: str) -> Any:
    """The default value of a field."""
    return Experiment.__dataclass_fields__[name].default


def parse(name: str, text: str) -> Any:
    """The value that `text` (a link's or command line's) gives field `name`; ExperimentError if refused."""
    field = FIELDS.get(name)
    if field is None:
        raise ExperimentError(f"{shorten(name)}: no such setting; known are {', '.join(FIELDS)}")
    if field.kind is bool and text in ("true", "false"):
        return text == "true"
    if field.kind is int and _INTEGER.fullmatch(text):
        return _checked(name, field, int(text))
    if field.kind is float and _NUMBER.fullmatch(text):
        return _checked(name, field, float(text))
    if field.kind is str:
        return _checked(name, field, text)
    what = {int: "not a whole number", float: "not a number", bool: "neither true nor false"}[field.kind]
    raise ExperimentError(f"{name}: {shown(text)} is {what}; allowed: {field.allowed()}")


def format_value(name: str, value: Any) -> str:
    """The shortest text that `parse` reads back to the same value."""
    return str(value).lower() if FIELDS[name].kind is bool else str(value)


def _checked(name: str, field: Field, value: Any) -> Any:
    right_type = type(value) is field.kind or (field.kind is float and type(value) is int)
    if not right_type:
        raise ExperimentError(f"{name}: {shown(value)} is not {_kind_words(field)}; allowed: {field.allowed()}")
    if field.kind is str:
        if value not in field.choices and not (name == "dataset" and _UPLOAD.fullmatch(value)):
            raise ExperimentError(f"{name}: {shown(value)} is not known; allowed: {field.allowed()}")
        return value
    if field.kind is bool:
        return value
    inside = field.low <= value <= field.high  # false for NaN
    if not (inside or (field.zero_allowed and value == 0)):
        raise ExperimentError(f"{name}: {shown(value)} is out of range; allowed: {field.allowed()}")
    return field.kind(value)


def _kind_words(field: Field) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a name"}[field.kind]

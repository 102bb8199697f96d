"""One frozen record describes a run: every field is declared here once, with its range, label and help."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.circuits.overparam import TOPOLOGIES
from spncore.data.dataset import UPLOAD
from spncore.data.library import DATASETS
from spncore.files.strict_json import JsonError, parse_object, shown
from spncore.learning.learners import LEARNERS, title
from spncore.learning.objectives import OBJECTIVES, Labels
from spncore.learning.parametrisation import PARAMETRISATIONS
from spncore.limits import LIMITS
from spncore.record import ExperimentError, Record, choice, declare, number, switch, whole
from spncore.runs.changes import Change, Changes, fits, read_all
from spncore.structures import STRUCTURES, StructureSettings

SCHEMA = 4
PLAIN_SCHEMA = 3  # of an experiment without changes, which is written as before they came
# What later schemas added: an experiment saved before has the value these fields had when they came, for ever.
_ADDED: Mapping[int, str] = {
    2: "structure=mixture&split_depth=2&num_repetitions=4&class_variable=0&hybrid_mix=0.5&labelled_share=0.1"
    "&momentum=0.9&batch_size=0",
    3: "",  # counts updates; before, iterations counted states, the start being the first
    4: "changes=",
}


@dataclass(frozen=True)
class Experiment(Record):
    """Everything that decides a run; equal records give equal numbers (same machine, same versions).

    >>> experiment = Experiment(depth=3, num_seeds=6)
    >>> experiment.replace(depth=1) == Experiment(num_seeds=6, depth=1)
    True
    >>> Experiment(depth=0)
    Traceback (most recent call last):
    ...
    spncore.record.ExperimentError: depth: 0 is out of range; allowed: 1 to 8
    """

    dataset: str = choice("nltcs", "data set", "The 0/1 table the network learns.", DATASETS, pattern=UPLOAD)
    structure: str = choice(
        "mixture",
        "structure",
        "One mixture, or a circuit that is deep by itself: drawn at random or learned, with the first seed.",
        STRUCTURES,
    )
    split_depth: int = whole(
        2, "splits", "How often a drawn circuit splits the variables below each other.", 1, LIMITS.split_depth
    )
    num_repetitions: int = whole(
        4, "repetitions (R)", "How many random partitions a RAT-SPN mixes.", 1, LIMITS.num_repetitions
    )
    num_components: int = whole(
        8, "components (K)", "How many product distributions the network mixes.", 1, LIMITS.num_components
    )
    depth: int = whole(3, "sum layers (L)", "Consecutive sum layers; L = 1 is the plain mixture.", 1, LIMITS.depth)
    topology: str = choice(
        "tree",
        "topology (φ)",
        "How components share weights: the paper's tree, a private chain each, or one shared scalar.",
        TOPOLOGIES,
    )
    learning_rate: float = number(
        0.01,
        "learning rate (η)",
        "Size of a gradient step. With linear weights only η over start² matters for them, with log-weights η alone.",
        LIMITS.smallest_rate,
        LIMITS.largest_rate,
        log_scale=True,
        named={"gentle": 1e-3, "paper": 1e-2, "too large": 1.0},
    )
    init_scale: float = number(
        1e-4,
        "starting weight (w0)",
        "Only ratios of weights matter: a smaller start of linear weights = a larger true step; log-weights shift.",
        LIMITS.smallest_rate,
        LIMITS.largest_rate,
        log_scale=True,
        named={"paper": 1e-4, "fair": 0.1, "large": 1.0},
    )
    init_convention: str = choice(
        "per_layer",
        "held equal",
        "Per layer: every weight starts at w0. Matched: every product w_k starts at w0.",
        ("per_layer", "matched"),
    )
    weight_init: str = choice(
        "equal",
        "weight start",
        "Equal: all weights of a layer start alike. Random: each starts at |normal| times the start.",
        ("equal", "random"),
    )
    component_init: str = choice(
        "uniform",
        "component start",
        "Uniform: leaf weights ½. Random: |normal(0, 0.1²)|. Fitted: by EM, or as its structure was learned.",
        ("uniform", "random", "fitted"),
    )
    init_noise: float = number(
        1e-12,
        "leaf noise (ε)",
        "Relative noise on the leaf weights; equal components stay equal for ever without it.",
        1e-16,
        LIMITS.largest_noise,
        zero_allowed=True,
        log_scale=True,
        named={"none": 0.0, "rounding": 1e-12, "honest": 1e-3},
    )
    train_components: bool = switch(
        True, "train components (θ)", "Train the leaf weights too, or only the sum weights."
    )
    parametrisation: str = choice(
        "linear",
        "parametrisation",
        "Linear: steps on the weights, held above the floor. Log: steps on their logarithms.",
        PARAMETRISATIONS,
    )
    floor: float = number(
        1e-4,
        "floor",
        "No linear weight may fall below this after a step.",
        LIMITS.smallest_floor,
        LIMITS.largest_floor,
        log_scale=True,
        named={"paper": 1e-4},
    )
    objective: str = choice(
        "generative",
        "objective (𝓛)",
        "Generative: mean log f − log Z. Unnormalised: mean log f − Z (authors, later). The others predict a class.",
        OBJECTIVES,
    )
    class_variable: int = whole(
        0,
        "class column (y)",
        "Column of the class, counted from 1, for objectives with a class; 0 is the last.",
        0,
        LIMITS.columns,
    )
    hybrid_mix: float = number(
        0.5,
        "generative share",
        "Hybrid objective: how much of it is generative, the rest discriminative.",
        0.0,
        1.0,
    )
    labelled_share: float = number(
        0.1, "labelled share", "Semi-supervised objective: the share of rows whose class is known.", 0.0, 1.0
    )
    optimiser: str = choice(
        "gradient_ascent", "optimiser", "The rule that turns flows into a step: a gradient method, or EM.", LEARNERS
    )
    momentum: float = number(
        0.9,
        "momentum (β)",
        "Share of the last step that momentum and Nesterov add to the next one.",
        0.0,
        LIMITS.largest_momentum,
    )
    batch_size: int = whole(
        0, "rows per step (B)", "Rows of a mini-batch, drawn without replacement; 0 takes all rows.", 0, LIMITS.rows
    )
    iterations: int = whole(500, "iterations (T)", "How many updates to make.", 0, LIMITS.iterations)
    num_seeds: int = whole(1, "seeds", "Runs that differ only in their random numbers.", 1, LIMITS.num_seeds)
    seed: int = whole(0, "first seed", "The runs use this seed and the next ones.", 0, LIMITS.seed)
    changes: tuple[str, ...] = declare(
        (),
        Changes(
            tuple,
            "changes",
            help="What is changed on the way: the learning rate, or a weight that is set by hand, after some updates.",
            said="120:rate:0.05 for another learning rate after 120 updates, 40:L3.w1.4:0.2 for the fourth weight of "
            f"layer 1 where L = 3, values from {LIMITS.smallest_rate:g} to {LIMITS.largest_rate:g}",
        ),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seed + self.num_seeds - 1 > LIMITS.seed:
            raise ExperimentError(
                f"seed: {self.seed} plus {self.num_seeds} seeds passes the largest, {LIMITS.seed}; lower one of them"
            )
        num_bytes = 8 * self.num_seeds * (self.iterations + 1) * (self.num_components * (self.depth + 6) + 9)  # at most
        if num_bytes > LIMITS.run_bytes:
            raise ExperimentError(
                f"iterations, num_seeds, num_components, depth: together about {num_bytes / 1e9:.1f} GB "
                f"of trace; the limit is {LIMITS.run_bytes / 1e9:g} GB; lower one of them"
            )

        _check_learner(self)
        for change in self.on_the_way:
            _check_change(self, change)

    @cached_property
    def on_the_way(self) -> tuple[Change, ...]:
        """The changes in the order in which they are made; one after the last update, or of another depth, is idle."""
        return read_all(self.changes)

    @cached_property
    def acting(self) -> tuple[Change, ...]:
        """Those of the changes that are not idle."""
        made = (change for change in self.on_the_way if change.at < self.iterations)
        return tuple(change for change in made if change.of_rate or change.depth == self.depth)

    def rates_at(self, updates: int | Ints | slice) -> tuple[float | Floats, str]:
        """η and the parametrisation of the updates after so many, as the functions of `dynamics` take them.

        Of several, where η changes, a column (T, 1).
        """
        rate: float | Floats = self.learning_rate
        changes = [change for change in self.acting if change.of_rate]
        if changes:
            rates = np.full(self.iterations + 1, rate)
            for change in changes:
                rates[change.at :] = change.value
            rate = float(rates[updates]) if isinstance(updates, int) else rates[updates][:, None]
        return rate, self.parametrisation

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

    def replace(self, **changes: Any) -> Experiment:
        """The same experiment with some fields changed; ExperimentError where a value is refused."""
        return dataclasses.replace(self, **changes)

    def rival(self, optimiser: str) -> Experiment:
        """The plain network, L = 1, under another learner, whose own geometry replaces the parametrisation."""
        learner = LEARNERS[optimiser]
        own: dict[str, Any] = {} if learner.geometry is None else {"parametrisation": "linear"}
        if self.changes:  # rivals have the depths' rates, where they have one, and the weights that nobody set
            own["changes"] = tuple(str(each) for each in self.on_the_way if each.of_rate and not learner.fixed_rate)
        return self.replace(depth=1, optimiser=optimiser, **own)

    @property
    def learner_title(self) -> str:
        """What the learner is called: `momentum 0.9`, `EM`."""
        return title(self.optimiser, self.momentum)

    def to_dict(self) -> dict[str, Any]:
        """The schema number and all fields; changes only where there are some."""
        fields = dataclasses.asdict(self)
        if not fields["changes"]:
            return {"schema": PLAIN_SCHEMA, **{name: value for name, value in fields.items() if name != "changes"}}
        return {"schema": SCHEMA, **fields}

    def to_json(self) -> str:
        """`to_dict` as a JSON object."""
        return json.dumps(self.to_dict(), allow_nan=False)

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
        try:
            schema, known = values.get("schema"), f"this release reads schemas 1 to {SCHEMA}"
            if type(schema) is not int or not 1 <= schema <= SCHEMA:
                raise ExperimentError(f"schema: {shown(schema)} is not known; {known}")
            for later in range(schema + 1, SCHEMA + 1):
                added = parse_qsl(_ADDED[later], keep_blank_values=True)
                values = {**{name: FIELDS[name].parse(text) for name, text in added}, **values}
            settings = {name: value for name, value in values.items() if name != "schema" and cls.known(name)}
            if schema < 3 and type(settings.get("iterations")) is int:
                settings["iterations"] = updates_of(settings["iterations"])
            missing = [name for name in FIELDS if name not in settings]
            if missing:
                raise ExperimentError(f"{missing[0]}: missing; a saved experiment holds every setting")
            return cls(**settings)
        except ExperimentError as error:
            raise ExperimentError(f"$.{error}") from None


def updates_of(states: int) -> int:
    """How many updates a run made that was asked for so many states, the start among them."""
    return states - 1


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


def _check_change(experiment: Experiment, change: Change) -> None:
    """Refuse a change that no network of the experiment could have."""
    learner = LEARNERS[experiment.optimiser]
    if change.of_rate:
        if learner.fixed_rate is not None:
            raise ExperimentError(f"changes: {experiment.optimiser} has no learning rate to change; leave {change} out")
        if change.value > learner.largest_rate:
            raise ExperimentError(
                f"changes: {change}: {experiment.optimiser} takes rates up to {learner.largest_rate:g}; choose less"
            )
        return
    if learner.geometry is not None:
        raise ExperimentError(
            f"changes: {experiment.optimiser} keeps weights that sum to 1, so none is set by hand; leave {change} out"
        )
    if not fits(change, experiment):
        raise ExperimentError(
            f"changes: {change}: there is no such weight in a {experiment.topology} of K = "
            f"{experiment.num_components}; choose another or leave it out"
        )


FIELDS = Experiment.fields

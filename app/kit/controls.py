"""A setting is declared once, as a field of its record, and drawn here: by one function on every page."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.kit.text import WORDS, literal, point, titled, value_text
from spncore.learning.learners import TAKES_MOMENTUM
from spncore.learning.objectives import OBJECTIVES
from spncore.runs.experiment import FIELDS, Experiment, ExperimentError, Field
from spncore.runs.study import RIVALS, Study

Values = Mapping[str, Any]
Record = TypeVar("Record")
DRAWN = ("random_partitions", "rat", "rat_elementwise")  # structures that are drawn at random, not learned
SETTINGS: Mapping[str, Field] = {  # of a study: those of its experiment, and the two that several are chosen of
    **FIELDS,
    "depths": replace(FIELDS["depth"], kind=tuple, help=WORDS["depths_help"]),
    "rivals": Field(tuple, WORDS["rivals"], "", WORDS["rivals_help"], choices=RIVALS),
}
# What a setting that is not here changes, it changes always.
MATTERS: Mapping[str, Callable[[Values], bool]] = {
    "num_components": lambda said: said["structure"] in ("mixture", *DRAWN),
    "split_depth": lambda said: said["structure"] in DRAWN,
    "num_repetitions": lambda said: said["structure"] in DRAWN[1:],
    "class_variable": lambda said: said["objective"] in OBJECTIVES and OBJECTIVES[said["objective"]].needs_class,
    "hybrid_mix": lambda said: said["objective"] == "hybrid",
    "labelled_share": lambda said: said["objective"] == "semi_supervised",
    "momentum": lambda said: any(one in TAKES_MOMENTUM for one in (said["optimiser"], *(said["rivals"] or ()))),
}
FEW_CHOICES = 3
FINE_STEP = 0.05  # of a number on a linear scale
SHORT_RANGE = 64  # whole numbers of this range get a slider, others a field to type in
LONG_RANGE = 1e6  # whole numbers of this range are not typed in steps
EXACT = 2**53  # the browser's whole numbers are exact below


def settings(study: Study) -> dict[str, Any]:
    """What the controls of a study say of it."""
    own = {name: getattr(study.experiment, name) for name in FIELDS}
    return own | {"depths": list(study.depths), "rivals": list(study.rivals)}


def study_of(said: Values) -> Study:
    """The study that controls describe, checked by the engine and not by the widgets; ExperimentError if refused."""
    depths = said["depths"]
    if not isinstance(depths, (list, tuple)) or not depths:
        raise ExperimentError(WORDS["no_depth"])
    experiment = Experiment(**{name: said[name] for name in FIELDS if name != "depth"})
    # in order as text, so that Study can refuse what is no number
    study = Study(experiment, tuple(sorted(depths, key=str)), tuple(said["rivals"] or ()))
    study.experiments()
    return study


def show(prefix: str, values: Values) -> None:
    """Make the controls of this prefix say these values; to be called before they are drawn, or in a callback."""
    st.session_state.update({f"{prefix}_{name}": value for name, value in values.items()})


def panel(
    prefix: str,
    values: Values,
    make: Callable[[dict[str, Any]], Record],
    main: Iterable[str],
    more: Iterable[str] = (),
    fields: Mapping[str, Field] = SETTINGS,
    how: Mapping[str, Values] = {},
    places: Sequence[AbstractContextManager[Any]] = (),
) -> Record | None:
    """Draw the settings `main`, and `more` folded away; the record that `make` makes of `values` and what they say.

    They begin with `values` at the first visit and back from another page. None where `make` refuses by a ValueError:
    its sentence, which begins with the setting's name or label, is shown at that setting.
    """
    for name, value in values.items():
        st.session_state.setdefault(f"{prefix}_{name}", value)
    top, slots, said = st.container(), dict[str, DeltaGenerator](), dict(values)

    def part(names: Iterable[str]) -> None:
        now = {name: st.session_state[f"{prefix}_{name}"] for name in values}
        offered = [name for name in names if name not in MATTERS or MATTERS[name](now)]
        for name, place in zip(offered, cycle(places or [nullcontext()]), strict=False):
            with place:
                said[name] = draw(prefix, name, fields[name], **how.get(name, {}))
                slots[name] = st.container()

    part(main)
    if more:
        with st.expander(WORDS["more"]):
            part(more)
    try:
        return make(said)
    except ValueError as refusal:
        named = re.split("[:,]", str(refusal))[0]
        at = (slot for name, slot in slots.items() if named in (name, fields[name].label))
        next(at, top).error(literal(str(refusal)), icon=":material/block:")
        return None


def draw(
    prefix: str,
    name: str,
    field: Field,
    kind: str = "",
    options: Sequence[Any] = (),
    words: Callable[[Any], str] | None = None,
    **how: Any,
) -> Any:
    """Draw one setting as it is declared, or as `how` says otherwise; what it says.

    Its key holds a value already, which is offered even between the steps or outside the range: a link may say 0.013,
    and what cannot be is for the record to refuse, in words. `kind` is one of those `_kind` gives, or box, list.
    """
    key, kind = f"{prefix}_{name}", kind or _kind(field)
    value = st.session_state[key]
    common: dict[str, Any] = {"label": titled(field), "key": key, "help": field.help or None, **how}
    if kind == "toggle":
        return st.toggle(**common)
    if kind in ("slider", "number"):
        return _number(field, kind, value, common)
    if kind == "steps":
        offered = st.session_state.setdefault(f"offered_{key}", set(options or steps(field)))
        offered.add(value)
        return st.select_slider(options=sorted(offered), format_func=words or partial(point, field), **common)
    common["format_func"] = words or partial(value_text, name)
    options = options or field.choices or range(int(field.low), int(field.high) + 1)
    if kind == "pills":
        offered = [*options, *(one for one in value or () if one not in options)]
        return st.pills(options=offered, selection_mode="multi", **common)
    if kind == "segments":
        return st.segmented_control(options=options, required=True, **common)
    if kind == "list":
        return st.multiselect(options=options, **common)
    return st.selectbox(options=options, **common)


def steps(field: Field) -> list[float]:
    """The 1-2-5 steps of a log-scaled field over its range, its named points, and 0 where that is allowed."""
    first, last = math.floor(math.log10(field.low)), math.ceil(math.log10(field.high))
    series = [float(f"{digit}e{power}") for power in range(first, last + 1) for digit in (1, 2, 5)]
    inside = {value for value in series if field.low <= value <= field.high}
    return sorted(inside | set(field.named.values()) | ({0.0} if field.zero_allowed else set()))


def _kind(field: Field) -> str:
    """The widget that suits a declaration."""
    if field.kind in (bool, tuple):
        return "toggle" if field.kind is bool else "pills"
    if field.choices:
        return "segments" if len(field.choices) <= FEW_CHOICES else "box"
    if field.log_scale:
        return "steps"
    return "slider" if field.kind is float or field.high - field.low <= SHORT_RANGE else "number"


def _number(field: Field, kind: str, value: Any, common: dict[str, Any]) -> Any:
    low, high = field.kind(field.low), field.kind(field.high)
    ends = {"min_value": min(low, max(value, -EXACT)), "max_value": max(high, min(value, EXACT))}
    if kind == "slider":
        return st.slider(step=FINE_STEP if field.kind is float else 1, **ends, **common)
    return st.number_input(step=100 if SHORT_RANGE < high - low <= LONG_RANGE else 1, **ends, **common)

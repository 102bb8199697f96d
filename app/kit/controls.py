"""The side panel: each setting of a study becomes a widget; what they say together is one checked study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.kit.link import LAB
from app.kit.text import WORDS, choice, label, literal, point
from spncore.learning.learners import TAKES_MOMENTUM, title
from spncore.learning.objectives import OBJECTIVES
from spncore.limits import LIMITS
from spncore.record import ExperimentError, Field
from spncore.runs.experiment import FIELDS, Experiment
from spncore.runs.study import RIVALS, Study
from spncore.studies import presets

MAIN = ("num_components", "depths", "learning_rate", "init_scale", "init_convention", "rivals")
MORE = (
    "topology",
    "component_init",
    "init_noise",
    "weight_init",
    "train_components",
    "parametrisation",
    "floor",
    "objective",
    "class_variable",
    "hybrid_mix",
    "labelled_share",
    "optimiser",
    "momentum",
    "batch_size",
    "iterations",
    "num_seeds",
    "seed",
)
CLASS_SETTINGS: Mapping[str, Callable[[str], bool]] = {
    "class_variable": lambda objective: objective in OBJECTIVES and OBJECTIVES[objective].needs_class,
    "hybrid_mix": lambda objective: objective == "hybrid",
    "labelled_share": lambda objective: objective == "semi_supervised",
}
FEW_CHOICES = 3
FINE_STEP = 0.05  # of a number on a linear scale
SHORT_RANGE = 64  # whole numbers of this range get a slider, others a field to type in
PRESET = "control_preset"
SHOWN = "shown_study"  # whose values the sliders offer besides the 1-2-5 steps


def show(study: Study) -> None:
    """Make every control show this study; to be called before the controls are drawn, or in a callback."""
    st.session_state["study"] = st.session_state[SHOWN] = study
    for name in (*MAIN, *MORE):
        st.session_state[_key(name)] = _value(study, name)


def side_panel(study: Study) -> tuple[Study, str | None]:
    """Draw the panel; the study its controls describe, or the old one and the sentence that says what is refused."""
    top = st.container()
    slots = {name: _control(name, study) for name in MAIN}
    with st.expander(WORDS["more"]):
        slots |= {name: _control(name, study) for name in MORE if _matters(name)}
    refusal = None
    try:
        study = _chosen(study)
    except ExperimentError as error:
        refusal = str(error)
        name = refusal.split(":")[0].split(",")[0]
        slots.get(name, top).error(literal(refusal), icon=":material/block:")
    with top:
        _preset_control(study)
    return study, refusal


def _preset_control(study: Study) -> None:
    found = presets.matching(study)
    st.session_state[PRESET] = found.name if found else None
    st.selectbox(
        WORDS["preset"],
        list(presets.PRESETS),
        index=None,
        format_func=lambda name: presets.PRESETS[name].title,
        key=PRESET,
        help=WORDS["preset_help"],
        placeholder=WORDS["own_settings"],
        on_change=_choose_preset,
    )
    if found:
        st.caption(f"**Look for:** {found.look_for}  \n**Held equal:** {found.held_equal}")


def _choose_preset() -> None:
    preset = presets.PRESETS.get(st.session_state[PRESET] or "")
    if preset is not None:
        show(preset.on(st.session_state["study"].experiment.dataset))


def reset() -> None:
    """Bring back the default study, on the data set in use."""
    show(LAB.default().on(st.session_state["study"].experiment.dataset))


def _control(name: str, study: Study) -> Any:
    """Draw one setting's widget, and give the place for a sentence under it."""
    if _key(name) not in st.session_state:  # the first visit, or back from another page
        st.session_state[_key(name)] = _value(study, name)
    if name == "depths":
        st.pills(
            label("depth"),
            list(range(1, LIMITS.depth + 1)),
            selection_mode="multi",
            key=_key(name),
            help=WORDS["depths_help"],
        )
    elif name == "rivals":
        momentum = st.session_state.get(_key("momentum"), study.experiment.momentum)
        st.pills(
            WORDS["rivals"],
            RIVALS,
            selection_mode="multi",
            format_func=lambda rival: title(rival, momentum),
            key=_key(name),
            help=WORDS["rivals_help"],
        )
    else:
        _widget(name, FIELDS[name])
    return st.container()


def _widget(name: str, field: Field) -> None:
    common: Mapping[str, Any] = {"label": label(name), "key": _key(name), "help": field.help}
    if field.kind is bool:
        st.toggle(**common)
    elif field.choices and len(field.choices) <= FEW_CHOICES:
        st.segmented_control(
            options=field.choices, format_func=lambda value: choice(name, value), required=True, **common
        )
    elif field.choices:
        st.selectbox(options=field.choices, format_func=lambda value: choice(name, value), **common)
    elif field.log_scale:
        st.select_slider(options=_points(name), format_func=lambda value: point(name, value), **common)
    elif field.kind is float:
        st.slider(min_value=field.low, max_value=field.high, step=FINE_STEP, **common)
    elif field.high - field.low <= SHORT_RANGE:
        st.slider(min_value=int(field.low), max_value=int(field.high), **common)
    else:
        step = 1 if field.high > 1e6 else 100
        st.number_input(min_value=int(field.low), max_value=int(field.high), step=step, **common)


def steps(field: Field) -> list[float]:
    """The 1-2-5 steps of a log-scaled field over its range, its named points, and 0 where that is allowed."""
    first, last = math.floor(math.log10(field.low)), math.ceil(math.log10(field.high))
    series = [float(f"{digit}e{power}") for power in range(first, last + 1) for digit in (1, 2, 5)]
    inside = {value for value in series if field.low <= value <= field.high}
    return sorted(inside | set(field.named.values()) | ({0.0} if field.zero_allowed else set()))


def _points(name: str) -> list[float]:
    """The steps, and the value of the study that was opened last: a link may say 0.013."""
    shown = _value(st.session_state[SHOWN], name) if SHOWN in st.session_state else None
    current = st.session_state[_key(name)]
    extra = {value for value in (shown, current) if isinstance(value, float)}
    return sorted(set(steps(FIELDS[name])) | extra)


def _chosen(study: Study) -> Study:
    """What the controls say, checked by the engine and not by the widgets."""
    said = {name: st.session_state.get(_key(name), _value(study, name)) for name in (*MAIN, *MORE)}
    depths, rivals = said.pop("depths"), tuple(said.pop("rivals") or ())
    if not isinstance(depths, (list, tuple)) or not depths:
        raise ExperimentError(WORDS["no_depth"])
    experiment = Experiment(dataset=study.experiment.dataset, **said)
    chosen = Study(
        experiment, tuple(sorted(depths, key=str)), rivals
    )  # as text, so that Study can refuse what is no number
    chosen.experiments()
    return chosen


def _matters(name: str) -> bool:
    """Whether a setting changes anything under what the controls before it say; if not, it is not offered."""
    if name in CLASS_SETTINGS:
        return CLASS_SETTINGS[name](st.session_state.get(_key("objective"), ""))
    if name == "momentum":
        learners = [st.session_state.get(_key("optimiser")), *(st.session_state.get(_key("rivals")) or ())]
        return any(learner in TAKES_MOMENTUM for learner in learners)
    return len(FIELDS[name].choices) != 1


def _value(study: Study, name: str) -> Any:
    return list(getattr(study, name)) if name in ("depths", "rivals") else getattr(study.experiment, name)


def _key(name: str) -> str:
    return f"control_{name}"

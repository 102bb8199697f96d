"""A setting is declared once, as a field of its record, and drawn here: by one function on every page."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import cycle, repeat
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.kit import locks
from app.kit.text import WORDS, literal, point, value_text
from spncore.learning.learners import TAKES_MOMENTUM
from spncore.learning.objectives import OBJECTIVES
from spncore.record import ExperimentError, Field
from spncore.runs.study import Study

Values = Mapping[str, Any]
Record = TypeVar("Record")
DRAWN = ("random_partitions", "rat", "rat_elementwise")  # structures that are drawn at random, not learned
SETTINGS = Study.declared()
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


def settings(study: Study) -> dict[str, Any]:
    """What the controls of a study say of it."""
    return {**study.settings(), "depths": list(study.depths), "rivals": list(study.rivals)}


def study_of(said: Values) -> Study:
    """The study that controls describe, checked by the engine and not by the widgets; ExperimentError if refused."""
    depths = said["depths"]
    if not isinstance(depths, (list, tuple)) or not depths:
        raise ExperimentError(WORDS["no_depth"])
    # in order as text, so that the study can refuse what is no number
    return Study.of({**said, "depths": tuple(sorted(depths, key=str)), "rivals": tuple(said["rivals"] or ())})


def show(prefix: str, values: Values) -> None:
    """Make the controls of this prefix say these values; to be called before they are drawn, or in a callback."""
    st.session_state.update({f"{prefix}_{name}": value for name, value in values.items()})


def setting(name: str, field: Field | None) -> str:
    """The setting that a control is about, by which a link locks and hides it; most are called as it is."""
    return field.name if field is not None and field.name else name


def said(prefix: str, values: Values, names: Iterable[str], fields: Mapping[str, Field] = SETTINGS) -> dict[str, Any]:
    """What the controls of these names say now; `values` where none is drawn or the link locks it, and for all else."""
    locked = locks.locked()
    free = [name for name in names if setting(name, fields.get(name)) not in locked]
    return {**values, **{name: st.session_state.get(f"{prefix}_{name}", values[name]) for name in free}}


def panel(
    prefix: str,
    values: Values,
    make: Callable[[dict[str, Any]], Record],
    main: Iterable[str],
    more: Iterable[str] = (),
    fields: Mapping[str, Field] = SETTINGS,
    how: Mapping[str, Values] = {},
    places: Sequence[DeltaGenerator] = (),
) -> Record | None:
    """Draw the settings `main`, and `more` when they are unfolded; the record that `make` makes of what they say.

    They begin with `values` at the first visit and back from another page. None where `make` refuses by a ValueError:
    its sentence, which begins with the setting's name or label, is shown at that setting. What the link hides is not
    drawn and stays as it is; what it locks stays as `values` have it.
    """
    main, more = tuple(main), tuple(more)
    now = said(prefix, values, main + more, fields)
    before = dict(now)
    made, named, refusal = _made(make, values, now)
    refused_at = named  # a place for the sentence is kept only where one will be
    slots, top = dict[str, DeltaGenerator](), st.container()
    offered, folded = (_drawn(names, fields, now) for names in (main, () if locks.hides("more") else more))
    rows = [*zip(offered, cycle(places or [st.container()]), strict=False)]
    if folded:
        # What is folded is not drawn: it is most of the page, and a press of Train waits for all that is.
        unfolded = st.expander(WORDS["more"], key=f"{prefix}_more", on_change="rerun")
        rows += zip(folded if unfolded.open else (), repeat(unfolded), strict=False)
    for name, place in rows:
        with place:
            now[name] = draw(prefix, name, fields[name], values[name], **how.get(name, {}))
            if refused_at in (name, fields[name].label):
                slots[refused_at] = st.container()
    if now != before:  # a widget that cannot say a value says another
        made, named, refusal = _made(make, values, now)
    if refusal:
        slots.get(named, top).error(literal(refusal), icon=":material/block:")
    return made


def _drawn(names: Iterable[str], fields: Mapping[str, Field], now: Values) -> list[str]:
    """Those of some settings that are drawn: the link does not hide them, and they matter."""
    hidden = locks.hidden(setting(name, fields[name]) for name in names)
    seen = (name for name in names if setting(name, fields[name]) not in hidden)
    return [name for name in seen if name not in MATTERS or MATTERS[name](now)]


def _made(
    make: Callable[[dict[str, Any]], Record], values: Values, now: dict[str, Any]
) -> tuple[Record | None, str, str]:
    """What `make` makes of what the controls say; or None, the setting at which it refuses, and its sentence."""
    try:
        made = make(now)
        refusal = _locked(make, values, made) if locks.locked() else None
    except ValueError as error:
        refusal = str(error)
    return (made, "", "") if refusal is None else (None, re.split("[:,]", refusal)[0], refusal)


def _locked(make: Callable[[dict[str, Any]], Record], values: Values, made: Record) -> str | None:
    """Why a record may not be: what the link locks is not as in `values`, as where one choice brings others along."""
    try:
        return locks.refusal(make(dict(values)), made)
    except ValueError:  # what was before cannot be made any more, as where its data are gone
        return None


def draw(prefix: str, name: str, field: Field, value: Any, *args: Any, **how: Any) -> Any:
    """Draw one setting by `widget`; where the link locks it, it says that and `value`, whatever a browser sends."""
    if setting(name, field) not in locks.locked():
        return widget(prefix, name, field, value, *args, **how)
    st.session_state[f"{prefix}_{name}"] = value
    said = f"{how.get('help', field.help) or ''} {WORDS['locked_help']}".strip()
    widget(prefix, name, field, value, *args, **{**how, "help": said, "disabled": True})
    return value


def widget(
    prefix: str,
    name: str,
    field: Field,
    value: Any,
    kind: str = "",
    options: Sequence[Any] = (),
    words: Callable[[Any], str] | None = None,
    **how: Any,
) -> Any:
    """Draw a field as it is declared, or as `how` says otherwise; what it says, which begins with `value`.

    What it was begun with stays offered, also between the steps: a link may say 0.013. `kind` is the name of a widget.
    """
    key, kind = f"{prefix}_{name}", kind or _kind(field)
    said = st.session_state.setdefault(key, value)
    how = {"label": field.title, "key": key, "help": field.help or None, **how}
    if kind in ("slider", "number_input"):
        low, high = field.kind(field.low), field.kind(field.high)
        offered = _offered(key, (low, high), [value])
        whole = 100 if SHORT_RANGE < high - low <= LONG_RANGE else 1
        how |= {
            "min_value": min(offered),
            "max_value": max(offered),
            "step": FINE_STEP if field.kind is float else whole,
        }
    elif kind == "select_slider":
        offered = sorted(_offered(key, options or steps(field), (value, said)))
        how |= {"options": offered, "format_func": words or partial(point, field)}
    elif kind not in ("toggle", "text_input"):
        options = options or field.choices or range(int(field.low), int(field.high) + 1)
        how |= {"options": options, "format_func": words or partial(value_text, name)}
    if kind == "pills":
        how |= {"options": _offered(key, options, value), "selection_mode": "multi"}
    if kind == "segmented_control":
        how["required"] = True
    return getattr(st, kind)(**how)


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
        return "segmented_control" if len(field.choices) <= FEW_CHOICES else "selectbox"
    if field.log_scale:
        return "select_slider"
    return "slider" if field.kind is float or field.high - field.low <= SHORT_RANGE else "number_input"


def _offered(key: str, options: Iterable[Any], more: Iterable[Any]) -> list[Any]:
    """The options, and what was ever offered besides: a widget whose options go away forgets what it says."""
    offered: list[Any] = st.session_state.setdefault(f"offered_{key}", list(options))
    offered += [one for one in more if one not in offered]
    return offered

"""What the page of grids offers: how a grid is looked at, which settings may vary, and values to begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from app.kit.link import GRID
from spncore.record import ExperimentError, Field, Record, choice
from spncore.runs.experiment import FIELDS
from spncore.studies.axes import VARIED, Axis, read
from spncore.studies.grid import Grid, check_for_visitors

NONE = "none"
SLOTS = {"across": "across", "up": "upwards", "panels": "in panels"}  # the axes in order, as they are drawn
VALUES = {f"{slot}_values": f"values {title}" for slot, title in SLOTS.items()}
ASKED = {"end": "LLH at the end", "gain": "updates to a share of EM's gain", "level": "updates to an LLH"}
FORMS = {"map": "squares", "lines": "lines"}
BEST = {"tenth": 0.1, "quarter": 0.25, "half": 0.5}
MOST = 5  # values that are offered to begin with
CONTROLS = {  # beside the settings of an experiment
    **{
        slot: Field(str, title, "", "A setting that varies." * (slot == "across"), choices=(NONE, *VARIED), name="axes")
        for slot, title in SLOTS.items()
    },
    **{slot: Field(str, title, name="axes") for slot, title in VALUES.items()},
    **Grid.fields,
}


@dataclass(frozen=True)
class Look(Record):
    """What the reader has chosen to look at."""

    form: str = choice("map", "drawn as", choices=FORMS)
    best: str = choice("tenth", "cells in colour, the best", choices=BEST)


def decode(params: Mapping[str, str | Sequence[str]]) -> tuple[Grid, list[str]]:
    """The grid of a link that a visitor may start, and one sentence for each thing refused."""
    grid, refused = GRID.decode(params)
    try:
        check_for_visitors(grid)
    except ExperimentError as error:
        return GRID.default(), [*refused, f"{error}. The default grid is shown."]
    return grid, refused


def said(grid: Grid) -> dict[str, Any]:
    """What the controls say of a grid."""
    found: dict[str, Any] = {**grid.settings(), "rivals": []}
    for slot, each in zip_longest(SLOTS, grid.axes):
        found |= {slot: each.name if each else NONE, f"{slot}_values": each.values_text if each else ""}
    return found


def described(values: Mapping[str, Any]) -> Grid:
    """The grid that controls describe; ExperimentError, which begins with a control's label, where it is refused."""
    axes = [_axis(slot, values) for slot in SLOTS if values[slot] != NONE]
    if not axes:
        raise ExperimentError(f"{SLOTS['across']}: nothing varies; choose a setting")
    grid = Grid.of({**values, "axes": axes})
    check_for_visitors(grid)
    return grid


def _axis(slot: str, values: Mapping[str, Any]) -> Axis:
    try:
        return read(values[slot], values[f"{slot}_values"])
    except ExperimentError as error:
        raise ExperimentError(f"{VALUES[f'{slot}_values']}: {error}") from None


def suggested(name: str) -> str:
    """Values of a setting to begin with, as they are written."""
    field = FIELDS[name]
    if field.kind is bool:
        return "true,false"
    if field.choices:
        return ",".join(map(str, field.choices[:MOST]))
    default = getattr(GRID.default().base, name)
    if field.kind is int:
        step = max(1, int(default) // 2)
        near: list[float] = [int(default) + step * number for number in range(-2, 3)]
    else:
        factors = (0.1, 0.3, 1.0, 3.0, 10.0) if field.log_scale else (0.0, 0.5, 1.0)
        near = [float(f"{(default or 1e-3) * factor:.6g}") for factor in factors]
    return ",".join(field.text(value) for value in near if field.low <= value <= field.high)

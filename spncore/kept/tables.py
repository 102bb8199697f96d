"""Kept runs in words on a terminal: a line in a list, all about one, what came in from a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from spncore.files.export import one_line
from spncore.files.provenance import citation, made_by
from spncore.kept.bundle import Taken
from spncore.record import Field
from spncore.runs.experiment import FIELDS, Experiment
from spncore.store.rows import Entry
from spncore.studies import history
from spncore.studies.statistics import LEVEL, covered
from spncore.words import counted, slashed

WIDTHS = (5, 24, 24, 12, 34, 24)
TITLES = ("run", "name", "data", "L", "median end [interval]", "updates to target", "when (UTC)")
NONE = "-"


def _columns(*cells: str) -> str:
    """Cells side by side; one that is too long is cut."""
    cut = (each if len(each) <= width else each[: width - 1] + "…" for each, width in zip(cells, WIDTHS, strict=False))
    return "  ".join([*(f"{each:{width}}" for each, width in zip(cut, WIDTHS, strict=False)), *cells[len(WIDTHS) :]])


HEAD = _columns(*TITLES)


def line(entry: Entry) -> str:
    """A run in a line of the list: the best of its curves' ends, and every depth's updates to the target."""
    depths = entry.settings["depths"]
    ends = [curve["end"] for curve in entry.summary["curves"] if curve["end"] is not None]
    target = entry.summary["target"] is not None
    updates = slashed(map(_updates, entry.summary["curves"][: len(depths)])) if target else NONE
    name, data = one_line(entry.name or NONE), one_line(entry.title)
    end = _end(max(ends)) if ends else NONE
    return _columns(str(entry.id), name, data, slashed(depths), end, updates, _when(entry))


def plain(entry: Entry) -> dict[str, Any]:
    """A run as plain values."""
    return entry._asdict()


def about(entry: Entry, versions: Mapping[str, str]) -> str:
    """All about a run, in lines."""
    study, own = history.study_of(entry.settings), Experiment()
    experiment = study.experiment
    differ = [name for name in FIELDS if name != "depth" and getattr(experiment, name) != getattr(own, name)]
    said = {name: _text(FIELDS[name], getattr(experiment, name)) for name in differ}
    said |= {"depths": ",".join(map(str, study.depths)), "rivals": ",".join(study.rivals)}
    target = entry.summary["target"]
    lines = [
        f"run {entry.id}: {one_line(entry.name or 'without a name')}",
        f"data: {one_line(entry.title)}, {counted(entry.num_rows, 'row')}, SHA-256 {entry.data_sha256}",
        f"settings: {' '.join(f'{name}={text}' for name, text in said.items() if text)}; all others as usual",
        f"target: {target['title'] + ', ' + target['reason'] if target else 'none'}",
        f"made: {_when(entry)} UTC with {made_by(versions)}; {entry.seconds:.1f} s",
        f"note: {one_line(entry.note) or NONE}",
        f"tags: {', '.join(map(one_line, entry.tags)) or NONE}",
        f"cite: {citation()}",
        "",
        f"{'curve':24}  {'median end [interval]':34}  updates to target",
    ]
    for curve in entry.summary["curves"]:
        end = _end(curve["end"]) if curve["end"] else NONE
        stopped = f"  {curve['stopped']}" if curve["stopped"] else ""
        lines.append(f"{curve['name']:24}  {end:34}  {_updates(curve) if target else NONE}{stopped}")
    return "\n".join(lines)


def came(taken: Taken) -> str:
    """What came in from a file."""
    here = f", {taken.here} here already" if taken.here else ""
    other = f"; {taken.other} of these with other last bits, which stay" if taken.other else ""
    return f"{counted(taken.new, 'run')} came in{here}{other}"


def _text(field: Field, value: Any) -> str:
    return str(field.text(value))


def _end(spread: list[float]) -> str:
    """The median of ends and its interval, in nats per row; what it covers where seeds are few."""
    median, low, high, coverage = spread
    covers = f"; {covered(coverage)}" if coverage < LEVEL else ""
    return f"{median:.4f} [{low:.4f}, {high:.4f}{covers}]"


def _updates(curve: Mapping[str, Any]) -> str:
    return "never" if curve["updates"] is None else f"{curve['updates']:g}"


def _when(entry: Entry) -> str:
    return f"{datetime.fromtimestamp(entry.made_at, UTC):%Y-%m-%d %H:%M}"

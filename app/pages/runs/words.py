"""What the list of runs says, in words made from what the store has; foreign texts are escaped where HTML is made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from app.kit.link import CIRCUITS, LAB
from app.kit.stored import own_settings, settings_in_words
from app.kit.text import WORDS, choice, number, plain, value_text
from app.pages.runs.link import SEEDS
from spncore.data.library import DATASETS
from spncore.runs.experiment import FIELDS
from spncore.runs.study import Study
from spncore.store.reading import Fold
from spncore.store.rows import Ends, Entry
from spncore.studies import statistics
from spncore.studies.statistics import bound, of_several
from spncore.words import counted, listed, signed

FACTS = "display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: flex-start; font-size: 0.875rem; line-height: 1.5"
TEXT = "flex: 1 1 16rem; min-width: 0"  # beside the line where there is room, else below it
ABOUT = "display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: center"
ROWS = f"{ABOUT}; list-style: none; margin: 0; padding: 0"
CURVE = "font-size: 0.875rem; margin: 0"
TAG = "border: 1px solid; border-radius: 0.75rem; padding: 0 0.5rem"


def facts(entry: Entry, study: Study, line: str, when: str) -> str:
    """A run's row as HTML: its line, what it was trained on, where each curve ended, and what was noted of it."""
    about = [plain(entry.title), *shape(study), when]
    rows = [curve(each, study.experiment.iterations, target(entry)) for each in entry.summary["curves"]]
    own = [own_settings(study)] if entry.name else []
    tags = [f'<span style="{TAG}">{escape(plain(tag))}</span>' for tag in entry.tags]
    note = [f"<span>{escape(plain(entry.note))}</span>"] if entry.note else []
    return _row(line, [*_spans(own), *_spans([" · ".join(about)]), *tags, *note], rows)


def fold_facts(entry: Entry, study: Study, fold: Fold, ends: Mapping[int, Mapping[int, Ends]], line: str) -> str:
    """A row of studies that differ in their seeds alone: where each curve ended and when it was at the target, over
    all their seeds.
    """
    seeds = {seed for by_seed in ends.values() for seed in by_seed}
    about = [plain(entry.title), counted(fold.studies, "run"), counted(len(seeds), "different seed")]
    names = [each["name"] for each in entry.summary["curves"]]
    length, at = study.experiment.iterations, target(entry)
    rows = [(names[place], pooled([*by_seed.values()], length, at)) for place, by_seed in sorted(ends.items())]
    return _row(line, _spans([" · ".join(about)]), rows)


def pooled(ends: Sequence[Ends], iterations: int, at: str) -> str:
    """The median end of seeds, and after how many updates they were at the target, with the exact intervals that hold
    these medians; no updates where a seed has no target.
    """
    where = end(statistics.spread([each.final_llh for each in ends if each.final_llh is not None]))
    if not at or any(each.level is None for each in ends):
        return where
    reached = [each.reached for each in ends]
    return f"{where}; {updates(statistics.median(reached), statistics.median_interval(reached), iterations, at)}"


def curve(said: Mapping[str, Any], iterations: int, at: str) -> tuple[str, str]:
    """A curve's name, where it ended, and how many updates it took to the target."""
    if said["end"] is None:
        return said["name"], plain(said["stopped"] or WORDS["runs_no_end"])
    where = end(said["end"])
    if "span" not in said:
        return said["name"], where
    return said["name"], f"{where}; {updates(said['updates'], said['span'], iterations, at)}"


def updates(median: float | None, span: Sequence[Any], iterations: int, at: str) -> str:
    """A median of updates to a target, with its interval (low, high, coverage); one seed has none."""
    low, high, coverage = span
    middle, ends = bound(median, iterations), (bound(low, iterations), bound(high, iterations))
    return f"{of_several(middle, *ends, coverage)} updates to\u00a0{at}"  # no line begins with the target


def end(said: Sequence[float]) -> str:
    """A median end with its interval; one seed has none."""
    middle, low, high, coverage = said
    return of_several(signed(middle), signed(low), signed(high), coverage)


def target(entry: Entry) -> str:
    """What a run's curves are compared at."""
    kept = entry.summary["target"]
    return "" if kept is None else plain(kept["title"])


def shape(study: Study) -> list[str]:
    """Which depths and how many seeds and updates, in words."""
    depths = f"L = {', '.join(map(str, study.depths))}"
    experiment = study.experiment
    return [depths, counted(experiment.num_seeds, "seed"), counted(experiment.iterations, "update")]


def group(study: Study, by: str) -> str:
    """What the runs of a group have in common, as a heading."""
    if by == "depths":
        return f"L = {', '.join(map(str, study.depths))}"
    value = getattr(study.experiment, by)
    if by == "dataset":
        return DATASETS[value].title if value in DATASETS else WORDS["runs_upload"].format(name=value[7:19])
    field = FIELDS[by]
    said = listed(value) or "none" if isinstance(value, tuple) else value_text(by, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{field.title} = {number(value)}"
    return f"{field.label}: {said}"


def group_choice(by: str) -> str:
    """A way to have runs together, in words."""
    if by in ("", SEEDS):
        return WORDS["runs_group_seeds" if by else "runs_group_none"]
    return WORDS["runs_group_depths"] if by == "depths" else FIELDS[by].label


def without_seeds(study: Study) -> str:
    """What runs are called that differ in their seeds alone."""
    links = (CIRCUITS if study.deep else LAB).default().experiment
    seeds = {"seed": links.seed, "num_seeds": links.num_seeds}
    return settings_in_words(replace(study, experiment=study.experiment.replace(**seeds)))


def order(name: str) -> str:
    """An order of the list, in words."""
    return choice("runs_order", name)


def part(first: int, shown: int, total: int, what: str) -> str:
    """Which part of the list is shown."""
    return f"{first + 1:,} to {first + shown:,} of {counted(total, what)}" if total > shown else counted(total, what)


def when(at: float, offset: float | None) -> str:
    """A time as the reader's clock has it, which is so many minutes behind UTC; in UTC where that is not known."""
    then = datetime.fromtimestamp(at, UTC) - timedelta(minutes=offset or 0)
    return f"{then:%Y-%m-%d %H:%M}" + " UTC" * (offset is None)


def _spans(texts: Sequence[str]) -> list[str]:
    return [f"<span>{escape(text)}</span>" for text in texts]


def _row(line: str, parts: Sequence[str], rows: Sequence[tuple[str, str]]) -> str:
    curves = "".join(f'<li style="{CURVE}"><b>{escape(name)}</b> {escape(said)}</li>' for name, said in rows)
    about = f'<div style="{ABOUT}">{"".join(parts)}</div>'
    return f'<div style="{FACTS}">{line}<div style="{TEXT}">{about}<ul style="{ROWS}">{curves}</ul></div></div>'

"""Runs of this browser's list as pages show them: found by their address, with the curves that were kept of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.kit import session, uploads
from app.kit.differing import differing
from app.kit.link import CIRCUITS, LAB
from app.kit.text import WORDS
from app.live.headline.told import Told, kept_told
from app.live.history import HISTORY
from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.runs.study import Study
from spncore.store import reading
from spncore.store.rows import Entry
from spncore.studies import presets
from spncore.studies.history import study_of
from spncore.studies.target import Fixed

DIGITS = 12  # of a study's key, by which an address names it
KEY = f"[0-9a-f]{{{DIGITS}}}"


@dataclass(frozen=True)
class Stored:
    """A run of the list with its curves: `llh` (S, T) in nats per row and why each `stopped` early, else None.

    `made_by` are the versions that made it.
    """

    entry: Entry
    study: Study
    llh: tuple[Floats, ...]
    stopped: tuple[str | None, ...]
    made_by: dict[str, str]

    @property
    def target(self) -> Fixed | None:
        """What its runs are compared at."""
        kept = self.entry.summary["target"]
        return None if kept is None else Fixed(kept["rule"], tuple(kept["levels"]))

    @cached_property
    def dataset(self) -> Dataset | None:
        """Its rows, where they are at hand."""
        return rows_of(self.entry)

    def told(self) -> Told:
        """What it shows, in two lines by the lab's one rule."""
        return kept_told(self.study, self.llh, self.stopped, self.dataset, self.target)

    def by_seed(self) -> dict[tuple[int, int], Floats]:
        """The LLH (T,) by curve and seed, as the store has them."""
        seeds = self.study.experiment.seeds
        return {(curve, seed): llh[at] for curve, llh in enumerate(self.llh) for at, seed in enumerate(seeds)}


def owner() -> str:
    """Whose list it is that this session shows."""
    return HISTORY.owner(session.session_name())


def named(key: str) -> Entry | None:
    """The run of this list that an address names, also one that was deleted; StoreError where none can be read."""
    return HISTORY.read(reading.begun, owner(), key)


def opened(entry: Entry) -> Stored:
    """A run with its curves; StoreError where they are damaged, ExperimentError where a later release made it."""
    study = study_of(entry.settings)
    results = HISTORY.read(reading.results, [entry.study])[entry.study]
    kept = HISTORY.read(reading.traces, entry.study)
    curves, seeds = range(len(study.experiments())), study.experiment.seeds
    llh = tuple(np.stack([kept[curve, seed] for seed in seeds]) for curve in curves)
    stopped = {row["curve"]: row["stopped"] for row in results}
    return Stored(entry, study, llh, tuple(stopped[curve] for curve in curves), dict(results[0]["versions"]))


def rows_of(entry: Entry) -> Dataset | None:
    """The very rows that a run was trained on, where they are at hand."""
    dataset = uploads.ready(entry.dataset, session.held_uploads())
    return dataset if dataset is not None and dataset.sha256 == entry.data_sha256 else None


def own_settings(study: Study) -> str:
    """What of a study is another than in Figure 3 or the circuits' default, in words."""
    links = CIRCUITS if study.deep else LAB
    changed = differing(study, links.default().on(study.experiment.dataset))
    return ", ".join(changed) or WORDS["runs_circuit" if study.deep else "runs_figure3"]


def settings_in_words(study: Study) -> str:
    """The question that a study asks, or what its own settings are."""
    preset = presets.matching(study)
    return own_settings(study) if preset is None else preset.title


def title(entry: Entry, study: Study) -> str:
    """What a run is called: its name, else what is its own."""
    return entry.name or settings_in_words(study)


def retrained_by(study: Study) -> tuple[str, dict[str, str]]:
    """The page that trains a study again, and what its address says."""
    if study.deep:
        return "pages/circuits/page.py", CIRCUITS.encode(study)
    return "pages/lab/page.py", LAB.encode(study)


def short(entry: Entry) -> str:
    """How addresses name a run."""
    return entry.study[:DIGITS]

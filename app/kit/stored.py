"""Runs of this browser's list as pages show them: found by their address, with the curves that were kept of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app.kit import session, uploads
from app.kit.differing import differing
from app.kit.link import CIRCUITS, LAB
from app.kit.text import WORDS
from app.live.headline.told import Told, kept_told
from app.live.history import HISTORY
from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.kept.runs import Curve, KeptError, Run, target_of, whole
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.store import StoreError, reading
from spncore.store.rows import Entry
from spncore.studies import presets
from spncore.studies.target import Fixed

DIGITS = 12  # of a study's key, by which an address names it
KEY = f"[0-9a-f]{{{DIGITS}}}"
REFUSED = (StoreError, ExperimentError, KeptError)  # what reading a run may raise, in sentences


@dataclass(frozen=True)
class Stored:
    """A kept run as pages show it, out of the list or of a file."""

    run: Run

    @property
    def entry(self) -> Entry:
        """What its list says of it."""
        return self.run.entry

    @cached_property
    def study(self) -> Study:
        """What was trained."""
        return self.run.study

    @cached_property
    def llh(self) -> tuple[Floats, ...]:
        """Of every curve the LLH (S, T) in nats per row."""
        return tuple(curve.llh for curve in self._curves)

    @property
    def stopped(self) -> tuple[str | None, ...]:
        """Why each curve ended early, else None."""
        return tuple(curve.stopped for curve in self._curves)

    @property
    def rivals(self) -> tuple[str, ...]:
        """By curve the rival whose colour it has, `shallow` for the mixture of trees; "" for a depth."""
        study = self.study
        return (*("" for _ in study.depths), *study.rivals, *(["shallow"] if study.shallow else []))

    @property
    def made_by(self) -> Mapping[str, str]:
        """The versions that made it."""
        return self.run.finished.versions

    @cached_property
    def _curves(self) -> list[Curve]:
        return self.run.curves()

    @property
    def target(self) -> Fixed | None:
        """What its runs are compared at."""
        return target_of(self.entry.summary)

    @cached_property
    def dataset(self) -> Dataset | None:
        """Its rows, where they are at hand."""
        return rows_of(self.entry)

    def told(self) -> Told:
        """What it shows, in two lines by the lab's one rule."""
        return kept_told(self.study, self.llh, self.stopped, self.dataset, self.target)


def owner() -> str:
    """Whose list it is that this session shows."""
    return HISTORY.owner(session.session_name())


def named(key: str) -> Entry | None:
    """The run of this list that an address names, also one that was deleted; StoreError where none can be read."""
    return HISTORY.read(reading.begun, owner(), key)


def opened(entry: Entry) -> Stored:
    """A run with its curves; one of REFUSED where they are damaged, or a later release made it."""
    found = Stored(whole(HISTORY.store, entry))
    found.study.experiments()
    return found


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

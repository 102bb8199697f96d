"""Outcomes on disk, one JSON file per cell under its content's name: written whole or not at all."""

from __future__ import annotations

import logging
from pathlib import Path

from platformdirs import user_cache_dir

from spncore.files.whole import fault, make_ready, remove_strays, write_whole
from spncore.sweep.cells import Outcome

LOG = logging.getLogger(__name__)


class Store:
    """A folder of outcomes; several sweeps, processes and users may share it.

    `not_kept` counts the outcomes that could not be written, and `fault` says in a sentence why not.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """The cache folder of this computer unless another is given; it is made when the first outcome is kept."""
        self.folder = Path(user_cache_dir("spnlab", appauthor=False)) / "sweeps" if folder is None else folder
        self.not_kept, self.fault = 0, ""

    @classmethod
    def at_hand(cls) -> Store | None:
        """The cache folder, or None where nothing can be written there, which the log then says."""
        store = cls()
        try:
            store.make_ready()
        except OSError as error:
            LOG.warning("outcomes are not saved: %s", fault(error))
            return None
        return store

    def make_ready(self) -> None:
        """Find out whether outcomes can be kept, and remove what killed processes left half written; OSError if not."""
        make_ready(self.folder)
        for folder in self.folder.glob("[0-9a-f][0-9a-f]"):
            remove_strays(folder)

    def get(self, key: str) -> Outcome | None:
        """The outcome that is kept under a key; None when there is none, or the file is not what was written."""
        try:
            return Outcome.read(self._file(key).read_bytes(), key)
        except OSError:
            return None  # as where a file is damaged: the cell is computed again and the file replaced

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome where that can be done; else go on: it is counted, and the log says why, once."""
        try:
            self.put(outcome)
        except OSError as error:
            if not self.fault:
                LOG.warning("outcomes are not saved: %s", fault(error))
            self.not_kept, self.fault = self.not_kept + 1, fault(error)

    def put(self, outcome: Outcome) -> None:
        """Keep an outcome; a reader sees the whole file or none, whenever the process ends. OSError when it cannot."""
        write_whole(self._file(outcome.key), outcome.to_json().encode())

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

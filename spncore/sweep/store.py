"""Outcomes on disk, one JSON file per cell under its content's name: written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_dir

from spncore.files.whole import write_whole
from spncore.sweep.cells import Outcome


class Store:
    """A folder of outcomes; several sweeps, processes and users may share it."""

    def __init__(self, folder: Path | None = None) -> None:
        """The cache folder of this computer unless another is given; it is made when the first outcome is kept."""
        self.folder = Path(user_cache_dir("spnlab", appauthor=False)) / "sweeps" if folder is None else folder

    @classmethod
    def at_hand(cls) -> Store | None:
        """The cache folder, or None where nothing can be written there."""
        store = cls()
        try:
            store.folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        return store if os.access(store.folder, os.W_OK) else None

    def get(self, key: str) -> Outcome | None:
        """The outcome that is kept under a key; None when there is none, or the file is not what was written."""
        try:
            return Outcome.read(self._file(key).read_bytes(), key)
        except OSError:
            return None  # as where a file is damaged: the cell is computed again and the file replaced

    def put(self, outcome: Outcome) -> None:
        """Keep an outcome; a reader sees the whole file or none, whenever the process ends. OSError when it cannot."""
        write_whole(self._file(outcome.key), outcome.to_json().encode())

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

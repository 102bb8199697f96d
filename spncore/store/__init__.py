"""Runs as things: what was trained is kept under its content's name, with who has it, in SQLite or PostgreSQL.

`open_store(place)` gives a `Store`; its `writer` is the one that writes. What is kept are plain rows: what they mean
is said by `spncore.studies.history` for runs and by `spncore.sweep` for cells.
"""

from spncore.store.place import MEMORY, Patience, Place, StoreError, default_place, place_of
from spncore.store.store import Question, Store

__all__ = ["MEMORY", "Patience", "Place", "Question", "Store", "StoreError", "default_place", "place_of"]

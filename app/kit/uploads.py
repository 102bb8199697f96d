"""The data of a session: uploaded tables held in memory, known by their content, gone when the session ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from app.kit.text import WORDS
from app.live.limits import server_limits
from spncore.data import library
from spncore.data.dataset import is_upload
from spncore.data.library import DataError, Dataset
from spncore.data.table_file import read_csv

FALLBACK = {"nltcs": "nltcs-twin"}  # what stands in, with words, where the real rows are not at hand


@dataclass(frozen=True)
class Upload:
    """An accepted file: its table, and what was noticed while reading it."""

    dataset: Dataset
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What an experiment calls this data: its content, not its file name."""
        return f"sha256:{self.dataset.sha256}"


def read(data: bytes, file_name: str, held: Mapping[str, Upload]) -> Upload:
    """Return the table of an uploaded file; DataError, in one sentence, when it or one more file is refused."""
    dataset, notes = read_csv(data, file_name)
    upload = Upload(dataset, tuple(notes))
    most = server_limits().tables_per_session
    if upload.name not in held and len(held) >= most:
        raise DataError(f"{most} uploaded tables are held already; reload the page to begin afresh.")
    return upload


def find(name: str, held: Mapping[str, Upload]) -> Dataset | None:
    """Return the data that an experiment names if it is at hand without a download, else None.

    DataError when the file that is at hand is not the right one.
    """
    if name in held:
        return held[name].dataset
    if name not in library.DATASETS or library.available(name) is None:
        return None
    return _registered(name)


def instead(name: str, held: Mapping[str, Upload]) -> tuple[str, str]:
    """What is used for the data that an experiment names: itself where it is at hand, else a stand-in and why."""
    stand_in = FALLBACK.get(name, FALLBACK["nltcs"])
    try:
        if find(name, held) is not None:
            return name, ""
    except DataError as error:
        return stand_in, str(error)
    if is_upload(name):
        return stand_in, WORDS["upload_again"]
    missing = f"{library.DATASETS[name].title}: {WORDS['missing_data']}"
    return stand_in, WORDS["twin_instead"] if name in FALLBACK else missing


def ready(name: str, held: Mapping[str, Upload] = {}) -> Dataset | None:
    """`find`, with None where the file that is at hand is not the right one."""
    try:
        return find(name, held)
    except DataError:
        return None


def stand_in(name: str) -> Dataset | None:
    """A registered set that needs no download, or the one that stands in for it; None where there is neither."""
    return ready(name) or ready(FALLBACK.get(name, name))


def at_hand(held: Mapping[str, Upload]) -> dict[str, Dataset]:
    """All data that needs no download, by name: registered sets first, then the session's uploads."""
    found = {name: ready(name, held) for name in (*library.DATASETS, *held)}
    return {name: dataset for name, dataset in found.items() if dataset is not None}


@lru_cache(maxsize=len(library.DATASETS))
def _registered(name: str) -> Dataset:
    """A registered set; the content is verified when it is read and cannot change after that."""
    return library.load(name)

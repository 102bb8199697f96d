"""The data sets of the lab: one way to load each, verified by SHA-256.

A file is looked for in the folder named by SPNLAB_DATA_DIR, then in the cache folder of this computer, then
on the public server; the first one found must be the right one or is refused. Nothing is ever replaced by
something else. The synthetic sets ship with the lab, in `data/`.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from platformdirs import user_cache_dir

from spncore.arrays import Bits, Floats
from spncore.data.catalogue import DATASETS, SPLITS, DatasetInfo
from spncore.data.dataset import (
    DataError,
    Dataset,
    empirical_llh,
    from_array,
    hold_out,
    product_of_marginals_llh,
    shown,
)
from spncore.data.download import Progress, TimeLimit, download
from spncore.files.places import SHIPPED
from spncore.files.whole import make_ready

__all__ = [
    "DATASETS",
    "SPLITS",
    "DataError",
    "Dataset",
    "DatasetInfo",
    "KnownMixture",
    "TimeLimit",
    "available",
    "empirical_llh",
    "fetch",
    "from_array",
    "hold_out",
    "known_mixture",
    "load",
    "product_of_marginals_llh",
    "remedy",
]

DATA_DIR = "SPNLAB_DATA_DIR"
PLACES = {
    "folder": f"the folder named by {DATA_DIR}",
    "cache": "this computer's cache of downloaded data",
}
SHIPPED_SOURCE = "Ships with the lab."
NPY_HEADER_BYTES = 1_024
TIME_LIMIT = TimeLimit()


@dataclass(frozen=True)
class KnownMixture:
    """The mixture of independent Bernoulli variables that a synthetic data set was drawn from.

    `weights` (K,), `probabilities` (K, D). `expected_llh` is its exact mean LLH in nats per row on its own
    distribution, `llh` its mean LLH on the rows of each shipped split.
    """

    weights: Floats = field(repr=False)
    probabilities: Floats = field(repr=False)
    expected_llh: float
    llh: Mapping[str, float]


def load(name: str, split: str = "train", *, time_limit: TimeLimit = TIME_LIMIT) -> Dataset:
    """Return one split (train, valid or test) of a registered data set.

    Real data is downloaded when it is neither in the SPNLAB_DATA_DIR folder nor in the cache. Raises
    DataError, in one sentence, for unknown names, for a file with other content, and when none can be had.

    >>> data = load("two-clusters")
    >>> data.num_rows, data.num_variables, data.rows.shape  # equal rows stand once, with `counts`
    (2000, 8, (217, 8))
    """
    info = _info(name, split)
    if not info.urls:
        return _dataset(info, _shipped_bits(info, split), SHIPPED_SOURCE)
    place, source = _place(info, split), ""
    if place is None:
        fetch(name, time_limit=time_limit)
        place, source = "cache", f"Downloaded from {info.urls[split]}."
    return _dataset(info, _published_bits(info, split, place), source or f"Read from {PLACES[place]}.")


def available(name: str) -> str | None:
    """Return where the splits would come from without a download, in one sentence, or None."""
    info = _info(name)
    if not info.urls:
        there = all((SHIPPED / info.file_name(split)).is_file() for split in SPLITS)
        return SHIPPED_SOURCE if there else None
    places = {_place(info, split) for split in SPLITS}
    found = [text for place, text in PLACES.items() if place in places]
    return None if None in places else f"Read from {' and '.join(found)}."


def remedy(name: str) -> str:
    """Return what to do where a data set is not at hand: the command that fetches it, or how what ships comes back."""
    return f"python -m spncore data fetch {name}" if _info(name).urls else "install spnlab again"


def fetch(name: str, progress: Progress | None = None, *, time_limit: TimeLimit = TIME_LIMIT) -> tuple[Path, ...]:
    """Download every split that the cache does not hold intact, and return the files in the cache.

    `progress(file name, bytes so far, bytes in all)` is called as data arrives; `time_limit` is per file.
    Raises DataError, with what to do instead, when a file cannot be had. Shipped data needs no fetching.
    """
    info = _info(name)
    files = []
    for split, url in info.urls.items():
        file, size, sha256 = (
            _folders()["cache"] / info.file_name(split),
            info.num_bytes(split),
            info.sha256[split],
        )
        if _verified(file, sha256, size) is None:
            try:
                make_ready(file.parent, size)
                download(url, file, size, sha256, time_limit, progress)
            except (DataError, OSError) as error:
                raise DataError(_advice(info, file.name, error)) from error
        files.append(file)
    return tuple(files)


def known_mixture(name: str) -> KnownMixture:
    """Return the mixture that a synthetic data set was drawn from; DataError for real data."""
    if not _info(name).synthetic:
        raise DataError(f"{name} is real data: the distribution that it was drawn from is not known.")
    stored = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))
    weights, probabilities = np.array(stored["weights"]), np.array(stored["probabilities"])
    weights.flags.writeable = probabilities.flags.writeable = False
    return KnownMixture(weights, probabilities, stored["expected_llh"], MappingProxyType(stored["llh"]))


def _info(name: str, split: str = "train") -> DatasetInfo:
    if name not in DATASETS:
        raise DataError(f"Unknown data set {shown(name)}; choose one of {', '.join(DATASETS)}.")
    if split not in SPLITS:
        raise DataError(f"Unknown split {shown(split)} of {name}; choose one of {', '.join(SPLITS)}.")
    return DATASETS[name]


def _folders() -> dict[str, Path]:
    """Return the folders to look in, in order, by the names of PLACES."""
    cache = {"cache": Path(user_cache_dir("spnlab", appauthor=False))}
    chosen = os.environ.get(DATA_DIR)
    return {"folder": Path(chosen), **cache} if chosen else cache


def _place(info: DatasetInfo, split: str) -> str | None:
    """Return the first of PLACES that has a file of this name, whatever is in it."""
    name = info.file_name(split)
    return next((place for place, folder in _folders().items() if (folder / name).exists()), None)


def _published_bits(info: DatasetInfo, split: str, place: str) -> Bits:
    """Return the (N, D) bits of a published text file; its SHA-256 vouches for the format."""
    file = _folders()[place] / info.file_name(split)
    data = _verified(file, info.sha256[split], info.num_bytes(split))
    if data is None:
        correct = f"remove it or correct {DATA_DIR}"
        replace = f"replace it by: python -m spncore data fetch {info.name}"
        raise DataError(
            f"{file.name} in {PLACES[place]} is refused, because it is not the published file (its SHA-256 "
            f"must be {info.sha256[split][:12]}…); {correct if place == 'folder' else replace}"
        )
    num_rows, num_variables = info.shapes[split]
    return np.frombuffer(data, np.uint8).reshape(num_rows, 2 * num_variables)[:, ::2] - np.uint8(ord("0"))


def _shipped_bits(info: DatasetInfo, split: str) -> Bits:
    """Return the (N, D) bits of a shipped file, in which each row's bits are packed into bytes."""
    name, num_variables = info.file_name(split), info.shapes[split][1]
    data = _verified(SHIPPED / name, info.sha256[split], NPY_HEADER_BYTES + info.num_bytes(split))
    if data is None:
        raise DataError(f"data/{name} is missing or was changed; restore it from the lab's repository.")
    packed = np.load(io.BytesIO(data), allow_pickle=False)  # (N, D / 8)
    return np.unpackbits(packed, axis=1, count=num_variables)


def _verified(file: Path, sha256: str, limit: int) -> bytes | None:
    """Return the file's bytes, or None when it cannot be read, exceeds `limit` bytes or is another file."""
    try:
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def _dataset(info: DatasetInfo, bits: Bits, source: str) -> Dataset:
    names = [variable.name for variable in info.variables]
    title, synthetic = info.title, info.synthetic
    return from_array(bits, info.name, names, title=title, source=source, synthetic=synthetic)


def _advice(info: DatasetInfo, file_name: str, error: DataError | OSError) -> str:
    """Return the sentence for data that cannot be had: why, and what to do instead."""
    reason = str(error) if isinstance(error, DataError) else f"the cache folder cannot be written ({error.strerror})"
    folder = _folders().get("folder")
    setting = f"set {DATA_DIR} to a folder with {file_name}"
    if folder is not None:
        setting = f"put {file_name} into {PLACES['folder']}" + ("" if folder.is_dir() else ", which does not exist")
    return (
        f"{info.title}: {file_name} could not be downloaded, because {reason}; {setting}, try again later, "
        "or choose 'nltcs-twin', the synthetic stand-in that ships with the lab."
    )

"""Outcomes of cells, kept in the store of runs under their cells' names; shares of a sweep have a file each."""

from __future__ import annotations

import logging
import platform
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from platformdirs import user_cache_dir

from spncore.files.whole import fault, make_ready
from spncore.store import Place, Store, StoreError, changes, default_place, reading
from spncore.sweep.cells import Outcome

LOG = logging.getLogger(__name__)
SHARES = "shares"  # the folder beside a store for shares of sweeps that name no other
FILE = "*.db"
OF_EARLIER = "[0-9a-f][0-9a-f]/*.json"  # a file per cell, as it was before there was a store
KEY = re.compile(r"[0-9a-f]{64}")
MOVED_TOGETHER = 200
Texts = Mapping[str, str | bytes]


class KeptOutcomes:
    """Outcomes in a store, and in files beside it that others write; use it as a context, or `close` it.

    `not_kept` counts the outcomes that could not be written, and `fault` says in a sentence why not.
    """

    def __init__(self, store: Store | None, *beside: Path, fault: str = "") -> None:
        """Without a store, for the reason `fault`, nothing is kept; `beside` are files and folders that are read."""
        self._store, self._beside = store, beside
        self.not_kept, self.fault = 0, fault or (store.why_read_only or "" if store else "")
        if self.fault:
            LOG.warning("outcomes are not saved: %s", self.fault)

    @classmethod
    def by_default(cls, share: str | None = None) -> KeptOutcomes:
        """In this computer's store, into which is moved what lies in the cache folder; StoreError where it cannot be.

        Shares of a sweep may run on many computers that have the store's folder in common: see `in_folder`.
        """
        place = default_place()
        if place.file is None:
            return cls(_moved_in(Store(place)))
        shares = place.file.parent / SHARES
        if share is None:
            return cls(_moved_in(Store(place)), shares)
        return cls(_own_file(shares, share), shares, place.file)

    @classmethod
    def in_folder(cls, folder: Path, share: str | None = None) -> KeptOutcomes:
        """In a folder that several computers may share: each has a file there, and each share of a sweep, as 3/40.

        All of them are read, and what earlier releases kept there. OSError or StoreError where it cannot be written.
        """
        return cls(_own_file(folder, share), folder)

    @classmethod
    def at_hand(cls) -> KeptOutcomes:
        """In this computer's store; where nothing can be written there the log says so, and nothing is kept."""
        try:
            return cls.by_default()
        except (StoreError, OSError) as error:
            return cls(None, fault=sentence(error))

    def of(self, keys: Collection[str]) -> dict[str, Outcome]:
        """The outcomes of these cells that are kept. One that is not what was written is not there: it is made anew."""
        found: dict[str, Outcome] = {}
        for ask in self._asked():
            missing = [key for key in keys if key not in found]
            try:
                texts = ask(missing) if missing else {}
            except (StoreError, OSError) as error:
                LOG.warning("outcomes are not read: %s", sentence(error))
                continue
            read = {key: Outcome.read(text, key) for key, text in texts.items()}
            found |= {key: outcome for key, outcome in read.items() if outcome is not None}
        return found

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome where that can be done; else go on: it is counted, and the log says why, once."""
        try:
            self.put(outcome)
        except StoreError as error:
            if not self.fault:
                LOG.warning("outcomes are not saved: %s", error)
            self.not_kept, self.fault = self.not_kept + 1, self.fault or sentence(error)

    def put(self, outcome: Outcome) -> None:
        """Keep an outcome; it is there, whenever the process ends, once this returns. StoreError when it cannot."""
        if self._store is None:
            raise StoreError(self.fault)
        self._store.write(changes.put_cells, {outcome.key: outcome.to_json()}).result()

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self) -> Iterator[Callable[[Collection[str]], Texts]]:
        """What can be asked for outcomes by their keys: the own store first, the files of earlier releases last."""
        own = None
        if self._store is not None:
            own = self._store.place.file
            yield partial(_of_store, self._store)
        folders = [place for place in self._beside if place.is_dir()]
        places = [Place(file=file, shared=True) for folder in folders for file in sorted(folder.glob(FILE))]
        places += [Place(file=place) for place in self._beside if place.is_file()]
        yield from (partial(_of_place, place) for place in places if place.file != own)
        yield from (partial(_of_earlier, folder) for folder in folders if next(folder.glob(OF_EARLIER), None))


def sentence(error: StoreError | OSError) -> str:
    """Why outcomes are not kept, or not read."""
    return fault(error) if isinstance(error, OSError) else str(error).removeprefix("Not saved: ").removesuffix(".")


def _own_file(folder: Path, share: str | None) -> Store:
    """This computer's store in a folder, or this share's. Two processes that write to one are on one computer."""
    make_ready(folder)
    host = re.sub(r"[^A-Za-z0-9.]+", "-", platform.node()) or "here"
    name = host if share is None else f"{host}-{share.replace('/', '-of-')}"
    return Store(Place(file=folder / FILE.replace("*", name), shared=True))


def _of_store(store: Store, keys: Collection[str]) -> Texts:
    return store.read(reading.outcomes, keys)


def _of_place(place: Place, keys: Collection[str]) -> Texts:
    with Store(place) as other:
        return _of_store(other, keys)


def _of_earlier(folder: Path, keys: Collection[str]) -> Texts:
    files = ((key, folder / key[:2] / f"{key}.json") for key in keys)
    return {key: file.read_bytes() for key, file in files if file.is_file()}


def _moved_in(store: Store) -> Store:
    """The store, with what earlier releases kept in the cache folder; that goes, once it is here.

    It is this computer's own store that takes it, or one that has the cache below its folder, as in the image.
    """
    folder, file = Path(user_cache_dir("spnlab", appauthor=False)) / "sweeps", store.place.file
    if file is None or not (store.place == default_place({}) or folder.is_relative_to(file.parent)):
        return store  # somebody tries another place
    keys = [file.stem for file in folder.glob(OF_EARLIER) if KEY.fullmatch(file.stem)]
    try:
        for start in range(0, len(keys), MOVED_TOGETHER):
            texts = _of_earlier(folder, keys[start : start + MOVED_TOGETHER])
            read = (Outcome.read(text, key) for key, text in texts.items())
            kept = {outcome.key: outcome.to_json() for outcome in read if outcome is not None}
            store.write(changes.put_cells, kept).result()
            for key in texts:  # what is no outcome was made anew before, too
                (folder / key[:2] / f"{key}.json").unlink(missing_ok=True)
    except (StoreError, OSError) as error:
        LOG.warning("outcomes of an earlier release stay in %s: %s", folder, sentence(error))
    else:
        with suppress(OSError):  # it is not there, or holds what is not ours
            for each in [*folder.iterdir(), folder]:
                each.rmdir()
    return store

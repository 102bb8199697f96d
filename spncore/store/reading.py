"""What can be found in a store; every function takes a connection and changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Text, cast, func, or_, select

from spncore.arrays import Floats
from spncore.store.place import StoreError
from spncore.store.rows import LLH, Ends, Entry, numbers_of
from spncore.store.schema import cell, entry, result, study, trace

ORDERS = {
    "made": entry.c.id,
    "name": func.lower(entry.c.name),
    "data": study.c.title,
    "end": study.c.end_llh,
    "seconds": study.c.seconds,
}
BATCH = 500  # keys that are asked for at a time


class Query(NamedTuple):
    """Which entries of an owner, in which order, and which part of them; empty texts ask for nothing.

    Each of `words` is to stand in a name, note, tag or data set, or to be a setting's whole value; `settings` by name
    have the value that a study's experiment is to have; `fold` is how the key begins of studies that differ in their
    seeds alone.
    """

    owner: str
    words: str = ""
    tag: str = ""
    dataset: str = ""
    named: bool = False
    deleted: bool = False
    settings: Mapping[str, Any] = {}
    order: str = "made"
    descending: bool = True
    skip: int = 0
    most: int = 50
    fold: str = ""


class Part(NamedTuple):
    """A part of a list, and how many entries there are in all."""

    entries: list[Entry]
    total: int


class Fold(NamedTuple):
    """Studies of an owner that differ in their seeds alone: how many there are, and the newest entry of one."""

    fold: str
    studies: int
    newest: int


def entries(connection: Connection, query: Query) -> list[Entry]:
    """The entries that a query asks for."""
    return part(connection, query).entries


def part(connection: Connection, query: Query) -> Part:
    """The same, and how many there are in all: the list is gone through once for both."""
    by = ORDERS[query.order]
    ordered = (by.desc() if query.descending else by.asc()).nulls_last()
    asked = _asked(select(entry.c.id, func.count().over()), query)  # settings are too large to be sorted
    found = connection.execute(asked.order_by(ordered, entry.c.id.desc()).offset(query.skip).limit(query.most)).all()
    total = found[0][1] if found else count(connection, query)
    return Part(_of_numbers(connection, [row.id for row in found]), total)


def count(connection: Connection, query: Query) -> int:
    """How many there are in all."""
    of_study = query.words or query.dataset or query.settings or query.fold
    found = _asked(select(func.count()), query) if of_study else _where(select(func.count(entry.c.id)), query)
    return int(connection.scalar(found) or 0)


def own(connection: Connection, owner: str, numbers: Iterable[int]) -> list[Entry]:
    """These entries of an owner, in the order asked for; those that there are."""
    found = _of_numbers(connection, [*numbers], entry.c.owner == owner)
    return [each for each in found if each.deleted_at is None]


def of_study(connection: Connection, owner: str, key: str) -> Entry | None:
    """An owner's entry of a study, if there is one."""
    mine = (entry.c.owner == owner) & (entry.c.study == key) & entry.c.deleted_at.is_(None)
    row = connection.execute(select(*_COLUMNS).select_from(_JOINED).where(mine)).first()
    return None if row is None else _entry(row)


def begun(connection: Connection, owner: str, prefix: str) -> Entry | None:
    """An owner's entry of the study whose key begins so, also one that was deleted and can be restored; the newest."""
    mine = (entry.c.owner == owner) & (entry.c.study >= prefix) & (entry.c.study < f"{prefix}g")  # keys are hex digits
    found = select(*_COLUMNS).select_from(_JOINED).where(mine)
    row = connection.execute(found.order_by(entry.c.deleted_at.is_not(None), entry.c.id.desc())).first()
    return None if row is None else _entry(row)


def folds(connection: Connection, query: Query, by: Sequence[str] = (), number: bool = False) -> list[Fold]:
    """The entries that a query asks for, those together that differ in their seeds alone: of one value of a setting
    after the other, then the newest first.

    `by` is the place of the setting among a study's, `("experiment", "learning_rate")`; `number` where it is one.
    """
    newest = func.max(entry.c.id)
    found = _asked(select(study.c.fold, func.count(), newest), query).group_by(study.c.fold)
    if by:
        found = found.order_by(func.min(_setting(by, number)))
    found = found.order_by(newest.desc()).offset(query.skip).limit(query.most)
    return [Fold(*row) for row in connection.execute(found)]


def count_folds(connection: Connection, query: Query) -> int:
    """How many there are in all."""
    return int(connection.scalar(_asked(select(func.count(study.c.fold.distinct())), query)) or 0)


def owners(connection: Connection) -> list[str]:
    """Everybody who has a list."""
    return [*connection.scalars(select(entry.c.owner).distinct().order_by(entry.c.owner))]


def ends(connection: Connection, query: Query, asked: Iterable[str]) -> dict[str, dict[int, dict[int, Ends]]]:
    """By fold, curve and seed how each ended, of the entries that a query asks for; a seed counts once.

    Curves that went beyond all numbers are left out.
    """
    found: dict[str, dict[int, dict[int, Ends]]] = {}
    columns = select(study.c.fold, result.c.curve, result.c.seed, *(result.c[name] for name in Ends._fields))
    joined = _JOINED.join(result, result.c.study == study.c.key)
    rows = _where(columns.select_from(joined), query).where(study.c.fold.in_([*asked]), result.c.stopped.is_(None))
    for row in connection.execute(rows.order_by(result.c.curve, result.c.seed)):
        if row.final_llh is not None:
            said = Ends(*(row._mapping[name] for name in Ends._fields))
            found.setdefault(row.fold, {}).setdefault(row.curve, {}).setdefault(row.seed, said)
    return found


def results(connection: Connection, keys: Iterable[str]) -> dict[str, list[Mapping[str, Any]]]:
    """By study the rows of `result`, curve by curve and seed by seed."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    asked = [*keys]
    for start in range(0, len(asked), BATCH):
        rows = select(result).where(result.c.study.in_(asked[start : start + BATCH]))
        for row in connection.execute(rows.order_by(result.c.study, result.c.curve, result.c.seed)).mappings():
            found.setdefault(row["study"], []).append(dict(row))
    return found


def traces(connection: Connection, key: str, quantity: str = LLH) -> dict[tuple[int, int], Floats]:
    """By curve and seed the numbers (T,) of a study; StoreError where they are not those that were written."""
    found = {}
    asked = select(trace).where(trace.c.study == key, trace.c.quantity == quantity)
    for row in connection.execute(asked.order_by(trace.c.curve, trace.c.seed)):
        if hashlib.sha256(row.numbers).hexdigest() != row.sha256:
            raise StoreError(
                f"The stored {quantity} of curve {row.curve}, seed {row.seed} is damaged: its SHA-256 is not the one "
                "that was written. Train the run again."
            )
        found[row.curve, row.seed] = numbers_of(row.numbers)
    return found


def tags(connection: Connection, owner: str) -> list[str]:
    """The tags of an owner's list, in order."""
    mine = select(entry.c.tags).where(entry.c.owner == owner, entry.c.deleted_at.is_(None))
    mine = mine.where(cast(entry.c.tags, Text) != "[]")
    return sorted({tag for row in connection.execute(mine) for tag in row.tags})


def datasets(connection: Connection, owner: str) -> dict[str, str]:
    """The data sets of an owner's list, and what they are called."""
    mine = select(study.c.dataset, study.c.title).select_from(_JOINED).distinct()
    found = connection.execute(mine.where(entry.c.owner == owner, entry.c.deleted_at.is_(None)))
    return {row.dataset: row.title for row in found.all()}


def outcomes(connection: Connection, keys: Iterable[str]) -> dict[str, str]:
    """By their keys the kept outcomes of cells; those that there are."""
    found: dict[str, str] = {}
    asked = [*keys]
    for start in range(0, len(asked), BATCH):
        rows = select(cell.c.key, cell.c.outcome).where(cell.c.key.in_(asked[start : start + BATCH]))
        found |= {row.key: row.outcome for row in connection.execute(rows)}
    return found


_JOINED = entry.join(study, entry.c.study == study.c.key)
_OF_ENTRY = {column.name for column in entry.columns}
_COLUMNS: Sequence[Any] = [(entry if name in _OF_ENTRY else study).c[name] for name in Entry._fields]


def _entry(row: Any) -> Entry:
    values = dict(row._mapping)
    return Entry(**{**values, "tags": tuple(values["tags"])})


def _of_numbers(connection: Connection, numbers: Sequence[int], *besides: Any) -> list[Entry]:
    """Entries in the order of these numbers; those that there are."""
    by_number: dict[int, Entry] = {}
    for start in range(0, len(numbers), BATCH):
        those = entry.c.id.in_(numbers[start : start + BATCH])
        found = select(*_COLUMNS).select_from(_JOINED).where(those, *besides)
        by_number |= {row.id: _entry(row) for row in connection.execute(found)}
    return [by_number[number] for number in numbers if number in by_number]


def _setting(by: Sequence[str], number: bool) -> Any:
    """A setting of a study as what can be put in order."""
    at: Any = study.c.settings
    for name in by:
        at = at[name]
    return at.as_float() if number else cast(at, Text)


def _asked(found: Select[Any], query: Query) -> Select[Any]:
    return _where(found.select_from(_JOINED), query)


def _where(found: Select[Any], query: Query) -> Select[Any]:
    """What a query asks for."""
    found = found.where(entry.c.owner == query.owner)
    found = found.where(entry.c.deleted_at.is_not(None) if query.deleted else entry.c.deleted_at.is_(None))
    places, settings = (
        (entry.c.name, entry.c.note, cast(entry.c.tags, Text), study.c.title),
        cast(study.c.settings, Text),
    )
    for word in query.words.split():
        values = (f'"{word.lower()}",', f'"{word.lower()}"]', f": {word.lower()},")  # as JSON has them; names are keys
        said = [place.icontains(word, autoescape=True) for place in places]
        found = found.where(or_(*said, *(settings.contains(value, autoescape=True) for value in values)))
    if query.tag:
        found = found.where(cast(entry.c.tags, Text).contains(_json_text(query.tag), autoescape=True))
    if query.dataset:
        found = found.where(study.c.dataset == query.dataset)
    if query.fold:
        found = found.where(study.c.fold.between(query.fold, f"{query.fold}g"))
    if query.named:
        found = found.where(entry.c.name.is_not(None))
    for name, value in query.settings.items():
        setting = study.c.settings["experiment"][name]
        kind: Any = {bool: setting.as_boolean, int: setting.as_integer, float: setting.as_float}
        found = found.where(kind.get(type(value), setting.as_string)() == value)
    return found


def _json_text(tag: str) -> str:
    """A tag as it stands in a list of JSON."""
    return json.dumps(tag, ensure_ascii=False)

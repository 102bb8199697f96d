"""A `.spnlab` file is read: every size, name, hash and value is compared with what is allowed before it is used.

The archive's own directory is looked at before it is parsed, and since members are not compressed none can be larger
than the file. A run's key follows from its settings, its curves from these, its summary from its numbers; so whoever
changes something in a file changes what it says of nothing else. Only that somebody computed the numbers is believed.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from spncore.files.archive import BROKEN
from spncore.files.provenance import ENGINE
from spncore.files.strict_json import JsonError, parse_object, shown
from spncore.kept.bundle import FORMAT, MANIFEST, NUMBERS, OVERHEAD, PLAIN, SAID, WHAT
from spncore.kept.runs import Curve, KeptError, Run, target_of, unkept
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.store.changes import NAME_CHARACTERS, NOTE_CHARACTERS, TAG_CHARACTERS, TAGS, text_of
from spncore.store.rows import Finished
from spncore.studies import history
from spncore.studies.target import Fixed

END, END_BYTES, END_64, END_64_BYTES = b"PK\x05\x06", 22, b"PK\x06\x07", 20  # of an archive: how its directory ends
MEMBER = re.compile(rf"[0-9a-f]{{64}}({re.escape(SAID)}|{re.escape(NUMBERS)})")
RULES = ("gain", "published", "tree")
LONG, SHORT = 10_000, 1_000  # characters of a link, of a title or a reason
FEW = 50  # versions that are named


class Bundle(NamedTuple):
    """What a `.spnlab` file holds: the link that it came with, what wrote it, and its runs, numbered from 1."""

    link: str
    versions: Mapping[str, str]
    runs: Sequence[Run]


class Rule(NamedTuple):
    """What a value must be, and how that is said."""

    fits: Callable[[Any], bool]
    allowed: str


def read(data: bytes) -> Bundle:
    """What `bundle.write` wrote; KeptError says in one sentence what is wrong, where, and what is allowed.

    Nothing is written anywhere: a page can show the runs, whose entries and results are those of a store.
    """
    _check_directory(data)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = _members(archive, len(data))
            manifest = _parsed(archive.read(MANIFEST), MANIFEST, _MANIFEST)
            _check_names(members, manifest["members"])
            keys = [name.removesuffix(SAID) for name in manifest["members"] if name.endswith(SAID)]
            runs = [_run(archive, key, manifest["members"], number) for number, key in enumerate(keys, 1)]
    except KeptError:
        raise
    except (*BROKEN, KeyError) as error:
        raise KeptError(f"not a .spnlab file, or a damaged one ({str(error)[:80]}); export the runs again") from None
    return Bundle(manifest["link"], manifest["versions"], runs)


def _check_directory(data: bytes) -> None:
    """Refuse a file that is too large, and one whose directory names more members than there may be."""
    if len(data) > LIMITS.bundle_bytes:
        raise KeptError(f"the file has {len(data):,} bytes; allowed: {LIMITS.bundle_bytes:,}")
    end = data[-END_BYTES:]
    before = data[-END_BYTES - END_64_BYTES : -END_BYTES]
    if len(end) < END_BYTES or not end.startswith(END) or before.startswith(END_64):
        raise KeptError("not a .spnlab file: it does not end as one; choose another, or export the runs again")
    members, size = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    most = 2 * LIMITS.bundle_runs + 1
    if members > most or size > most * OVERHEAD:
        raise KeptError(f"the archive names {members:,} members in {size:,} bytes; allowed: {most:,} members")


def _members(archive: zipfile.ZipFile, size: int) -> list[str]:
    """The members' names, each once, none compressed, all together no larger than the file."""
    found = [member.filename for member in archive.infolist()]
    for member in archive.infolist():
        name = ascii(member.filename[:80])
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise KeptError(f"{name}: it is compressed or encrypted; allowed: members that are stored as they are")
        if member.file_size != member.compress_size:
            raise KeptError(f"{name}: claims {member.file_size:,} bytes and holds {member.compress_size:,}")
        if found.count(member.filename) > 1:
            raise KeptError(f"{name}: the name stands there twice; allowed: each member once")
    total = sum(member.file_size for member in archive.infolist())
    if total > size:
        raise KeptError(f"the members claim {total:,} bytes together; the file has {size:,}")
    if MANIFEST not in found:
        raise KeptError(f"{MANIFEST} is missing: not a .spnlab file; choose another, or export the runs again")
    return found


def _check_names(found: Sequence[str], said: Mapping[str, Any]) -> None:
    """The members must be those of the manifest, two for every run."""
    for name in said:
        if not MEMBER.fullmatch(name):
            raise KeptError(f"{MANIFEST}: members: {shown(name)} is refused; allowed: KEY{SAID} and KEY{NUMBERS}")
        key = name.partition(".")[0]
        if not {f"{key}{SAID}", f"{key}{NUMBERS}"} <= {*said}:
            raise KeptError(f"{MANIFEST}: members: {key[:12]}… has not both of {SAID} and {NUMBERS}")
    for name in sorted({*found} ^ {*said, MANIFEST}):
        where = "is not named in the manifest" if name in found else "is missing"
        raise KeptError(f"{ascii(name[:80])}: it {where}; allowed: the members that {MANIFEST} names")


def _run(archive: zipfile.ZipFile, key: str, sha256: Mapping[str, str], number: int) -> Run:
    """A run of its two members."""
    data = {}
    for name in (f"{key}{SAID}", f"{key}{NUMBERS}"):
        data[name] = archive.read(name)
        if hashlib.sha256(data[name]).hexdigest() != sha256[name]:
            raise KeptError(f"{_short(name)}: it is damaged: its SHA-256 is not the manifest's; export the runs again")
    said, numbers = data.values()
    values = _parsed(said, f"{key}{SAID}", _RUN)
    try:
        study = _study(key, values)
        curves = _curves(values, study, numbers)
        target = _target(values["summary"], study)
    except (ExperimentError, KeptError) as error:
        raise KeptError(f"{_short(f'{key}{SAID}')}: {error}") from None
    return _entered(number, key, values, study, curves, target)


def _study(key: str, values: Mapping[str, Any]) -> Study:
    """The study of what is said; it must give the key."""
    settings = values["settings"]
    _check(settings, _SETTINGS, "settings: ")
    study = history.study_of(settings)
    if _text_of(history.settings_of(study)) != _text_of(settings):
        raise KeptError("settings: not as this release writes them; export the runs again")
    if history.key_of(study, values["data_sha256"], values["engine"]) != key or values["key"] != key:
        raise KeptError("key: it is not that of these settings and data; export the runs again")
    if study.shallow and not study.deep:
        raise KeptError("settings: shallow: true is refused; allowed: false where the structure is one mixture")
    name = study.experiment.dataset
    if values["dataset"] != name or (name.startswith("sha256:") and name != f"sha256:{values['data_sha256']}"):
        raise KeptError(f"dataset: {shown(values['dataset'])} is not that of the settings, {shown(name)}")
    return study


def _curves(values: Mapping[str, Any], study: Study, numbers: bytes) -> list[Curve]:
    """The curves with their numbers, which must be those of the study, finite, and as many as is said."""
    experiments, said, found = study.experiments(), values["curves"], []
    if len(said) != len(experiments):
        raise KeptError(f"curves: {len(said)} are there; the settings have {len(experiments)}")
    begin = 0
    for name, experiment, about in zip(study.names(), experiments, said, strict=True):
        _check(about, _CURVE, "curves: ")
        seeds, states, stopped = [*experiment.seeds], about["states"], about["stopped"]
        own = {"name": name, "depth": experiment.depth, "learner": experiment.optimiser, "seeds": seeds}
        if {**about, **own} != about:
            raise KeptError(f"curves: {shown(about['name'])} is refused; allowed here: {name} with the settings' seeds")
        if states > experiment.iterations + 1 or (stopped is None and states <= experiment.iterations):
            raise KeptError(f"curves: {name} has {states} states; the settings make {experiment.iterations + 1}")
        end = begin + 8 * states * len(seeds)
        llh = np.frombuffer(numbers[begin:end].ljust(end - begin, b"\0"), "<f8").astype(float)
        found.append(Curve(experiment, llh.reshape(len(seeds), states), stopped))
        begin = end
    if begin != len(numbers):
        raise KeptError(f"numbers: {len(numbers):,} bytes are there; the curves make up {begin:,}")
    if not all(np.isfinite(curve.llh).all() for curve in found):
        raise KeptError("numbers: one is not finite; allowed: finite ones")
    return found


def _target(summary: Mapping[str, Any], study: Study) -> Fixed | None:
    """What the run was compared at; all else of a summary follows from its numbers."""
    said = summary.get("target")
    if said is None:
        return None
    seeds = study.experiment.num_seeds
    levels = said.get("levels") if isinstance(said, dict) else None
    if not isinstance(levels, list) or len(levels) != seeds or not all(map(_is_number, levels)):
        raise KeptError(f"summary: target: levels: {shown(levels)} is refused; allowed: {seeds} numbers")
    if said.get("rule") not in RULES:
        raise KeptError(f"summary: target: rule: {shown(said.get('rule'))} is refused; allowed: {', '.join(RULES)}")
    return target_of({"target": {**said, "levels": [*map(float, levels)]}})


def _entered(
    number: int, key: str, values: Mapping[str, Any], study: Study, curves: Sequence[Curve], target: Fixed | None
) -> Run:
    """The run with what can be computed of its numbers."""
    own = {name: values[name] for name in PLAIN}
    own["summary"] = json.loads(json.dumps(history.summary(study, curves, target)))  # as a store gives it
    fold = history.fold_of(study, values["data_sha256"], values["engine"])
    run = unkept(Finished(key=key, fold=fold, **own, results=history.results(study, curves, target)), number)
    said = {name: values[name] for name in ("name", "note", "made_at")}
    return run._replace(entry=run.entry._replace(**said, tags=tuple(values["tags"])))


def _parsed(data: bytes, name: str, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The JSON object of a member, whose values fit the rules."""
    if len(data) > LIMITS.bundle_characters:
        raise KeptError(f"{_short(name)}: it has {len(data):,} bytes; allowed: {LIMITS.bundle_characters:,}")
    try:
        values = parse_object(data.decode(), "a part of a .spnlab file", LIMITS.bundle_characters)
        _check(values, rules)
    except (JsonError, KeptError, UnicodeDecodeError) as error:
        raise KeptError(f"{_short(name)}: {error}") from None
    return values


def _check(values: Any, rules: Mapping[str, Rule], where: str = "") -> None:
    """The values must be just those that have rules, and fit them."""
    if not isinstance(values, dict):
        raise KeptError(f"{where}{shown(values)} is refused; allowed: an object")
    for name, rule in rules.items():
        if name not in values:
            raise KeptError(f"{where}{name}: missing; allowed: {rule.allowed}")
        if not rule.fits(values[name]):
            raise KeptError(f"{where}{name}: {shown(values[name])} is refused; allowed: {rule.allowed}")
    for name in values.keys() - rules.keys():
        raise KeptError(f"{where}{shown(name)}: not known; allowed: {', '.join(rules)}")


def _short(member: str) -> str:
    """A member's name for a sentence."""
    key, dot, ending = member.partition(".")
    return f"{key[:12]}…{dot}{ending}" if len(key) > 12 else member


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _text_of(settings: Any) -> str:
    """Settings as they are hashed, in which 1 and 1.0 are two things."""
    return json.dumps(settings, sort_keys=True)


def _text(most: int) -> Rule:
    return Rule(lambda value: _is_text(value, most), f"a text of at most {most:,} characters")


def _written(most: int, least: int = 1, lines: bool = False) -> Rule:
    """A text that somebody gave a run, as a store has it."""

    def fits(value: Any) -> bool:
        return _is_text(value, most) and len(value) >= least and text_of(value, "", most, lines) == value

    return Rule(fits, f"a text of {least} to {most:,} characters that can be printed")


def _or_none(rule: Rule) -> Rule:
    return Rule(lambda value: value is None or rule.fits(value), f"{rule.allowed}, or null")


def _whole(low: int, high: int) -> Rule:
    return Rule(lambda value: type(value) is int and low <= value <= high, f"{low} to {high:,}")


def _real(high: float) -> Rule:
    return Rule(lambda value: _is_number(value) and 0 <= value <= high, f"a number from 0 to {high:g}")


def _list(most: int, rule: Rule) -> Rule:
    said = f"a list of at most {most}, each {rule.allowed}"
    return Rule(lambda value: isinstance(value, list) and len(value) <= most and all(map(rule.fits, value)), said)


def _named(most: int, rule: Rule) -> Rule:
    said = f"an object of at most {most:,}, each {rule.allowed}"
    return Rule(
        lambda value: isinstance(value, dict) and len(value) <= most and all(map(rule.fits, value.values())), said
    )


_ANY = Rule(lambda value: True, "a value")
_HASH = Rule(lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None, "a SHA-256")
_VERSIONS = _named(FEW, _text(SHORT))
_MANIFEST: Mapping[str, Rule] = {
    "format": Rule(lambda value: value == FORMAT and type(value) is int, f"{FORMAT}, which this release reads"),
    "what": Rule(lambda value: value == WHAT, WHAT),
    "link": _text(LONG),
    "versions": _VERSIONS,
    "cite": _text(LONG),
    "members": _named(2 * LIMITS.bundle_runs, _HASH),
}
_RUN: Mapping[str, Rule] = {
    "key": _HASH,
    "name": _or_none(_written(NAME_CHARACTERS)),
    "note": _written(NOTE_CHARACTERS, 0, lines=True),
    "tags": _list(TAGS, _written(TAG_CHARACTERS)),
    "made_at": _real(1e11),
    "settings": _named(FEW, _ANY),
    "summary": _named(FEW, _ANY),
    "dataset": _text(SHORT),
    "title": _text(SHORT),
    "data_sha256": _HASH,
    "num_rows": _whole(1, LIMITS.rows),
    "num_variables": _whole(1, LIMITS.columns),
    "engine": _whole(1, ENGINE),
    "seconds": _real(1e9),
    "versions": _VERSIONS,
    "curves": _list(FEW, _named(FEW, _ANY)),
}
_SETTINGS: Mapping[str, Rule] = {
    "experiment": _named(FEW, _ANY),
    "depths": _list(FEW, _whole(1, LIMITS.depth)),
    "rivals": _list(FEW, _text(SHORT)),
    "shallow": Rule(lambda value: type(value) is bool, "true or false"),
}
_CURVE: Mapping[str, Rule] = {
    "name": _text(SHORT),
    "depth": _whole(1, LIMITS.depth),
    "learner": _text(SHORT),
    "seeds": _list(LIMITS.num_seeds, _whole(0, LIMITS.seed)),
    "states": _whole(0, LIMITS.iterations + 1),
    "stopped": _or_none(_text(SHORT)),
}

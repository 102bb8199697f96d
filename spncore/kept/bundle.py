"""Runs as one file, `.spnlab`: a plain ZIP archive that any tool unpacks.

The manifest has the format, versions, link, how to cite, and the SHA-256 of every other member. A run has two of
them: KEY.json, its settings, summary, data set, versions, name, note and tags; and KEY.f64, its LLH in nats per row as
little-endian float64, curve by curve, seed by seed, as many states each as `curves` says. Members are stored as they
are, so that equal runs give equal bytes. What is read back is trusted in nothing: `spncore.kept.unpacking`.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple

from spncore.files.provenance import citation, versions
from spncore.kept.runs import KeptError, Run
from spncore.limits import LIMITS
from spncore.store import Store, changes, reading
from spncore.store.rows import NO_LIMITS, Limits, octets

FORMAT = 1
WHAT = "runs of SPN Lab"
MANIFEST, SAID, NUMBERS = "manifest.json", ".json", ".f64"
PLAIN = "settings summary dataset title data_sha256 num_rows num_variables engine seconds versions".split()
DAY = (1980, 1, 1, 0, 0, 0)  # the first that an archive can say
OVERHEAD = 400  # bytes, more than an archive takes for a member besides its content


def write(file: IO[bytes], runs: Iterable[Run], link: str = "") -> int:
    """Write runs one by one, equal ones to equal bytes, and return how many; KeptError where they are too many."""
    sha256: dict[str, str] = {}
    size = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for run in runs:
            for name, data in _members(run).items():
                size += len(data) + OVERHEAD
                sha256[name] = hashlib.sha256(data).hexdigest()
                archive.writestr(_info(name), data)
            if len(sha256) > 2 * LIMITS.bundle_runs or size > LIMITS.bundle_bytes - LIMITS.bundle_characters:
                raise KeptError(
                    f"these runs are too many for one .spnlab file; allowed: {LIMITS.bundle_runs:,} runs and "
                    f"{LIMITS.bundle_bytes / 1e6:g} MB; export some of them"
                )
        head = {"format": FORMAT, "what": WHAT, "link": link, "versions": versions(), "cite": citation()}
        archive.writestr(_info(MANIFEST), _json({**head, "members": sha256}))
    return len(sha256) // 2


def _members(run: Run) -> dict[str, bytes]:
    """The two members of a run by name."""
    entry, finished, key = run.entry, run.finished, run.entry.study
    curves = run.curves()
    about = [
        {
            "name": name,
            "depth": curve.experiment.depth,
            "learner": curve.experiment.optimiser,
            "seeds": [*curve.experiment.seeds],
            "states": curve.llh.shape[1],
            "stopped": curve.stopped,
        }
        for name, curve in zip(run.study.names(), curves, strict=True)
    ]
    own = {"name": entry.name or None, "note": entry.note, "tags": entry.tags, "made_at": entry.made_at}
    said = {"key": key, **own, **{name: getattr(finished, name) for name in PLAIN}, "curves": about}
    numbers = b"".join(octets(curve.llh) for curve in curves)
    return {f"{key}{SAID}": _json(said), f"{key}{NUMBERS}": numbers}


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, allow_nan=False, ensure_ascii=False, indent=1) + "\n").encode()


def _info(name: str) -> zipfile.ZipInfo:
    """A member's head, the same on every system."""
    info = zipfile.ZipInfo(name, DAY)
    info.create_system, info.external_attr = 3, 0o100644 << 16
    return info


class Taken(NamedTuple):
    """How many runs of a file came into a list, how many were there, and how many of these have other numbers."""

    new: int
    here: int
    other: int


def take_in(store: Store, runs: Iterable[Run], owner: str, limits: Limits = NO_LIMITS) -> Taken:
    """Put runs of a file into somebody's list; what is there already stays as it is, its names and numbers too.

    StoreError where one could not be saved; the others are. A store shows what came in as its own: take in only what
    comes from somebody whose numbers you believe.
    """
    asked = []
    for run in runs:
        said = (run.entry.name, run.entry.note, run.entry.tags, run.entry.made_at)
        asked.append((run, store.write(changes.take_in, run.finished, owner, limits, *said)))
    came = [(run, future.exception() or future.result()) for run, future in asked]
    for _, outcome in came:
        if isinstance(outcome, BaseException):
            raise outcome
    other = sum(not _same(store, run) for run, _ in came)
    new = sum(outcome is True for _, outcome in came)
    return Taken(new, len(came) - new, other)


def _same(store: Store, run: Run) -> bool:
    """Whether a store has the numbers of a run, bit for bit."""
    stored = store.read(reading.traces, run.entry.study)
    own = {(each.curve, each.seed): octets(each.llh) for each in run.finished.results}
    return own == {place: octets(llh) for place, llh in stored.items()}

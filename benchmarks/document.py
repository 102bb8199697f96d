"""What every benchmark prints: one JSON document with its command, the day, the machine, and what was measured.

A `Measure` says in words exactly what was timed and holds what was found, with the goal where there is one. The
documents in benchmarks/measured are such prints, unchanged, and README's tables are made of them (benchmarks/readme).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np  # noqa: F401  it brings its BLAS
from threadpoolctl import threadpool_info

ROOT = Path(__file__).parents[1]


class Found(NamedTuple):
    """From the lowest to the highest number seen, in a unit; the goal that the worse end is to meet, if any."""

    low: float
    high: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        """Whether all of it meets its goal; without a goal there is nothing to miss."""
        below = self.at_most is None or self.high <= self.at_most
        return below and (self.at_least is None or self.low >= self.at_least)


class Measure(NamedTuple):
    """`what` exactly was timed, as a phrase for a table; and what was found."""

    what: str
    found: tuple[Found, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values; goals that are not there are left out, and for each that is whether it was met."""
        return {"what": self.what, "found": [_plain(each) for each in self.found]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Measure:
        """What `to_dict` gave."""
        known = [{name: each[name] for name in Found._fields if name in each} for each in values["found"]]
        return cls(values["what"], tuple(Found(**each) for each in known))


def found(values: Sequence[float] | float, unit: str, digits: int = 3, **goal: float) -> Found:
    """The range of one or several numbers, to so many significant digits."""
    each = [values] if isinstance(values, int | float) else list(values)
    return Found(rounded(min(each), digits), rounded(max(each), digits), unit, **goal)


def rounded(value: float, digits: int) -> float:
    """To significant digits."""
    return float(f"{value:.{digits}g}")


def document(title: str, command: str, measures: Sequence[Measure], **details: Any) -> dict[str, Any]:
    """The whole of it: `title`, sentences that hold for all rows; `details`, what the measures were taken from."""
    return {
        "title": title,
        "command": command,
        "made": made(),
        "measures": [measure.to_dict() for measure in measures],
        **details,
    }


def made() -> dict[str, Any]:
    """Day, machine, versions, and what else the machine did in the last minute."""
    packages = {name: version(name) for name in ("numpy", "scipy")}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **packages,
        "blas": kernel(),
        "revision": revision(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def kernel() -> str:
    """Which BLAS multiplies NumPy's arrays, and its kernel for this processor; SciPy may bring another."""
    there = [each for each in threadpool_info() if each["user_api"] == "blas"]
    used = next((each for each in there if "numpy" in each["filepath"]), there[0] if there else {})
    return " ".join(str(used[name]) for name in ("internal_api", "version", "architecture") if used.get(name))


def revision() -> str:
    """The commit of this checkout, with a + where files differ that are no measurements; empty outside a repository."""
    git = ["git", "-C", str(ROOT)]
    try:
        commit = subprocess.run([*git, "rev-parse", "--short=7", "HEAD"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    rest = [".", ":!benchmarks/measured", ":!README.md"]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", *rest], capture_output=True).returncode
    return commit.stdout.strip() + ("+" if changed else "")


def write(asked: dict[str, Any]) -> None:
    """Print it."""
    print(json.dumps(asked, indent=2, allow_nan=False))


def _plain(each: Found) -> dict[str, Any]:
    values = {name: value for name, value in each._asdict().items() if value is not None}
    goal = each.at_most is not None or each.at_least is not None
    return values | ({"met": each.met} if goal else {})

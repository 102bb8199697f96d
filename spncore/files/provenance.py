"""What made a result: the versions of this project and of the packages that decide its numbers."""

import importlib.metadata
import platform
from collections.abc import Mapping

from spncore import __version__


def versions() -> dict[str, str]:
    """What made the file: the lab, Python and the packages that decide the numbers."""
    packages = {name: importlib.metadata.version(name) for name in ("numpy", "scipy")}
    return {"spnlab": __version__, "python": platform.python_version(), **packages}


def made_by(made: Mapping[str, str] | None = None) -> str:
    """Versions in a line, those of now unless others are given: `spnlab 0.1.0, python 3.11.7, …`."""
    return ", ".join(f"{name} {version}" for name, version in (made or versions()).items())

"""The project as others have it: a wheel built from its source archive, installed into an environment of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

NOT_THE_PROJECT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "results", "tests", "node_modules"
)


def wheel(folder: Path) -> Path:
    """Return the wheel, built in `folder` from a copy of the checkout."""
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=NOT_THE_PROJECT)
    shutil.copytree(ROOT / ".streamlit", source / ".streamlit")
    _uv("build", "--out-dir", folder, source)
    [made] = folder.glob("*.whl")
    return made


def programs(folder: Path, wheel: Path, extra: str = "") -> Path:
    """Return the folder of programs of a new environment that has the wheel, at the pinned versions."""
    _uv("venv", "--python", sys.executable, folder)
    pins = ("--constraint", ROOT / "requirements.txt")
    _uv("pip", "install", "--python", folder / "bin" / "python", *pins, f"spnlab{extra} @ {wheel.as_uri()}")
    return folder / "bin"


def _uv(*words: str | Path) -> None:
    """Run uv; skip the test with a word where no package index can be reached."""
    done = subprocess.run([sys.executable, "-m", "uv", *words], capture_output=True, text=True, check=False)
    if done.returncode and ("error sending request" in done.stderr or "No module named uv" in done.stderr):
        pytest.skip(f"a wheel is built and installed with uv from a package index: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr

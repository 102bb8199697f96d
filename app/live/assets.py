"""Files the page loads once: plotly.js from its wheel, compressed once; the component's own, named by hash."""

import gzip
import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.live.catalogues import PAGES, words_of
from spncore.plots.palette import BROWSER

CLIENT = Path(__file__).parent / "client"
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
}
# Looked up here and never during a script run, around which Streamlit changes the path that is searched.
PLOTLY_VERSION, PLOTLY_SPEC = version("plotly"), find_spec("plotly")
IMPORT = re.compile(rb'(?<=from ")\.{1,2}/[a-z/]+\.js(?=";)')
PLOTLY_LEVEL = 6  # 4.7 MB to 1.4 MB in 0.15 s; level 9 takes twice as long for 1 % less


@dataclass(frozen=True)
class Asset:
    """A file that never changes under its name, and the same compressed."""

    name: str
    media_type: str
    content: bytes
    compressed: bytes


def plotly_name() -> str:
    """The name of plotly.js under `api/`; the wheel's version is part of it."""
    return f"plotly-{PLOTLY_VERSION}.min.js"


def static_name(file_name: str) -> str:
    """The name under `api/static/` of a file of the component, such as lab/lab.js: its content's hash is part of it."""
    return _hashed_name(file_name, _contents()[file_name])


@cache
def plotly() -> Asset:
    """plotly.js as its wheel has it, without importing the package."""
    assert PLOTLY_SPEC is not None and PLOTLY_SPEC.submodule_search_locations
    content = (Path(PLOTLY_SPEC.submodule_search_locations[0]) / "package_data" / "plotly.min.js").read_bytes()
    return Asset(plotly_name(), MEDIA_TYPES[".js"], content, gzip.compress(content, PLOTLY_LEVEL, mtime=0))


@cache
def static_files() -> dict[str, Asset]:
    """The component's files by hashed name, read and compressed once."""
    return {(asset := _asset(*file)).name: asset for file in _contents().items()}


@cache
def _contents() -> dict[str, bytes]:
    """What is served by its name without a hash: the browser's half, its palette, and the words of each page."""
    names = [path.relative_to(CLIENT).as_posix() for path in sorted(CLIENT.glob("*/*")) if path.suffix in MEDIA_TYPES]
    made = {"palette.json": BROWSER, **{f"words/{page}.json": words_of(page) for page in PAGES}}
    return {**{name: _served(name) for name in names}, **{name: _json(value) for name, value in made.items()}}


def _asset(name: str, content: bytes) -> Asset:
    media_type = MEDIA_TYPES[Path(name).suffix]
    return Asset(_hashed_name(name, content), media_type, content, gzip.compress(content, mtime=0))


@cache
def _served(name: str) -> bytes:
    """The file as served: a module imports others by their hashed names, so its own name changes with theirs."""

    def hashed(found: re.Match[bytes]) -> bytes:
        imported = os.path.normpath(os.path.join(os.path.dirname(name), found[0].decode()))
        parent, _, _ = found[0].decode().rpartition("/")
        return f"{parent}/{Path(_hashed_name(imported, _served(imported))).name}".encode()

    return IMPORT.sub(hashed, (CLIENT / name).read_bytes())


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _hashed_name(name: str, content: bytes) -> str:
    path = Path(name)
    return path.with_name(f"{path.stem}-{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}").as_posix()

"""Files the page loads once: plotly.js as its makers publish it; the component's own, compressed, named by hash."""

import gzip
import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.live.catalogues import KIT, PAGES, words_of
from spncore.plots.palette import BROWSER

CLIENT = Path(__file__).parent / "client"
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
IMPORT = re.compile(rb'(?<=from ")\.{1,2}/[a-z/]+\.js(?=";)|(?<=url\(")\./[a-z]+\.woff2(?="\))')
LATER = re.compile(rb'(?<=import\(")\.{1,2}/[a-z/]+\.js(?="\))')  # what is loaded only when it is asked for
# The build for flat charts of the plotly.js that the Python package has too, at a third of the whole one's size. Its
# name says the version; it stands here compressed, and `zcat` gives the file of npm's plotly.js-cartesian-dist-min.
VENDOR = Path(__file__).parent / "vendor"
PLOTLY = VENDOR / "plotly-cartesian-4.1.1.min.js.gz"
# Of Streamlit's font of 4,000 icons those that a page can show: `python -m tests.icons` makes it.
ICONS = VENDOR / "material-symbols-rounded.woff2"
# Of its font of all weights those that figures are lettered with, by weight: `python -m tests.lettering` makes them.
FONTS = {400: VENDOR / "figure-regular.ttf", 600: VENDOR / "figure-semibold.ttf"}
# Of its font of all letters those that pages are written with, by the same.
TEXT = VENDOR / "lab-sans.woff2"
# Of Latin Modern Math what formulas are written with: `python -m tests.formula_font` makes it.
FORMULAS = VENDOR / "latin-modern-math.woff2"
LIVES_AT = {"kit/formulas.woff2": FORMULAS}  # by the name that a style knows it by


@dataclass(frozen=True)
class Asset:
    """A file that never changes under its name, compressed; `tag` is a hash of it."""

    name: str
    media_type: str
    compressed: bytes
    tag: str

    @property
    def content(self) -> bytes:
        """The file itself; few ask for it."""
        return gzip.decompress(self.compressed)


def asset(name: str, compressed: bytes) -> Asset:
    """A file of a name that says its type."""
    return Asset(name, MEDIA_TYPES[Path(name).suffix], compressed, _tag(compressed))


def static_name(file_name: str) -> str:
    """The name under `api/static/` of a file of the component, such as lab/lab.js: its content's hash is part of it."""
    return _hashed_name(file_name, _contents()[file_name])


@cache
def plotly() -> Asset:
    """plotly.js for all charts of the lab."""
    return asset(PLOTLY.stem, PLOTLY.read_bytes())


@cache
def static_files() -> dict[str, Asset]:
    """The component's files by hashed name, read and compressed once."""
    named = {_hashed_name(name, content): content for name, content in _contents().items()}
    return {name: asset(name, gzip.compress(content, mtime=0)) for name, content in named.items()}


@cache
def modules(name: str) -> tuple[str, ...]:
    """A module of the component, such as lab/lab.js, and all that it imports at once, each once."""
    imported = [_imported(name, found) for found in IMPORT.findall((CLIENT / name).read_bytes())]
    return tuple(dict.fromkeys([name, *(below for one in imported for below in modules(one))]))


def _imported(name: str, found: bytes) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(name), found.decode()))


@cache
def _contents() -> dict[str, bytes]:
    """What is served by its name without a hash: the browser's half, its palette, and the words of each page."""
    names = [path.relative_to(CLIENT).as_posix() for path in sorted(CLIENT.glob("*/*")) if path.suffix in MEDIA_TYPES]
    names += LIVES_AT
    made = {
        "palette.json": {**BROWSER, "fonts": _fonts()},
        **{f"words/{page}.json": words_of(page) for page in (KIT, *PAGES)},
    }
    letters = {f"fonts/{path.name}": path.read_bytes() for path in FONTS.values()}
    return {
        **{name: _served(name) for name in names},
        **{name: _json(value) for name, value in made.items()},
        **letters,
    }


def _fonts() -> dict[int, str]:
    """Where the letters of saved figures are, by weight, from the lab's root on."""
    return {weight: f"api/static/{_hashed_name(f'fonts/{at.name}', at.read_bytes())}" for weight, at in FONTS.items()}


@cache
def _served(name: str) -> bytes:
    """The file as served: what a module or a style loads has its hashed name, so their own names change with it."""

    def hashed(found: re.Match[bytes]) -> bytes:
        imported = _imported(name, found[0])
        parent, _, _ = found[0].decode().rpartition("/")
        return f"{parent}/{Path(_hashed_name(imported, _served(imported))).name}".encode()

    return LATER.sub(hashed, IMPORT.sub(hashed, LIVES_AT.get(name, CLIENT / name).read_bytes()))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _hashed_name(name: str, content: bytes) -> str:
    path = Path(name)
    return path.with_name(f"{path.stem}-{_tag(content)}{path.suffix}").as_posix()


def _tag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]

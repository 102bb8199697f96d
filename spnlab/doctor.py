"""`spnlab doctor`: what would fail here, a line each, before a class sits in front of it."""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Literal, NamedTuple

from app.live import log, store
from app.live.door.descriptors import allowed_descriptors, descriptors_for
from app.live.door.settings import PROXIES, DoorSettings
from app.live.limits import PREFIX, LimitError, ServerLimits, allowed_cores, allowed_memory, cores
from spncore.data.library import DATASETS, available, remedy
from spncore.files.whole import fault, make_ready
from spncore.store import Store, StoreError, default_place
from spnlab.listening import ADDRESS, problem

PACKAGES = ("streamlit", "starlette", "plotly", "pandas", "prometheus_client")
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
OTHER_SETTINGS = ("DATA_DIR", "CLUSTER", "LOG", "STORE", "HOSTS", "FRAME_ANCESTORS", "PROXIES")
UVICORN_PROXIES = "FORWARDED_ALLOW_IPS"
LEAST_MEMORY, GOOD_MEMORY = 400_000_000, 1_000_000_000  # the server and one trainer; the same with a class
GOOD_ROOM = 200_000_000
RELEASED = 1_767_225_600  # the year of this release; no clock is before it


class Line(NamedTuple):
    """What was found out of one thing, and what to do."""

    state: Literal["ok", "warn", "fails"]
    thing: str
    words: str


def main(arguments: Sequence[str]) -> int:
    """Print a line for each thing; 1 if one of them fails, 0 if not. The options are those of the lab."""
    parser = argparse.ArgumentParser("spnlab doctor", description=__doc__)
    parser.add_argument("--port", type=int, default=8501, help="where the lab is to listen")
    parser.add_argument("--base-url", default="", help="the path that its addresses are to begin with")
    parser.add_argument("--address", default=ADDRESS, help="on which of this machine's addresses")
    options = parser.parse_args(arguments)
    lines = [line for look in LOOKS for line in look(os.environ)]
    lines += [base_path(options.base_url), port(options.address, options.port)]
    for line in lines:
        print(f"{line.state:6}{line.thing}: {line.words}")
    return int(any(line.state == "fails" for line in lines))


def packages(_: Mapping[str, str]) -> Iterator[Line]:
    """Whether what the lab needs is installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        yield Line("fails", "packages", f"{', '.join(missing)} missing; pip install 'spnlab[lab]'")
    else:
        yield Line("ok", "packages", "all that the lab needs is installed")


def settings(environment: Mapping[str, str]) -> Iterator[Line]:
    """Whether the environment's settings are understood, and whether one is misspelt."""
    try:
        limits = ServerLimits.of(environment)
        log.form(environment, sys.stderr)
        DoorSettings.of(environment)
    except LimitError as error:
        yield Line("fails", "settings", f"{error}; the server would not start")
        return
    known = [PREFIX + name.upper() for name in (*vars(limits), *OTHER_SETTINGS)]
    strange = [name for name in environment if name.startswith(PREFIX) and name not in known]
    for name in strange:
        near = difflib.get_close_matches(name, known, 1)
        yield Line("warn", "settings", f"{name} is none" + (f"; is {near[0]} meant?" if near else "; take it out"))
    if not strange:
        yield Line("ok", "settings", "all are understood")


def folder(environment: Mapping[str, str]) -> Iterator[Line]:
    """Whether outcomes and fetched data can be kept, and whether there is room for the traces of large runs."""
    problem = store.fault()
    if problem:
        yield Line("fails", "folder", store.remedy(problem))
        return
    room, large = shutil.disk_usage(store.folder()).free, _limits(environment).spool_bytes
    words = f"{store.folder()} can be written, {room / 1e9:.1f} GB are free"
    if room < GOOD_ROOM + large:
        more = f"large runs may take {large / 1e9:.1f} GB there; make room or set SPNLAB_SPOOL_BYTES"
        yield Line("warn", "folder", f"{words}; {more}")
    else:
        yield Line("ok", "folder", words)


def runs(environment: Mapping[str, str]) -> Iterator[Line]:
    """Whether people's runs can be kept."""
    try:
        with Store(default_place(environment)) as opened:
            why, place, notices = opened.why_read_only, opened.place, opened.notices
    except StoreError as error:
        yield Line("fails", "runs", str(error))
        return
    for words in filter(None, [why, *notices]):
        yield Line("warn", "runs", words)
    if not why:
        yield Line("ok", "runs", f"they are kept in {place}")


def _limits(environment: Mapping[str, str]) -> ServerLimits:
    """Those of the environment, or where they are not understood, which is said elsewhere, the usual ones."""
    try:
        return ServerLimits.of(environment)
    except LimitError:
        return ServerLimits()


def temporary(_: Mapping[str, str]) -> Iterator[Line]:
    """Whether there is a place for temporary files."""
    try:
        place = tempfile.gettempdir()
        with tempfile.TemporaryDirectory() as made:
            make_ready(type(store.folder())(made))
    except OSError as error:
        yield Line("fails", "temporary files", f"{fault(error)}; in a container: --tmpfs /tmp")
    else:
        yield Line("ok", "temporary files", f"{place} can be written")


def memory(_: Mapping[str, str]) -> Iterator[Line]:
    """Whether there is enough for the server and its trainers."""
    allowed = allowed_memory()
    words = f"{allowed / 1e9:.1f} GB are allowed, by the control group or the machine"
    if allowed < LEAST_MEMORY:
        yield Line("fails", "memory", f"{words}; the server and one trainer take 0.4 GB")
    elif allowed < GOOD_MEMORY:
        yield Line("warn", "memory", f"{words}; a class is better served with 1 GB")
    else:
        yield Line("ok", "memory", words)


def processors(_: Mapping[str, str]) -> Iterator[Line]:
    """Whether as many cores can be used as are seen."""
    quota = allowed_cores()
    if quota < cores():
        share = max(1, int(quota))
        words = f"{cores()} cores are seen, the control group allows the time of {quota:g}; set SPNLAB_TRAINERS={share}"
        yield Line("warn", "cores", words)
    else:
        yield Line("ok", "cores", f"{cores()} can be used")


def threads(environment: Mapping[str, str]) -> Iterator[Line]:
    """Whether BLAS is told to use more threads than the one that a run has."""
    wrong = [f"{name}={environment[name]}" for name in BLAS_THREADS if environment.get(name, "1") != "1"]
    if wrong:
        yield Line("warn", "BLAS", f"{', '.join(wrong)}: threads that nobody uses take time; unset it or say 1")
    else:
        yield Line("ok", "BLAS", "one thread")


def children(_: Mapping[str, str]) -> Iterator[Line]:
    """Whether processes can be started, which train."""
    try:
        subprocess.run([sys.executable, "-c", ""], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        yield Line("fails", "processes", f"none can be started ({error}); allow more, as with --pids-limit 256")
    else:
        yield Line("ok", "processes", "trainers can be started")


def descriptors(environment: Mapping[str, str]) -> Iterator[Line]:
    """Whether as many tabs can be open as sessions are allowed."""
    sessions, most = _limits(environment).sessions, allowed_descriptors()
    needed = descriptors_for(sessions)
    if most < needed:
        words = f"at most {most}, {sessions} sessions need {needed}; ulimit -n {needed}, or --ulimit nofile={needed}"
        yield Line("warn", "open files", words)
    else:
        yield Line("ok", "open files", f"enough for {sessions} sessions")


def data(_: Mapping[str, str]) -> Iterator[Line]:
    """Whether the data sets are at hand, without the network."""
    for name, info in DATASETS.items():
        where = available(name)
        if where is None:
            yield Line("warn" if info.urls else "fails", f"data set {name}", f"not here; {remedy(name)}")
        else:
            yield Line("ok", f"data set {name}", where)


def proxies(environment: Mapping[str, str]) -> Iterator[Line]:
    """Whose word about a visitor's address is believed; nothing where the settings, as said there, are not read."""
    try:
        named = [str(network) for network in DoorSettings.of(environment).proxies]
    except LimitError:
        return
    if "*" in environment.get(UVICORN_PROXIES, ""):
        yield Line("warn", "proxies", f"{UVICORN_PROXIES}=*: every visitor may claim any address; name the proxy's")
    elif named:
        yield Line("ok", "proxies", f"forwarded addresses are believed of {', '.join(named)}")
    else:
        yield Line("ok", "proxies", f"no forwarded address is believed; behind a proxy name its address in {PROXIES}")


def base_path(path: str) -> Line:
    """Whether the lab's addresses can begin so."""
    if not re.fullmatch(r"/?([\w.~-]+(/[\w.~-]+)*)?/?", path, re.ASCII) or ".." in path:
        return Line("fails", "base path", f"{path[:40]!r} is none; give one as lab or courses/lab")
    bare = path.strip("/")
    return Line("ok", "base path", f"addresses begin with /{bare}/" if bare else "addresses begin with /")


def clock(_: Mapping[str, str]) -> Iterator[Line]:
    """Whether the clock can be right, by which logs and certificates go."""
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    if time.time() < RELEASED:
        yield Line("warn", "clock", f"it says {now}, which has been; set it, or fetching data fails")
    else:
        yield Line("ok", "clock", f"it says {now}")


def port(address: str, number: int) -> Line:
    """Whether the lab can listen there."""
    found = problem(address, number)
    return Line("fails", "port", found) if found else Line("ok", "port", f"{address}:{number} is free")


LOOKS: Sequence[Callable[[Mapping[str, str]], Iterator[Line]]] = (
    packages,
    settings,
    folder,
    runs,
    temporary,
    memory,
    processors,
    threads,
    children,
    descriptors,
    data,
    proxies,
    clock,
)

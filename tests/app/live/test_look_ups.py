"""What is looked up along the import path is found while script runs come and go, which change that path."""

import ast
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.live import assets
from spncore.files import provenance
from tests import children
from tests.places import ROOT
from tests.waiting import PATIENCE

LOOK_UPS = ("importlib.metadata", "importlib.util", "importlib.resources", "pkg_resources")
ENDURED = 3_000  # look-ups; where they went along the path, one in a hundred or so missed the package


@contextmanager
def moving_path() -> Iterator[None]:
    """Inside, a thread puts a folder onto the import path and takes it off again all the time."""
    over = threading.Event()

    def move() -> None:
        while not over.is_set():
            sys.path.insert(0, "/nowhere")
            sys.path.remove("/nowhere")

    thread = threading.Thread(target=move)
    before, interval = list(sys.path), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(interval)
        sys.path[:] = before


@pytest.mark.fault("J04")
@pytest.mark.parametrize("look_up", [provenance.versions, assets.plotly.__wrapped__])
def test_versions_are_known_while_the_import_path_changes(look_up, monkeypatch) -> None:
    monkeypatch.setattr(assets.gzip, "compress", lambda *_, **__: b"")  # which is not what is tried here
    expected = look_up()
    with moving_path():
        assert all(look_up() == expected for _ in range(ENDURED if look_up is not assets.plotly.__wrapped__ else 50))


def _look_ups_inside_functions(file: Path) -> list[str]:
    """Places where a function of a file calls what it has from a module that searches the path."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
        if (node.module if isinstance(node, ast.ImportFrom) else alias.name) in LOOK_UPS
    }
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for function in functions
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and any(ast.unparse(call.func).split("(")[0].startswith(name) for name in names)
    ]


@pytest.mark.fault("J04")
def test_no_function_that_a_script_run_may_call_looks_anything_up_along_the_import_path() -> None:
    commands = {ROOT / "spncore" / "__main__.py"}  # which no script run calls
    files = {*(ROOT / "app").rglob("*.py"), *(ROOT / "spncore").rglob("*.py")} - commands
    assert not [place for file in sorted(files) for place in _look_ups_inside_functions(file)]
    assert _look_ups_inside_functions(ROOT / "spnlab" / "__main__.py"), "the search finds nothing any more"


def test_a_script_run_does_not_change_the_import_path() -> None:
    program = (
        "import sys, streamlit_app\n"
        "from streamlit.runtime.scriptrunner.exec_code import modified_sys_path\n"
        "before = list(sys.path)\n"
        "with modified_sys_path(str(streamlit_app.app._resolve_script_path())):\n"
        "    assert sys.path == before, 'put on'\n"
        "assert sys.path == before, 'taken off'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=children.environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr

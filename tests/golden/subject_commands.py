"""The command line as plain values: what a command prints and leaves, and the arguments it takes."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from tests.golden.plain import masked, plain, shape, table
from tests.golden.subject import ROOT, Case, Record, command_line, datasets


def commands(case: Case) -> Any:
    """A command run in an empty folder: exit code, what is printed, and the files it leaves by their structure."""
    with tempfile.TemporaryDirectory() as name, only_shipped_data(Path(name) / "cache"):
        folder = Path(name)
        for file, content in case.get("files", {}).items():
            (folder / file).write_text(content, encoding="utf-8")
        words = [word.replace("FOLDER", str(folder)) for word in case["arguments"]]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = command_line.main(words)
            except SystemExit as stop:
                code = stop.code
        made = {
            path.name: _left(path) for path in sorted(folder.rglob("*")) if path.is_file() and _is_result(path, case)
        }
    usage = code == 2 and err.getvalue().startswith("usage:")  # wrapped differently from Python to Python
    said = [err.getvalue().splitlines()[-1].split(" (choose from")[0]] if usage else err.getvalue().splitlines()
    hide = {str(folder): "FOLDER", str(ROOT): "ROOT"}
    return {"code": code, "out": _hidden(out.getvalue().splitlines(), hide), "err": _hidden(said, hide), "files": made}


def _is_result(path: Path, case: Case) -> bool:
    return path.name not in case.get("files", {}) and "kept" not in path.parts


def _left(path: Path) -> Any:
    if path.suffix == ".csv":
        return table(path.read_bytes().decode())
    if path.suffix == ".json":
        return shape(json.loads(path.read_text(encoding="utf-8")))
    return "a page with its charts" if "plotly" in path.read_text(encoding="utf-8") else "a text"


def _hidden(lines: Sequence[str], hide: Mapping[str, str]) -> list[Any]:
    found: list[Any] = []
    for line in lines:
        for name, word in hide.items():
            line = line.replace(name, word)
        found.append(shape(json.loads(line)) if line.startswith("{") else masked(line))
    return found


@contextlib.contextmanager
def only_shipped_data(cache: Path) -> Iterator[None]:
    """As on a machine without downloaded data."""
    environment = {name: value for name, value in os.environ.items() if name != datasets.DATA_DIR}
    folder = mock.patch.object(datasets, "user_cache_dir", lambda *_, **__: str(cache))
    with mock.patch.dict(os.environ, environment, clear=True), folder:
        yield


def command_help(command: Case) -> Any:
    """A command's arguments and their help, from the parser itself; the empty command is the program."""
    parser = command_line.parser()
    for word in command.split():
        parser = _subcommands(parser).choices[word]
    below = _subcommands(parser)
    own = [action for action in parser._actions if action is not below]
    return {
        "program": parser.prog,
        "description": parser.description,
        "arguments": [_argument(action) for action in own],
        "commands": {each.dest: each.help for each in below._choices_actions} if below else {},
    }


def _subcommands(parser: argparse.ArgumentParser) -> Any:
    return next((action for action in parser._actions if isinstance(action, argparse._SubParsersAction)), None)


def _argument(action: argparse.Action) -> Record:
    default = None if action.default is argparse.SUPPRESS else plain(action.default)
    return {
        "names": list(action.option_strings),
        "field": action.dest,
        "shown": action.metavar,
        "help": action.help,
        "required": action.required,
        "number": action.nargs,
        "default": default,
    }

"""The command `spnlab`: alone it opens the lab, with a command it is `python -m spncore`."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spnlab import listening

IN_THE_WHEEL = Path(__file__).with_name("lab")
LAB = IN_THE_WHEEL if IN_THE_WHEEL.is_dir() else Path(__file__).parents[1]
MISSING = "The lab is not installed: pip install 'spnlab[lab]'"
OPTIONS = {  # short for Streamlit's own, all of which are understood as well
    "--port": ("--server.port", "where the lab listens, 8501 unless it is taken"),
    "--address": ("--server.address", "127.0.0.1 unless told otherwise; 0.0.0.0 for every interface"),
    "--base-url": ("--server.baseUrlPath", "the path that the lab's addresses begin with"),
}
EXAMPLES = """examples of the lab, which opens in the browser:
  spnlab
  spnlab --port 8600 --base-url lab
  spnlab doctor    # what would fail here

"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the lab or run a command, and return its exit code; what is not needed for it is not imported."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        print(f"spnlab {_version()}")
        return 0
    if words[:1] in (["-h"], ["--help"]):
        return _help()
    if words[0:1] == ["doctor"]:
        return _doctor(words[1:])
    if not words or words[0].startswith("-"):
        return open_lab(words)
    from spncore.__main__ import main as command

    return command(words, "spnlab")


def open_lab(options: Sequence[str]) -> int:
    """Serve the lab until Ctrl-C; 2 with a sentence on stderr where it lacks what it needs or cannot listen.

    Its folder holds its settings and comes onto the import path of this process only.
    """
    try:
        from streamlit.web import cli
    except ModuleNotFoundError:
        print(MISSING, file=sys.stderr)
        return 2
    shown = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    words = [_long(option) for option in options]
    if problem := listening.problem_of(words):
        print(f"The lab does not start: {problem}.", file=sys.stderr)
        return 2
    cli.main(["run", str(LAB / "streamlit_app.py"), f"--server.headless={not shown}", *words], prog_name="spnlab")
    return 0


def _doctor(options: Sequence[str]) -> int:
    sys.path.insert(0, str(LAB))  # of this process only, as where the lab is opened
    from spnlab.doctor import main

    return main(options)


def _long(option: str) -> str:
    name, equals, value = option.partition("=")
    return OPTIONS.get(name, (name,))[0] + equals + value


def _help() -> int:
    from spncore.__main__ import parser

    whole = parser("spnlab")
    whole.description = __doc__
    whole.epilog = f"{EXAMPLES}{whole.epilog}"
    for name, (_, words) in OPTIONS.items():
        whole.add_argument(name, help=words)
    whole.print_help()
    return 0


def _version() -> str:
    try:
        return version("spnlab")
    except PackageNotFoundError:  # a checkout that is not installed
        from spncore import __version__

        return __version__


if __name__ == "__main__":
    sys.exit(main())

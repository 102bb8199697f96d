"""The command `spnlab`: what it opens, what it hands on, and what it needs for that."""

import json
import socket
import subprocess
import sys
import tomllib

import pytest

from spncore import __version__
from spnlab import __main__ as command
from spnlab import listening
from tests import children
from tests.places import ROOT
from tests.waiting import PATIENCE

# The settings as Streamlit holds them where it would begin to serve.
SETTINGS = """
import json
from streamlit import config
from streamlit.web import bootstrap
from spnlab.__main__ import main

bootstrap.run_asgi_app = lambda *_: print(json.dumps({name: config.get_option(name) for name in NAMES}))
main(WORDS)
"""


def run(program, folder):
    words = [sys.executable, "-c", program]
    environment = children.environment(PYTHONPATH=str(ROOT))
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dotted(table, before=""):
    for name, value in table.items():
        yield from dotted(value, f"{before}{name}.") if isinstance(value, dict) else [(before + name, value)]


@pytest.fixture
def opened(monkeypatch):
    """The words that Streamlit is started with."""
    words = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda given, prog_name: words.extend(given))
    return words


def test_the_version_is_said_in_a_checkout_that_is_not_installed(capsys):
    assert command.main(["--version"]) == 0
    assert capsys.readouterr().out == f"spnlab {__version__}\n"


def test_the_lab_has_its_own_settings_whatever_lies_in_the_folder_it_is_started_in(tmp_path):
    foreign = tmp_path / ".streamlit" / "config.toml"
    foreign.parent.mkdir()
    foreign.write_text('[server]\naddress = "0.0.0.0"\nmaxUploadSize = 1\n[theme]\nbaseFontSize = 30\n')
    settings = dict(dotted(tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))))
    del settings["server.headless"]  # whether there is a screen
    program = SETTINGS.replace("NAMES", repr(list(settings))).replace("WORDS", "[]")
    assert json.loads(run(program, tmp_path)) == settings
    assert settings["server.address"] == "127.0.0.1" and settings["client.showErrorDetails"] == "none"
    told = {"server.address": "0.0.0.0", "server.port": 8600, "server.baseUrlPath": "lab"}
    words = ["--address", "0.0.0.0", "--port=8600", "--base-url", "lab"]
    program = SETTINGS.replace("NAMES", repr(list(told))).replace("WORDS", repr(words))
    assert json.loads(run(program, tmp_path)) == told


@pytest.mark.parametrize(("display", "headless"), [("", True), (":0", False)])
def test_a_browser_is_opened_where_there_is_a_screen(display, headless, opened, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert command.main([]) == 0
    assert opened == ["run", str(ROOT / "streamlit_app.py"), f"--server.headless={headless}"]


@pytest.mark.parametrize("words", [["--port", "99999"], ["--port=-1"], ["--server.port=8600", "--server.port=65536"]])
def test_an_impossible_port_is_said_in_a_sentence(words, opened, capsys):
    assert command.main(words) == 2 and not opened
    assert capsys.readouterr().err.endswith(" is no port; give one from 1 to 65535.\n")


def test_a_port_that_is_taken_is_said_in_a_sentence_wherever_it_was_named(opened, capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("STREAMLIT_SERVER_PORT", str(port))
        assert command.main(["--address", "127.0.0.1"]) == 2 and not opened
        sentence = f"127.0.0.1:{port}: Address already in use; stop what listens there, or give another --port."
        assert capsys.readouterr().err == f"The lab does not start: {sentence}\n"
        assert command.main(["--port=0"]) == 0, "what is said last counts"


@pytest.mark.parametrize("words", [["--port", "many"], ["--port"], ["--logger.level=debug"], ["--address=nowhere"]])
def test_what_names_no_port_is_left_to_streamlit(words, opened):
    assert command.main(words) == 0 and opened


def test_numpy_is_not_imported_before_the_lab_has_said_how_many_threads_it_may_use():
    program = "import sys; from spnlab import __main__, listening; listening.problem_of(['--server.port=0'])\n"
    done = subprocess.run(
        [sys.executable, "-c", program + "print('numpy' in sys.modules)"], cwd=ROOT, capture_output=True
    )
    assert done.stdout == b"False\n", done.stderr


def test_without_the_extra_a_sentence_names_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "streamlit.web", None)
    assert command.main([]) == 2
    assert capsys.readouterr().err == "The lab is not installed: pip install 'spnlab[lab]'\n"


def test_a_command_is_that_of_the_engine_under_this_name(capsys):
    assert command.main(["data", "info", "two-clusters"]) == 0
    with pytest.raises(SystemExit):
        command.main(["data", "none"])
    assert capsys.readouterr().err.startswith("usage: spnlab data")


def test_the_help_has_the_commands_the_lab_s_options_and_examples(capsys):
    assert command.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("figure3", "--version", "  spnlab fit ", *command.OPTIONS))


def test_the_examples_of_the_lab_in_the_help_open_it(opened, monkeypatch):
    monkeypatch.setattr(listening, "problem", lambda *_: None)  # whoever has their ports on this machine
    for example in command.EXAMPLES.splitlines()[1:3]:
        opened.clear()
        assert command.main(example.split()[1:]) == 0
    assert opened[3:] == ["--server.port", "8600", "--server.baseUrlPath", "lab"]

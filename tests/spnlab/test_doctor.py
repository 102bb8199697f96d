"""`spnlab doctor` says what would fail here, and what to do about it."""

import resource
import socket
import subprocess
import sys

import pytest

from app.live import limits, store
from app.live.door import descriptors
from spnlab import doctor
from spnlab.__main__ import main
from tests import children, disks
from tests.places import ROOT
from tests.waiting import PATIENCE


@pytest.fixture(autouse=True)
def own_machine(tmp_path, monkeypatch):
    """A folder and control groups of the test's own, and no settings."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    for name in doctor.BLAS_THREADS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def lines(look, **environment):
    return [(line.state, line.words) for line in look(environment)]


def test_where_all_is_well_every_line_says_so_and_the_exit_code_is_0(free_port, capsys):
    assert main(["doctor", "--port", str(free_port)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) >= len(doctor.LOOKS) + 1
    known = ("warn  data set", "warn  folder")  # what this computer may lack
    assert not [line for line in said if not line.startswith(("ok ", *known))]


def test_a_port_that_is_taken_or_is_none_fails(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["doctor", f"--port={port}"]) == 1
    assert f"fails port: 127.0.0.1:{port}: Address already in use; stop what listens there" in capsys.readouterr().out
    assert doctor.port("127.0.0.1", 99_999).words == "99999 is no port; give one from 1 to 65535"
    assert doctor.port("no.such.host.invalid", 8501).words.endswith("give an --address of this machine")


def test_a_folder_that_cannot_be_written_fails_with_the_user_and_the_command(tmp_path):
    with disks.small_disk(tmp_path / "cache", "size=300k") as disk:
        [(state, words)] = lines(doctor.folder)
        assert state == "warn" and words.endswith("may take 4.0 GB there; make room or set SPNLAB_SPOOL_BYTES")
        disks.make_read_only(disk)
        [(state, words)] = lines(doctor.folder)
        assert state == "fails" and words.startswith(
            f"{disk}/spnlab cannot be written by user 0: Read-only file system"
        )
        assert f"docker run -v FOLDER:{disk}" in words


def test_another_user_s_folder_is_named_with_the_command_that_gives_it(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "make_ready", _denied)
    (tmp_path / "cache").mkdir()
    [(state, words)] = lines(doctor.folder)
    assert state == "fails" and words.endswith(
        f"Permission denied; as root: chown -R {store.os.getuid()} {tmp_path}/cache"
    )


def _denied(folder):
    raise PermissionError(13, "Permission denied", str(folder))


@pytest.mark.parametrize(("allowed", "state"), [(2**40, "ok"), (900_000_000, "warn"), (300_000_000, "fails")])
def test_memory_is_judged_by_what_a_server_and_a_trainer_take(allowed, state, monkeypatch):
    monkeypatch.setattr(doctor, "allowed_memory", lambda: allowed)
    assert [found for found, _ in lines(doctor.memory)] == [state]


def test_a_quota_below_the_cores_is_named_with_the_setting(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "cores", lambda: 4)
    monkeypatch.setattr(limits, "cores", lambda: 4)
    assert lines(doctor.processors) == [("ok", "4 can be used")]
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    [(state, words)] = lines(doctor.processors)
    assert state == "warn" and words.endswith("allows the time of 1.5; set SPNLAB_TRAINERS=1")


@pytest.mark.parametrize(
    ("environment", "state", "words"),
    [
        ({"SPNLAB_SESSIONS": "many"}, "fails", "give a whole number, 0 or more; the server would not start"),
        ({"SPNLAB_LOG": "xml"}, "fails", "give json or text; the server would not start"),
        ({"SPNLAB_PROXIES": "10.0.0.0/8,nginx"}, "fails", "with commas, as in 10.0.0.0/8; the server would not start"),
        ({"SPNLAB_FRAME_ANCESTORS": "a, b"}, "fails", "as in 'self'; the server would not start"),
        ({"SPNLAB_SESSION": "60"}, "warn", "SPNLAB_SESSION is none; is SPNLAB_SESSIONS meant?"),
        ({"SPNLAB_SESSIONS": "60", "SPNLAB_DATA_DIR": "/data"}, "ok", "all are understood"),
    ],
)
def test_settings_are_read_as_the_server_reads_them_and_a_misspelt_one_is_named(environment, state, words):
    [(found, said)] = lines(doctor.settings, **environment)
    assert found == state and said.endswith(words)


@pytest.mark.parametrize(
    ("environment", "state", "words"),
    [
        ({}, "ok", "behind a proxy name its address in SPNLAB_PROXIES"),
        ({"SPNLAB_PROXIES": "10.0.0.0/8, ::1"}, "ok", "believed of 10.0.0.0/8, ::1/128"),
        ({"FORWARDED_ALLOW_IPS": "*"}, "warn", "every visitor may claim any address"),
    ],
)
def test_whose_word_about_addresses_is_believed_is_said(environment, state, words):
    [(found, said)] = lines(doctor.proxies, **environment)
    assert found == state and words in said


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("", "ok"),
        ("lab", "ok"),
        ("/a/lab/", "ok"),
        ("a b", "fails"),
        ("../lab", "fails"),
        ("https://host/lab", "fails"),
    ],
)
def test_a_base_path_is_a_path(path, state):
    assert doctor.base_path(path).state == state


def test_threads_descriptors_packages_data_and_clock_are_looked_at(monkeypatch):
    assert lines(doctor.threads, OMP_NUM_THREADS="8")[0][0] == "warn"
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    enough = descriptors.tabs_for(1024)
    assert lines(doctor.descriptors, SPNLAB_SESSIONS=f"{enough}") == [("ok", f"enough for {enough} sessions")]
    assert lines(doctor.descriptors, SPNLAB_SESSIONS=f"{enough + 1}")[0][0] == "warn", "the door has no place for it"
    needed = descriptors.descriptors_for(1000)
    assert f"ulimit -n {needed}," in lines(doctor.descriptors, SPNLAB_SESSIONS="1000")[0][1]
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "plotly" else name)
    assert lines(doctor.packages) == [("fails", "plotly missing; pip install 'spnlab[lab]'")]
    monkeypatch.setattr(doctor, "available", lambda name: None)
    assert [state for state, _ in lines(doctor.data)] == [
        "warn" if each.urls else "fails" for each in doctor.DATASETS.values()
    ]
    monkeypatch.setattr(doctor.time, "time", lambda: 0.0)
    assert lines(doctor.clock)[0][0] == "warn"


def test_the_doctor_finds_room_for_as_many_sessions_as_the_door_gives_places(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    tabs = descriptors.tabs_for(descriptors.raise_descriptors())
    assert lines(doctor.descriptors, SPNLAB_SESSIONS=str(tabs))[0][0] == "ok"
    assert lines(doctor.descriptors, SPNLAB_SESSIONS=str(tabs + 1))[0][0] == "warn"


def test_no_place_for_temporary_files_and_no_processes_fail(monkeypatch):
    def none_usable():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(doctor.tempfile, "gettempdir", none_usable)
    assert lines(doctor.temporary)[0][0] == "fails"
    monkeypatch.setattr(doctor.sys, "executable", "/no/such/python")
    assert lines(doctor.children)[0][0] == "fails"


def test_it_runs_where_streamlit_is_not_installed():
    program = (
        "import sys; sys.modules['streamlit'] = None\n"
        "from spnlab import __main__ as command\n"
        "import spnlab.doctor as doctor\n"
        "doctor.find_spec = lambda name: None if name == 'streamlit' else name\n"
        "sys.exit(command.main(['doctor', '--port', '0']))\n"
    )
    command = [sys.executable, "-c", program]
    options = {"cwd": ROOT, "env": children.environment(), "capture_output": True, "text": True}
    done = subprocess.run(command, timeout=PATIENCE, **options)
    assert done.returncode == 1 and done.stdout.startswith("fails packages: streamlit missing"), done.stderr

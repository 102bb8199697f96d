"""What the operator's page and the compose file say is so in the code."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from app.live import limits
from app.live.door.descriptors import tabs_for
from app.live.limits import PREFIX, ServerLimits
from tests.e2e.conftest import LAB, AppServer
from tests.places import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
BEGIN, END = "<!-- settings: compared with app/live/limits.py by a test -->", "<!-- end of settings -->"
OF_THE_MACHINE = {
    "trainers": "cores",
    "memory_bytes": "half of what is free",
    "upload_bytes_in_all": "a quarter of what is free",
    "job_bytes": "a quarter of the memory",
}
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
ROOM = COMPOSE["services"]["lab"]
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IN_THE_IMAGE = dict(pair.split("=", 1) for line in re.findall(r"^ENV (.+)$", IMAGE, re.M) for pair in line.split())
HEALTH, START = (json.loads(line) for line in re.findall(r"^(?:HEALTHCHECK .*)?CMD (\[.+\])$", IMAGE, re.M))
RUN = shlex.split(PAGE[PAGE.index("docker run -d") :].partition("\n```")[0].replace("\\\n", " "))


def settings():
    return [row for row in re.findall(r"\| `(\w+)` \| (.*?) \| .+ \|", PAGE.partition(BEGIN)[2].partition(END)[0])]


def test_the_operators_page_names_every_setting_once_with_its_default():
    known = {
        PREFIX + field.name.upper(): OF_THE_MACHINE.get(field.name, f"{field.default:,}".removesuffix(".0"))
        for field in fields(ServerLimits)
    }
    assert sorted(settings()) == sorted(known.items())


def test_the_page_says_of_every_default_that_follows_the_machine_that_it_does(monkeypatch):
    monkeypatch.setattr(limits, "allowed_memory", lambda: 1_000_000_000)
    here = ServerLimits.of({})
    following = {field.name for field in fields(ServerLimits) if getattr(here, field.name) != field.default}
    assert {"trainers", *following} == OF_THE_MACHINE.keys()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(?:\.\./)?((?:deploy|spncore|app|docs)/[\w./]+)`", PAGE))))
def test_every_file_that_the_page_names_is_there(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_held_to_what_it_needs(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"mem_limit", "cpus", "pids_limit", "ulimits", "restart"} <= service.keys()
    named = {volume.partition(":")[0] for volume in service["volumes"] if not volume.startswith(".")}
    assert named <= COMPOSE["volumes"].keys()
    for volume in service["volumes"]:
        if volume.startswith("."):
            assert (Path(ROOT / "deploy") / volume.partition(":")[0]).is_file() and volume.endswith(":ro")


def test_only_the_proxy_is_reached_from_outside():
    lab, proxy = COMPOSE["services"]["lab"], COMPOSE["services"]["proxy"]
    assert "ports" not in lab and lab["networks"] == ["inside"] and COMPOSE["networks"]["inside"]["internal"]
    assert {port.partition(":")[2] for port in proxy["ports"]} == {"80", "443"}
    assert "reverse_proxy lab:8501" in (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")


def test_the_room_is_the_container_that_the_page_starts():
    """Every flag of the page's `docker run` stands in the compose file, with the same value."""
    said = dict(word.removeprefix("--").split("=", 1) for word in RUN if word.startswith("--") and "=" in word)
    said |= {flag.removeprefix("--"): value for flag, value in zip(RUN, RUN[1:], strict=False) if flag[:1] == "-"}
    assert "--read-only" in RUN and ROOM["read_only"]
    assert [said["cap-drop"].upper()] == ROOM["cap_drop"]
    assert [said["security-opt"]] == [option.removesuffix(":true") for option in ROOM["security_opt"]]
    assert [said["tmpfs"]] == ROOM["tmpfs"] and [said["-v"]] == ROOM["volumes"]
    assert {"nofile": int(said["ulimit"].partition("=")[2])} == ROOM["ulimits"]
    same = {
        "memory": "mem_limit",
        "cpus": "cpus",
        "pids-limit": "pids_limit",
        "restart": "restart",
        "name": "container_name",
    }
    assert {flag: said[flag] for flag in same} == {flag: str(ROOM[key]) for flag, key in same.items()}
    assert said["stop-timeout"] + "s" == ROOM["stop_grace_period"] and RUN[-1] == ROOM["image"]


def test_the_image_writes_only_where_the_room_lets_it():
    volume, place = ROOM["volumes"][0].split(":")
    assert re.findall(r"^VOLUME (.+)$", IMAGE, re.M) == [place] and f"mkdir {place} && chown 10001" in IMAGE
    assert all(IN_THE_IMAGE[name].startswith(place + "/") for name in ("XDG_CACHE_HOME", "SPNLAB_STORE"))
    assert IN_THE_IMAGE["HOME"] == ROOM["tmpfs"][0].partition(":")[0]
    assert COMPOSE["volumes"][volume]["name"] == volume, "the page's own commands name it"
    assert (ROOT / "deploy" / ROOM["build"] / "Dockerfile").samefile(ROOT / "Dockerfile")


def test_everybody_means_the_same_port():
    port = START[START.index("--port") + 1]
    assert re.findall(r"^EXPOSE (.+)$", IMAGE, re.M) == [port] and f":{port}'" in HEALTH[-1]
    assert START[START.index("--address") + 1] == "0.0.0.0", "the proxy comes from another container"
    caddy, nginx = ((ROOT / "deploy" / name).read_text(encoding="utf-8") for name in ("Caddyfile", "nginx.conf"))
    assert set(re.findall(r"reverse_proxy (?:/\S+ )?(\S+)", caddy)) == {f"lab:{port}"}
    assert re.findall(r"server (lab:\d+);", nginx) == [f"lab:{port}"]
    assert f"127.0.0.1:{port}:{port}" in RUN


def test_every_setting_that_these_files_name_is_one():
    besides = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", PAGE.partition(END)[2], re.M))
    streamlit = {"STREAMLIT_SERVER_BASE_URL_PATH", "STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE"}
    known = {*(name for name, _ in settings()), *besides, *streamlit}
    text = IMAGE + (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\b(?:SPNLAB|STREAMLIT|XDG)_[A-Z_]+\b", text + PAGE)) <= known
    assert set(ROOM["environment"]) <= known
    for name in ("SPNLAB_DATA_DIR", "SPNLAB_STORE", "XDG_CACHE_HOME"):
        assert f"in the image `{IN_THE_IMAGE[name]}`" in besides[name]
    assert IN_THE_IMAGE["SPNLAB_LOG"] in ("json", "text")


def test_the_room_has_descriptors_memory_and_time_for_what_its_limits_promise(monkeypatch):
    monkeypatch.setattr(limits, "allowed_memory", lambda: int(ROOM["mem_limit"].removesuffix("g")) * 2**30)
    given = ServerLimits.of(ROOM["environment"])
    assert tabs_for(ROOM["ulimits"]["nofile"]) >= given.sessions
    taken = limits.OWN_BYTES + given.memory_bytes + given.upload_bytes_in_all + given.jobs_kept_bytes
    assert taken <= limits.allowed_memory()
    assert int(ROOM["stop_grace_period"].removesuffix("s")) >= given.drain_seconds + 6


def test_the_page_asks_the_room_by_its_name():
    shown = PAGE[PAGE.index("## Look after it") :]
    named = set(re.findall(r"docker (?:logs|stop|inspect) (\w+)", shown)) | set(re.findall(r"-v (\w+):/data", shown))
    assert named == {ROOM["container_name"]} == {COMPOSE["volumes"]["lab"]["name"]}
    assert all(path == "deploy/compose.yaml" for path in re.findall(r"docker compose (?:-f (\S+))?", PAGE))


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "lab"])
def test_the_images_health_check_finds_the_lab_below_its_path(tmp_path, path):
    server = AppServer(LAB, tmp_path / "log", base=path, STREAMLIT_SERVER_BASE_URL_PATH=path)
    program = HEALTH[-1].replace(":8501", f":{server.port}")
    environment = {"STREAMLIT_SERVER_BASE_URL_PATH": path} if path else {}
    ask = lambda: subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True).returncode  # noqa: E731
    try:
        assert ask() == 0
    finally:
        server.close()
    assert ask() != 0

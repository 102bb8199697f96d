"""What the operator's page and the compose file say is so in the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from app.live.limits import PREFIX, ServerLimits
from tests.places import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
BEGIN, END = "<!-- settings: compared with app/live/limits.py by a test -->", "<!-- end of settings -->"
OF_THE_MACHINE = {"at_once": "cores", "trainers": "cores", "memory_bytes": "half the memory"}
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))


def test_the_operators_page_names_every_setting_with_its_default():
    rows = re.findall(r"\| `(\w+)` \| (.*?) \| (.+) \|", PAGE.partition(BEGIN)[2].partition(END)[0])
    told = {name: default for name, default, words in rows if words}
    known = {
        PREFIX + field.name.upper(): OF_THE_MACHINE.get(field.name, f"{field.default:,}".removesuffix(".0"))
        for field in fields(ServerLimits)
    }
    assert told == known


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

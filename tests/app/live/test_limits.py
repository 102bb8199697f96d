"""The server's limits: one table, which the environment may set and a control group may lower."""

from pathlib import Path

import pytest

from app.live import limits
from app.live.limits import LimitError, ServerLimits, allowed_memory


def test_the_environment_sets_a_limit_by_its_name_and_leaves_the_others() -> None:
    found = ServerLimits.of({"SPNLAB_SESSIONS": "60", "SPNLAB_RUN_SECONDS": "1.5", "SPNLAB_DATA_DIR": "/tmp"})
    assert (found.sessions, found.run_seconds) == (60, 1.5)
    assert found.queue == ServerLimits().queue


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "nan", "inf", "1_0_0x"])
def test_a_limit_that_is_no_number_of_its_kind_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(LimitError, match=r"SPNLAB_SESSIONS=.*give a whole number, 0 or more"):
        ServerLimits.of({"SPNLAB_SESSIONS": text})


@pytest.mark.parametrize("name", limits.MEMORY_LIMITS)
def test_memory_is_what_the_control_group_allows_in_either_version(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    machine = allowed_memory()
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    for text, expected in (("600000000\n", 600_000_000), ("max\n", machine), (f"{2**63 - 4096}\n", machine)):
        file.write_text(text)
        assert allowed_memory() == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "50000 100000\n"}, 0.5),
        ({"cpu.max": "max 100000\n"}, limits.cores()),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, limits.cores()),
        ({}, limits.cores()),
    ],
)
def test_cores_are_what_the_control_group_allows_in_either_version(
    files: dict[str, str], expected: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert limits.allowed_cores() == expected

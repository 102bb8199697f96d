"""The server's limits: one table, which the environment may set and a control group may lower."""

from pathlib import Path

import pytest

from app.live import limits
from app.live.limits import LimitError, ServerLimits, allowed_memory


def test_the_environment_sets_a_limit_by_its_name_and_leaves_the_others() -> None:
    found = ServerLimits.of({"SPNLAB_SESSIONS": "60", "SPNLAB_RUN_SECONDS": "1.5", "SPNLAB_DATA_DIR": "/tmp"})
    assert (found.sessions, found.run_seconds) == (60, 1.5)
    assert found.queue == ServerLimits().queue


@pytest.mark.fault("I06")
@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "nan", "inf", "1_0_0x"])
def test_a_limit_that_is_no_number_of_its_kind_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(LimitError, match=r"SPNLAB_SESSIONS=.*give a whole number, 0 or more"):
        ServerLimits.of({"SPNLAB_SESSIONS": text})


@pytest.mark.fault("I06")
@pytest.mark.parametrize("text", ["", "many", "-1", "-0.5", "nan", "inf", "-inf", "1e400"])
def test_a_time_that_is_no_number_or_has_no_end_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(LimitError, match=r"SPNLAB_RUN_SECONDS=.*give a number, 0 or more"):
        ServerLimits.of({"SPNLAB_RUN_SECONDS": text})


@pytest.fixture(autouse=True)
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control groups of the test's own; this process is in one below another."""
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    monkeypatch.setattr(limits, "OWN_GROUPS", tmp_path / "own")
    (tmp_path / "own").write_text(
        "4:cpu,cpuacct:/slice/lab\n3:memory:/slice/lab\n1:name=systemd:/other\n0::/slice/lab\n"
    )


def write(folder: Path, files: dict[str, str]) -> None:
    """Let control groups say so."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    "name",
    [
        "memory.max",
        "slice/memory.max",
        "slice/lab/memory.max",
        "memory/memory.limit_in_bytes",
        "memory/slice/lab/memory.limit_in_bytes",
    ],
)
def test_memory_is_what_the_control_group_or_one_above_it_allows_in_either_version(name: str, tmp_path: Path) -> None:
    machine = allowed_memory()
    for text, expected in (("600000000\n", 600_000_000), ("max\n", machine), (f"{2**63 - 4096}\n", machine)):
        write(tmp_path, {name: text, "memory.max": "max" if name != "memory.max" else text})
        assert allowed_memory() == expected
    write(tmp_path, {"memory/other/memory.limit_in_bytes": "1000\n", name: "max\n"})  # of a group that is not its own
    assert allowed_memory() == machine


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "50000 100000\n"}, 0.5),
        ({"cpu.max": "max 100000\n", "slice/cpu.max": "25000 100000\n"}, 0.25),
        ({"cpu.max": "max 100000\n"}, limits.cores()),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, limits.cores()),
        ({}, limits.cores()),
    ],
)
def test_cores_are_what_the_control_group_allows_in_either_version(
    files: dict[str, str], expected: float, tmp_path: Path
) -> None:
    write(tmp_path, files)
    assert limits.allowed_cores() == expected

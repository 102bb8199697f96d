"""Where the server's folder cannot be written, the pages whose results are kept there say so, and work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.kit import progress
from app.kit.text import JOINER
from tests import disks
from tests.addresses import at_address

HERE = "here"
FULL, READ_ONLY = "No space left on device", "Read-only file system"


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small disk that holds the server's folder, looked at anew."""
    with disks.small_disk(tmp_path / "cache", "size=300k") as disk:
        monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
        progress._why_not_saved.clear()
        yield disk
    progress._why_not_saved.clear()


def opened(page: str) -> Any:
    at = at_address(page).run()
    if page not in ("phase", "grid"):
        at.session_state[f"{page}_source"] = HERE
        at.run()
    assert not at.exception
    return at


def warned(at: Any) -> list[str]:
    values = [element.value.replace("\\", "").replace(JOINER, "") for element in at.warning]
    return [value for value in values if value.startswith("Not saved")]


@pytest.mark.parametrize("page", ["figure3", "fair", "update2020", "phase", "grid"])
def test_a_disk_that_is_full_or_read_only_is_said_where_results_are_made(disk: Path, page: str) -> None:
    assert warned(opened(page)) == []
    for spoil, why in ((disks.fill, FULL), (disks.make_read_only, READ_ONLY)):
        spoil(disk)
        progress._why_not_saved.clear()
        at = opened(page)
        [sentence] = warned(at)
        assert sentence.startswith(f"Not saved: the server's folder for results cannot be written ({why}), so")
        assert str(disk) not in sentence and sentence.count(".") == 1
        assert at.button(key="phase_compute" if page == "phase" else f"{page}_run"), "work goes on"
        assert len(warned(at.run())) == 1


def test_shipped_numbers_need_no_folder(disk: Path) -> None:
    disks.fill(disk)
    assert warned(at_address("figure3").run()) == []

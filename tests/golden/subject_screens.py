"""What a page shows when an address opens it: its headings, and what it says of the link."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.addresses import at_address
from tests.golden.subject import REGISTRY, uploads
from tests.golden.subject_commands import only_shipped_data

PARTS = ("title", "header", "subheader", "warning", "error", "info")


def screen(case: Any) -> Any:
    """The page of a link, as it stands after its first run, with only the data that ships."""
    uploads._registered.cache_clear()
    with TemporaryDirectory() as folder, only_shipped_data(Path(folder)):
        at = at_address(case["page"], **case["address"]).run()
    for run in tuple(REGISTRY._runs.values()):
        REGISTRY.stop(run.id, run.session)
    uploads._registered.cache_clear()
    assert not at.exception, at.exception
    shown = {part: [each.value for each in getattr(at, part)] for part in PARTS}
    return {**{part: words for part, words in shown.items() if words}, "address": dict(at.query_params)}

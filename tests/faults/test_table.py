"""The catalogue is whole, tests name its items, and the table that ships is one of a run."""

import re
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest

from tests import children
from tests.faults.table import CATALOGUE, ITEMS, Found, items_of
from tests.places import ROOT

SHIPPED = ROOT / "docs" / "faults.md"
ROW = re.compile(r"^\| ([A-K]\d\d) \| (.+) \| [UAPC]+ \| (passed|skipped|not applicable|open)\b(?:: )?(.*) \|$", re.M)


def test_every_item_of_the_catalogue_is_there_once():
    numbers = {"A": 28, "B": 10, "C": 15, "D": 5, "E": 15, "F": 15, "G": 6, "H": 10, "I": 9, "J": 15, "K": 6}
    assert list(ITEMS) == [f"{letter}{n:02}" for letter, number in numbers.items() for n in range(1, number + 1)]
    assert list(CATALOGUE["sections"]) == list(numbers)
    assert all(item.keys() <= {"what", "level", "not_applicable", "open"} for item in ITEMS.values())


def test_a_name_or_a_marker_says_which_items_a_test_holds():
    assert items_of("test_A01_B02_nothing_breaks", iter([])) == ["A01", "B02"]
    assert items_of("test_a_thing", iter([pytest.mark.fault("K05", "A01").mark])) == ["A01", "K05"]
    assert items_of("test_a_thing", iter([])) == []
    with pytest.raises(pytest.UsageError, match="A99 is not in"):
        items_of("test_A99_nothing", iter([]))


def report(item, outcome, when="call", words=""):
    is_it = {kind: kind == outcome for kind in ("passed", "failed", "skipped")}
    longrepr = ("file", 1, f"Skipped: {words}")
    return SimpleNamespace(user_properties=[("faults", [item])], when=when, longrepr=longrepr, **is_it)


def test_a_table_says_what_became_of_every_item(tmp_path):
    found = Found(tmp_path / "table.md")
    for each in [
        *(report("A01", "passed", when) for when in ("setup", "call", "teardown")),
        report("A02", "passed"),
        report("A02", "failed", "teardown"),
        report("A03", "skipped", "setup", "no Chromium"),
        report("A04", "skipped", "setup", "no Chromium"),
        report("A04", "passed"),
    ]:
        found.pytest_runtest_logreport(each)
    said = {item: found.of(item)[1] for item in ("A01", "A02", "A03", "A04", "A05")}
    assert said["A01"] == said["A04"] == "passed (1 test)" and said["A02"] == "failed"
    assert said["A03"] == "skipped: no Chromium" and said["A05"] == "open: no test holds it"
    found.pytest_sessionfinish()
    assert "| A02 | a header and nothing below it is refused | U | failed |" in found.file.read_text()


COLLECT = """
import pytest
class Held:
    def pytest_collection_finish(self, session):
        for test in session.items:
            print("\\nHELD", *dict(test.user_properties)["faults"])
pytest.main(["--collect-only", "-q", "-m", "fault", "-n", "0"], plugins=[Held()])
"""


@pytest.mark.slow
def test_the_table_that_ships_is_one_of_a_run_of_these_tests():
    command = [sys.executable, "-c", COLLECT]
    run = subprocess.run(command, cwd=ROOT, env=children.environment(), capture_output=True, text=True, check=True)
    lines = [line.split()[1:] for line in run.stdout.splitlines() if line.startswith("HELD")]
    held = Counter(item for items in lines for item in items)
    rows = {row[1]: row for row in ROW.finditer(SHIPPED.read_text(encoding="utf-8"))}
    assert list(rows) == list(ITEMS), "make faults"
    for item, says in ITEMS.items():
        _, what, kind, _ = rows[item].groups()
        assert what == says["what"]
        assert (kind == "not applicable") == ("not_applicable" in says)
        assert (kind in ("passed", "skipped")) == bool(held[item]), f"{item} is {kind}, and {held[item]} tests hold it"

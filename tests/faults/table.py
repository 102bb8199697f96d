"""Which faults of the catalogue the tests hold, and the table of what a run found: `make faults`.

A test holds an item by its name, `test_A01_…`, or by its marker, `@pytest.mark.fault("A01")`; `-k A01` finds it either
way and `-m fault` finds all. `--faults FILE` writes the table of the run.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CATALOGUE: dict[str, Any] = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
ITEMS: dict[str, dict[str, str]] = CATALOGUE["items"]
NAMED = re.compile(r"test((?:_[A-Z]\d\d)+)_")


def items_of(name: str, markers: Iterator[pytest.Mark]) -> list[str]:
    """The items that a test of this name and with these markers holds; UsageError if the catalogue lacks one."""
    named = NAMED.match(name)
    items = sorted({*(named[1][1:].split("_") if named else []), *(item for mark in markers for item in mark.args)})
    if unknown := [item for item in items if item not in ITEMS]:
        raise pytest.UsageError(f"{name}: {', '.join(unknown)} is not in tests/faults/catalogue.toml")
    return items


@pytest.hookimpl(tryfirst=True)  # before -m and -k choose
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for test in items:
        if held := items_of(test.name, test.iter_markers("fault")):
            test.add_marker(pytest.mark.fault(*held))
            test.extra_keyword_matches.update(held)
            test.user_properties.append(("faults", held))


class Found:
    """What became of the tests of every item."""

    def __init__(self, file: Path) -> None:
        self.file, self.passed, self.failed = file, defaultdict[str, int](int), set[str]()
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for item in dict(report.user_properties).get("faults", []):
            if report.failed:
                self.failed.add(item)
            elif report.skipped:
                self.skipped[item] = str(report.longrepr[2]).removeprefix("Skipped: ")
            elif report.when == "call":
                self.passed[item] += 1

    def pytest_sessionfinish(self) -> None:
        self.file.write_text(self.text(), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.write_line(f"{self.summary()} The table is in {self.file}.")

    def of(self, item: str) -> tuple[str, str]:
        """What became of an item, in a word and in all there is to say."""
        says = ITEMS[item]
        if "not_applicable" in says:
            return "not applicable", f"not applicable: {says['not_applicable']}"
        if item in self.failed:
            return "failed", "failed"
        if number := self.passed[item]:
            return "passed", f"passed ({number} {'test' if number == 1 else 'tests'})"
        if item in self.skipped:
            return "skipped", f"skipped: {self.skipped[item]}"
        return "open", f"open: {says.get('open', 'no test holds it')}"

    def summary(self) -> str:
        """One sentence with the number of items by what became of them."""
        words = [self.of(item)[0] for item in ITEMS]
        kinds = ("passed", "failed", "skipped", "not applicable", "open")
        counts = ", ".join(f"{words.count(kind)} {kind}" for kind in kinds if kind in words)
        return f"{len(ITEMS)} faults: {counts}."

    def text(self) -> str:
        """The table, in Markdown."""
        lines = [
            "# Faults, and what becomes of them",
            "",
            "Made by a run of the tests: `make faults`.",
            self.summary(),
            "",
        ]
        for letter, title in CATALOGUE["sections"].items():
            lines += [f"## {letter}. {title}", "", "| item | what must hold | level | found |", "|---|---|---|---|"]
            rows = {item: says for item, says in ITEMS.items() if item.startswith(letter)}
            lines += [
                f"| {item} | {says['what']} | {says['level']} | {self.of(item)[1]} |" for item, says in rows.items()
            ]
            lines.append("")
        return "\n".join(lines)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", metavar="FILE", type=Path, help="write the table of the catalogue's faults there")


def pytest_configure(config: pytest.Config) -> None:
    if (file := config.getoption("--faults")) and not hasattr(config, "workerinput"):  # not in a process of xdist's
        config.pluginmanager.register(Found(file))

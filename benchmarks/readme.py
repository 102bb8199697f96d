"""Write README's tables of what was measured, and other pages' rows of it, from what the benchmarks printed.

`python -m benchmarks.readme` replaces what stands between the two comments in README.md with one table for each
document in benchmarks/measured, or of the files that are named. A document is kept there as its command printed it:

    python -m benchmarks.engine > benchmarks/measured/engine.json
"""

from __future__ import annotations

import json
import math
import sys
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.document import ROOT, Found, Measure

KEPT = ROOT / "benchmarks" / "measured"
README = ROOT / "README.md"
BEGIN, END = "<!-- measured: made by python -m benchmarks.readme -->", "<!-- end of what was measured -->"
OPERATING = ROOT / "docs" / "operating.md"
STUDENTS = "<!-- students per core: made by python -m benchmarks.readme -->", "<!-- end of students per core -->"
SHEET = ROOT / "docs" / "before-after.md"
BOTH = (
    "<!-- measured of both: made by python -m benchmarks.readme -->",
    "<!-- end of what was measured of both -->",
)
SAME = "the same"  # as what a row of the build before ends with, after the row that it is the same of
ORDER = (
    "engine",
    "earlier",
    "circuits",
    "cluster",
    "live",
    "touch",
    "classroom",
    "by_hand",
)  # all others follow by name
COPIED = "copied from an earlier edition of this page, the program's own document was not kept"


def tables(documents: Sequence[dict[str, Any]]) -> str:
    """All of it, without the comments around it."""
    return "\n\n".join(map(table, documents))


def table(document: dict[str, Any]) -> str:
    """What a document is about, when and where it was made, and a row per measure."""
    rows = [Measure.from_dict(values) for values in document["measures"]]
    lines = [f"| {_escaped(row)} | {_cell(row)} |" for row in rows]
    return "\n".join([_about(document), "", "| what exactly | measured |", "|---|---|", *lines])


def when(document: dict[str, Any]) -> str:
    """Day, command and machine, in brackets."""
    made = document["made"]
    parts = [made["date"], f"`{document['command']}`" if document["command"] else "by hand, no command"]
    parts += [f"{name} {version}" for name, version in document.get("peers", {}).items()]
    if document.get("copied"):
        return f"({', '.join([*parts, COPIED])})"
    parts += [f"{title} {made[name]}" for name, title in (("python", "Python"), ("numpy", "NumPy"), ("scipy", "SciPy"))]
    parts += [made["blas"], f"{made['cores']} cores {made['processor']}", f"load average {made['load_average']:g}"]
    parts += [f"commit {made['revision']}"] if made["revision"] else []
    return f"({', '.join(parts)})"


def in_words(found: Found) -> str:
    """A number or a range with its unit, and its goal."""
    between = "–" if found.low >= 0 else " to "
    numbers = dict.fromkeys((number(found.low), number(found.high)))
    goals = [
        f"{sign} {number(goal)}" for sign, goal in (("≤", found.at_most), ("≥", found.at_least)) if goal is not None
    ]
    said = f" (goal {', '.join(goals)}: {'met' if found.met else 'missed'})" if goals else ""
    return f"{between.join(numbers)} {found.unit}{said}"


def number(value: float) -> str:
    """As people write it: 2,671; 0.62; 1.2e−8; −13.5."""
    plain = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"
    mantissa, _, exponent = plain.partition("e")
    power = f"e{int(exponent)}" if exponent else ""
    return f"{mantissa}{power}".replace("-", "−")


def kept() -> list[Path]:
    """The documents of this checkout, in the order of the tables."""
    files = {file.stem: file for file in sorted(KEPT.glob("*.json"))}
    order = {name: place for place, name in enumerate(ORDER)}
    return [files[name] for name in sorted(files, key=lambda name: (order.get(name, math.inf), name))]


def students(classroom: dict[str, Any]) -> str:
    """What a class that presses Train at once has of the server, as `benchmarks.classroom` measured it."""
    found, cores = classroom["parts"]["press"]["now"], classroom["made"]["cores"]
    said = f"""On {cores} cores {classroom["made"]["processor"]}, the players among them, {found["sessions"]} students
        pressed Train at once, each with a seed of their own and default settings: half of them had a first point after
        {found["first_point_p50_ms"] / 1000:.2f} s and 95 of 100 after {found["first_point_p95_ms"] / 1000:.2f} s, new
        points came every {found["data_gap_p50_ms"] / 1000:.2f} s in the median and after
        {found["data_gap_p95_ms"] / 1000:.2f} s in 95 of 100 cases, a control was answered in
        {found["control_p95_ms"]:.0f} ms (95 of 100), and all runs had ended after {found["all_finished_seconds"]} s:
        {found["finished_over_ideal"]:g} times what the same studies take on these cores without a server. That is
        {found["sessions"] / cores:g} students per core. (`{classroom["command"]}`, {classroom["made"]["date"]})"""
    return textwrap.fill(" ".join(said.split()), 120, break_long_words=False)


def beside(documents: Sequence[dict[str, Any]]) -> str:
    """Of every document that has rows of an earlier build, these beside those of now."""
    found = list[str]()
    for document in documents:
        every = [Measure.from_dict(values) for values in document["measures"]]
        pairs = [(now, then) for now, then in pairwise(every) if then.what.endswith(SAME)]
        rows = [f"| {_escaped(now)} | {_cell(then)} | {_cell(now)} |" for now, then in pairs]
        found += (
            ["\n".join([_about(document), "", "| what exactly | before | now |", "|---|---|---|", *rows])]
            if rows
            else []
        )
    return "\n\n".join(found)


def _about(document: dict[str, Any]) -> str:
    return textwrap.fill(f"{document['title']} {when(document)}.", 120, break_long_words=False)


def _escaped(measure: Measure) -> str:
    return measure.what.replace("|", "\\|")  # a bar begins the next cell


def _cell(measure: Measure) -> str:
    return "; ".join(map(in_words, measure.found))


def replaced(text: str, inside: str, comments: tuple[str, str] = (BEGIN, END)) -> str:
    """A page with other words between two comments; ValueError where it lacks them."""
    before, begin, rest = text.partition(comments[0])
    _, end, after = rest.partition(comments[1])
    if not begin or not end:
        raise ValueError(f"there is no place for what was measured: {' and '.join(comments)} must stand in the page")
    return f"{before}{begin}\n\n{inside}\n\n{end}{after}"


def read(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Documents."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def main(names: Sequence[str]) -> None:
    """Write README, the operator's page and the sheet of both builds anew."""
    documents = read([Path(name) for name in names] or kept())
    put(README, tables(documents))
    for document in documents:
        if "press" in document.get("parts", {}):
            put(OPERATING, students(document), STUDENTS)
    put(SHEET, beside(documents), BOTH)


def put(page: Path, inside: str, comments: tuple[str, str] = (BEGIN, END)) -> None:
    """Other words between two comments of a page."""
    page.write_text(replaced(page.read_text(encoding="utf-8"), inside, comments), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""README's tables are made of what the benchmarks printed: the very text, from the very documents."""

import json
import re

import pytest

from benchmarks import readme
from benchmarks.document import Found, Measure, document, found

MADE = {
    "date": "2026-01-31",
    "processor": "x86_64",
    "cores": 2,
    "python": "3.11.7",
    "numpy": "2.4.6",
    "scipy": "1.17.1",
    "blas": "openblas 0.3.31 Zen",
    "revision": "0123abc",
    "load_average": 0.4,
}
SAMPLE = {
    "title": "Some work.",
    "command": "python -m benchmarks.work",
    "made": MADE,
    "measures": [
        {"what": "a step", "found": [{"low": 0.155, "high": 0.19, "unit": "ms"}]},
        {
            "what": "the same, six seeds",
            "found": [
                {"low": 0.98, "high": 1.02, "unit": "× the floor", "at_most": 1.0, "met": False},
                {"low": 2671.0, "high": 2671.0, "unit": "rows", "at_least": 2000.0, "met": True},
            ],
        },
        {
            "what": "LLH, log p(y | x)",
            "found": [{"low": -16.5, "high": -13.5, "unit": "nats"}, {"low": 0, "high": 1.2e-8, "unit": "apart"}],
        },
    ],
}
TABLE = """\
Some work. (2026-01-31, `python -m benchmarks.work`, Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1, openblas 0.3.31 Zen, 2
cores x86_64, load average 0.4, commit 0123abc).

| what exactly | measured |
|---|---|
| a step | 0.155–0.19 ms |
| the same, six seeds | 0.98–1.02 × the floor (goal ≤ 1: missed); 2,671 rows (goal ≥ 2,000: met) |
| LLH, log p(y \\| x) | −16.5 to −13.5 nats; 0–1.2e−8 apart |"""


def test_the_tables_of_the_readme_are_those_of_the_documents_that_are_kept():
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.replaced(text, readme.tables(readme.read(readme.kept()))), "run python -m benchmarks.readme"


def test_the_operators_page_has_the_classes_that_were_measured():
    [classroom] = readme.read([file for file in readme.kept() if file.stem == "classroom"])
    text = readme.OPERATING.read_text(encoding="utf-8")
    assert text == readme.replaced(text, readme.students(classroom), readme.STUDENTS), "run python -m benchmarks.readme"


def test_every_document_that_is_kept_says_which_goals_it_met_by_its_own_numbers():
    for values in (each for kept in readme.read(readme.kept()) for each in kept["measures"]):
        assert Measure.from_dict(values).to_dict() == values


def test_a_document_becomes_this_text():
    assert readme.table(SAMPLE) == TABLE


def test_numbers_that_were_copied_from_an_earlier_page_are_marked_so():
    copied = {**SAMPLE, "command": "", "copied": True, "made": {"date": "2026-01-31"}}
    text = " ".join(readme.table(copied).partition("\n\n")[0].split())
    assert text == f"Some work. (2026-01-31, by hand, no command, {readme.COPIED})."


def test_only_what_stands_between_the_comments_is_replaced():
    page = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    assert readme.replaced(page, "new") == f"before\n{readme.BEGIN}\n\nnew\n\n{readme.END}\nafter\n"


@pytest.mark.parametrize("page", ["nothing", f"{readme.BEGIN} only", f"{readme.END} only"])
def test_a_page_without_a_place_for_the_tables_is_refused(page):
    with pytest.raises(ValueError, match="there is no place for what was measured"):
        readme.replaced(page, "new")


def test_documents_follow_in_the_order_of_the_tables_and_unknown_ones_come_last(tmp_path, monkeypatch):
    for name in ("live", "anew", "engine", "another"):
        (tmp_path / f"{name}.json").write_text("{}")
    monkeypatch.setattr(readme, "KEPT", tmp_path)
    assert [file.stem for file in readme.kept()] == ["engine", "live", "anew", "another"]


@pytest.mark.parametrize(
    ("each", "met"),
    [
        (Found(1.0, 2.0, "s", at_most=2.0), True),
        (Found(1.0, 2.1, "s", at_most=2.0), False),
        (Found(1.0, 2.0, "s", at_least=1.0), True),
        (Found(0.9, 2.0, "s", at_least=1.0), False),
        (Found(0.9, 2.0, "s"), True),
    ],
)
def test_a_goal_is_met_by_the_worst_of_what_was_found(each, met):
    assert each.met is met


def test_a_document_can_be_read_back_and_says_what_made_it():
    measure = Measure("a step", (found([0.12345, 0.2], "ms", at_most=0.2), found(3.0, "×")))
    made = json.loads(json.dumps(document("Some work", "python -m benchmarks.work", [measure], more=[1, 2])))
    assert Measure.from_dict(made["measures"][0]) == measure
    assert measure.found[0][:2] == (0.123, 0.2) and made["more"] == [1, 2]
    assert made["made"].keys() == MADE.keys() and all(made["made"][name] for name in ("date", "numpy", "python"))


def test_the_sheet_of_both_builds_has_what_was_measured_of_both():
    text = readme.SHEET.read_text(encoding="utf-8")
    assert text == readme.replaced(text, readme.beside(readme.read(readme.kept())), readme.BOTH), (
        "run python -m benchmarks.readme"
    )


def test_a_row_of_the_build_before_stands_beside_that_of_now_and_all_else_is_left_out():
    rows = [("a wait", 1.0), ("the build before: the same", 9.0), ("alone", 2.0)]
    measures = [Measure(what, (found(value, "s"),)).to_dict() for what, value in rows]
    assert readme.beside([SAMPLE, {**SAMPLE, "measures": measures}]).endswith(
        "| what exactly | before | now |\n|---|---|---|\n| a wait | 9 s | 1 s |"
    )


def test_the_pictures_of_the_sheet_are_there_and_small():
    shown = re.findall(r"\]\((before-after/[^)]*)\)", readme.SHEET.read_text(encoding="utf-8"))
    files = sorted((readme.SHEET.parent / "before-after").iterdir())
    assert sorted(shown) == [f"before-after/{file.name}" for file in files] and len(files) == 10
    sizes = [file.stat().st_size for file in files]
    assert max(sizes) <= 80_000 and sum(sizes) <= 600_000

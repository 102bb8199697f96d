"""The maths page: every equation has code and a test that exist, every erratum has evidence from a run."""

import ast
import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from app.kit.link import LAB
from app.live.catalogues import FOLDER
from app.pages.maths import errata
from app.pages.maths.equations import EQUATIONS
from app.pages.maths.errata import measure
from tests.places import ROOT
from tests.waiting import PATIENCE

PAGE = ROOT / "app" / "pages" / "maths" / "page.py"


@pytest.fixture(scope="module")
def found():
    return measure()


@pytest.mark.parametrize("name", EQUATIONS)
def test_each_equation_s_test_exists_and_its_source_can_be_shown(name):
    file, test = EQUATIONS[name].test.split("::")
    tree = ast.parse((ROOT / "tests" / "spncore" / file).read_text(encoding="utf-8"))
    assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert EQUATIONS[name].code.count("def ") >= len(EQUATIONS[name].functions)


def test_each_equation_and_each_erratum_stands_in_the_text_once():
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted((FOLDER / "maths").glob("*.md")))
    for name in EQUATIONS:
        assert text.count(f"\n{{equation {name}}}\n") == 1
    for name in ("objective", "rho", "momentum", "gradient", "product"):
        assert text.count(f"\n{{erratum {name}}}\n") == 1


def test_each_figure_of_an_idea_stands_in_the_text_once_and_all_are_used():
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted((FOLDER / "maths").glob("*.md")))
    module = (ROOT / "app" / "live" / "client" / "ideas" / "ideas.js").read_text(encoding="utf-8")
    [known] = re.findall(r"IDEAS = \{([\w, ]+)\}", module.replace("\n", " "))
    named = re.findall(r"^\{figure (\w+)\}$", text, re.MULTILINE)
    assert len(named) > 8 and sorted(named) == sorted(known.replace(",", " ").split())


def test_every_part_that_the_page_begins_with_a_link_to_is_there():
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted((FOLDER / "maths").glob("*.md")))
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    linked = re.findall(r"\]\(#([\w-]+)\)", text)
    assert len(linked) > 10 and set(linked) <= anchors


def test_the_product_form_has_slope_two_and_the_printed_form_slope_one(found):
    assert found.rho.slopes["product form"] == pytest.approx(2.0, abs=0.02)
    assert found.rho.slopes["as printed"] == pytest.approx(1.0, abs=0.02)


def test_equation_14_gives_the_next_weight(found):
    assert found.momentum.from_next < found.momentum.from_same / 100
    assert 0.0 <= found.momentum.start_share <= 1.0


def test_the_mean_over_rows_is_the_gradient_and_one_row_is_not(found):
    assert found.gradient.mean_over_rows == pytest.approx(found.gradient.difference, rel=1e-5)
    assert abs(found.gradient.one_row / found.gradient.difference - 1) > 0.1


def test_the_printed_sum_pays_for_scale_and_the_mean_does_not(found):
    assert found.objective.printed == pytest.approx((found.objective.num_rows - 1) * math.log(2.0), rel=1e-9)
    assert 0.0 <= found.objective.mean < 1e-12


def test_a_lambda_over_all_layers_counts_the_last_one_twice(found):
    assert found.layers.slopes["above the last"] == pytest.approx(2.0, abs=0.02)
    assert found.layers.slopes["all"] == pytest.approx(1.0, abs=0.02)


def test_the_link_of_the_errata_reopens_the_run_they_come_from(found):
    assert LAB.decode(LAB.encode(found.study)) == (found.study, [])


def test_the_page_shows_every_equation_and_the_numbers_of_every_erratum(found):
    page = AppTest.from_file(str(PAGE), default_timeout=PATIENCE).run()
    assert not page.exception
    parts = [part for equation in EQUATIONS.values() for part in equation.latex.split(r"\qquad")]
    shown = " ".join(element.value for element in page.latex)
    assert all(part.strip() in shown for part in parts)
    said = [element.value for element in page.markdown]
    assert set(errata.sentences(found).values()) <= set(said)
    assert "None" not in said and not any("{equation" in text or "{erratum" in text for text in said)

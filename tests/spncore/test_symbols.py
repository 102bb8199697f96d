"""One table of symbols: declared settings, axes of figures and the texts of pages write what it says."""

import re

import pytest

from app.pages.linear import charts as linear_charts
from app.pages.maths.equations import EQUATIONS
from app.pages.phase import charts as phase_charts
from spncore import dynamics, symbols
from spncore.circuits import overparam
from spncore.plots import lines, palette
from spncore.runs.experiment import FIELDS
from spncore.studies import linear as linear_study
from spncore.studies import phase
from spncore.symbols import LABELS, SYMBOLS
from tests.places import ROOT

PAGES = sorted(
    file for kind in ("text/**/*.md", "text/*.json", "live/client/**/*.js") for file in (ROOT / "app").glob(kind)
)
OTHER_SPELLINGS = re.compile(r"w⁽|η/s|\(η, s\)|\bw\^\(l\)|\bs = 0")
LATEX = {r"\eta": "η", r"\rho_k": "ρ", r"\lambda_k": "λ", r"\nabla_{w_k}": "∇_{w_k}", "a_k": "a_k", "w^{[l]}": "w^[l]"}


def test_names_and_symbols_are_used_once():
    for column in ("name", "symbol"):
        found = [getattr(symbol, column) for symbol in SYMBOLS.values()]
        assert len(set(found)) == len(found) and all(found)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.symbol])
def test_a_declared_setting_has_the_name_and_the_symbol_of_the_table(name):
    assert (FIELDS[name].label, FIELDS[name].symbol) == SYMBOLS[name][:2]


@pytest.mark.parametrize("name", ["init_scale", "learning_rate"])
def test_a_setting_of_the_linear_networks_has_the_symbol_of_the_table(name):
    assert linear_study.FIELDS[name].symbol == SYMBOLS[name].symbol


def titles(figure):
    return [title for axis in (figure.layout.xaxis, figure.layout.yaxis) if (title := axis.title.text)]


def test_axes_that_show_a_quantity_of_the_table_are_labelled_by_it():
    shown = linear_study.run(linear_study.LinearStudy())
    diagram = phase.shipped()
    figures = [
        linear_charts.rate_and_term(shown, "rho", "light", True),
        linear_charts.rate_and_term(shown, "lam", "light", False),
        linear_charts.steps_by_rate(shown, "light"),
        phase_charts.phase_panel(diagram, diagram.plane.depths[-1]),
    ]
    written = {title for figure in figures for title in titles(figure) if title.endswith(")")}
    assert written == {LABELS[name] for name in ("step", "rho", "lam", "learning_rate", "init_scale")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_writes_a_symbol_in_another_way(page):
    assert not OTHER_SPELLINGS.findall(page.read_text(encoding="utf-8"))


def test_the_equations_write_the_symbols_of_the_table():
    written = " ".join(equation.latex for equation in EQUATIONS.values())
    assert all(latex in written for latex in LATEX)
    assert set(LATEX.values()) <= {symbol.symbol for symbol in SYMBOLS.values()}


def test_what_computes_a_quantity_bears_its_name():
    for name in ("effective_weights", "layer_flows"):
        assert callable(getattr(overparam, name)) and name in SYMBOLS
    assert callable(dynamics.steps.momentum_kernel) and "momentum_kernel" in SYMBOLS


def test_the_browser_is_sent_the_labels():
    assert palette.BROWSER["labels"] == symbols.LABELS
    assert lines.LABELS["rho"] == "adaptive rate (ρ)"

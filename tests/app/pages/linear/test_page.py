"""The linear networks page: its comparison, its link, its sentences, and what each control changes."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit.text import JOINER
from app.pages.linear import charts, words
from app.pages.linear.link import LINKS
from spncore.record import ExperimentError
from spncore.studies.linear import LinearStudy, run, shared_scalar
from tests.places import ROOT
from tests.waiting import PATIENCE

PAGE = ROOT / "app" / "pages" / "linear" / "page.py"
QUICK = LinearStudy(p=2)


def opened(**query):
    page = AppTest.from_file(str(PAGE), default_timeout=PATIENCE)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def headline(page):
    return next(element.value for element in page.header)


def test_both_models_start_at_the_same_loss_and_reach_the_target_in_the_steps_that_are_said():
    found = run(LinearStudy())
    for side in (found.plain, found.factors):
        assert side.trace.loss[0] == pytest.approx(found.plain.trace.loss[0], rel=1e-12)
        assert side.relative_loss[-1] <= 1e-6 < side.relative_loss[-2]
        assert len(side.trace.loss) == side.needed + 1
        assert f"{side.needed:,} updates" in words.headline(found)
    assert found.plain.needed > 2.5 * found.factors.needed, "several-fold for p = 4"
    assert found.terms.residual < 1e-13


def test_a_rate_that_is_too_large_is_said_to_diverge_and_every_number_stays_finite():
    found = run(LinearStudy(each_at="chosen", learning_rate=5.0))
    assert words.headline(found).count("**diverges**") == 2
    assert np.isfinite(found.plain.trace.loss).all() and np.isfinite(found.factors.trace.loss).all()


def test_a_rate_that_is_too_small_is_said_not_to_be_there():
    found = run(LinearStudy(each_at="chosen", learning_rate=1e-6))
    assert words.headline(found).count("not there after") == 2


def test_where_no_rate_gets_there_it_is_said_and_a_stable_run_is_shown():
    found = run(LinearStudy(num_layers=4, dimension=8, condition=100.0))
    assert found.plain.best is None and not found.plain.trace.stopped
    said = words.headline(found)
    assert "plain is **not there after 3,000 updates** at any of 88 rates" in said and "times as fast" not in said


def test_the_spn_s_shared_scalar_does_nothing():
    found = shared_scalar()
    assert found.gap < 1e-12 and found.flow < 1e-12 and found.moved < 1e-12
    assert found.llh["L = 1"][-1] > found.llh["L = 1"][0] + 0.05, "it does learn"


@pytest.mark.parametrize(
    "study",
    [
        LinearStudy(),
        LinearStudy(p=2, dimension=16, condition=0.13e3, num_layers=8, init_scale=0.123, each_at="chosen"),
        LinearStudy(learning_rate=1e-6),
    ],
)
def test_a_link_reopens_its_comparison(study):
    assert LINKS.decode(LINKS.encode(study)) == (study, [])


def test_the_default_link_holds_nothing_but_its_version():
    assert LINKS.encode(LinearStudy()) == {"v": "1"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p", "3"),
        ("p", "2.0"),
        ("condition", "nan"),
        ("condition", "1e9"),
        ("num_layers", "99"),
        ("each_at", "luck"),
        ("init_scale", "0"),
        ("learning_rate", "-1"),
        ("dimension", "9" * 300),
        ("colour", "red"),
    ],
)
def test_a_bad_value_is_refused_in_words_and_the_default_kept(name, text):
    study, refusals = LINKS.decode({"condition": "20", name: text})
    assert study in (LinearStudy(condition=20.0), LinearStudy())
    [sentence] = refusals
    assert name in sentence and "default is kept" in sentence


def test_a_setting_given_twice_and_an_unknown_version_are_refused():
    assert LINKS.decode({"p": ["2", "4"]})[1]
    assert LINKS.decode({"v": "7", "p": "2"})[0] == LinearStudy()


@pytest.mark.parametrize("name", LinearStudy.fields)
def test_every_setting_refuses_nonsense(name):
    with pytest.raises(ExperimentError, match=f"^{name}: "):
        LinearStudy(**{name: "nonsense" if LinearStudy.fields[name].kind is not str else 1})


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("log_steps", [False, True])
def test_every_line_of_a_chart_is_named_at_its_end_and_has_a_dash_of_its_own(theme, log_steps):
    found = run(QUICK)
    for figure in (
        charts.loss(found, theme, log_steps),
        charts.rate_and_term(found, "rho", theme, log_steps),
        charts.rate_and_term(found, "lam", theme, log_steps),
        charts.steps_by_rate(found, theme),
    ):
        drawn = [line for line in figure.data if line.name in ("plain", "w₁w₂")]
        assert len(drawn) == 2 and len({line.line.dash for line in drawn}) == 2
        said = " ".join(note.text for note in figure.layout.annotations)
        assert "plain" in said and "w₁w₂" in said
    rho = charts.rate_and_term(found, "rho", theme, log_steps)
    assert set(rho.data[0].y) == {found.plain.experiment.learning_rate}, "the plain model's rate never changes"


def test_the_page_says_the_result_and_prints_the_residual():
    page = opened()
    numbers = [int(text.replace(",", "")) for text in re.findall(r"\*\*([\d,]+) updates", headline(page))]
    assert len(numbers) == 2 and numbers[0] > 2.5 * numbers[1]
    said = " ".join(element.value for element in page.markdown)
    assert "rounding" in said and "never larger than" in said
    assert len(page.get("download_button")) == 4 and not page.warning


def test_controls_change_the_comparison():
    page = opened()
    page.segmented_control(key="linear_p").set_value(2).run()
    assert "ℓ₂" in headline(page) and not page.exception
    page.segmented_control(key="linear_num_layers").set_value(4).run()
    assert "w₁⋯w₄" in headline(page)
    page.segmented_control(key="linear_each_at").set_value("chosen").run()
    page.select_slider(key="linear_learning_rate").set_value(0.05).run()
    assert "both at η = 0.05" in headline(page) and not page.exception


def test_a_link_opens_the_page_and_what_is_wrong_in_it_is_said():
    page = opened(v="1", p="2", condition="35", num_layers="0")
    assert "ℓ₂ regression, D = 2, condition 35" in headline(page)
    [warning] = page.warning
    assert "num_layers" in warning.value.replace("\\", "").replace(JOINER, "")

"""Predicting a class: the numbers behind its sentences, its link, its controls, an uploaded table, its job."""

import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit import progress, uploads
from app.kit.link import LAB
from app.kit.text import JOINER, WORDS
from app.kit.uploads import Upload
from app.live import touch
from app.live.jobs import JOBS
from app.pages.classes import charts
from app.pages.classes import words as classes_words
from spncore.data import library
from spncore.data.library import from_array
from spncore.runs import scores
from spncore.runs.scores import QUANTITIES
from spncore.runs.study import Study
from spncore.studies import classes as classes_study
from spncore.studies import statistics
from spncore.studies.classes import CHOICES, DEFAULT, DEPTHS, SETUPS, Comparison
from tests.app.figures import figures
from tests.places import ROOT
from tests.waiting import PATIENCE, until

PAGE = ROOT / "app" / "pages" / "classes" / "page.py"
SMALL = Study(
    DEFAULT.experiment.replace(dataset="two-clusters", num_components=2, iterations=6, num_seeds=2, class_variable=3),
    (1, 3),
)
CSV = b"wet,cold,ill\n" + b"1,1,1\n0,0,0\n1,0,1\n0,1,0\n1,1,0\n" * 8


pytestmark = pytest.mark.usefixtures("only_shipped_data")


@pytest.fixture(scope="module")
def small() -> Comparison:
    return made(SMALL)


def made(study, dataset=None):
    """What a job computes, without a process of its own."""
    rows = classes_study.rows_of(study, dataset or library.load(study.experiment.dataset))
    curves = {name: scores.train(each, rows) for name, each in classes_study.networks(study).items()}
    return classes_study.comparison(study, rows, curves)


def opened(**query):
    page = AppTest.from_file(str(PAGE), default_timeout=PATIENCE)
    for name, value in query.items():
        page.query_params[name] = value
    page.session_state["classes_more"] = True  # so that every control is drawn
    page.run()
    assert not page.exception
    return page


def said(page, kind="markdown"):
    return " ".join(element.value for element in page.get(kind)).replace("\\", "").replace(JOINER, "")


def headline(page):
    return next(element.value for element in page.header)


# ---- the words -----------------------------------------------------------------------------------------------------
def with_reached(comparison, **reached):
    networks = {
        name: replace(network, reached=dict.fromkeys(QUANTITIES, reached[key]))
        for (name, network), key in zip(comparison.networks.items(), ("one", "deep", "faster"), strict=True)
    }
    return replace(comparison, networks=networks)


@pytest.mark.parametrize(
    ("one", "deep", "faster", "answer", "meaning"),
    [
        ([9] * 8, [4] * 8, [2] * 8, "The acceleration carries over.", "a larger learning rate does more than depth"),
        ([9] * 8, [4] * 8, [6] * 8, "The acceleration carries over.", "depth does more than a larger learning rate"),
        ([4] * 8, [9] * 8, [9] * 8, "does not carry over: depth is slower", "depth and a larger learning rate do the"),
        ([4] * 8, [4] * 8, [9, 1] * 4, "no seed tells depths apart", "not shown to do more"),
        ([4, 5] * 4, [5, 4] * 4, [1] * 8, "does not show clearly", "does more than depth"),
        ([None] * 8, [None] * 8, [None] * 8, "L=1 gained nothing in any seed", ""),
    ],
)
def test_the_answer_is_the_verdict_of_the_seeds(small, one, deep, faster, answer, meaning):
    shown = with_reached(small, one=one, deep=deep, faster=faster)
    assert answer in classes_words.headline(shown)
    assert meaning in classes_words.control(shown)


def test_every_number_of_the_headline_is_that_of_the_seeds():
    for shown in classes_study.shipped().values():
        won = statistics.paired_wins(*(shown.networks[name].reached["objective"] for name in ("L=3", "L=1")))
        assert f"L=3 is first in {won.ahead} of {won.pairs} seeds, L=1 in {won.behind}; L=2" in classes_words.headline(
            shown
        )


def test_the_answers_of_all_objectives_are_the_verdicts_of_their_seeds():
    rows = classes_words.answer_rows(list(classes_study.shipped().values()))
    assert len(rows) == len(SETUPS) * len(CHOICES)
    for row, shown in zip(rows, classes_study.shipped().values(), strict=True):
        won = classes_words.wins(shown, "L=3", "L=1")
        assert row[2].endswith(f": {won.ahead}, {won.behind}, {won.level}")
        assert row[2].startswith("ahead") == (won.verdict == "ahead")


def test_a_setting_without_a_control_of_its_own_is_named(small):
    assert "topology" not in classes_words.about(small)
    private = replace(small, study=Study(SMALL.experiment.replace(topology="private"), (1, 3)))
    assert "topology (φ): private chains" in classes_words.about(private)


def test_seeds_that_are_one_run_are_counted_once_and_said_to_be_one(small):
    shown = made(Study(SMALL.experiment.replace(component_init="uniform", init_noise=0.0, num_seeds=8), (1, 3)))
    assert "seeds 0 to 7 (all one run, for no random number enters: counted once)" in classes_words.about(shown)
    assert "one run" not in classes_words.about(small)
    assert "holds the median with 0\u00a0% probability" in classes_words.columns_explained(shown)
    assert classes_words.wins(shown, "L=3", "L=1").pairs == 1


def test_a_single_depth_has_no_comparison_and_says_so():
    shown = made(Study(SMALL.experiment.replace(iterations=2), (1,)))
    assert "Choose L = 1 and a deeper network" in classes_words.headline(shown)
    assert not classes_words.control(shown) and not classes_words.rivals(shown)
    assert "Median accuracy" in classes_words.accuracy_words(shown)


def test_the_table_of_numbers_holds_every_curve_and_every_seed(small):
    rows = classes_study.rows(small)
    assert {row[3] for row in rows if row[4] == "median"} == set(QUANTITIES)
    finals = [row for row in rows if row[3] == "test accuracy" and row[5] == "last"]
    assert [row[4] for row in finals] == [0, 1] * 3
    assert [row[6] for row in finals[:2]] == list(small.networks["L=1"].final["test accuracy"])


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_legend_names_each_depth_once_and_only_on_the_left(small, mode):
    lines = classes_words.lines(small, "test accuracy", True)
    left = charts.over_iterations(charts.ACCURACY, lines, {"the distribution itself": 0.8}, mode, False)
    right = charts.over_iterations("log p", classes_words.lines(small, "test llh", True), {}, mode, True)
    named = [trace.name for trace in left.data if trace.showlegend]
    assert named == ["L=1", "L=3", "L=1 at 3η"]
    assert right.layout.showlegend is False and right.layout.xaxis.type == "log"
    dashes = {trace.name: trace.line.dash for trace in left.data if trace.showlegend}
    assert dashes["L=1"] != dashes["L=3"], "colour is never alone"


def test_what_the_distribution_attains_is_drawn_where_it_is_known(small):
    assert set(classes_words.best_levels(small)) == {"test accuracy", "test conditional", "test llh"}
    assert not classes_words.best_levels(replace(small, study=Study(SMALL.experiment.replace(dataset="plants"), (1,))))


def test_the_words_name_the_distribution_and_what_nothing_passes(small):
    said = classes_words.accuracy_words(small)
    assert "The distribution itself is right in" in said and "best" not in said
    assert f"nothing passes {small.bounds['test accuracy']:.1%}".replace("%", "\u00a0%") in said
    assert "Curves may pass it by chance: nothing passes" in classes_words.likelihood_words(small, "test llh")
    unknown = replace(small, study=Study(SMALL.experiment.replace(dataset="plants"), SMALL.depths))
    assert "The distribution" not in classes_words.accuracy_words(unknown)
    assert " nothing passes" in classes_words.accuracy_words(unknown)


def test_verdicts_are_counted_with_those_that_chance_would_give(small):
    said = classes_words.by_chance(small, list(classes_study.shipped().values()))
    rows = [row for row in classes_words.table_rows(small) if row[1] != "L=1 gained nothing"]
    assert said.startswith(f"{len(rows)} verdict") and "16 in the table below" in said
    assert f"{0.05 * (len(rows) + 16):.1f} of all" in said
    assert "holds the median with 50\u00a0% probability" in classes_words.columns_explained(small)


# ---- the link ------------------------------------------------------------------------------------------------------
def test_a_link_reopens_its_settings():
    page = opened(**LAB.encode(SMALL))
    assert page.session_state["classes_study"] == SMALL
    assert page.selectbox(key="classes_column").value == 3 and not page.warning


def test_what_the_page_cannot_show_is_said_and_the_nearest_shown():
    page = opened(v="2", objective="unnormalised", depths="1,5", iterations="5000", num_seeds="60", colour="red")
    words = said(page, "warning")
    for part in ("unnormalised is not shown", "L = 1 to 3", "5000", "60", "colour"):
        assert part in words
    shown = page.session_state["classes_study"]
    assert shown.depths == (1,) and shown.experiment.objective == "discriminative"


def test_a_link_to_an_uploaded_table_asks_for_it():
    page = opened(v="1", dataset="sha256:" + "0" * 64, objective="hybrid")
    assert "Upload the same file again" in said(page, "warning")
    assert page.session_state["classes_study"].experiment.dataset == "labelled-clusters"


# ---- the page ------------------------------------------------------------------------------------------------------
def test_it_opens_on_shipped_numbers_and_says_where_they_are_from():
    page = opened()
    assert headline(page) == classes_words.headline(classes_study.shipped()[DEFAULT])
    assert "Shipped with the lab" in said(page, "caption") and not page.info and not page.query_params
    assert said(page, "caption").count("Seeds are restarts on one data set") == 1


@pytest.mark.parametrize("objective", CHOICES)
def test_each_objective_shows_its_own_shipped_runs(objective):
    page = opened()
    page.selectbox(key="classes_objective").select(objective).run()
    page.segmented_control(key="classes_setup").set_value("sum weights only").run()
    study = Study(SETUPS["sum weights only"].replace(objective=objective), DEPTHS)
    assert page.session_state["classes_study"] == study
    assert headline(page) == classes_words.headline(classes_study.shipped()[study])


def test_short_settings_of_a_link_are_trained_by_themselves_and_then_shown():
    page = opened(**LAB.encode(SMALL))
    assert not page.exception and "Made on this server" in said(page, "caption")
    assert "class “x3”" in said(page, "caption") and not has_button(page)


def test_long_settings_wait_for_the_press_that_says_their_price(monkeypatch, jobs_in_threads):
    monkeypatch.setattr(touch, "TOUCH_SECONDS", 0.0)
    page = opened(**LAB.encode(SMALL))
    assert "Nothing is known of these settings yet" in said(page, "info") and not figures(page)
    assert re.fullmatch(r"Run \(about \d+ s of computing\)", page.button(key="classes_run").label)
    page.button(key="classes_run").click().run()
    until(lambda: "Made on this server" in said(page.run(), "caption"))
    assert not page.exception and not has_button(page), "what is on screen is not trained again"


def has_button(page):
    return any(button.key == "classes_run" for button in page.button)


def only_in_grey(page):
    """No sentences of other settings but those of the curves that are said to be the ones before."""
    return page.header[0].value.startswith("All objectives") and WORDS["classes_stale"] in said(page)


def test_while_a_job_is_under_way_the_curves_before_stand_in_grey_and_no_answer(monkeypatch, jobs_in_threads):
    page = opened()
    assert headline(page) and len(figures(page)) == 2 and WORDS["classes_stale"] not in said(page)
    under_way(monkeypatch)
    page.number_input(key="classes_num_seeds").set_value(2).run()
    assert "are being computed" in said(page) and only_in_grey(page) and len(figures(page)) == 2
    assert "seeds 0 to 23" in said(page, "caption"), "whose curves they are"
    page.number_input(key="classes_num_seeds").set_value(24).run()
    assert headline(page) == classes_words.headline(classes_study.shipped()[DEFAULT]) and not page.exception
    assert WORDS["classes_stale"] not in said(page)


@pytest.mark.parametrize("long", [False, True])
def test_what_a_change_leaves_behind_is_computed_no_more(monkeypatch, jobs_in_threads, long):
    under_way(monkeypatch)
    monkeypatch.setattr(touch, "TOUCH_SECONDS", 0.0 if long else touch.TOUCH_SECONDS)

    def train():
        if long:
            page.button(key="classes_run").click().run()

    page = opened(**LAB.encode(SMALL))
    train()
    [first] = JOBS._jobs.values()
    page.number_input(key="classes_num_components").set_value(3).run()
    assert first.stop.is_set() != long, "what is long goes on until the press"
    train()
    assert first.stop.is_set() and len(JOBS._jobs) == 2 and not page.exception


def test_what_was_cancelled_is_begun_again_only_when_asked(monkeypatch, jobs_in_threads):
    under_way(monkeypatch)
    page = opened(**LAB.encode(SMALL))
    [cancel] = [button for button in page.button if button.key and button.key.startswith("cancel_")]
    cancel.click().run()
    [job] = JOBS._jobs.values()
    until(lambda: job.ended)
    page.run()
    assert [*JOBS._jobs.values()] == [job] and job.state == "cancelled"
    page.button(key="classes_job_again").click().run()
    assert [*JOBS._jobs.values()] != [job] and not page.exception


def under_way(monkeypatch):
    """Jobs compute until they are stopped, and are hardly waited for."""
    monkeypatch.setattr(classes_study, "answers", lambda tasks, rows, compute, report: until(lambda: report(0, 1)))
    monkeypatch.setattr(progress, "SOON_SECONDS", 0.1)


def test_a_computation_that_fails_is_said_in_words(monkeypatch, jobs_in_threads):
    monkeypatch.setattr(classes_study, "COMPUTE", "spncore.runs.scores:read_curves")
    page = opened(**LAB.encode(Study(SMALL.experiment.replace(iterations=5), (1,))))
    assert "L=1" in said(page, "error") and "try fewer seeds" in said(page, "error")


def test_an_uploaded_table_has_a_quarter_held_out_and_a_class_by_name():
    upload = uploads.read(CSV, "illness.csv", {})
    experiment = SMALL.experiment.replace(dataset=upload.name, class_variable=0)
    shown = made(Study(experiment, (1, 2)), upload.dataset)
    assert shown.class_name == "ill" and shown.num_rows == {"train": 30, "test": 10}
    page = AppTest.from_file(str(PAGE), default_timeout=PATIENCE)
    page.session_state["uploads"] = {upload.name: upload}
    page.session_state["classes_uploaded"] = upload.name
    page.run()
    assert page.selectbox(key="classes_dataset").value == upload.name
    assert page.selectbox(key="classes_column").options == ["wet", "cold", "ill"]
    page.selectbox(key="classes_column").select(1).run()
    assert page.session_state["classes_study"].experiment.class_variable == 1 and not page.exception


def test_a_column_with_one_value_is_refused_by_name():
    table = from_array(np.array([[1, 0], [1, 1], [1, 0]]), "table", ["always", "sometimes"])
    upload = Upload(table, ())
    page = AppTest.from_file(str(PAGE), default_timeout=PATIENCE)
    page.session_state["uploads"] = {upload.name: upload}
    page.session_state["classes_uploaded"] = upload.name
    page.run()
    page.selectbox(key="classes_column").select(1).run()
    assert "always has one value only" in said(page, "error")


def test_no_depth_chosen_is_said():
    page = opened()
    page.pills(key="classes_depths").set_value([]).run()
    assert "depths" in said(page, "error") and not page.exception

"""Predicting a class: the numbers behind its sentences, its link, its controls, an uploaded table, its job."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit import uploads
from app.kit.link import LAB
from app.kit.text import JOINER
from app.kit.uploads import Upload
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
from tests.closeness import assert_close
from tests.places import ROOT
from tests.waiting import PATIENCE, until

PAGE = ROOT / "app" / "pages" / "classes" / "page.py"
SMALL = Study(
    DEFAULT.experiment.replace(dataset="two-clusters", num_components=2, iterations=6, num_seeds=2, class_variable=3),
    (1, 3),
)
CSV = b"wet,cold,ill\n" + b"1,1,1\n0,0,0\n1,0,1\n0,1,0\n1,1,0\n" * 8


@pytest.fixture(autouse=True)
def only_shipped_data(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()
    yield
    uploads._registered.cache_clear()


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
    page.run()
    assert not page.exception
    return page


def said(page, kind="markdown"):
    return " ".join(element.value for element in page.get(kind)).replace("\\", "").replace(JOINER, "")


def headline(page):
    return next(element.value for element in page.subheader)


# ---- the numbers ---------------------------------------------------------------------------------------------------
def test_the_first_at_nine_tenths_of_the_best_gain_of_any_network_is_found():
    values = {
        "slow": np.array([[0.0, 0.5, 0.89, 0.9, 0.8], [0.0, 0.0, 0.0, 0.0, 0.0]]),
        "fast": np.array([[0.0, 0.95, 1.0, 0.2, 0.1], [0.0, 0.0005, 0.0, 0.0, 0.0]]),
    }
    gains, reached = classes_study.first_at_gain(values, 1e-3)
    assert gains == [1.0, 0.0005]
    assert reached == {"slow": [4, None], "fast": [2, None]}, "a gain too small to be one is nobody's"


def test_a_run_that_ended_at_once_reaches_nothing():
    gains, reached = classes_study.first_at_gain({"a": np.zeros((2, 0)), "b": np.array([[0.0, 1.0]] * 2)}, 1e-3)
    assert gains == [1.0, 1.0] and reached == {"a": [None, None], "b": [2, 2]}


def test_all_networks_of_a_seed_start_as_the_same_function(small):
    for quantity in QUANTITIES:
        starts = {tuple(network.curves[quantity]["median"][:1]) for network in small.networks.values()}
        assert len(starts) == 1


def test_each_depth_is_set_against_one_layer_at_that_many_times_the_rate(small):
    assert list(small.networks) == ["L=1", "L=3", "L=1 at 3η"]
    faster = classes_study.networks(small.study)["L=1 at 3η"]
    assert faster.depth == 1 and faster.learning_rate == pytest.approx(3 * SMALL.experiment.learning_rate)


def test_every_objective_ships_with_everything_and_with_sum_weights_trained():
    found = classes_study.shipped()
    assert set(found) == {
        Study(setup.replace(objective=objective), DEPTHS) for setup in SETUPS.values() for objective in CHOICES
    }
    assert {each.sha256 for each in found.values()} == {library.load("labelled-clusters").sha256}


def test_the_first_iterations_of_a_shipped_run_can_be_repeated():
    shipped = classes_study.shipped()[DEFAULT]
    short = Study(DEFAULT.experiment.replace(iterations=2), (1,))
    rows = classes_study.rows_of(short, library.load("labelled-clusters"))
    curves = scores.train(classes_study.networks(short)["L=1"], rows)
    network = shipped.networks["L=1"]
    assert list(network.iterations[:3]) == [0, 1, 2]
    for part in ("accuracy", "conditional", "llh"):
        again = np.median(curves.values[f"test {part}"], axis=0)
        assert_close(again, network.curves[f"test {part}"]["median"][:3], atol=6e-5)  # four decimals ship


def test_trained_for_the_class_the_labelled_clusters_are_told_and_trained_for_the_rows_they_are_not():
    accuracy = {
        objective: np.median(
            classes_study.shipped()[Study(SETUPS["everything"].replace(objective=objective), DEPTHS)]
            .networks["L=1"]
            .final["test accuracy"]
        )
        for objective in ("generative", "discriminative")
    }
    assert accuracy["generative"] < 0.62 and accuracy["discriminative"] > 0.78


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
        ([None] * 8, [None] * 8, [None] * 8, "No seed gained anything", ""),
    ],
)
def test_the_answer_is_the_verdict_of_the_seeds(small, one, deep, faster, answer, meaning):
    shown = with_reached(small, one=one, deep=deep, faster=faster)
    assert answer in classes_words.headline(shown)
    assert meaning in classes_words.control(shown)


def test_every_number_of_the_headline_is_that_of_the_seeds():
    for shown in classes_study.shipped().values():
        won = statistics.paired_wins(*(shown.networks[name].reached["objective"] for name in ("L=3", "L=1")))
        assert f"in {won.ahead} of {won.pairs} seeds, L=1 in {won.behind}." in classes_words.headline(shown)


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
    left = charts.over_iterations(charts.ACCURACY, lines, {"best possible": 0.8}, mode, False)
    right = charts.over_iterations("log p", classes_words.lines(small, "test llh", True), {}, mode, True)
    named = [trace.name for trace in left.data if trace.showlegend]
    assert named == ["L=1", "L=3", "L=1 at 3η"]
    assert right.layout.showlegend is False and right.layout.xaxis.type == "log"
    dashes = {trace.name: trace.line.dash for trace in left.data if trace.showlegend}
    assert dashes["L=1"] != dashes["L=3"], "colour is never alone"


def test_the_best_possible_is_drawn_where_it_is_known(small):
    assert set(classes_words.best_levels(small)) == {"test accuracy", "test conditional", "test llh"}
    assert not classes_words.best_levels(replace(small, study=Study(SMALL.experiment.replace(dataset="plants"), (1,))))


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


@pytest.mark.parametrize("objective", CHOICES)
def test_each_objective_shows_its_own_shipped_runs(objective):
    page = opened()
    page.selectbox(key="classes_objective").select(objective).run()
    page.segmented_control(key="classes_setup").set_value("sum weights only").run()
    study = Study(SETUPS["sum weights only"].replace(objective=objective), DEPTHS)
    assert page.session_state["classes_study"] == study
    assert headline(page) == classes_words.headline(classes_study.shipped()[study])


def test_other_settings_are_trained_in_the_background_and_then_shown():
    page = opened(**LAB.encode(SMALL))
    assert "belong to other settings" in said(page, "info")
    page.button(key="classes_run").click().run()
    until(lambda: "Made on this server" in said(page.run(), "caption"))
    assert not page.exception and "Made on this server" in said(page, "caption")
    assert "class “x3”" in said(page, "caption")


def test_a_computation_that_fails_is_said_in_words(monkeypatch):
    monkeypatch.setattr(classes_study, "COMPUTE", "spncore.runs.scores:read_curves")
    page = opened(**LAB.encode(Study(SMALL.experiment.replace(iterations=5), (1,))))
    page.button(key="classes_run").click().run()
    until(lambda: page.run().error)
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

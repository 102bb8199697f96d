"""The Circuits page without a browser: what it trains, its link, its files, and what each control changes."""

import csv
import io
import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit import text, uploads
from app.kit.link import CIRCUITS
from app.live import touch
from app.live.headline.told import circuit_told, trees_sentence
from app.live.runs import REGISTRY
from app.pages.circuits import files
from spncore import ExperimentError, fit, load
from spncore.circuits.saving import load_model
from spncore.data import library
from spncore.runs.problem import model_of
from spncore.runs.study import Study
from spncore.runs.training import traced
from spncore.trees.induced import enumerate_trees, num_trees
from spncore.trees.steps import tree_weights
from tests.addresses import at_address, by_menu, in_history
from tests.closeness import assert_close
from tests.mixture_of_trees import trees_trainer
from tests.places import ENTRY
from tests.waiting import PATIENCE, until

QUICK = {
    "dataset": "two-clusters",
    "iterations": "4",
    "num_seeds": "2",
    "split_depth": "1",
    "depths": "1",
    "component_init": "uniform",
    "init_noise": "0.1",
}
STUDY, REFUSED = CIRCUITS.decode(QUICK)


@pytest.fixture(autouse=True)
def only_shipped_data(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()


@pytest.fixture(scope="module")
def data():
    return load("two-clusters")


@pytest.fixture(scope="module")
def study(data):
    return STUDY.beside_trees(data)


@pytest.fixture(scope="module")
def traces(study, data):
    trainer = trees_trainer(study.experiments()[0], data)
    return [fit(study.experiments()[0], data), traced(trainer, study.experiments()[0])]


def opened(**query):
    page = at_address("circuits", **query)
    page.session_state["circuit_more"] = True  # so that every control is drawn
    page.run()
    assert not page.exception
    return page


def shown(page):
    return page.session_state["circuit_shown"]


def test_it_trains_the_circuit_of_its_link_beside_the_mixture_of_its_trees():
    assert not REFUSED
    page = opened(**QUICK)
    run = REGISTRY.get(shown(page).run_id)
    until(lambda: run.study.names() == ("L=1", "mixture of trees"))
    assert run.study.experiment == STUDY.experiment
    assert page.button(key="circuit_train").proto.type == "secondary"


def test_a_short_change_is_trained_by_itself_and_written_to_the_address():
    page = opened(**QUICK)
    before = shown(page).run_id
    page.slider(key="circuit_num_components").set_value(3).run()
    assert not page.exception and shown(page).run_id != before
    assert shown(page).study.experiment.num_components == 3
    assert page.button(key="circuit_train").proto.type == "secondary"
    assert page.query_params["num_components"] in ("3", ["3"])
    by_menu(by_menu(page, "linear"), "circuits")
    assert page.slider(key="circuit_num_components").value == 3


def test_the_run_that_a_change_leaves_behind_ends_by_itself():
    page = opened(**{**QUICK, "iterations": "5000"})
    before = REGISTRY.get(shown(page).run_id)
    assert not before.ended
    page.number_input(key="circuit_iterations").set_value(10).run()
    assert not page.exception and shown(page).run_id != before.id and before.stopped


def test_a_long_change_waits_for_the_press_that_says_its_price(monkeypatch):
    monkeypatch.setattr(touch, "TOUCH_SECONDS", 0.0)
    page = opened(**QUICK)
    before = shown(page).run_id
    page.slider(key="circuit_num_components").set_value(3).run()
    assert shown(page).run_id == before and page.button(key="circuit_train").proto.type == "primary"
    assert re.fullmatch(r"Train \(about \d+ (s|min) of computing\)", page.button(key="circuit_train").label)
    page.button(key="circuit_train").click().run()
    assert not page.exception and shown(page).run_id != before
    assert page.button(key="circuit_train").label == text.WORDS["train"]


@pytest.mark.parametrize("seconds", [0.0, touch.TOUCH_SECONDS])
def test_a_link_is_trained_once_be_it_short_or_long(monkeypatch, seconds):
    monkeypatch.setattr(touch, "TOUCH_SECONDS", seconds)
    begun = counted_starts(monkeypatch)
    page = opened(**{**QUICK, "num_components": "3"})
    page.run()
    assert [each.experiment.num_components for each in begun] == [3]
    in_history(page, **QUICK)
    page.run()
    assert len(begun) == 2 and shown(page).study == STUDY


def test_too_many_edges_are_refused_once_in_one_sentence_and_the_run_stays(monkeypatch):
    page = opened(**{**QUICK, "structure": "rat", "num_components": "8"})
    before, begun = shown(page).run_id, counted_starts(monkeypatch)
    page.slider(key="circuit_split_depth").set_value(3).run()
    page.run()
    assert "weighted edges are too many to draw live; the limit is 600; lower" in page.error[0].value.replace("\\", "")
    assert shown(page).run_id == before and len(begun) == 1, "what was refused is not tried again by itself"
    page.slider(key="circuit_split_depth").set_value(1).run()
    assert not page.error and shown(page).run_id == before and len(begun) == 1


def counted_starts(monkeypatch):
    """The studies that pages begin from now on."""
    begun, real = [], REGISTRY.start

    def start(study, *more):
        begun.append(study)
        return real(study, *more)

    monkeypatch.setattr(REGISTRY, "start", start)
    return begun


def test_a_link_to_the_lab_with_a_deep_circuit_leads_here():
    page = AppTest.from_file(str(ENTRY), default_timeout=PATIENCE)
    for name, value in {
        "structure": "rat",
        "num_components": "2",
        "iterations": "3",
        "dataset": "two-clusters",
    }.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    assert text.WORDS["elsewhere"] in [element.value for element in page.info]
    assert page.session_state["study"].experiment.structure == "mixture"
    there = CIRCUITS.encode(page.session_state["elsewhere"])
    assert CIRCUITS.decode(there)[0].experiment.structure == "rat"


@pytest.mark.parametrize("changed", [{}, {"structure": "rat", "num_repetitions": 4}, {"floor": 1e-4, "seed": 7}])
def test_a_link_opens_the_same_study(changed):
    study = Study(CIRCUITS.default().experiment.replace(**changed), (1, 3))
    assert CIRCUITS.decode(CIRCUITS.encode(study)) == (study, [])
    assert len(CIRCUITS.encode(study)) == 2 + len(changed)


def test_what_a_link_gets_wrong_is_refused_in_words_and_this_page_s_default_kept():
    study, refused = CIRCUITS.decode({"learning_rate": "fast", "num_components": "3", "rivals": "em", "v": "1"})
    assert study.experiment.learning_rate == 0.1 and study.experiment.num_components == 3
    assert len(refused) == 2 and refused[0].startswith("learning_rate")
    assert CIRCUITS.decode({"v": "99"})[0] == CIRCUITS.default()


def test_one_mixture_is_refused(data):
    with pytest.raises(ExperimentError, match="the lab shows it"):
        Study(STUDY.experiment.replace(structure="mixture"), (1,)).beside_trees(data)


def test_the_headline_says_what_the_runs_show(traces, data):
    said = circuit_told(traces, data, ended=True, shallow=True)
    ends = [float(np.median(trace.llh[:, -1])) for trace in traces]
    assert ("level" in said.headline or "coincide" in said.headline) == (abs(ends[0] - ends[1]) < 5e-4)
    assert "start as one function (difference " in said.details
    assert circuit_told([], data, ended=False, shallow=True) == ("Training starts.", "")


def test_the_leader_is_named_with_its_seeds(traces, data):
    ahead, behind = traces[0], traces[1]
    for one, other, words in (
        (ahead, behind, ("the circuit leads with ", "The circuit above the mixture of its trees in 2 of 2 seeds")),
        (behind, ahead, ("the mixture of its trees leads", "The mixture of its trees above the circuit in 2 of 2")),
    ):
        moved = one.llh.copy()
        moved[:, -1] += 1.0
        faked = [type(one)(**{**vars_of(one), "llh": moved, "value": moved}), other]
        pair = faked if one is ahead else faked[::-1]
        said = circuit_told(pair, data, ended=True, shallow=True)
        assert words[0] in said.headline and "not settled by 2 seeds" in said.headline and words[1] in said.details


def vars_of(trace):
    return {name: getattr(trace, name) for name in trace.__dataclass_fields__}


def test_counts_of_trees_are_said_exactly_while_they_can_be_read():
    assert "12,582,912 induced trees: too many" in trees_sentence(12_582_912)
    assert "e+62" in trees_sentence(13 * 10**61)
    assert "80 induced trees: their mixture is trained" in trees_sentence(80)


def test_the_table_holds_every_curve_and_every_tree_s_weight(study, data, traces):
    rows = [row for row in csv.reader(io.StringIO(files.curves_csv(study, data, traces, "x"))) if row[0][0] != "#"]
    found = {tuple(row[:4]): float(row[4]) for row in rows[1:]}
    trees = enumerate_trees(model_of(study.experiment, data).circuit)
    expected = tree_weights(traces[0].effective_weights, trees)
    assert len(found) == 2 * 2 * 5 * (1 + trees.num_trees)
    assert found["L=1", "0", "4", "llh"] == traces[0].llh[0, 4]
    assert_close(found["L=1", "1", "1", "w[3]"], expected[1, 1, 3])
    assert_close(found["mixture of trees", "1", "0", "w[3]"], expected[1, 0, 3])


def test_settings_and_the_model_can_be_taken_away(study, data, traces):
    document = json.loads(files.result_json(study, data, traces, "x"))
    assert document["trees"] == str(num_trees(model_of(study.experiment, data).circuit))
    assert document["result"][0]["llh"] == traces[0].llh.tolist()
    model = load_model(io.BytesIO(files.model_file(study, data, traces, 1)))
    assert model.circuit.num_nodes == model_of(study.experiment, data).circuit.num_nodes

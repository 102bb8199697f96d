"""The page "Ask the network": its numbers are the engine's, every control changes them, links open, refusals speak."""

import base64
import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit import uploads
from app.kit.text import JOINER, literal
from app.live.jobs import JOBS
from app.pages.ask import networks
from app.pages.ask import question as asking
from app.pages.ask.link import LINKS
from app.pages.ask.question import UNKNOWN, Question
from spncore import load
from spncore.data.library import from_array
from spncore.inference.queries import QueryError
from tests.app.figures import figures
from tests.closeness import assert_close
from tests.places import ENTRY, ROOT
from tests.waiting import PATIENCE, until

PAGE = ROOT / "app" / "pages" / "ask" / "page.py"
HOSTILE = ("<img src=x onerror=alert(1)>", "**bold** $x$", "=1+1")


@pytest.fixture(autouse=True)
def no_real_rows(monkeypatch, tmp_path):
    """Only what ships is at hand: the same answers on every machine."""
    monkeypatch.setattr("spncore.data.library._folders", lambda: {"cache": tmp_path})


def opened(path=PAGE, **query):
    page = AppTest.from_file(str(path), default_timeout=PATIENCE)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def chart(page, number=0):
    return figures(page)[number]["figure"]


def values(trace):
    """The numbers of a trace's x, which Plotly may write in base 64."""
    x = trace["x"]
    if isinstance(x, dict):
        return np.frombuffer(base64.b64decode(x["bdata"]), dtype=x["dtype"])
    return np.array(x, dtype=float)


def shown(page):
    return {trace["name"]: values(trace) for trace in chart(page)["data"]}


def words(page):
    said = [element.value for kind in (page.markdown, page.caption, page.warning, page.error) for element in kind]
    return " ".join(said).replace("\\", "").replace(JOINER, "")


def answer_on_two_clusters(**evidence):
    data = load("two-clusters")
    row = np.full(8, UNKNOWN)
    for code, value in evidence.items():
        row[int(code[1:]) - 1] = value
    return asking.answer(networks.train("mixture", data, 8).model, row)


def test_the_default_question_is_answered_at_once_on_the_stand_in():
    page = opened()
    assert JOBS.get(page.session_state["ask_job"]).quick, "it is waited for"
    assert "This is synthetic" in words(page)
    assert page.segmented_control(key="ask_w_e_Y4").value == "1"
    twin = load("nltcs-twin")
    row = np.full(16, UNKNOWN)
    row[12] = 1  # Y4, dressing, is the thirteenth column
    expected = asking.answer(networks.train("mixture", twin, 8).model, row)
    places = [item.place for item in asking.items(twin)]
    assert_close(shown(page)["no evidence"], expected.before[places])
    assert_close(shown(page)["given the evidence"], np.delete(expected.after[places], 3))
    assert f"−{-expected.log_evidence:.3f} nats" in words(page) and "people" in words(page)


def test_a_change_of_evidence_changes_the_numbers_to_the_engine_s():
    page = opened(data="two-clusters", e="x1:1")
    assert_close(shown(page)["given the evidence"], answer_on_two_clusters(x1=1).after[1:])
    page.segmented_control(key="ask_w_e_x3").set_value("0").run()
    expected = answer_on_two_clusters(x1=1, x3=0)
    assert_close(shown(page)["given the evidence"], np.delete(expected.after, [0, 2]))
    assert f"{-expected.log_evidence:.3f} nats" in words(page)
    page.segmented_control(key="ask_w_e_x1").set_value("?").run()
    assert_close(shown(page)["given the evidence"], np.delete(answer_on_two_clusters(x3=0).after, 2))
    assert not page.exception


def test_clear_and_a_real_row_set_all_controls():
    page = opened(data="two-clusters", e="x1:1,x2:0")
    page.button(key="ask_clear").click().run()
    assert "Nothing is set" in words(page) and page.session_state["ask_question"].evidence == ()
    page.button(key="ask_draw").click().run()
    first = page.session_state["ask_question"].evidence
    assert len(first) == 4
    row, _ = asking.evidence_row(page.session_state["ask_question"], load("two-clusters"))
    assert asking.matches(load("two-clusters"), row).num > 0
    page.button(key="ask_draw").click().run()
    assert page.session_state["ask_question"].evidence != first and not page.exception


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_every_network_is_trained_and_asked(name):
    page = opened(data="two-clusters", net=name, e="x1:1")
    trained = networks.train(name, load("two-clusters"), 8)
    expected = asking.answer(trained.model, np.array([1, *[UNKNOWN] * 7]))
    assert_close(shown(page)["given the evidence"], expected.after[1:])
    assert f"{trained.model.circuit.num_nodes:,} nodes" in words(page)
    assert ("This is exact" in words(page)) == bool(asking.completion(trained.model, expected.row).exact[0])


def test_a_slow_network_is_trained_in_the_background_with_progress():
    page = opened(net="learn_spn", data="nltcs-twin")
    assert "Training: LearnSPN" in words(page) and not figures(page)
    key = page.session_state["ask_job"]
    job = JOBS.get(key)
    until(lambda: job.ended)
    assert job.state == "done" and job.unit == "iterations of EM"
    page.run()
    assert f"train LLH −{-job.result.llh:.3f}" in words(page) and len(figures(page)) == 4


def test_more_components_are_another_network():
    page = opened(data="two-clusters", k="2")
    before = shown(page)["no evidence"]
    page.number_input(key="ask_w_k").set_value(5).run()
    assert "6 nodes, 5 weighted edges" in words(page)
    assert np.abs(before - shown(page)["no evidence"]).max() < 0.05, "both fit the same rows"
    assert LINKS.encode(page.session_state["ask_question"])["k"] == "5"


def test_redrawn_samples_have_the_next_seed_and_all_else_stays():
    page = opened(data="two-clusters", e="x2:1", seed="3")
    page.button(key="ask_redraw").click().run()
    question = page.session_state["ask_question"]
    assert (question.seed, question.evidence) == (4, (("x2", 1),)) and "(seed 4)" in words(page)


def test_the_variable_to_find_out_about_can_be_chosen():
    page = opened(data="two-clusters", e="x2:1", about="x5")
    assert page.selectbox(key="ask_w_target").value == "x5" and "About **x5**" in words(page)
    page.selectbox(key="ask_w_target").select("x7").run()
    assert "About **x7**" in words(page) and page.session_state["ask_question"].target == "x7"


def test_a_question_survives_its_link():
    page = opened(data="two-clusters", net="chow_liu", e="x1:1,x6:0", seed="9")
    assert page.session_state["ask_question"] == Question("two-clusters", "chow_liu", 8, (("x1", 1), ("x6", 0)), "", 9)
    assert not page.warning


def test_what_is_wrong_in_a_link_is_said_and_the_page_opens():
    page = opened(data="two-clusters", e="x1:7", net="oracle", k="999")
    assert len(page.warning) == 3 and "oracle" in words(page) and "default is kept" in words(page)
    assert "x1 to x8" in words(opened(data="two-clusters", e="Y4:1")), "a code of other data"


def test_an_upload_that_a_link_names_has_to_be_loaded_again():
    page = opened(data="sha256:" + "0" * 64, e="x1:1")
    assert "load it in the lab" in words(page) and page.selectbox(key="ask_w_data").value == "nltcs-twin"


def with_upload(names, num_rows=80):
    table = from_array(np.random.default_rng(0).integers(0, 2, (num_rows, len(names))), "up.csv", names)
    upload = uploads.Upload(table, ())
    page = AppTest.from_file(str(PAGE), default_timeout=PATIENCE)
    page.session_state["uploads"] = {upload.name: upload}
    page.query_params["data"], page.query_params["e"] = upload.name, "x1:1"
    page.run()
    assert not page.exception
    return page, table


@pytest.mark.fault("C08", "C09")
def test_hostile_names_are_shown_literally_everywhere():
    page, _ = with_upload(HOSTILE)
    said = " ".join(element.value for kind in (page.markdown, page.caption) for element in kind)
    for name in HOSTILE[:2]:
        assert name not in said
    assert any(literal(name) in said for name in HOSTILE)
    assert figures(page) and "<img" not in json.dumps(figures(page))


def test_many_variables_are_set_from_two_searchable_lists():
    page, table = with_upload([f"item {i}" for i in range(1, 31)])
    assert page.multiselect(key="ask_w_ones").value == ["x1"]
    page.multiselect(key="ask_w_zeros").select("x30").run()
    assert page.session_state["ask_question"].evidence == (("x1", 1), ("x30", 0))
    assert "x1" not in page.multiselect(key="ask_w_zeros").options
    assert "24 variables that change most, of 30" in words(page)
    row, _ = asking.evidence_row(page.session_state["ask_question"], table)
    expected = asking.answer(networks.train("mixture", table, 8).model, row)
    assert set(shown(page)["no evidence"]) <= set(expected.before.tolist())


def test_evidence_that_the_network_excludes_is_one_sentence(monkeypatch):
    monkeypatch.setattr(asking, "answer", impossible)
    page = opened(data="two-clusters", e="x1:1")
    assert "probability zero" in page.error[0].value and not figures(page)


def impossible(model, row):
    raise QueryError("row 1: this network gives the evidence probability zero; clear or change a value")


def test_the_run_of_the_lab_can_be_asked():
    page = AppTest.from_file(str(ENTRY), default_timeout=PATIENCE)
    page.query_params.update(
        {"dataset": "two-clusters", "iterations": "3", "num_seeds": "1", "num_components": "2", "depths": "1,2"}
    )
    page.run()
    until(lambda: page.session_state["shown"].run().state == "done")
    page.query_params.clear()
    page.switch_page("pages/ask/page.py").run()
    assert page.selectbox(key="ask_w_data").value == "two-clusters"
    page.selectbox(key="ask_w_net").select("lab").run()
    assert not page.exception and "On screen in the lab, L = 2: 3 nodes, 2 weighted edges, 3 iterations" in words(page)


def test_the_tables_hold_what_is_on_screen():
    page = opened(data="two-clusters", e="x1:1")
    labels = [button.proto.label for button in page.get("download_button")]
    assert [re.sub(r" \(CSV\)", "", label) for label in labels] == ["Probabilities", "Samples"]

"""The page that CONTRIBUTING prints, driven as a reader would: link, address, share, progress, figure, data."""

import csv
import io
import threading
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from streamlit.testing.v1 import AppTest

from app.kit import page
from app.kit.link import LAB
from app.kit.text import JOINER
from app.live.jobs import JOBS
from tests.app.figures import figures
from tests.app.kit import skeleton_study
from tests.waiting import PATIENCE, until

SCRIPT = Path(__file__).with_name("skeleton_page.py")
SMALL = {"v": "1", "dataset": "two-clusters", "depths": "1,2", "iterations": "5", "num_seeds": "2"}


def opened(**query):
    at = AppTest.from_file(str(SCRIPT), default_timeout=PATIENCE)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def finished(at):
    at.button(key="skeleton_run").click().run()
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    at.run()
    assert not at.exception
    return at


def shared(at):
    [field] = [body for html in at.get("html") if (body := html.proto.body).startswith("<textarea readonly")]
    return unescape(field.partition(">")[2].removesuffix("</textarea>"))


def test_it_is_short():
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 150


def test_a_first_visit_keeps_its_plain_address_and_a_change_is_written_to_it():
    at = opened()
    assert not at.query_params and shared(at).endswith("?v=2")
    at.select_slider(key="skeleton_learning_rate").set_value(0.05).run()
    assert at.query_params == {"v": "2", "learning_rate": "0.05"} and "learning_rate=0.05" in shared(at)


def test_a_link_opens_its_settings_and_what_is_wrong_in_it_is_said_on_top():
    at = opened(**SMALL, learning_rate="0.013", num_components="none", view="projector")
    assert at.select_slider(key="skeleton_learning_rate").value == 0.013
    [warning] = at.warning
    assert "num_components" in warning.value.replace("\\", "").replace(JOINER, "")
    assert at.query_params["view"] == "projector" and "num_components" not in at.query_params
    assert LAB.decode(at.query_params)[0].experiment.learning_rate == 0.013


def test_a_job_makes_the_figure_its_words_and_its_data_and_other_settings_are_said_to_be_others():
    at = finished(opened(**SMALL))
    [chart] = figures(at)
    assert chart["alt"].startswith("Log-likelihood of the depths. Median over the seeds after 5 iterations: L=1: ")
    assert [button.label for button in at.get("download_button")] == ["Data (CSV)"]
    assert not at.info and "skeleton_run" not in [button.key for button in at.button]
    at.select_slider(key="skeleton_learning_rate").set_value(0.05).run()
    assert "other settings" in at.info[0].value and at.button(key="skeleton_run")
    assert len(figures(at)) == 1


def test_a_job_can_be_cancelled_and_begun_again(monkeypatch, jobs_in_threads):
    going = threading.Event()

    def slow(experiment, data):
        going.wait(PATIENCE)
        return SimpleNamespace(llh=np.zeros((2, 5)))

    monkeypatch.setattr(skeleton_study, "fit", slow)
    at = opened(**SMALL, seed="7")
    at.button(key="skeleton_run").click().run()
    [cancel] = [button for button in at.button if button.label == "Cancel"]
    cancel.click().run()
    going.set()
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    at.run()
    assert at.button(key="skeleton_run") and not figures(at)


def test_the_data_hold_their_link_and_a_row_per_iteration(monkeypatch):
    made = {}
    monkeypatch.setattr(page.st, "download_button", lambda label, make, *_, **__: made.update({label: make()}))
    at = finished(opened(**SMALL, seed="8"))
    text = made["Data (CSV)"]
    assert f"# link: {shared(at)}" in text and "made with: " in text and "written by " in text
    table = [row for row in csv.reader(io.StringIO(text)) if not row[0].startswith("#")]
    assert table[0] == ["L", "iteration", "median", "low", "high"] and len(table) == 1 + 2 * 5

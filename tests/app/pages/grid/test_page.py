"""The page of grids: its link and its controls say the same, and it computes what they ask for."""

import pytest

from app.kit import uploads
from app.kit.link import GRID
from app.kit.text import JOINER
from app.live.jobs import JOBS
from app.pages.grid import words
from app.pages.grid.link import SLOTS, decode, described, said, suggested
from spncore import ExperimentError
from spncore.data import library
from spncore.studies import axes, grid, phase
from spncore.studies.arrivals import FAILED
from spncore.studies.axes import VARIED
from tests.addresses import at_address, by_link
from tests.app.figures import figures
from tests.waiting import until

SMALL = {
    "dataset": "two-clusters",
    "axes": "depth:1,2 learning_rate:0.001,0.01",
    "asked": "end",
    "num_components": "2",
    "iterations": "5",
    "num_seeds": "2",
    "component_init": "uniform",
    "init_noise": "0.001",
}


def test_a_link_and_the_controls_say_the_same_grid():
    found = GRID.default()
    assert found == grid.SHIPPED[0] and described(said(found)) == found
    assert described(said(phase.SHIPPED[0].grid)) == phase.SHIPPED[0].grid
    small, refused = decode(SMALL)
    assert not refused and described(said(small)) == small and GRID.encode(small) == {"v": "1", **SMALL}
    assert [said(small)[slot] for slot in SLOTS] == ["depth", "learning_rate", "none"]


def test_a_link_cannot_start_more_than_a_visitor_may():
    opened, [refusal] = decode({"num_seeds": "64", "iterations": "5000"})
    assert opened == GRID.default() and refusal.endswith("The default grid is shown.")
    assert refusal.startswith(
        "axes: 11,520,000 updates are more than the 5,000,000 that one computation of the lab may"
    )


def test_a_setting_that_varies_has_no_other_value_in_a_link():
    opened, refused = decode({"axes": "depth:1,2", "depth": "5"})
    assert refused == ["depth: another setting of the link decides it. It is not used."]
    assert "depth" not in GRID.encode(opened)


@pytest.mark.parametrize("name", VARIED)
def test_the_values_that_are_suggested_for_a_setting_can_be(name):
    assert len(axes.read(name, suggested(name)).values) > 1


@pytest.mark.parametrize(
    ("said_", "sentence"),
    [
        ({"across_values": "1,x"}, "values across: depth: 'x' is not a whole number; allowed: 1 to 8"),
        ({"across_values": ""}, "values across: depth: no value given; write one or more, with commas, as 1,8"),
        ({"across": "none", "up": "none"}, "across: nothing varies; choose a setting"),
        ({"up": "depth", "up_values": "3"}, "axes: depth is given twice; keep one"),
        ({"up_values": "0.1 0.2"}, "values upwards: learning_rate: '0.1 0.2' is not a number; allowed: 1e-06 to 10"),
    ],
)
def test_values_that_cannot_be_are_refused_in_one_sentence(said_, sentence):
    with pytest.raises(ExperimentError) as refusal:
        described({**said(decode(SMALL)[0]), **said_})
    assert str(refusal.value) == sentence


def test_the_shipped_grid_is_small_and_whole():
    [shown] = grid.shipped().values()
    assert shown.grid == grid.SHIPPED[0] and not (shown.updates == FAILED).any()
    assert shown.made_by.startswith("“python -m spncore study grid --ship” with")


@pytest.fixture
def here(monkeypatch, tmp_path, jobs_in_threads):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "kept" / "spnlab.db"))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()
    yield
    uploads._registered.cache_clear()


def opened(**query):
    at = at_address("grid", **query).run()
    assert not at.exception
    return at


def all_words(at):
    kinds = (at.header, at.markdown, at.caption, at.info, at.warning, at.error)
    return " ".join(each.value.replace("\\", "").replace(JOINER, "") for kind in kinds for each in kind).replace(
        "\u00a0", " "
    )


def test_the_page_opens_with_the_shipped_grid_and_the_sentences_of_its_numbers(here):
    at = opened()
    [shown] = grid.shipped().values()
    on_page = all_words(at)
    for sentence in (words.headline(shown), *words.summary(shown), words.along(shown, 0), words.fairness(shown)):
        assert sentence.replace("\u00a0", " ") in on_page
    assert len(figures(at)) == 3 + 1 + 1, "a panel for each depth, their key, parallel coordinates"
    assert "grid_run" not in [one.key for one in at.button], "its rows are not on this computer"
    assert not at.error and at.query_params == {}


def test_squares_become_lines_and_the_best_half_is_coloured(here):
    at = opened()
    at.button_group(key="grid_form").set_value("lines").run()
    assert len(figures(at)) == 3 + 1 and at.query_params == {"form": "lines"}
    at.button_group(key="grid_best").set_value("half").run()
    [shown] = grid.shipped().values()
    assert words.shared(shown, 0.5) in all_words(at) and at.query_params["best"] == "half"


def test_a_setting_along_an_axis_brings_values_and_what_is_wrong_with_them_is_said_there(here):
    at = opened(**SMALL)
    at.selectbox(key="grid_up").select("topology").run()
    assert at.text_input(key="grid_up_values").value == "tree,private,shared"
    assert at.query_params["axes"] == "depth:1,2 topology:tree,private,shared"
    at.text_input(key="grid_up_values").set_value("tree,ring").run()
    [error] = at.error
    assert error.value.replace("\\", "").startswith(
        "values upwards: topology: 'ring' is not known; allowed: one of tree"
    )
    assert at.query_params["axes"] == "depth:1,2 topology:tree,private,shared", "what was there stays"


def test_the_price_is_said_before_a_grid_is_started(here):
    at = opened(**SMALL)
    assert "Nothing is known of these settings yet" in all_words(at)
    assert "4 cells, 2 seeds each: at most about 1 s of computing." in all_words(at)
    at.number_input(key="grid_num_seeds").set_value(64)
    at.number_input(key="grid_iterations").set_value(5000).run()
    assert "4 cells, 64 seeds each: at most about" in all_words(at) and not at.error
    at.text_input(key="grid_up_values").set_value(",".join(f"0.{number:03}" for number in range(1, 20))).run()
    assert "axes: 12,160,000 updates are more than the 5,000,000" in all_words(at)


def test_a_grid_is_computed_in_the_background_and_shown_and_its_address_reopens_it(here):
    at = opened(**SMALL)
    at.button(key="grid_run").click().run()
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    at.run()
    [job] = [job for job in JOBS._jobs.values() if job.unit == "cells"]
    assert job.state == "done" and words.headline(job.result) in all_words(at)
    assert "Made on this server" in all_words(at) and len(figures(at)) == 1 + 1 + 1
    again = opened(**at.query_params)
    assert words.headline(job.result) in all_words(again)


def test_a_grid_under_way_can_be_stopped(here, monkeypatch):
    monkeypatch.setattr(grid, "outcomes", lambda cells, data, report: until(lambda: report(1, 4)))
    at = opened(**SMALL)
    at.button(key="grid_run").click().run()
    [job] = [job for job in JOBS._jobs.values() if job.unit == "cells"]
    until(lambda: job.done == 1)
    at.run()
    assert "are being computed" in all_words(at) and not figures(at)
    at.button(key=f"cancel_{job.key}").click().run()
    until(lambda: job.ended)
    at.run()
    assert job.state == "cancelled" and "Nothing is known of these settings yet" in all_words(at)


def test_one_setting_is_a_line_and_no_squares(here):
    at = opened(**{**SMALL, "axes": "depth:1,2,3"})
    at.button(key="grid_run").click().run()
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    at.run()
    assert len(figures(at)) == 2 and not [one for one in at.get("button_group") if one.key == "grid_form"]


def test_the_phase_diagram_and_its_grid_lead_to_each_other(here):
    at = opened()
    assert "The phase diagram is one such grid" in all_words(at)
    assert any(link.proto.page == "phase" for link in at.get("page_link"))
    at = at_address("phase").run()
    [link] = at.get("page_link")
    assert link.proto.page == "grid"
    query = GRID.encode(phase.shipped().plane.grid)
    by_link(at, "grid", **query)
    assert "832 cells" in all_words(at)

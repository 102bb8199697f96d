"""The evidence pages without a browser: they open on shipped results, say so, and make others in the background."""

import time
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from app.kit import text
from app.kit.link import LAB
from app.live.jobs import JOBS
from spncore.studies import cells, figure3, shipped, update2020
from spncore.studies.cells import Runs
from spncore.studies.held_equal import SHIPPED as CASES
from spncore.studies.held_equal import Case
from tests.addresses import at_address
from tests.app.figures import figures
from tests.waiting import until

PAGES = ("figure3", "fair", "update2020")
STUDIES = {"figure3": "figure3", "fair": "held_equal", "update2020": "update2020"}


pytestmark = pytest.mark.usefixtures("only_shipped_data")


@pytest.fixture
def ready_sweep(monkeypatch, jobs_in_threads):
    """Cells are answered at once with the shipped outcomes of the same place: pages do not train in tests."""
    asked = []

    def run_cells(cells, data, *_):
        asked.append(len(cells))
        for cell, outcome in zip(cells, pages_cells()[len(cells), len(asked)], strict=True):
            yield replace(outcome, key=cell.key(data[cell.experiment.dataset].sha256))

    def pages_cells():
        published, fair = shipped.shipped("figure3").results, shipped.shipped("held_equal").results
        case = Case()
        rounds = [*case.grid(fair), case.all_cells(fair)]
        places = {(len(asked), number): [fair[cell] for cell in asked] for number, asked in enumerate(rounds, 1)}
        places[len(published), 1] = [published[cell] for cell in figure3.cells()]
        update = shipped.shipped("update2020").results
        wholes = [update[cell] for cell in update2020.cells(Runs("nltcs", 5), (0.1,))]
        places[30, 1] = [replace(whole, seeds=(seed,)) for whole in wholes for seed in whole.seeds]
        return places

    monkeypatch.setattr(cells, "run_cells", run_cells)
    return asked


def opened(page, **query):
    at = at_address(page, **query).run()
    assert not at.exception
    return at


def said(elements):
    return " ".join(element.value.replace("\\", "").replace(text.JOINER, "") for element in elements)


def choose(at, key, value):
    at.segmented_control(key=key).set_value(value).run()
    assert not at.exception
    return at


def finish(at):
    """Wait for the page's job and show what it made."""
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    at.run()
    assert not at.exception
    return at


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_on_shipped_results_and_says_what_made_them(page):
    at = opened(page)
    words = said(at.caption)
    assert "Shipped with the lab: measured on NLTCS (real)" in words and "numpy" in words
    assert f"by “python -m spncore study {STUDIES[page]} --ship” with" in words
    assert not at.warning and not at.info


@pytest.mark.benchmark
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_within_three_seconds_even_when_it_reads_its_file_anew(page):
    opened(page)
    shipped.shipped.cache_clear()
    begin = time.process_time()
    opened(page)
    assert time.process_time() - begin < 3


@pytest.mark.parametrize("page", PAGES)
def test_every_chart_has_words_and_its_data(page):
    at = opened(page)
    charts = figures(at)
    assert len(charts) >= 3
    assert len({chart["alt"] for chart in charts}) == len(charts), "every chart has words of its own"
    assert all(len(chart["alt"]) > 60 for chart in charts)
    downloads = [button.label for button in at.get("download_button")]
    assert downloads.count("Data (CSV)") == len(charts)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_opens_a_study_that_the_lab_accepts(page):
    links = [button.proto.url for button in opened(page).get("link_button")]
    assert links
    for link in links:
        assert link.startswith("./?")
        study, refusals = LAB.decode(dict(parse_qsl(link.partition("?")[2])))
        assert not refusals and study.depths == (1, 2, 3)
        assert LAB.query_string(study) == link.partition("?")[2]


def test_the_steps_of_figure_3_link_to_their_noise():
    links = [button.proto.url for button in opened("figure3").get("link_button")]
    noises = [LAB.decode(dict(parse_qsl(link.partition("?")[2])))[0].experiment.init_noise for link in links]
    assert noises == [0.0, 1e-12, 1e-3, 1e-12, 1e-3]


def test_the_table_of_figure_3_follows_its_noise():
    at = opened("figure3")
    before = at.table[0].value
    at.select_slider(key="figure3_noise").set_value(0.001).run()
    assert not at.exception
    assert not at.table[0].value.equals(before)
    assert at.table[0].value["published"].str.strip("*").equals(before["published"].str.strip("*"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.topology}-{case.weights}-{case.components}")
def test_every_case_of_what_is_held_equal_has_four_panels_with_statements(case):
    at = opened("fair", topology=case.topology, weights=case.weights, components=case.components)
    assert len(figures(at)) == 4
    for selector in ("topology", "weights", "components"):
        assert at.segmented_control(key=f"fair_{selector}").value == getattr(case, selector)
    words = said(at.markdown)
    for setting in ("Same start in every layer", "Same product of weights", "Each at its best learning rate"):
        assert f"{setting}: " in words
    assert "8 verdicts stand here, 96 on the 12 choices" in said(at.caption)
    assert "L=3 is " in words
    assert len(at.table[0].value) == 8


@pytest.mark.parametrize("name", update2020.DATA_SETS)
def test_every_data_set_of_the_update_shows_both_objectives(name):
    at = opened("update2020", data=name)
    words = said(at.markdown)
    assert at.segmented_control(key="update2020_data").value == name
    assert words.count("end no better than independent variables") == 2
    assert "The proper objective scores higher" in words


def test_made_here_offers_a_run_and_keeps_the_shipped_results_until_it_is_done():
    at = choose(opened("figure3"), "figure3_source", "here")
    assert at.button(key="figure3_run")
    words = said(at.caption)
    assert "NLTCS twin (synthetic), seeds 24 to 35" in words and "Shipped with the lab" in words


@pytest.mark.parametrize(("page", "seeds"), [("figure3", "0 to 23"), ("fair", "0 to 11"), ("update2020", "0 to 4")])
def test_shipped_results_are_said_to_be_those_until_the_ones_asked_for_are_made(
    page, seeds, monkeypatch, jobs_in_threads
):
    def patient(cells, data, workers, store, report):
        until(lambda: report(0, 1))
        yield

    at = opened(page)
    before = "not of those you asked for: they are not made yet"
    assert before not in said(at.info)
    choose(at, f"{page}_source", "here")
    assert f"of the shipped runs, seeds {seeds}, and not of those you asked for" in said(at.info)
    monkeypatch.setattr(cells, "run_cells", patient)
    at.button(key=f"{page}_run").click().run()
    assert before in said(at.info), "while the job is under way too"
    [cancel] = [button for button in at.button if button.key and button.key.startswith("cancel_")]
    cancel.click().run()
    choose(at, f"{page}_source", "shipped")
    assert before not in said(at.info)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_once_that_seeds_are_restarts_on_one_data_set(page):
    assert said(opened(page).caption).count("Seeds are restarts on one data set") == 1


def test_data_that_is_not_here_is_said_to_be_missing_and_the_shipped_results_stay():
    at = choose(opened("update2020"), "update2020_data", "plants")
    at = choose(at, "update2020_source", "here")
    assert "Plants (real) is not on this computer" in said(at.warning)
    assert "Shipped with the lab: measured on Plants (real)" in said(at.caption)


def test_figure_3_made_here_is_on_the_twin_and_says_so(ready_sweep):
    at = choose(opened("figure3"), "figure3_source", "here")
    at.button(key="figure3_run").click().run()
    at = finish(at)
    words = said(at.caption)
    assert "Made on this server: NLTCS twin (synthetic), seeds 24 to 35" in words
    assert "synthetic rows that stand in for NLTCS" in said(at.info)
    words = said(at.markdown)
    assert "are not compared" in words and "The published runs saw other rows" in words
    assert "range of our" not in words and not at.table[0].value["published"].str.contains("\\*").any()
    assert ready_sweep == [24]
    link = at.get("link_button")[0].proto.url
    assert LAB.decode(dict(parse_qsl(link.partition("?")[2])))[0].experiment.dataset == "nltcs-twin"


def test_what_is_held_equal_made_here_chooses_its_learning_rates_first(ready_sweep):
    at = choose(opened("fair"), "fair_source", "here")
    at.button(key="fair_run").click().run()
    at = finish(at)
    assert "Made on this server: NLTCS twin (synthetic), seeds 12 to 23" in said(at.caption)
    rounds = [*map(len, Case().grid(shipped.shipped("held_equal").results))]
    assert ready_sweep[:-1] == rounds and len(rounds) > 1
    assert len(figures(at)) == 4


def test_the_update_made_here_is_scored_on_test_rows_too(ready_sweep):
    at = choose(opened("update2020"), "update2020_source", "here")
    at.button(key="update2020_run").click().run()
    at = finish(at)
    assert "Made on this server: NLTCS twin (synthetic), seeds 5 to 9" in said(at.caption)
    assert ready_sweep == [30] and len(at.table[-1].value) == 12


def test_runs_made_here_never_share_seeds_with_the_shipped_ones():
    own = figure3.RUNS
    here = Runs("nltcs-twin", 12, own.seed + own.num_seeds)
    shipped_seeds = set(figure3.cell(1e-3, 1).experiment.seeds)
    assert not shipped_seeds & set(figure3.cell(1e-3, 1, here).experiment.seeds)
    assert replace(here, seed=0) != here

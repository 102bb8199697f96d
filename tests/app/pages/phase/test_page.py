"""The phase diagram: its law, its words and its figure agree with its numbers, and the page computes another one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.kit import uploads
from app.live.jobs import JOBS
from app.pages.phase import charts
from app.pages.phase.words import comparison, fairness, in_words, summary
from spncore import Experiment, ExperimentError, load
from spncore.data import library
from spncore.studies import envelope, phase
from spncore.studies.arrivals import FAILED, MISSED, THROWN, code
from spncore.studies.phase import Diagram, Plane, diagram, stripe_agreement, tidy
from spncore.sweep import SeedOutcome, to_csv
from spncore.sweep.computing import compute
from tests.addresses import by_menu
from tests.app.figures import figures
from tests.places import ENTRY
from tests.waiting import PATIENCE, until

BASE = Experiment(
    dataset="two-clusters",
    num_components=2,
    component_init="fitted",
    train_components=False,
    init_noise=0.0,
    num_seeds=2,
    iterations=60,
)
PLANE = Plane(BASE, (1, 2), (1e-4, 1e-2), (1e-2, 1e-1), per_decade=1)


def made_up():
    """Depth 2 twice as fast, slower, alone, beaten, missed, thrown off; by row and column."""
    shallow = np.array([[[8, 8], [8, 8], [MISSED, MISSED]], [[8, 8], [MISSED, MISSED], [MISSED, MISSED]]] * 2)[:3]
    deep = np.array([[[4, 4], [16, 16], [4, 4]], [[MISSED, MISSED], [MISSED, MISSED], [THROWN, THROWN]]] * 2)[:3]
    data = {"title": "made up", "sha256": "0" * 64, "synthetic": True, "rows": 1}
    return Diagram(PLANE, data, {(1, 1): shallow, (2, 1): deep, (1, 2): np.full_like(shallow, 4)})


def test_a_plane_keeps_the_runs_of_a_stripe_on_a_diagonal():
    assert PLANE.rates == (1e-4, 1e-3, 1e-2)
    assert PLANE.scales == (1e-2, 0.0316228, 1e-1)
    stripes = Diagram(PLANE, {}, {}).log_stripe(2)
    assert np.abs(np.diff([stripes[i, i] for i in range(3)])).max() < 1e-5
    assert [PLANE.stripe_exponent(2), Plane(BASE.replace(init_convention="matched")).stripe_exponent(3)] == [2, 2 / 3]
    assert Plane(BASE.replace(parametrisation="log")).stripe_exponent(2) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"depths": (1,)}, "depths: "),
        ({"depths": (2, 3)}, "depths: "),
        ({"learning_rates": (1.0, 0.1)}, r"learning_rates: \(1.0, 0.1\) is refused"),
        ({"init_scales": (1e-9, 0.1)}, "init_scales: "),
        ({"per_decade": 0}, "resolution: 0 points"),
        ({"per_decade": 20, "depths": (1, 2, 3, 4, 5)}, "resolution: 20 points per decade give .* cells"),
    ],
)
def test_a_plane_that_cannot_be_is_refused_by_the_name_of_its_setting(changes, words):
    with pytest.raises(ExperimentError, match=f"^{words}"):
        Plane(BASE, **changes)


def test_runs_on_a_stripe_coincide_and_the_diagram_reads_back():
    data = load("two-clusters")
    found = diagram(PLANE, data, {cell: compute(cell, data) for cell in PLANE.cells().values()})
    equal, pairs = stripe_agreement(found)
    assert equal == pairs > 3
    [read] = phase.unpack(envelope.read(phase.to_json(found), "phase"))
    assert read.plane == PLANE and read.data == found.data
    assert all((read.runs[arm] == found.runs[arm]).all() for arm in PLANE.arms)
    assert tidy(read) == tidy(found) and len(tidy(found)) == 3 * 9 * 2


def test_a_run_is_thrown_off_when_it_ends_below_its_start_or_overflows():
    def seed(first, final, reached=None, stopped=None):
        return SeedOutcome(0, 5, first, final, (reached,), 0.0, stopped, {})

    seeds = (seed(-6, -5), seed(-6, -7), seed(-6, -7, 3), seed(-6, -5, None, "diverged: x"), seed(None, None))
    assert [*map(code, seeds)] == [MISSED, THROWN, THROWN, THROWN, THROWN]
    assert code(seed(-6, -5, 3)) == 3 and code(seed(-6, -6, 0)) == 0, "at the start no update was needed"
    absent = diagram(PLANE, load("two-clusters"), {})
    assert all((runs == FAILED).all() for runs in absent.runs.values())


@pytest.mark.fault("F07")
def test_a_file_that_counted_states_from_one_is_read_as_updates():
    """In format 2 a run reached its target at 1 at the earliest, 0 was missed, -1 thrown off, -2 failed."""
    shown = made_up()
    old = json.loads(phase.to_json(shown))
    old["format"] = 2
    old["body"]["runs"] = {name: (np.array(runs) + 1).tolist() for name, runs in old["body"]["runs"].items()}
    old["body"]["plane"]["base"] |= {"schema": 2, "iterations": BASE.iterations + 1}
    assert {at for row in old["body"]["runs"]["2@1"] for cell in row for at in cell} == {-1, 0, 5, 17}
    [read] = phase.unpack(envelope.read(json.dumps(old), "phase"))
    assert read.plane == shown.plane and tidy(read) == tidy(shown)


def test_a_run_that_is_there_at_its_start_is_reached_and_equal_to_its_like():
    runs = {arm: np.zeros((3, 3, 2), dtype=int) for arm in PLANE.arms}
    runs[2, 1][0, 0] = 4
    shown = Diagram(PLANE, {}, runs)
    assert (shown.state((1, 1)) == "reached").all() and [row["updates"] for row in tidy(shown)[:2]] == [0, 0]
    assert shown.speed_up(2)[0].tolist() == [-2.0, 0.0, 0.0]
    assert comparison(shown)[0]["updates, L = 1"] == 0 and comparison(shown)[0]["times as fast"] is None


def test_the_words_are_made_from_the_numbers():
    first, alone, best, control = summary(made_up(), 2)
    assert first.startswith(
        "L=2 is faster than L=1 in 2 of the 4 cells where both reach the target, slower in 2, equal"
    )
    assert alone == "Only L=2 reaches it in 2 cells, only L=1 in 1; neither in 2 of 9."
    assert best.startswith("Each at its own best η: nothing is known, since in 0 of 2 starts the best of both lies in")
    assert control.startswith("L=2 is faster than L=1 at 2·η in 0 of the 6 cells where both reach the target, slower")
    assert control.endswith("Only L=2 in 0, only L=1 at 2·η in 3.")
    assert "made up (synthetic)" in in_words(made_up()) and "2 seeds" in in_words(made_up())


def rates_of(shallow, deep):
    """A diagram whose every row has these updates by rate, for L = 1 and L = 2."""
    runs = [np.tile(np.array(row)[None, :, None], (3, 1, 2)) for row in (shallow, deep)]
    return Diagram(PLANE, {}, {(1, 1): runs[0], (2, 1): runs[1], (1, 2): runs[0]})


@pytest.mark.parametrize(
    ("shallow", "deep", "said"),
    [
        ([90, 50, 90], [90, 4, 9], "needs 50 updates with L=1 and 4 with L=2. In 3 of 3 starts the best of both lies"),
        ([90, 8, 90], [90, 4, 9], "8 updates with L=1 and 4 with L=2; rates lie 10 times apart, which may explain it"),
        ([90, 5, 90], [90, 4, MISSED], "5 updates with L=1 and 4 with L=2; rates lie 10 times apart"),
        ([90, 1, 90], [90, 4, 9], "needs 1 update with L=1 and 4 with L=2"),
        ([90, 50, 4], [90, 50, 90], "nothing is known, since in 0 of 3 starts"),
        ([90, 50, 50], [90, 4, 90], "nothing is known, since in 0 of 3 starts"),
        ([MISSED, THROWN, MISSED], [90, 4, 90], None),
    ],
)
def test_a_best_rate_speaks_only_inside_the_plane_and_beyond_what_its_steps_explain(shallow, deep, said):
    sentences = [each for each in summary(rates_of(shallow, deep), 2) if each.startswith("Each at its own best η")]
    assert [said in each for each in sentences] == ([True] if said else [])


def test_a_factor_far_below_one_hundredth_is_not_called_zero():
    said = next(each for each in summary(rates_of([1, 1, 1], [900, 900, 900]), 2) if each.startswith("Of"))
    assert said.endswith("worst, 0.00111 times.")


def seeded(seeds, shallow, deep):
    """A diagram of as many seeds in which all squares are alike."""
    runs = {(1, 1): shallow, (2, 1): deep, (1, 2): shallow}
    plane = replace(PLANE, base=BASE.replace(num_seeds=seeds))
    return Diagram(plane, {}, {arm: np.full((3, 3, seeds), at) for arm, at in runs.items()})


@pytest.mark.parametrize(("seeds", "covers"), [(1, "0"), (2, "50"), (3, "75"), (4, "87.5"), (5, "93.75"), (6, "95")])
def test_few_seeds_settle_no_square_and_intervals_say_what_they_cover(seeds, covers):
    shown = seeded(seeds, 9, 4)
    said = fairness(shown)
    assert f"9 squares are compared, each by {seeds} seed" in said and f"holds it with {covers}\u00a0%" in said
    assert ("settle no square by itself" in said) == (seeds < 6)
    assert ("settle 9 for depth and 0 for L = 1; if depth made no difference, up to" in said) == (seeds == 6)
    cells = charts.phase_panel(shown, 2).data[-1]
    assert f"median 4, with {covers}\u00a0% in 4 to 4" in cells.text[0]
    assert f"ahead in {seeds} of {seeds} seed" in cells.text[0] and "behind in 0" in cells.text[0]


def test_the_table_has_a_row_per_square_and_the_fastest_first():
    rows = comparison(made_up())
    assert len(rows) == 9 and rows[0]["times as fast"] == 2.0 and rows[0]["seeds ahead"] == 2
    assert rows[0]["interval, L = 1"] == "8 to 8" and rows[0]["interval, L"] == "4 to 4"
    assert rows[-1]["times as fast"] is None and "> 60 to > 60" in {row["interval, L"] for row in rows}
    assert to_csv(rows).splitlines()[0].startswith("L,learning rate η")


def test_the_panel_shows_speed_up_and_marks_what_has_none():
    shown = made_up()
    panel = charts.phase_panel(shown, 2)
    heat, *lines, cells = panel.data
    assert (heat.zmin, heat.zmax) == (-1, 1)
    assert np.array_equal(np.asarray(heat.z), [[1, -1, 1], [-1, np.nan, np.nan], [1, -1, 1]], equal_nan=True)
    symbols = [
        charts.PHASE_MARKS[mark]
        for mark in ("both", "both", "only_deep", "only_shallow", "missed", "thrown", "both", "both", "only_deep")
    ]
    assert list(cells.marker.symbol) == symbols  # not by colour alone
    assert [tuple(data) for data in cells.customdata] == [(2, i, j) for i in range(3) for j in range(3)]
    assert (
        "2.00 times as fast; ahead in 2 of 2 seeds, behind in 0" in cells.text[0] and "missed, missed" in cells.text[3]
    )
    assert lines and all(line.name.startswith("η/w0² = ") for line in lines)
    for line in lines:
        (x0, x1), (y0, y1) = line.x, line.y
        assert abs((x1 - x0) - 2 * (y1 - y0)) < 1e-9
    assert panel.layout.xaxis.title.text == "learning rate (η)" and panel.layout.yaxis.title.text.endswith("(w0)")
    assert panel.layout.xaxis.ticktext == ("10⁻⁴", "10⁻³", "10⁻²")
    assert panel.layout.title.text == "L = 2"


def test_the_panel_compares_with_the_control_when_asked():
    heat, *_, cells = charts.phase_panel(made_up(), 2, control=True).data
    assert heat.z[0][0] == 0.0 and "L = 1 at 2η: 4, 4 updates; median 4" in cells.text[0]


def test_the_key_names_equal_speed_in_its_middle():
    axis = charts.phase_key(made_up()).layout.xaxis
    assert dict(zip(axis.ticktext, axis.tickvals, strict=True)) == {"×1/2": -1, "equal": 0, "×2": 1}


def test_the_shipped_diagram_is_small_whole_and_says_what_it_is():
    assert envelope.place("phase").stat().st_size < 200_000
    found = phase.shipped()
    assert not any((runs == FAILED).any() for runs in found.runs.values())
    equal, pairs = stripe_agreement(found)
    assert equal > 0.9 * pairs > 100  # the rest lies where weights meet the floor
    assert found.data["sha256"] and len(found.plane.rates) >= 10 and len(found.plane.depths) >= 3


@pytest.mark.slow
def test_cells_of_the_shipped_diagram_are_computed_again():
    found = phase.shipped()
    name = found.plane.base.dataset
    if not library.available(name):
        pytest.skip(f"the shipped diagram is of {name}, which is not on this machine (SPNLAB_DATA_DIR)")
    data, rng = load(name), np.random.default_rng(0)
    cells = found.plane.cells()
    # Where no weight overshoots a run is stable, and no order of arithmetic moves an iteration by more than one.
    stable = [
        place for place in cells if found.log_stripe(2)[place[1:]] < 0 and found.state(place[0])[place[1:]] == "reached"
    ]
    for place in (stable[k] for k in rng.choice(len(stable), 6, replace=False)):
        arm, i, j = place
        assert np.abs(np.array([*map(code, compute(cells[place], data).seeds)]) - found.runs[arm][i, j]).max() <= 1, (
            place
        )


@pytest.fixture
def page(monkeypatch, tmp_path, jobs_in_threads):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()
    page = AppTest.from_file(str(ENTRY), default_timeout=PATIENCE)
    page.query_params["dataset"] = "two-clusters"
    page.query_params["iterations"] = "3"
    page.run()
    return by_menu(page, "phase")


def test_the_page_opens_with_the_shipped_diagram_and_the_sentences_of_its_numbers(page):
    words = " ".join(element.value for element in page.markdown)
    found = phase.shipped()
    for depth in found.plane.depths[1:]:
        assert all(sentence in words for sentence in summary(found, depth))
    assert len(figures(page)) == len(found.plane.depths)  # a panel for each but L = 1, and the key
    captions = " ".join(element.value for element in page.caption)
    assert fairness(found) in captions and captions.count("Seeds are restarts on one data set") == 1
    assert not page.error


def test_a_refused_setting_is_named_and_nothing_starts(page):
    page.button_group(key="phase_depths").set_value([]).run()
    assert page.error[0].value.startswith("depths")
    assert "phase_job" not in page.session_state


def small(page):
    """The smallest diagram that the controls can ask for."""
    page.selectbox(key="phase_data").select("two-clusters")
    page.number_input(key="phase_num_components").set_value(2)
    page.number_input(key="phase_num_seeds").set_value(1)
    page.select_slider(key="phase_iterations").set_value(50)
    page.toggle(key="phase_control").set_value(False)
    return page.run()


def test_compute_starts_a_job_in_the_background_that_can_be_cancelled(page, monkeypatch):
    monkeypatch.setattr(phase, "outcomes", lambda cells, data, report: until(lambda: report(0, 1)))
    small(page)
    page.button(key="phase_compute").click().run()
    key = page.session_state["phase_job"]
    until(lambda: JOBS.get(key).state == "running")
    words = " ".join(element.value for element in [*page.markdown, *page.caption, *page.info])
    assert "are being computed" in words and not figures(page)
    assert not any(sentence in words for depth in (2, 3, 4) for sentence in summary(phase.shipped(), depth))
    assert in_words(phase.shipped()) not in words.replace("\\", "")
    page.button(key=f"cancel_{key}").click().run()
    assert JOBS.get(key).stop.is_set()
    until(lambda: JOBS.get(key).ended)
    page.run()
    assert len(figures(page)) == len(phase.shipped().plane.depths)


@pytest.mark.slow
def test_a_job_that_is_done_shows_its_diagram(page):
    small(page)
    page.button(key="phase_compute").click().run()
    job = JOBS.get(page.session_state["phase_job"])
    until(lambda: job.ended)
    assert job.state == "done", job.reason
    page.run()
    assert any("2 components fitted by EM, held" in element.value.replace("\\", "") for element in page.caption)
    page.button(key="phase_back").click().run()
    assert "phase_job" not in page.session_state

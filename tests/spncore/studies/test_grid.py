"""A grid: its cells are runs of the engine, its numbers those runs' own, and the phase diagram is one."""

import csv
import io
import math
from statistics import median

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, fit, load
from spncore.data import library
from spncore.limits import LIMITS
from spncore.studies import axes, envelope, grid, phase
from spncore.studies.arrivals import FAILED, MISSED, THROWN, code
from spncore.studies.axes import VARIED, Axis
from spncore.studies.grid import Found, Grid, check_for_visitors
from spncore.studies.statistics import Wins
from spncore.sweep import quiet, to_csv
from spncore.sweep.computing import compute
from tests.closeness import assert_close

BASE = Experiment(dataset="two-clusters", num_components=2, init_noise=1e-3, init_scale=0.1, num_seeds=3, iterations=30)
AXES = (Axis("learning_rate", (1e-3, 1e-2)), Axis("depth", (1, 2)), Axis("topology", ("tree", "private")))


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "kept" / "spnlab.db"))


def made(**how):
    study = Grid(BASE, **{"axes": AXES, **how})
    return grid.run(study, load("two-clusters"), quiet)


def by_hand(updates, llh=None, **how):
    """A grid of depth by learning rate with these updates, by place and seed."""
    updates = np.array(updates)
    study = Grid(BASE.replace(num_seeds=updates.shape[-1]), AXES[1::-1], **{"asked": "level", **how})
    llh = np.full(updates.shape, -5.0) if llh is None else np.array(llh)
    return Found(study, {"title": "made up", "sha256": "0" * 64, "synthetic": True, "rows": 1}, updates, llh)


def test_the_llh_of_a_cell_is_that_of_a_run_with_its_settings():
    found, data = made(), load("two-clusters")
    for i, rate in enumerate((1e-3, 1e-2)):
        for j, depth in enumerate((1, 2)):
            for k, topology in enumerate(("tree", "private")):
                trace = fit(BASE.replace(learning_rate=rate, depth=depth, topology=topology), data)
                assert_close(found.llh[i, j, k], trace.llh[:, -1].round(6))
                assert found.updates[i, j, k].tolist() == [30, 30, 30]


def test_the_updates_of_a_cell_are_those_after_which_its_run_is_at_the_level():
    data, level = load("two-clusters"), float(np.median(made().llh))
    found = made(asked="level", level=level)
    seen = set()
    for (i, j, k), cell in found.grid.cells().items():
        for llh, at in zip(fit(cell.experiment, data).llh, found.updates[i, j, k], strict=True):
            there = np.flatnonzero(llh >= level)
            assert at == (there[0] if there.size else MISSED)
            seen.add(bool(there.size))
    assert seen == {True, False}


def test_medians_are_those_of_the_table_that_is_handed_out():
    found = made(asked="gain", gain=0.5)
    rows = list(csv.DictReader(io.StringIO(to_csv(grid.tidy(found)))))
    assert len(rows) == 8 * 3 and list(rows[0])[:3] == ["learning_rate", "depth", "topology"]
    for place, cell in found.grid.cells().items():
        own = [
            math.inf if row["updates"] == "" else float(row["updates"])
            for row in rows
            if (float(row["learning_rate"]), int(row["depth"]), row["topology"])
            == (cell.experiment.learning_rate, cell.experiment.depth, cell.experiment.topology)
        ]
        assert len(own) == 3 and found.medians[place] == median(own)
        assert found.merit[place] == -median(own)


def test_the_phase_diagram_is_a_grid_with_the_same_cells_and_the_same_numbers():
    base = BASE.replace(component_init="fitted", train_components=False, init_noise=0.0)
    plane = phase.Plane(base, (1, 2), (1e-4, 1e-2), (1e-2, 1e-1), per_decade=1)
    assert {*plane.grid.cells().values()} < {*plane.cells().values()}, "and the control"
    diagram, found = (
        study.run(one, load("two-clusters"), quiet) for study, one in ((phase, plane), (grid, plane.grid))
    )
    for k, depth in enumerate(plane.depths):
        assert (diagram.runs[depth, 1] == found.updates[:, :, k].swapaxes(0, 1)).all()
        assert (diagram.median((depth, 1)) == found.medians[:, :, k].T).all()


def test_equal_grids_are_equal_however_they_are_said():
    said = Axis("learning_rate", (1e-2, 1e-3))
    one, other = Grid(BASE, (said,)), Grid(BASE.replace(learning_rate=0.5), (Axis("learning_rate", (1e-3, 1e-2)),))
    assert one == other and hash(one) == hash(other) and one.axes[0].values == (1e-3, 1e-2)
    assert Grid.of(one.settings()) == one and one.changed(["axes=learning_rate:0.01,0.001"]) == one
    named = Grid(BASE, (Axis("topology", ("shared", "tree")),))
    assert [cell.experiment.topology for cell in named.cells().values()] == ["shared", "tree"], (
        "names as they are given"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "axes: 0 settings are refused; allowed: 1 to 3 settings with their values, as learning_rate:0.01,0.1"),
        ("depth", "axes: 'depth' is not understood; allowed: 1 to 3 settings"),
        ("colour:red", "axes: 'colour' is not a setting that can vary; those are structure,"),
        ("dataset:nltcs", "axes: 'dataset' is not a setting that can vary"),
        ("num_seeds:1,2", "axes: 'num_seeds' is not a setting that can vary"),
        ("changes:0", "axes: 'changes' is not a setting that can vary"),
        ("depth:", "axes: depth: no value given; write one or more, with commas, as 1,8"),
        ("topology:", "axes: topology: no value given; write one or more, with commas, as tree,private"),
        ("depth:1,x", "axes: depth: 'x' is not a whole number; allowed: 1 to 8"),
        ("depth:1,9", "axes: depth: 9 is out of range; allowed: 1 to 8"),
        ("learning_rate:0.1,1e-1", "axes: learning_rate: 0.1 is given twice; keep one"),
        ("depth:1 depth:2", "axes: depth is given twice; keep one"),
        ("depth:1 topology:tree floor:0.001 seed:1", "axes: 'seed' is not a setting that can vary"),
        ("depth:1 topology:tree floor:0.001 batch_size:0", "axes: 4 settings are refused; allowed: 1 to 3"),
    ],
)
def test_axes_that_cannot_be_are_refused_in_one_sentence(text, words):
    with pytest.raises(ExperimentError) as refusal:
        Grid.fields["axes"].parse(text)
    assert str(refusal.value).startswith(words)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (
            {"axes": (Axis("optimiser", ("adam", "em")), Axis("parametrisation", ("log",)))},
            "parametrisation: em has its",
        ),
        ({"base": BASE.replace(changes=("1:rate:0.5",))}, "changes: 1:rate:0.5 is refused"),
        ({"asked": "speed"}, "asked: 'speed' is not known"),
        (
            {"axes": (Axis("iterations", (*range(2001),)), Axis("depth", (1, 2, 3, 4, 5)))},
            "10005 cells; the limit is 10000",
        ),
    ],
)
def test_a_grid_that_cannot_be_is_refused(how, words):
    with pytest.raises(ExperimentError) as refusal:
        Grid(**{"base": BASE, **how})
    assert words in str(refusal.value)


def test_a_visitor_of_the_lab_may_not_start_what_the_command_may():
    many = Axis("init_scale", tuple(np.linspace(0.1, 1.0, 91).round(6).tolist()))
    check_for_visitors(Grid(BASE, (many,)))
    check_for_visitors(phase.SHIPPED[0].grid)
    for grid_, words in (
        (Grid(BASE, (many, Axis("depth", (*range(1, 9),)), AXES[2])), "1,456 cells are more than"),
        (Grid(BASE.replace(num_seeds=64, iterations=5000), (many,)), "29,120,000 updates are more than the 5,000,000"),
    ):
        assert len(grid_.cells()) > LIMITS.grid_cells or grid_.num_updates > LIMITS.grid_updates
        with pytest.raises(ExperimentError, match=f"^axes: {words}"):
            check_for_visitors(grid_)


def test_cells_are_ranked_and_compared_seed_by_seed_and_what_is_lost_is_last():
    found = by_hand([[[4] * 6, [9] * 6], [[MISSED] * 6, [4, 4, 4, 9, 9, 10]]])
    assert found.ranked() == [(0, 0), (1, 1), (0, 1), (1, 0)]
    assert found.medians.tolist() == [[4.0, 9.0], [math.inf, 6.5]]
    assert found.wins((0, 0), (0, 1)) == Wins(6, 0, 0) and found.wins((1, 1), (0, 1)) == Wins(3, 1, 2)
    assert found.pairs(0, 1, 0) == [((1, 0), (0, 0)), ((1, 1), (0, 1))]
    assert found.pairs(1, 1, 0) == [((0, 1), (0, 0)), ((1, 1), (1, 0))]
    assert found.best_along(0) == [1, 1] and found.best_along(1) == [1, 1]
    assert found.states.tolist() == [["reached", "reached"], ["missed", "reached"]]


def test_at_the_end_seeds_of_which_half_ended_below_their_start_still_have_an_llh():
    found = by_hand([[[30, THROWN], [30, 30]]], [[[-6.2, -9.2], [-5.0, -5.0]]], asked="end")
    assert found.states.tolist() == [["reached", "reached"]] and found.merit == pytest.approx(np.array([[-7.7, -5.0]]))


def test_at_the_end_a_higher_llh_is_better_and_a_run_that_overflowed_has_none():
    updates = [[[30, 30], [THROWN, THROWN]], [[THROWN, THROWN], [FAILED, FAILED]]]
    llh = [[[-5.0, -5.2], [-9.0, -9.0]], [[-math.inf, -math.inf], [-math.inf, -math.inf]]]
    found = by_hand(updates, llh, asked="end")
    assert found.merit.tolist() == [[-5.1, -9.0], [-math.inf, -math.inf]]
    assert found.states.tolist() == [["reached", "reached"], ["thrown", "failed"]], "below its start it has an LLH"
    assert found.wins((0, 0), (0, 1)) == Wins(2, 0, 0) and found.wins((1, 0), (1, 1)) == Wins(0, 0, 2)
    assert found.best_along(0) == [2, 0], "what has no number is best nowhere"
    assert [row["state"] for row in grid.tidy(found)][::2] == ["ended", "thrown off", "thrown off", "failed"]
    assert [row["llh"] for row in grid.tidy(found)] == [-5.0, -5.2, -9.0, -9.0, None, None, None, None]


def test_a_file_gives_back_what_it_was_made_of():
    llh = [[[-5.123456, -math.inf]], [[-6.0, -7.0]]]
    study = Grid(BASE.replace(num_seeds=2), (Axis("depth", (1, 2)), Axis("train_components", (True,))), "gain", 0.5)
    data = {"title": "t", "sha256": "0" * 64, "synthetic": False, "rows": 9}
    found = Found(study, data, np.array([[[3, THROWN]], [[MISSED, 0]]]), np.array(llh))
    text = grid.to_json(found)
    [read] = grid.unpack(envelope.read(text, "grid"))
    assert read.grid == study and read.data == data and grid.tidy(read) == grid.tidy(found)
    assert grid.to_json(read) == text and "Infinity" not in text


def test_a_cell_without_an_outcome_counts_as_failed():
    found = grid.found(Grid(BASE, AXES), load("two-clusters"), {})
    assert (found.updates == FAILED).all() and (found.states == "failed").all()


def test_every_setting_that_may_vary_is_read_from_its_text():
    for name, field in VARIED.items():
        value = getattr(Experiment(), name)
        assert axes.read(name, f" {field.text(value)} ,") == Axis(name, (value,))


@pytest.mark.slow
def test_cells_of_the_shipped_grid_are_computed_again():
    [shown] = grid.shipped().values()
    name = shown.grid.base.dataset
    if not library.available(name):
        pytest.skip(f"the shipped grid is of {name}, which is not on this machine (SPNLAB_DATA_DIR)")
    data, rng = load(name), np.random.default_rng(0)
    places = [place for place in shown.ranked() if shown.states[place] == "reached"]
    for place in (places[at] for at in rng.choice(len(places), 4, replace=False)):
        again = [*map(code, compute(shown.grid.cells()[place], data).seeds)]
        assert np.abs(np.array(again) - shown.updates[place]).max() <= 1, place

"""The page on which runs are compared, without a browser: what its sentences say is counted again from the curves."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.kit import stored
from app.kit.text import JOINER, WORDS, plain
from app.live.history import HISTORY
from app.pages.compare import charts, words
from spncore.plots.curves import Line
from spncore.plots.palette import DASHES, DEPTHS, MARKERS, RIVALS
from spncore.runs.trace import Trace
from spncore.store import changes, reading
from spncore.studies import statistics
from spncore.studies.target import Fixed
from tests import kept
from tests.kept import OTHER, SESSION, keep, study

pytestmark = pytest.mark.usefixtures("only_shipped_data")
LEVEL = -5.43
MODES = ("lines", "markers")


@pytest.fixture(autouse=True)
def lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from kept.emptied(monkeypatch)


def target(seeds: int, level: float = LEVEL) -> Fixed:
    return Fixed("tree", (level,) * seeds)


def opened(*keys: str, **query: str) -> Any:
    at = kept.page("compare", runs=",".join(key[:12] for key in keys), **query).run()
    assert not at.exception
    return at


def said(at: Any) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error")
    text = " ".join(each.value for kind in kinds for each in at.get(kind))
    return text.replace("\\", "").replace(JOINER, "")


def ends(trace: Trace, seeds: list[int]) -> list[float]:
    first = trace.experiment.seed
    return [float(trace.llh[seed - first, -1]) for seed in seeds]


def arrivals(trace: Trace, seeds: list[int]) -> list[int | None]:
    """After how many updates each seed was at the level; a seed that ends below its start never was."""
    found = []
    for seed, at, llh in zip(trace.experiment.seeds, trace.updates_to(LEVEL), trace.llh, strict=True):
        if seed in seeds:
            found.append(None if llh[-1] < llh[0] - statistics.SAME else at)
    return found


def test_without_runs_it_says_where_to_choose_them() -> None:
    assert WORDS["compare_none"] in said(opened())
    key, _ = keep(study())
    assert WORDS["compare_one"] in said(opened(key))


def test_the_sentences_count_the_seeds_that_pair_and_no_others() -> None:
    one, first = keep(study(seed=0, num_seeds=8), "Slow", target(8))
    two, second = keep(study(seed=2, num_seeds=8, learning_rate=0.2), "Fast", target(8))
    shown = said(opened(one, two))
    seeds = [*range(2, 8)]
    assert "6 seeds pair between A and B." in shown
    for depth, (slow, fast) in enumerate(zip(first, second, strict=True), 1):
        a, b = ends(slow, seeds), ends(fast, seeds)
        expected = statistics.scored(f"B L={depth}", f"A L={depth}", b, a)
        assert plain(f"After 30 updates: {expected}.") in shown
        higher = sum(y > x + statistics.SAME for x, y in zip(a, b, strict=True))
        lower = sum(x > y + statistics.SAME for x, y in zip(a, b, strict=True))
        assert f"in {max(higher, lower)} of 6 seeds" in expected
        arrived = [arrivals(trace, seeds) for trace in (fast, slow)]
        if any(statistics.median(each) is not None for each in arrived):
            assert plain(statistics.compared(f"B L={depth}", f"A L={depth}", *arrived, 30)) in shown
    assert "2 pairs of curves are compared here" in shown and WORDS["restarts"] in shown


def test_the_loser_is_named_and_the_baseline_is_a_choice() -> None:
    one, _ = keep(study(), "Slow", target(6))
    two, _ = keep(study(learning_rate=0.2), "Fast", target(6))
    shown = said(opened(one, two, baseline=two[:12]))
    assert "6 seeds pair between B and A." in shown and "A L=1" in shown and "B L=1" in shown


def test_where_no_seed_is_in_both_nothing_pairs() -> None:
    one, _ = keep(study(seed=0))
    two, _ = keep(study(seed=10))
    shown = said(opened(one, two))
    assert "A and B have no seed in common" in shown and "After 30" not in shown and "compared here" not in shown


def test_runs_on_other_rows_are_not_compared() -> None:
    one, _ = keep(study())
    two, _ = keep(study(dataset="labelled-clusters"))
    shown = said(opened(one, two))
    assert "B was trained on other rows than A" in shown and WORDS["compare_rows"] in shown and "After 30" not in shown


def test_targets_at_other_levels_are_said_to_be_others() -> None:
    one, _ = keep(study(), None, target(6))
    two, _ = keep(study(learning_rate=0.2), None, target(6, LEVEL + 0.1))
    three, _ = keep(study(learning_rate=0.3))
    assert "their targets are not at the same levels" in said(opened(one, two))
    assert "not both have a target" in said(opened(one, three))


def test_runs_of_other_lengths_are_compared_where_the_shorter_ends() -> None:
    one, first = keep(study(iterations=30))
    two, second = keep(study(iterations=60))
    shown = said(opened(one, two))
    assert "compared after 30 updates, where the shorter ends" in shown
    assert np.array_equal(first[0].llh, second[0].llh[:, :31]) and "level in 6 of 6 seeds" in shown


def test_seeds_that_are_one_run_count_once() -> None:
    one, _ = keep(study(init_noise=0.0))
    two, _ = keep(study(init_noise=0.0, learning_rate=0.2))
    assert "6 seeds pair between A and B; they are 1 different run, each counted once" in said(opened(one, two))


def test_only_the_settings_that_differ_are_listed() -> None:
    keys = [keep(study(**changed))[0] for changed in ({}, {"learning_rate": 0.2}, {"parametrisation": "log"})]
    [differ, numbers] = [each.value for each in opened(*keys).table]
    assert [name.replace("\\", "") for name in differ["setting"]] == ["learning rate (η)", "parametrisation"]
    assert [text.replace("\\", "") for text in differ["B"]] == ["η = 0.2", "parametrisation: linear"]
    assert [*numbers["run"]] == [*"AABBCC"]


def test_a_link_names_the_comparison_and_what_is_not_there_is_said() -> None:
    one, _ = keep(study(), "Mine")
    two, _ = keep(study(learning_rate=0.2))
    theirs, _ = keep(study(learning_rate=0.3), "Theirs", session=OTHER)
    at = opened(one, two, theirs)
    assert f"{theirs[:12]}: not in your list" in said(at) and "Theirs" not in said(at)
    assert at.query_params["runs"] == ",".join(key[:12] for key in (one, two, theirs))
    at.toggle(key="compare_log").set_value(True).run()
    assert at.query_params["log"] == "true" and not at.exception
    [entry] = [HISTORY.read(reading.of_study, HISTORY.owner(SESSION), one)]
    assert entry is not None
    HISTORY.write(changes.remove, HISTORY.owner(SESSION), [entry.id])
    assert "Mine: this run was deleted" in said(at.run()) and not at.exception
    assert "runs:" in said(kept.page("compare", runs="nonsense").run())


def test_colour_is_the_depth_and_dash_and_mark_are_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = {letter: _stored(seed) for letter, seed in zip("ABC", range(3), strict=True)}
    figure = charts.figure(sides, "title", 0, False, "light")
    lines = {each.name: each for each in figure.data if each.mode == "lines"}
    marks = {each.name: each for each in figure.data if each.mode == "markers"}
    assert {*lines} == {f"{letter} L={depth}" for letter in "ABC" for depth in (1, 2)} == {*marks}
    for name, line in lines.items():
        place, depth = "ABC".index(name[0]), int(name[-1])
        assert line.line.color == DEPTHS["light"][depth - 1] == marks[name].marker.color
        assert line.line.dash == DASHES[place] and marks[name].marker.symbol == MARKERS[place]
    only = charts.figure(sides, "title", 2, True, "dark")
    assert {each.name for each in only.data} == {"A L=2", "B L=2", "C L=2"}


def test_a_rival_is_drawn_in_its_own_colour_and_with_the_dash_and_mark_of_its_run() -> None:
    sides = {"A": _stored(0), "B": _stored(1, rivals=("em",))}
    figure = charts.figure(sides, "title", 0, False, "light")
    (name,) = {each.name for each in figure.data} - {f"{letter} L={depth}" for letter in "AB" for depth in (1, 2)}
    assert name == f"B {sides['B'].study.names()[2]}"
    line, marks = (next(each for each in figure.data if (each.name, each.mode) == (name, mode)) for mode in MODES)
    assert line.line.color == marks.marker.color == RIVALS["em"]["light"]
    assert line.line.dash == DASHES[1] and marks.marker.symbol == MARKERS[1]
    assert list(line.y) == np.median(sides["B"].llh[2][:, list(line.x)], axis=0).tolist()
    assert name[2:] in words.chart(sides, 1) and name[2:] not in words.chart(sides, 2)
    assert name not in {each.name for each in charts.figure(sides, "title", 2, False, "light").data}


def ending(letter: str, depth: int, height: float) -> Any:
    return Line(f"{letter} L={depth}", depth, [0, 60], [0.0, height])


def test_every_end_has_a_name_that_lies_over_no_other_and_ends_alike_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [ending("A", 1, 0.5), ending("A", 2, 0.52), ending("A", 3, 0.9)]
    drawn += [ending("B", 1, 0.5), ending("B", 2, 0.501), ending("C", 2, 0.5)]
    monkeypatch.setattr(charts, "lines", lambda sides, depth: drawn)
    figure = charts.figure(dict.fromkeys("ABC"), "title", 0, False, "light")  # type: ignore[arg-type]
    notes = figure.layout.annotations
    assert {note.text: round(note.y, 2) for note in notes} == {"A L=1,2": 0.51, "A L=3": 0.9, "B": 0.5, "C L=2": 0.5}
    low, high = figure.layout.yaxis.range
    pixels = (figure.layout.height - figure.layout.margin.t - figure.layout.margin.b) / (high - low)
    heights = sorted(pixels * note.y - note.ay for note in notes)
    assert min(np.diff(heights)) > charts.LINE_PIXELS - 0.01


def _stored(seed: int, **changes: Any) -> Any:
    key, _ = keep(study(seed=seed, **changes))
    entry = HISTORY.read(reading.of_study, HISTORY.owner(SESSION), key)
    assert entry is not None
    return stored.opened(entry)


def test_names_are_moved_apart_as_little_as_they_must() -> None:
    assert charts.spread([0.0, 1.0], 0.1, (0.0, 1.0)) == [0.0, 1.0]
    moved = charts.spread([0.5, 0.5, 0.52], 0.1, (0.0, 1.0))
    assert [round(each, 3) for each in moved] == [0.407, 0.507, 0.607], "around where they belong"
    high = charts.spread([1.0, 1.0, 1.0], 0.1, (0.0, 1.0))
    assert sorted(round(each, 3) for each in high) == [0.8, 0.9, 1.0]
    assert charts.spread([], 0.1, (0.0, 1.0)) == []


def test_of_one_seed_no_interval_is_claimed() -> None:
    assert words.ended(np.array([[-6.0, -5.0]]), None) == "−5.000"
    assert words.ended(np.array([[-6.0, -5.0]]), "diverged: too large") == "diverged: too large"

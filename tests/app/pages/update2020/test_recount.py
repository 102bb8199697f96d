"""Every sentence of the page on the update of 2020 against a recount from the table that the page hands out."""

import csv
import io
import itertools
import re
import statistics

import numpy as np
import pytest

from app.kit.results import Results
from app.pages.update2020 import words
from spncore.files import export
from spncore.plots import curves
from spncore.studies import shipped, update2020
from spncore.studies.cells import CURVE, OF_SCALE, Runs
from spncore.studies.shipped import Data
from spncore.sweep import Outcome, SeedOutcome

LEVEL = -9.27
OBJECTIVES = {"unnormalised": "as written", "generative": "proper"}
SITUATIONS = {  # how far the last states move and fall back, what S is, which seeds diverge
    "all at rest": {},
    "all still rise": {"moves": 0.8, "falls": 0.0},
    "one seed": {"seeds": 1},
    "many seeds": {"seeds": 12},
    "all swing as written": {"moves": 2.0, "squared": (40.0, 58.0)},
    "some swing": {"moves": 0.2, "some": True, "squared": (10.0, 58.0)},
    "past the edge from the start": {"squared": (300.0, 400.0), "moves": 1.0},
    "all equal": {"spread": 0.0},
    "order reversed": {"spread": -1.0},
    "all independent": {"spread": 0.0, "at": LEVEL},
    "one diverges": {"lost": (0,)},
    "all diverge": {"lost": (0, 1, 2, 3, 4)},
}


def outcome(objective, depth, seeds, number, moves, falls, some, squared, spread, at, lost):
    """An outcome made up: what its seeds score lies `spread` apart by depth and seed."""
    rng, found = np.random.default_rng([number, depth, objective == "generative"]), []
    for seed in range(seeds):
        if seed in lost:
            found.append(SeedOutcome(seed, 3, -14.0, -12.0, (), 0.0, "diverged: so", {}))
            continue
        train = at + spread * (0.3 * depth + 0.1 * float(rng.random()) + (objective == "generative"))
        by = moves if objective == "unnormalised" and not (some and seed % 2) else 0.01
        ranges = {"train": (train - by, train), "test": (train - 0.1 - by, train - 0.1)}
        scale = {
            "lowest S": squared[0] + float(rng.random()),
            "highest S": squared[1] + float(rng.random()),
            "largest last fall": by * falls,
            "lowest last log Z": -20.0 * by,
            "highest last log Z": by,
        }
        scale |= {f"lowest last {rows}": pair[0] for rows, pair in ranges.items()}
        scale |= {f"highest last {rows}": pair[1] for rows, pair in ranges.items()}
        found.append(SeedOutcome(seed, 1000, -14.0, train, (), 0.0, None, {"test": train - 0.1}, scale))
    curve = dict.fromkeys(CURVE + OF_SCALE, [0, 1000])
    return Outcome("", "done", None, tuple(found), curve)


def made(situation, rate):
    given = {
        "seeds": 5,
        "moves": 0.01,
        "falls": 1.0,
        "some": False,
        "squared": (4.0, 12.0),
        "spread": 1.0,
        "at": -9.0,
        "lost": (),
    }
    given |= SITUATIONS[situation]
    runs = Runs("nltcs", given["seeds"])
    results = {
        cell: outcome(cell.experiment.objective, cell.experiment.depth, number=number, **given)
        for number, cell in enumerate(update2020.cells(runs, (rate,)))
    }
    levels = {"independent": LEVEL, "independent_test": LEVEL - 0.1, "entropy": -5.0}
    return Results(runs, results, {}, Data("nltcs", "NLTCS (real)", "0" * 64, False, levels), "made up", True)


def recounted(shown):
    """{(objective, L, seed): {quantity: value}} from the table."""
    labelled = [((cell.experiment.objective,), cell, each) for cell, each in shown.results.items()]
    text = export.table(("objective", *shipped.COLUMNS), shipped.tidy(labelled), [])
    found = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["seed or statistic"].isdigit() and row["value"]:
            key = row["objective"], int(row["L"]), int(row["seed or statistic"])
            found.setdefault(key, {})[row["quantity"]] = float(row["value"])
    return {key: values for key, values in found.items() if "test llh" in values}


def still(run):
    """Whether a run has a last score: its LLH does not fall back."""
    return run["largest last fall"] <= 0.1


def at_rest(run):
    return run["highest last log Z"] - run["lowest last log Z"] <= 1.0


def of(runs, objective, depth):
    return {key[2]: run for key, run in runs.items() if key[:2] == (objective, depth)}


def said(value, form=".3f"):
    return f"{value:{form}}".replace("-", "−")


@pytest.mark.parametrize("rate", update2020.RATES)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_sentence_is_what_the_table_says(situation, rate):
    shown = made(situation, rate)
    runs, seeds = recounted(shown), shown.runs.num_seeds
    for objective in OBJECTIVES:
        judge_curves(
            words.curve_words(shown, objective, rate), [of(runs, objective, depth) for depth in (1, 2, 3)], seeds
        )
    judge_scale(words.scale_words(shown, rate), words.scale_rows(shown, rate), runs, rate)
    judge_scores(words.score_words(shown, rate), runs)
    judge_table(words.table_rows(shown, rate), runs)


def judge_curves(text, by_depth, seeds):
    middles, stuck = [], []
    for found in by_depth:
        ends = [run["final llh"] if still(run) else run["highest last train"] for run in found.values()]
        stuck.append(sum(end <= LEVEL + 0.05 for end in ends))
        swinging = sum(not still(run) for run in found.values())
        if not found:
            middles.append("none")
        elif not swinging:
            middles.append(said(statistics.median(ends)))
        else:
            low = min(run["final llh"] if still(run) else run["lowest last train"] for run in found.values())
            middles.append(f"{swinging} of {len(found)} swing ({said(low, '.1f')} to {said(max(ends), '.1f')})")
    assert text.startswith(f"Median of {seeds} seed{'s' * (seeds != 1)} after 1,000 updates, L = 1 / 2 / 3: ")
    assert f": {' / '.join(middles)} nats per row" in text
    assert f" {' / '.join(map(str, stuck))} of them end no better" in text
    lost = 3 * seeds - sum(map(len, by_depth))
    assert (f"{lost} run" in text and "diverged" in text) if lost else "diverged" not in text


def judge_scale(text, table, runs, rate):
    written = {key: run for key, run in runs.items() if key[0] == "unnormalised"}
    if not written:
        assert text == "Every run diverged: nothing is known of log Z at the end." and not table
        return
    low, high = ([rate * run[f"{bound} S"] for run in written.values()] for bound in ("lowest", "highest"))
    assert ("it stays below 2, so log Z is stable" in text) == (max(high) < 2)
    assert ("past 2 from the start to the end" in text) == (min(low) >= 2)
    if max(high) >= 2 > min(low):
        assert f"past 2 at some state in {sum(each >= 2 for each in high)} of {len(high)} runs" in text
    moves = "saws on" if max(high) >= 2 else "still moves"
    for moving, what, digits in ((True, moves, 1), (False, "stays", 3)):
        some = [run for run in written.values() if at_rest(run) != moving]
        assert (f"it {what} between" in text) == bool(some)
        if some:
            least, most = min(run["lowest last log Z"] for run in some), max(run["highest last log Z"] for run in some)
            between = " and ".join(said(bound, f".{digits}f") for bound in (least, most))
            assert f"in {len(some)} of {len(written)} run" in text and f"it {what} between {between}" in text
    for row in table:
        found = of(runs, "unnormalised", int(row[0][-1]))
        assert float(row[1]) == pytest.approx(rate * min(run["lowest S"] for run in found.values()), abs=0.005)
        assert float(row[2]) == pytest.approx(rate * max(run["highest S"] for run in found.values()), abs=0.005)
        assert row[-1] == f"{sum(not at_rest(run) for run in found.values())} of {len(found)}"


def judge_scores(text, runs):
    def bounds(run):
        last = [run["test llh"]] * 2
        return last if still(run) else [run["lowest last test"], run["highest last test"]]

    pairs = [(run, runs.get(("generative", *key[1:]))) for key, run in runs.items() if key[0] == "unnormalised"]
    pairs = [pair for pair in pairs if pair[1]]
    higher = sum(bounds(proper)[0] > bounds(written)[1] + 1e-3 for written, proper in pairs)
    assert f"in {higher} of {len(pairs)} pair" in text
    for objective, name in OBJECTIVES.items():
        both = [run for depth in (1, 3) for run in of(runs, objective, depth).values()]
        swinging = sum(not still(run) for run in both)
        assert (f"Test rows, {name}: {swinging} of {len(both)} runs with L = 1 and L = 3 swing" in text) == (
            swinging > 0
        )
        if not swinging and both:
            deep, shallow = (of(runs, objective, depth) for depth in (3, 1))
            gaps = [deep[seed]["test llh"] - shallow[seed]["test llh"] for seed in deep]
            most = max(sum(gap > 1e-3 for gap in gaps), sum(gap < -1e-3 for gap in gaps))
            higher_in = rf"L=[13] higher than L=[13] in {most} of {len(gaps)} seed"
            level = rf"L=3 and L=1 level in {len(gaps)} of {len(gaps)} seed"
            assert re.search(f"Test rows, {name}: {higher_in if most else level}", text)
    anyone = any(not still(run) for pair in pairs for run in pair)
    assert ("A run that swings counts by the range of its last states" in text) == anyone


def judge_table(table, runs):
    names = {name: objective for objective, name in OBJECTIVES.items()}
    expected = [
        key for key in itertools.product(names, (1, 2, 3), ("train", "test")) if of(runs, names[key[0]], key[1])
    ]
    assert [(row[0], int(row[1][-1]), row[2]) for row in table] == expected
    for name, depth, rows, mean, low, high, swings, _ in table:
        found = list(of(runs, names[name], int(depth[-1])).values())
        final = "final llh" if rows == "train" else "test llh"
        ends = [
            [run[final]] * 2 if still(run) else [run[f"lowest last {rows}"], run[f"highest last {rows}"]]
            for run in found
        ]
        assert low == said(min(end[0] for end in ends)) and high == said(max(end[1] for end in ends))
        assert swings == f"{sum(not still(run) for run in found)} of {len(found)}"
        assert mean == (said(statistics.fmean(e[0] for e in ends)) if all(map(still, found)) else "–")


def test_what_is_drawn_of_a_run_that_swings_are_both_ends_of_its_range():
    shown = made("all swing as written", 0.1)
    drawn, bare = words.groups(shown, 0.1), words.without_mean(shown, 0.1)
    assert all(len(values) == 10 for values in drawn["as written, train"].values())
    assert all(len(values) == 5 for values in drawn["proper, train"].values())
    assert bare == {(f"as written, {rows}", depth) for rows in ("train", "test") for depth in (1, 2, 3)}
    figure = curves.scores("", drawn, {}, "light", bare)
    assert sum(len(trace.x) for trace in figure.data if trace.marker.symbol == "line-ew") == 2 * 3

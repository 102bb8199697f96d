"""Every sentence of the Figure 3 page against a recount of the CSV beside it, over a table of situations."""

from dataclasses import replace

import numpy as np
import pytest

from app.kit import results
from app.kit.text import page_text
from app.pages.figure3 import words
from spncore import Experiment, fit
from spncore.dynamics.steps import relative_steps
from spncore.files import export
from spncore.studies import figure3
from spncore.studies.cells import Runs
from spncore.studies.published import TARGETS
from spncore.studies.shipped import FirstSteps, shipped
from spncore.sweep import Outcome
from spncore.sweep.cells import SeedOutcome
from tests.places import ROOT
from tests.recount import figure3 as recount

PUBLISHED = (ROOT / "data" / "figure3_published.csv").read_text(encoding="utf-8")
SLOW = {1: 350, 2: 200, 3: 178}


def spread(noise, depth, seed):
    """What was measured, roughly: the quieter the start, the later, and L = 1 by far the most."""
    return SLOW[depth] + round((4 - depth) * (seed % 7) - (20 / depth**3) * (12 + np.log10(noise)))


SITUATIONS = {  # seeds, and the updates of a seed to −7.2
    "as measured": (24, spread),
    "one seed": (1, spread),
    "two seeds": (2, spread),
    "five seeds": (5, spread),
    "ties": (6, lambda noise, depth, seed: 200),
    "nobody arrives": (6, lambda noise, depth, seed: None),
    "some never arrive": (12, lambda noise, depth, seed: None if seed % 3 == 0 else spread(noise, depth, seed)),
    "half never arrive": (12, lambda noise, depth, seed: None if seed % 2 else spread(noise, depth, seed)),
    "one arrives": (12, lambda noise, depth, seed: 499 if seed == 3 else None),
    "the plain one never": (6, lambda noise, depth, seed: None if depth == 1 else spread(noise, depth, seed)),
    "three layers never": (6, lambda noise, depth, seed: None if depth == 3 else spread(noise, depth, seed)),
    "order reversed": (6, lambda noise, depth, seed: spread(noise, 4 - depth, seed)),
    "there at the start": (6, lambda noise, depth, seed: 0),
    "only with honest noise": (6, lambda noise, depth, seed: spread(noise, depth, seed) if noise >= 1e-3 else None),
    "louder is slower": (6, lambda noise, depth, seed: spread(1e-15 / noise, depth, seed)),
    "just as published": (6, lambda noise, depth, seed: {1: 384, 2: 208, 3: 167}[depth]),
    "wide": (24, lambda noise, depth, seed: 20 * seed + depth),
}


def made(name, synthetic=False):
    """Results of a situation, with the first steps and symmetric curves that ship."""
    num_seeds, updates = SITUATIONS[name]
    book, runs = shipped("figure3"), Runs("nltcs", num_seeds)
    found = {}
    for cell in figure3.cells(runs):
        noise, depth = cell.experiment.init_noise, cell.experiment.depth
        known = book.results[figure3.cell(noise, depth)]
        if noise:
            known = outcome(known, [updates(noise, depth, seed) for seed in range(num_seeds)])
        found[cell] = known
    steps = {
        figure3.cell(noise, depth, runs).experiment: book.first_steps[figure3.cell(noise, depth).experiment]
        for noise in figure3.EARLY_NOISES
        for depth in (1, 2, 3)
    }
    data = replace(book.data["nltcs"], synthetic=synthetic) if synthetic else book.data["nltcs"]
    return results.Results(runs, found, steps, data, "", True)


def outcome(known, updates):
    """An outcome whose seeds reach the later targets as much later; a level that none reaches stays so."""
    seeds = [
        SeedOutcome(seed, 500, -11.1, -7.1, tuple(None if at is None else at + 9 * i for i in range(4)), 0.0, None, {})
        for seed, at in enumerate(updates)
    ]
    return Outcome(known.key, "done", None, tuple(seeds), known.curve)


def seed_table(shown):
    return export.table(words.SEED_COLUMNS, words.seed_rows(shown), ["a remark"])


def curve_table(lines):
    return export.table(words.CURVE_COLUMNS, words.curve_rows(lines), ["a remark"])


BOTH = pytest.mark.parametrize("synthetic", [False, True], ids=["real", "stand-in"])
EACH = pytest.mark.parametrize("name", SITUATIONS)


@EACH
@BOTH
def test_the_overview_counts_as_the_rows_do(name, synthetic):
    shown = made(name, synthetic)
    for level in TARGETS:
        said = words.overview_words(shown, level)
        assert not recount.overview(said, seed_table(shown), PUBLISHED, level, figure3.ROUNDING, synthetic), said


@EACH
def test_pairs_waits_and_gaps_count_as_the_rows_do(name):
    shown = made(name)
    for level in TARGETS:
        for noise in figure3.NOISES:
            said = words.pair_words(shown, noise, level)
            assert not recount.pairs(said, seed_table(shown), level, noise, 500), said
        said = words.law_words(shown, level)
        assert not recount.law(said, seed_table(shown), level, words.QUIET, figure3.HONEST), said
        said = words.noise_words(shown, level)
        assert not recount.gap(said, seed_table(shown), level), said


@EACH
def test_the_table_counts_as_the_rows_do(name):
    shown = made(name)
    seen = recount.updates(seed_table(shown))
    for noise in figure3.NOISES:
        for row in words.table_rows(shown, noise):
            level, depth = recount.value(row["LLH"]), int(row["depth"][-1])
            runs, at = seen[noise, depth, level], recount.published(PUBLISHED, level)[depth]
            assert recount.value(row["published"].strip("*")) == at
            assert row["published"].startswith("**") != recount.inside(at, runs)
            assert row["never"] == f"{sum(np.isinf(runs))} of {len(runs)}"


@BOTH
@pytest.mark.parametrize("noise", [noise for noise in figure3.EARLY_NOISES if noise])
def test_departures_count_as_the_rows_do(noise, synthetic):
    shown = made("as measured", synthetic)
    lines = [*words.departures(shown, noise, 60), *words.published_departures(shown, 60)]
    said = words.departure_words(shown, noise)
    assert not recount.departure(said, curve_table(lines), synthetic), said


def test_the_symmetric_curves_and_the_first_changes_count_as_the_rows_do():
    shown = made("as measured")
    said = words.symmetry_words(shown)
    assert not recount.symmetry(said, curve_table([*words.published_lines(), *words.our_lines(shown, 0.0)])), said
    said = words.change_words(shown)
    assert not recount.change(said, curve_table(words.first_changes(shown, 60)), "1e-12", "0.001"), said


def test_runs_that_never_leave_are_counted():
    shown = made("as measured")
    experiment = figure3.cell(figure3.ROUNDING, 1, shown.runs).experiment
    known = shown.first_steps[experiment]
    llh = known.llh.copy()
    llh[0] = shown.first_steps[figure3.cell(0.0, 1, shown.runs).experiment].llh[0]
    steps = {**shown.first_steps, experiment: FirstSteps(experiment, llh, known.change)}
    said = words.departure_words(replace(shown, first_steps=steps), figure3.ROUNDING)
    assert "1 of 6 in none shown" in said


@pytest.mark.parametrize(
    ("judge", "change"),
    [("overview", ("ours 350", "ours 351")), ("overview", ("L=3 lies", "L=2 lies")), ("pairs", ("5 of 24", "4 of 24"))],
)
def test_a_judge_sees_a_false_sentence(judge, change):
    shown = results.that_ship(shipped("figure3"), figure3.RUNS)
    table = seed_table(shown)
    said = {
        "overview": lambda: words.overview_words(shown, -7.2),
        "pairs": lambda: words.pair_words(shown, figure3.ROUNDING, -7.2),
    }[judge]()
    judged = {
        "overview": lambda text: recount.overview(text, table, PUBLISHED, -7.2, figure3.ROUNDING, False),
        "pairs": lambda text: recount.pairs(text, table, -7.2, figure3.ROUNDING, 500),
    }[judge]
    assert not judged(said)
    assert change[0] in said
    assert judged(said.replace(*change))


def test_a_step_of_a_thousand_times_a_weight_points_down_and_is_cut_by_the_floor():
    found = fit(Experiment(dataset="nltcs-twin", iterations=20))
    steps = relative_steps(found.weights, found.flow, found.sums, found.experiment.learning_rate)[0, :20]
    moved = max(float(np.abs(np.diff(layer[0], axis=0) / layer[0, :-1]).max()) for layer in found.layer_weights)
    assert not (steps >= 1000.0).any() and moved < 1000.0, "no weight moves that far"
    assert "downwards, so the floor cuts that step" in " ".join(page_text("figure3").split())

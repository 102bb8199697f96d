"""Every generated sentence of three evidence pages, over a table of situations, before judges that count it again."""

import math
import re
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from app.pages.classes import words as classes_words
from app.pages.held_equal import words as fair_words
from app.pages.phase import words as phase_words
from spncore.files import export
from spncore.runs.scores import QUANTITIES
from spncore.runs.study import Study
from spncore.studies import classes, phase, shipped
from spncore.studies.arrivals import FAILED, MISSED, THROWN
from spncore.studies.cells import Runs
from spncore.studies.classes import DEFAULT, Comparison, Network
from spncore.studies.held_equal import SHIPPED, Case
from spncore.studies.phase import Diagram, Plane
from spncore.studies.statistics import SAME
from spncore.sweep import Outcome, SeedOutcome, to_csv
from tests.recount.evidence import classes as classes_judge
from tests.recount.evidence import held_equal as fair_judge
from tests.recount.evidence import phase as phase_judge

SEEDS = (1, 2, 3, 5, 6, 12)
COUNT = re.compile(r"(?<=in )\d+(?= of)|(?<= of )\d+(?= seed)|(?<=median )\d+(?= against)")
STATEMENT = fair_words.statement


def drawn(*what):
    """Random numbers of their own for everything that is drawn, the same every time."""
    return np.random.default_rng(zlib.crc32(repr(what).encode()))


# By name, how many updates a run needs: of its depth, its rate as a share of the common one, and random numbers.
RUNS = {
    "all equal": lambda depth, share, rng: 40,
    "there at the start": lambda depth, share, rng: 0,
    "nobody arrives": lambda depth, share, rng: None,
    "only depth arrives": lambda depth, share, rng: 30 if depth > 1 else None,
    "only the plain one arrives": lambda depth, share, rng: 30 if depth == 1 else None,
    "depth is faster": lambda depth, share, rng: 90 // depth + int(rng.integers(5)),
    "depth is slower": lambda depth, share, rng: 30 * depth + int(rng.integers(5)),
    "depth is only a larger rate": lambda depth, share, rng: round(90 / depth / share) + 1,
    "ties": lambda depth, share, rng: 40 + int(rng.integers(2)),
    "anything": lambda depth, share, rng: None if rng.random() < 0.2 else int(rng.integers(100)),
    "half arrive": lambda depth, share, rng: None if rng.random() < 0.5 else 20 + depth,
    "a lucky rate": lambda depth, share, rng: 3 if depth == 3 and 0.2 < share < 0.4 else 60 + int(rng.integers(3)),
    "one update apart": lambda depth, share, rng: 20 - (depth == 3),
    "a best rate inside": lambda depth, share, rng: round(
        (90 if depth == 1 else 30) * (1 + abs(np.log(share * depth / 7)))
    ),
}
FATES = (
    "kept",
    "lost again",
    "thrown off",
    "diverged",
    "behind in the end",
)  # of every third run that is not as deep as it gets


class Answers(dict):
    """Outcomes of the page's cells, each made when it is first asked for."""

    def __init__(self, name, case, fate):
        super().__init__()
        self.updates, self.case, self.fate = RUNS[name], case, fate

    def __missing__(self, cell):
        return self.setdefault(cell, Outcome("", "done", None, tuple(map(self.seed, *self.cells(cell)))))

    def cells(self, cell):
        seeds = cell.experiment.seeds
        return seeds, [cell] * len(seeds)

    def seed(self, seed, cell):
        experiment = cell.experiment
        rng = drawn(seed, experiment.depth, experiment.learning_rate, experiment.init_convention)
        share = experiment.learning_rate / self.case.experiment.learning_rate
        at = self.updates(experiment.depth, share, rng)
        fate = self.fate if seed % 3 == 0 and experiment.depth < 3 else "kept"
        higher = -0.9 if experiment.depth == 1 and self.fate == "behind in the end" else -1.0
        final = {"thrown off": -2.5, "lost again": -1.5}.get(fate, higher if at is not None else -1.5)
        down = 6.0 * (self.case.components == "trained")  # to where the level is
        final = None if fate == "diverged" else final - down
        return SeedOutcome(seed, 300, -2.0 - down, final, (at,), 0.0, "diverged: x" if fate == "diverged" else None, {})


def judged_fair(case, found):
    """What the page says of a case, judged; how many sentences."""
    for _ in case.grid(found):
        pass
    settings = fair_words.settings(case, found)
    return fair_judge.judge(
        export.table(fair_words.SEED_COLUMNS, fair_words.seed_rows(settings), ["# x"]),
        export.table(fair_words.RATE_COLUMNS, fair_words.rate_rows(case, found), []),
        {setting.name: setting.end for setting in settings},
        fair_words.summary(settings),
        {setting.name: fair_words.statement(setting) for setting in settings},
        fair_words.win_rows(settings),
        case.target.value if case.target.kind == "llh" else -math.inf,
        SAME,
    )


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("name", RUNS)
def test_what_is_held_equal_says_what_its_table_supports(name, fate):
    judged, numbers = 0, SEEDS if fate == "kept" else SEEDS[::5]
    for number, seeds in enumerate(numbers):
        case = Case(
            ("tree", "private", "shared")[number % 3], "linear", ("fixed", "trained")[number % 2], Runs("nltcs", seeds)
        )
        judged += judged_fair(case, Answers(name, case, fate))
    assert judged == 18 * len(numbers)


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: f"{case.topology}-{case.weights}-{case.components}")
def test_what_is_held_equal_says_what_the_shipped_table_supports(case):
    assert judged_fair(case, shipped.shipped("held_equal").results) == 18


@cache
def plane(seeds, end=100):
    base = phase.SHIPPED[0].base.replace(num_seeds=seeds, iterations=end)
    return Plane(base, (1, 2, 3), (1e-4, 1e-1), (1e-2, 1e-1), per_decade=1)


def judged_phase(shown):
    """What the page says of a diagram, judged with and without the control; how many sentences."""
    sentences = {depth: phase_words.summary(shown, depth) for depth in shown.plane.depths[1:]}
    fairness, rows = phase_words.fairness(shown), phase_words.comparison(shown)
    return phase_judge.judge(to_csv(phase.tidy(shown)), shown.plane.base.iterations, sentences, fairness, rows)


LOST = (MISSED, THROWN, FAILED)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("name", RUNS)
def test_the_phase_diagram_says_what_its_table_supports(name, seeds):
    def run(arm, i, j, seed):
        rng, (depth, factor) = drawn(arm, i, j, seed), arm
        at = RUNS[name](depth, factor * 10.0 ** (j - 2) / 0.01 ** (i / 2) * 0.05, rng)
        return LOST[int(rng.integers(3))] if at is None else min(at, 100)

    shown, shape = plane(seeds), (len(plane(seeds).scales), len(plane(seeds).rates), seeds)
    runs = {arm: np.array([run(arm, *at) for at in np.ndindex(shape)]).reshape(shape) for arm in shown.arms}
    assert judged_phase(Diagram(shown, {}, runs)) > 20


def test_the_phase_diagram_says_what_the_shipped_table_supports():
    assert judged_phase(phase.shipped()) > 600


def judged_classes(shown):
    """What the page says of a comparison, judged; how many sentences."""
    words = {quantity: classes_words.likelihood_words(shown, quantity) for quantity in QUANTITIES[:1]}
    words |= {"test accuracy": classes_words.accuracy_words(shown)}
    words |= {each: classes_words.likelihood_words(shown, each) for each in ("test conditional", "test llh")}
    return classes_judge.judge(
        export.table(classes.COLUMNS, classes.rows(shown), ["# x"]),
        shown.study.experiment.iterations,
        classes_words.headline(shown),
        classes_words.control(shown),
        words,
        classes_words.table_rows(shown),
    )


def network(name, depth, share, seeds):
    """A network that needs what the situation says, in every quantity."""
    reached = {
        each: [RUNS[name](depth, share, drawn(each, depth, share, seed)) for seed in range(seeds)]
        for each in QUANTITIES
    }
    scores = {each: drawn(each, depth, share).uniform(-9, -5, seeds).round(6).tolist() for each in QUANTITIES}
    scores["test accuracy"] = drawn(depth, share).uniform(0.5, 1.0, seeds).round(6).tolist()
    curves = {each: dict.fromkeys(("median", "low", "high"), [-9.0, -5.0]) for each in QUANTITIES}
    return Network([0, 100], curves, reached, scores, None)


@pytest.mark.parametrize("depths", [(1, 2, 3), (1, 3), (1,), (2, 3)])
@pytest.mark.parametrize("name", RUNS)
def test_predicting_a_class_says_what_its_table_supports(name, depths):
    judged = 0
    for seeds in SEEDS:
        study = Study(DEFAULT.experiment.replace(num_seeds=seeds, iterations=100), depths)
        rate = study.experiment.learning_rate
        made = {
            each: network(name, experiment.depth, experiment.learning_rate / rate, seeds)
            for each, experiment in classes.networks(study).items()
        }
        sizes = {"train": 100, "test": 50}
        judged += judged_classes(Comparison(study, made, {}, "y", "made up", True, sizes, "0" * 64, {}))
    assert judged >= 6 * len(SEEDS)


@pytest.mark.parametrize("number", range(len(classes.SHIPPED)))
def test_predicting_a_class_says_what_the_shipped_table_supports(number):
    assert judged_classes(classes.shipped()[classes.SHIPPED[number]]) >= 20


def test_the_answers_of_all_objectives_are_counted_again():
    made = list(classes.shipped().values())
    for shown, row in zip(made, classes_words.answer_rows(made), strict=True):
        numbers = export.table(classes.COLUMNS, classes.rows(shown), [])
        for rival, cell in zip(("L=1", "L=1 at 3η"), row[2:], strict=True):
            assert cell == classes_judge.answer(numbers, rival)


def altered(said):
    """The sentence with each of its counts, one by one, one larger."""
    return [said[: at.start()] + str(int(at[0]) + 1) + said[at.end() :] for at in COUNT.finditer(said)]


@pytest.mark.parametrize("name", ["depth is faster", "anything", "half arrive"])
def test_a_judge_notices_every_count_that_is_not_what_the_table_says(name, monkeypatch):
    case = Case(runs=Runs("nltcs", 6))
    found = Answers(name, case, "kept")
    judged_fair(case, found)
    [first, *_] = fair_words.settings(case, found)
    compared = fair_words.statement(first)
    assert len(altered(compared)) >= 2
    for wrong in altered(compared):
        monkeypatch.setattr(
            fair_words, "statement", lambda of, wrong=wrong: wrong if of.name == first.name else STATEMENT(of)
        )
        with pytest.raises(AssertionError):
            judged_fair(case, found)


def test_the_judges_import_neither_the_engine_nor_words():
    for judge in (fair_judge, phase_judge, classes_judge):
        text = Path(judge.__file__).read_text(encoding="utf-8")
        assert "import spncore" not in text and "from spncore" not in text and "app." not in text

"""The engine with scikit-learn's face: scikit-learn's own checks, and answers against enumeration and closed forms."""

import subprocess
import sys
import tracemalloc
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import is_classifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from spncore.inference.queries import conditionals, moments
from spncore.tables.estimator import SumProductClassifier, SumProductNetwork
from spncore.tables.structures import TABLE_STRUCTURES
from tests import children
from tests.closeness import assert_close
from tests.oracles import model_value

NAN = np.nan
CHECKED = [
    SumProductNetwork(iterations=20),
    SumProductNetwork("rat", 2, 1, 2, iterations=3, depth=2),
    SumProductClassifier(iterations=20),
    SumProductClassifier(learner="adam", learning_rate=0.1, mix=0.5, iterations=40, depth=2),
]


def _not_applicable(estimator):
    """Which of scikit-learn's checks do not apply, and why."""
    if not is_classifier(estimator):
        return {}
    return {
        "check_classifiers_classes": "its two classes are -1 and 1, but -1 marks a row of unknown class, as it does in "
        "sklearn.semi_supervised, whose estimators this check excepts by name"
    }


@parametrize_with_checks(CHECKED, expected_failed_checks=_not_applicable, xfail_strict=True)
def test_scikit_learn_agrees_that_it_is_an_estimator(estimator, check):
    check(estimator)


def _mixed_rows(num_rows=300, seed=0):
    """A real column in odd units, two of whole numbers that depend on it, and missing values."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, num_rows)
    real = 1000.0 + 50.0 * group + 8.0 * rng.normal(size=num_rows)
    rows = np.column_stack([real, 5 * (group ^ (rng.random(num_rows) < 0.1)) + 2, rng.integers(-1, 2, num_rows)])
    rows[rng.random(rows.shape) < 0.05] = NAN
    return rows, group


def _discrete_rows():
    rng = np.random.default_rng(1)
    group = rng.integers(0, 2, 200)
    return (
        np.column_stack([(rng.random(200) < 0.2 + 0.6 * group) * 3, rng.integers(0, 3, 200) + group, 1 - group]) * 1.0
    )


@pytest.mark.parametrize("structure", TABLE_STRUCTURES)
def test_the_probabilities_of_all_possible_rows_add_up_to_one(structure):
    found = SumProductNetwork(structure, 3, 2, 2, iterations=5, random_state=0).fit(_discrete_rows())
    worlds = np.array(list(product(*(coding.values for coding in found.columns_))))
    assert_close(np.exp(found.score_samples(worlds)).sum(), 1.0)


@pytest.mark.parametrize("structure", TABLE_STRUCTURES)
def test_a_missing_value_is_the_sum_over_its_values(structure):
    found = SumProductNetwork(structure, 3, 2, 2, iterations=5, random_state=0).fit(_mixed_rows()[0])
    for real in (NAN, 1030.0):
        every = np.array([[real, x, 1.0] for x in found.columns_[1].values])
        (known,) = found.score_samples([[real, NAN, 1.0]])
        assert_close(np.exp(found.score_samples(every)).sum(), np.exp(known))


def test_a_density_is_that_of_the_mixture_in_the_units_of_the_data():
    rows = np.random.default_rng(2).normal([1e4, -3e-5], [250.0, 4e-6], (200, 2))
    found = SumProductNetwork(num_components=3, iterations=8, random_state=1).fit(rows)
    (weights,), ((means, deviations),) = found.model_.parameters
    centres, scales = np.array([[coding.centre, coding.scale] for coding in found.columns_]).T
    densities = stats.norm.pdf(rows[:, None], means * scales + centres, deviations * scales).prod(axis=2)
    assert_close(found.score_samples(rows), np.log(densities @ weights[0, 0]))
    assert_close(found.score(rows), found.score_samples(rows).mean())


def test_one_gaussian_is_the_maximum_likelihood_solution():
    rows = np.random.default_rng(3).normal([3.0, -1.0], [2.0, 0.1], (100, 2))
    found = SumProductNetwork(num_components=1, random_state=0).fit(rows)
    assert_close(found.score_samples(rows), stats.norm.logpdf(rows, rows.mean(axis=0), rows.std(axis=0)).sum(axis=1))
    assert found.n_iter_ < 5


def test_em_never_loses_likelihood_and_learns_more_than_independent_columns():
    rows, _ = _mixed_rows()
    found = SumProductNetwork(iterations=50, random_state=0).fit(rows)
    assert (np.diff(found.objective_curve_) > -1e-6).all()  # the floor on weights may cost less than this
    assert found.score(rows) > SumProductNetwork(num_components=1, random_state=0).fit(rows).score(rows) + 0.5


def test_scores_follow_the_unit_of_a_column():
    rows, _ = _mixed_rows()
    other = rows * np.array([1e6, 1.0, 1.0])
    one, two = (SumProductNetwork(iterations=5, random_state=0).fit(of).score_samples(of) for of in (rows, other))
    assert_close(two, one - np.log(1e6) * ~np.isnan(rows[:, 0]))


@pytest.mark.fault("K01")
def test_a_value_that_was_never_seen_has_probability_zero_and_tells_nothing_of_the_class():
    rows, group = _mixed_rows()
    asked = np.array([[1000.0, 4.0, 0.0], [1000.0, NAN, 0.0]])
    found = SumProductClassifier(iterations=5, random_state=0).fit(rows, group)
    assert found.score_samples(asked)[0] == -np.inf < found.score_samples(asked)[1]
    assert_close(*found.predict_proba(asked))


@pytest.mark.fault("K02")
@pytest.mark.parametrize("families", ["auto", ("gaussian", "categorical", "gaussian")])
def test_negative_whole_numbers_are_values_like_their_reals_and_are_not_the_unknown(families):
    rows = np.array([[-1, -3, 2], [-2, -1, 5], [4, -1, -1], [-1, 0, -7], [3, -3, -1]] * 3)
    whole, real = (
        SumProductNetwork(iterations=5, families=families, random_state=0).fit(of) for of in (rows, rows * 1.0)
    )
    found = real.score_samples(rows * 1.0)
    for asked in (rows, rows.astype(np.int8), rows.astype(object)):
        assert np.array_equal(whole.score_samples(asked), found) and np.isfinite(found).all()
    unknown = np.where(rows == -1, NAN, rows)
    assert not np.isclose(real.score_samples(unknown), found)[(rows == -1).any(axis=1)].any(), "-1 is no mark"
    marks = [unknown, np.where(rows == -1, None, rows), pd.DataFrame(rows, dtype="Int64").mask(rows == -1)]
    answers = [real.score_samples(asked) for asked in marks]
    assert all(np.array_equal(answer, answers[0]) for answer in answers) and np.isfinite(answers[0]).all()


@pytest.mark.fault("K02")
def test_a_count_below_zero_is_refused_by_its_family():
    for rows in (np.array([[0], [3], [-1]]), np.array([[0.0], [3.0], [-1.0]])):
        with pytest.raises(ValueError, match="a poisson column holds whole numbers from 0, got -1"):
            SumProductNetwork(families=["poisson"]).fit(rows)


def test_samples_have_the_moments_of_the_network():
    rows, _ = _mixed_rows()
    found = SumProductNetwork(iterations=20, random_state=0).fit(rows)
    drawn = found.sample(20_000, random_state=5)
    assert set(drawn[:, 1]) == {2.0, 7.0} and set(drawn[:, 2]) == {-1.0, 0.0, 1.0}
    exact, scales = moments(found.model_), np.array([found.columns_[0].scale, 5.0, 1.0])
    offsets = np.array([found.columns_[0].centre, 2.0, -1.0])
    covariance = exact.covariance[0] * np.outer(scales, scales)
    deviations = np.sqrt(np.diag(covariance))
    assert (np.abs(drawn.mean(axis=0) - exact.mean[0] * scales - offsets) < 5 * deviations / np.sqrt(20_000)).all()
    assert (np.abs(np.cov(drawn.T) - covariance) < 0.05 * np.outer(deviations, deviations)).all()  # 5 errors: 0.05


@pytest.mark.parametrize("mix", [1.0, 0.5, 0.0])
def test_the_probability_of_a_class_is_its_share_among_all_classes(mix):
    rows, group = _mixed_rows()
    names = np.array(["few", "many"])[group]
    settings = {"learner": "adam", "learning_rate": 0.05} if mix < 1 else {}
    found = SumProductClassifier(iterations=20, random_state=0, mix=mix, **settings).fit(rows, names)
    asked = np.array([[1010.0, 2.0, 1.0], [NAN, 7.0, NAN], [NAN, NAN, NAN]])
    evidence = [[(1010.0 - found.columns_[0].centre) / found.columns_[0].scale, 0, 2], [NAN, 1, NAN], [NAN] * 3]
    joint = np.array([[model_value(found.model_, np.array([*row, y])) for y in (0, 1)] for row in evidence])
    assert_close(found.predict_proba(asked), joint / joint.sum(axis=1, keepdims=True))
    assert found.predict(asked).tolist() == names[:0].tolist() + [["few", "many"][i] for i in joint.argmax(axis=1)]
    posterior = conditionals(found.model_, np.array([[*row, NAN] for row in evidence])).probabilities[:, -1, :2]
    assert_close(found.predict_proba(asked), posterior)


def test_the_discriminative_objective_predicts_better_in_training_than_the_generative_one():
    rows, group = _mixed_rows(seed=7)
    settings = {"num_components": 2, "learner": "adam", "learning_rate": 0.1, "iterations": 150, "random_state": 0}
    losses = []
    for mix in (0.0, 1.0):
        proba = SumProductClassifier(mix=mix, **settings).fit(rows, group).predict_proba(rows)
        losses.append(-np.log(proba[np.arange(len(group)), group]).mean())
    assert losses[0] < losses[1]


def test_rows_of_unknown_class_are_learned_from():
    rng = np.random.default_rng(8)
    group = rng.integers(0, 2, 400)
    rows = rng.normal(size=(400, 2)) + 4.0 * group[:, None]
    labels = np.where(np.arange(400) < 6, group, -1)
    found = SumProductClassifier(num_components=2, random_state=0).fit(rows, labels)
    assert found.classes_.tolist() == [0, 1]
    assert found.score(rows, group) > 0.99
    assert (
        found.score_samples(rows).mean()
        > SumProductClassifier(num_components=2, random_state=0).fit(rows[:6], labels[:6]).score_samples(rows).mean()
    )


def test_samples_of_a_classifier_come_with_their_classes():
    rows, group = _mixed_rows()
    found = SumProductClassifier(iterations=20, random_state=0).fit(rows, np.array(["few", "many"])[group])
    drawn, classes = found.sample(500)
    assert drawn.shape == (500, 3) and set(classes) == {"few", "many"}
    assert (found.predict(drawn) == classes).mean() > 0.9


@pytest.mark.parametrize("settings", [{}, {"learner": "online_em", "learning_rate": 0.5, "batch_size": 20, "depth": 2}])
def test_equal_seeds_give_equal_bits(settings):
    rows, _ = _mixed_rows()
    one, two, other = (
        SumProductNetwork(iterations=10, random_state=seed, **settings).fit(rows).score_samples(rows)
        for seed in (3, 3, 4)
    )
    assert np.array_equal(one, two) and not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"structure": "tree"}, "structure: expected one of mixture, "),
        ({"learner": "sgd"}, "learner: expected one of gradient_ascent, "),
        ({"num_components": 0}, "num_components: expected a whole number from 1, got 0"),
        ({"batch_size": 2.5}, "batch_size: expected a whole number from 1, got 2.5"),
        ({"floor": 0.0}, "floor: expected a number above 0"),
        ({"mix": 2.0}, "mix: expected 0 \\(discriminative\\) to 1"),
        ({"mix": 0.5}, "mix: em learns with mix=1 only, got 0.5"),
    ],
)
def test_settings_that_make_no_sense_are_refused_when_fitting(settings, said):
    rows, group = _mixed_rows()
    with pytest.raises(ValueError, match=said):
        SumProductClassifier(**settings).fit(rows, group)


def test_learning_takes_little_more_memory_than_two_copies_of_the_table():
    rows = np.random.default_rng(0).normal(size=(100_000, 20))
    SumProductNetwork(iterations=1, random_state=0).fit(rows[:100])
    tracemalloc.start()
    try:
        SumProductNetwork(iterations=1, random_state=0).fit(rows)
        assert tracemalloc.get_traced_memory()[1] < 3.0 * rows.nbytes
    finally:
        tracemalloc.stop()


def test_a_class_called_minus_one_is_not_taken_for_unknown_in_silence():
    rows, group = _mixed_rows()
    with pytest.raises(
        ValueError, match="y: expected two classes or more beside -1, which marks rows of unknown class"
    ):
        SumProductClassifier().fit(rows, 2 * group - 1)


def test_sampling_no_rows_is_refused():
    with pytest.raises(ValueError, match="n_samples: expected 1 or more, got 0"):
        SumProductNetwork(iterations=1).fit(_discrete_rows()).sample(0)


def test_the_engine_does_without_scikit_learn_and_the_estimator_says_so():
    code = (
        "import sys; sys.modules['sklearn'] = None; import spncore, spncore.tables.learning\n"
        "try:\n    import spncore.tables.estimator\nexcept ImportError as error:\n    print(error)"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, env=children.environment(), capture_output=True, text=True, check=True).stdout
    assert said.startswith(
        "spncore.tables.estimator needs scikit-learn 1.9 or newer, which is not installed; run pip install"
    )

import numpy as np
import pytest
from scipy import stats

from spncore.circuits.circuit import Circuit, InputLayer
from spncore.circuits.model import model, random_model
from spncore.inference import queries
from spncore.inference.queries import QueryError
from spncore.inference.sampling import complete, sample
from tests import circuits, oracles
from tests.closeness import assert_close

NUM = 20_000


def check_frequencies(drawn, worlds, probabilities):
    """Chi-square at 1 in 10,000; what is impossible is never drawn."""
    counts = np.array([(drawn == world).all(axis=1).sum() for world in worlds])
    assert counts.sum() == len(drawn) and (counts[probabilities == 0] == 0).all()
    if (probabilities > 0).sum() < 2:
        return
    expected = probabilities * len(drawn)
    often = expected >= 5
    pooled = np.append(counts[often], counts[~often].sum()), np.append(expected[often], expected[~often].sum())
    seen = pooled[1] > 0
    assert stats.chisquare(pooled[0][seen], pooled[1][seen]).pvalue > 1e-4


def asked_and_worlds(seed):
    if seed == 0:
        asked = random_model(circuits.paired_circuit(), np.random.default_rng(0))
    else:
        asked, rng = circuits.random_asked(seed, 3, circuits.DISCRETE)
        asked.parameters.inputs[0][1][rng.random(asked.parameters.inputs[0][1].shape) < 0.5] = 0.0
    worlds = oracles.circuit_worlds(asked.circuit)
    return asked, worlds, np.array([oracles.model_value(asked, world) for world in worlds])


@pytest.mark.parametrize("seed", range(6))
def test_samples_come_as_often_as_the_worlds_are_probable(seed):
    asked, worlds, values = asked_and_worlds(seed)
    check_frequencies(sample(asked, NUM, np.random.default_rng(seed)), worlds, values / values.sum())


@pytest.mark.parametrize("seed", range(6))
def test_samples_given_evidence_come_as_often_as_the_worlds_that_agree_with_it(seed):
    asked, worlds, values = asked_and_worlds(seed)
    evidence = np.where(np.arange(worlds.shape[1]) == 1, worlds[np.argmax(values)], -1).astype(np.int8)
    values = values * (worlds[:, 1] == evidence[1])
    check_frequencies(sample(asked, NUM, np.random.default_rng(seed), evidence), worlds, values / values.sum())


@pytest.mark.parametrize("seed", range(6))
def test_samples_of_all_families_have_the_exact_mean_and_covariance(seed):
    asked, rng = circuits.random_asked(seed + 10, 4, circuits.ALL)
    row = np.where(np.arange(4) == seed % 4, circuits.random_rows(rng, asked, 1, missing=0.0)[0], np.nan)
    drawn, exact = sample(asked, NUM, rng, row), queries.moments(asked, row[None])
    centred = drawn - exact.mean[0]
    assert (np.abs(centred.mean(axis=0)) <= 5 * np.sqrt(exact.covariance[0].diagonal() / NUM)).all()
    products = centred[:, :, None] * centred[:, None, :]
    error = products.std(axis=0) / np.sqrt(NUM)
    assert (np.abs(products.mean(axis=0) - exact.covariance[0]) <= 5 * error + 1e-12).all()


def test_each_row_is_completed_by_its_own_posterior():
    asked, worlds, values = asked_and_worlds(0)
    rows = np.array([[1, -1, -1, -1], [-1, 0, 1, -1], [0, 0, 0, 0]], dtype=np.int8)
    drawn = complete(asked, np.repeat(rows, NUM, axis=0), np.random.default_rng(0)).reshape(3, NUM, 4)
    for row, of_row in zip(rows, drawn, strict=True):
        agreeing = values * ((row < 0) | (worlds == row)).all(axis=1)
        check_frequencies(of_row, worlds, agreeing / agreeing.sum())


def test_observed_values_stay_and_the_same_seed_draws_the_same():
    asked, rng = circuits.random_asked(3, 4, circuits.ALL)
    rows = circuits.random_rows(rng, asked, 50)
    one, two = (complete(asked, rows, np.random.default_rng(1)) for _ in range(2))
    assert_close(one, two, rtol=0, atol=0)
    seen = queries.as_real(rows) == queries.as_real(rows)
    assert_close(one[seen], rows[seen], rtol=0, atol=0)


def test_nothing_can_be_drawn_given_evidence_of_probability_zero():
    asked = model(Circuit(1, (InputLayer(np.array([[0]]), 1),)), (), (np.array([1.0, 0.0]).reshape(2, 1, 1),))
    with pytest.raises(QueryError, match="row 1: this network gives the evidence probability zero"):
        sample(asked, 3, np.random.default_rng(0), np.array([1]))
    with pytest.raises(QueryError, match="row 2: this network gives"):
        complete(asked, np.array([[-1], [1]]), np.random.default_rng(0))


def test_no_samples_are_no_rows():
    asked, _ = circuits.random_asked(0, 3)
    assert sample(asked, 0, np.random.default_rng(0)).shape == (0, 3)

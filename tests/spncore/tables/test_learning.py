"""Learning from a table: where it starts, what its curve says, when it stops."""

import numpy as np
import pytest

from spncore.inference.queries import log_likelihood
from spncore.inference.values import log_values
from spncore.learning.learners import LearnerSettings
from spncore.structures import Column, StructureSettings
from spncore.tables.columns import weighted_moments
from spncore.tables.learning import TableSettings, learn
from spncore.tables.structures import TABLE_STRUCTURES, Table
from tests.closeness import assert_close

STANDING_STILL = LearnerSettings("adam", "log", learning_rate=1e-15)
EM = LearnerSettings("em", "log")


def _table():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 120)
    rows = np.column_stack([rng.normal(size=120) + 2.0 * group, rng.integers(0, 3, 120), group]).astype(float)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    weights = rng.uniform(0.5, 2.0, 120)
    columns = Column("gaussian"), Column("categorical", 3), Column()
    return Table(rows, weights, columns, *weighted_moments(rows, weights))


def _learned(learner, structure="mixture", depth=1, iterations=1, tolerance=1e-6, mix=1.0):
    settings = TableSettings(structure, StructureSettings(5, 2, 3), depth, learner, iterations, tolerance, mix)
    return learn(_table(), settings, np.random.default_rng(1))


@pytest.mark.parametrize("structure", TABLE_STRUCTURES)
def test_every_depth_starts_from_the_same_network(structure):
    shallow, *deeper = (_learned(STANDING_STILL, structure, depth).model for depth in (1, 2, 4))
    rows = _table().rows
    for deep in deeper:
        assert_close(log_likelihood(deep, rows), log_likelihood(shallow, rows))


@pytest.mark.parametrize("mix", [1.0, 0.25, 0.0])
def test_the_curve_is_the_weighted_mean_of_the_objective(mix):
    found, table = _learned(STANDING_STILL, mix=mix), _table()
    without = np.where(np.arange(3) == 2, np.nan, table.rows)
    generative = log_likelihood(found.model, table.rows)
    conditional = log_values(found.model, table.rows) - log_values(found.model, without)  # 0 where the class is missing
    expected = np.average(mix * generative + (1 - mix) * conditional, weights=table.weights)
    assert_close(found.curve, [expected])


@pytest.mark.parametrize("structure", TABLE_STRUCTURES)
def test_em_climbs_from_every_start(structure):
    curve = _learned(EM, structure, iterations=30).curve
    assert (np.diff(curve) > -1e-6).all() and curve[-1] > curve[0]  # the floor on weights may cost less than 1e-6


def test_learning_stops_when_the_objective_stands_still_but_not_between_batches():
    found = _learned(EM, iterations=500, tolerance=1e-3)
    changes = np.abs(np.diff(found.curve))
    assert len(found.curve) < 500 and changes[-1] < 1e-3 <= changes[:-1].min()
    assert len(_learned(EM._replace(batch_size=30), iterations=40, tolerance=1e9).curve) == 40

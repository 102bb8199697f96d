"""A study: one experiment at several depths, equal when its runs are equal."""

from typing import Any

import pytest

from spncore import Experiment, ExperimentError
from spncore.runs.study import Study

SMALL = Experiment(dataset="two-clusters", num_components=2)


@pytest.mark.parametrize("depths", [(), (0,), (2, 1), (1, 1), (9,), (True,), ("1",), (1.0,)])
def test_a_study_refuses_depths_that_are_not_rising_whole_numbers_within_the_limit(depths: Any) -> None:
    with pytest.raises(ExperimentError, match="depths: .* allowed: 1 to 8"):
        Study(SMALL, depths)


def test_studies_are_equal_whatever_depth_their_experiment_has() -> None:
    assert Study(SMALL.replace(depth=1), (1, 2)) == Study(SMALL.replace(depth=5), (1, 2))
    assert [experiment.depth for experiment in Study(SMALL, (1, 4)).experiments()] == [1, 4]

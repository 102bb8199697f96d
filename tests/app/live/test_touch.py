"""What a touch on the drawing asks for becomes a study; what cannot be is refused in words."""

from dataclasses import replace

import pytest

from app.kit.link import LAB
from app.live import touch
from spncore.record import ExperimentError

STUDY = LAB.default()
WEIGHT = {"depth": 3, "layer": 1, "weight": 3, "at": 40, "value": 0.2}
RATE = {"at": 120, "rate": 0.05}


def changes(study):
    return study.experiment.changes


def test_a_weight_is_set_and_what_was_changed_later_is_another_run():
    study = touch.after(STUDY, RATE)
    assert changes(study) == ("120:rate:0.05",) and replace(study, experiment=STUDY.experiment) == STUDY
    assert changes(touch.after(study, WEIGHT)) == ("40:L3.w1.4:0.2",)
    assert changes(touch.after(study, {**WEIGHT, "at": 130})) == ("120:rate:0.05", "130:L3.w1.4:0.2")


def test_the_same_weight_at_the_same_update_is_set_anew():
    study = touch.after(touch.after(STUDY, WEIGHT), {**WEIGHT, "value": 0.3})
    assert changes(study) == ("40:L3.w1.4:0.3",)


def test_at_the_end_of_a_run_there_are_as_many_updates_to_come():
    study = touch.after(STUDY, {**RATE, "at": 500})
    assert study.experiment.iterations == 1000 and changes(study) == ("500:rate:0.05",)
    longest = replace(STUDY, experiment=STUDY.experiment.replace(iterations=5000))
    with pytest.raises(ExperimentError, match="no update is left after 5000; go back with the cursor"):
        touch.after(longest, {**RATE, "at": 5000})


def test_a_layer_more_and_a_layer_fewer_are_depths():
    assert touch.after(STUDY, {"add": 4}).depths == (1, 2, 3, 4)
    assert touch.after(STUDY, {"remove": 2}).depths == (1, 3)
    with pytest.raises(ExperimentError, match="depths"):
        touch.after(touch.after(touch.after(STUDY, {"remove": 1}), {"remove": 2}), {"remove": 3})
    with pytest.raises(ExperimentError, match="depths"):
        touch.after(STUDY, {"add": 9})


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "rate",
        {},
        {"at": 1},
        {**RATE, "more": 1},
        {**RATE, "at": 1.5},
        {**RATE, "at": True},
        {**RATE, "at": float("inf")},
        {**RATE, "at": -1},
        {**RATE, "rate": "0.05"},
        {**RATE, "rate": float("nan")},
        {**WEIGHT, "weight": 9},
        {**WEIGHT, "depth": "3.w1.4:0.2,5:rate:1"},
        {"add": [4]},
    ],
)
def test_what_a_browser_could_send_besides_is_refused_in_a_sentence(asked):
    with pytest.raises(ExperimentError, match="^[a-z_]+: .+"):
        touch.after(STUDY, asked)


def test_another_rate_is_a_branch_and_a_weight_is_none():
    assert touch.is_branch(RATE) and not touch.is_branch(WEIGHT) and not touch.is_branch(None)

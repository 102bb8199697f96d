"""What may be asked of a room: each with one sentence where it cannot be, and nothing else gets into an event."""

import pytest

from spncore import Experiment
from spncore.runs.study import Study
from spncore.studies.classroom.acts import OF_MEMBERS, OF_TEACHER, ActError, checked
from spncore.studies.classroom.state import fold
from spncore.studies.history import settings_of, study_of
from tests.spncore.studies.classroom.conftest import events, result_payload

STUDY = settings_of(Study(Experiment(dataset="two-clusters", iterations=20, num_seeds=6), (1, 2)))
NAN = float("nan")


@pytest.fixture
def asked(room):
    """A room with a member and a study."""
    return fold(room, events(("join", "ann", {"seat": 1}), ("study", "", {"study": STUDY})))


@pytest.mark.parametrize(
    ("kind", "said", "payload"),
    [
        ("vote", {"question": "which", "choice": 2}, {"question": "which", "choice": 2}),
        ("guess", {"question": "curve", "values": [1, -2.5]}, {"question": "curve", "values": [1.0, -2.5]}),
        ("nickname", {"name": "  Ann\n\u202eB "}, {"name": "Ann B"}),
        ("nickname", {"name": ""}, {"name": ""}),
        ("progress", {"step": 8}, {"step": 8}),
        ("step", {"step": 0}, {"step": 0}),
        ("pace", {"pace": "free"}, {"pace": "free"}),
        ("pause", {"paused": True}, {"paused": True}),
        ("hide", {"hidden": False}, {"hidden": False}),
        ("announce", {"number": 30}, {"number": 30}),
        ("remove", {"seat": 1}, {"seat": 1}),
        ("end", {"anything": 1}, {}),
    ],
)
def test_what_is_asked_becomes_an_event_with_just_that(kind, said, payload, asked):
    assert checked(asked, kind, {**said, "more": "is not kept"}, 250) == payload


def test_a_study_is_kept_as_its_seats_train_it(asked):
    kept = study_of(checked(asked, "study", {"study": STUDY}, 250)["study"])
    assert kept.experiment.num_seeds == 1 and kept.depths == (1, 2)


@pytest.mark.parametrize(
    ("kind", "said", "sentence"),
    [
        ("vote", {}, "question: this lesson asks no such question"),
        ("vote", {"question": ["which"]}, "question: this lesson asks no such question"),
        ("vote", {"question": "curve", "choice": 0}, "question: this lesson asks no such question"),
        *[
            ("vote", {"question": "which", "choice": wrong}, "choice: give a whole number from 0 to 2")
            for wrong in (3, -1, 1.0, True, None, "1", 10**400)
        ],
        *[
            ("guess", {"question": "curve", "values": wrong}, "values: give 2 numbers from")
            for wrong in (
                [1],
                [1, 2, 3],
                [1, NAN],
                [1, 1e7],
                [1, float("inf")],
                [1, "2"],
                [1, True],
                None,
                [1, 10**400],
            )
        ],
        ("nickname", {"name": "x" * 25}, "name: 25 characters are too many; allowed: 24"),
        ("nickname", {"name": 1}, "name: give a text"),
        ("progress", {"step": 9}, "step: give a whole number from 0 to 8"),
        ("step", {"step": "1"}, "step: give a whole number from 0 to 8"),
        ("pace", {"pace": "fast"}, "pace: follow or free"),
        ("pause", {"paused": 1}, "paused: true or false"),
        ("hide", {}, "hidden: true or false"),
        ("announce", {"number": 0}, "number: give a whole number from 1 to 250"),
        ("announce", {"number": 251}, "number: give a whole number from 1 to 250"),
        ("remove", {"seat": 2}, "seat: nobody has this one"),
        ("remove", {"seat": [1]}, "seat: nobody has this one"),
        *[
            ("study", {"study": wrong}, "study: give the settings of a study")
            for wrong in (None, [], {}, "x", {"experiment": []}, {**STUDY, "depths": 3})
        ],
        ("study", {"study": {**STUDY, "depths": [9]}}, "depths"),
        ("study", {"study": {**STUDY, "rivals": ["nobody"]}}, "rivals"),
        ("study", {"study": {**STUDY, "experiment": {**STUDY["experiment"], "learning_rate": NAN}}}, "learning_rate"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(kind, said, sentence, asked):
    with pytest.raises(ActError, match=sentence) as refused:
        checked(asked, kind, said, 250)
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)


def test_a_number_cannot_be_announced_before_a_study_or_after_a_result(room, asked):
    with pytest.raises(ActError, match="choose a study first"):
        checked(room, "announce", {"number": 3}, 250)
    came = fold(asked, events(*[("step", "", {"step": 0})] * 2, ("result", "ann", result_payload(1, -7.0))))
    with pytest.raises(ActError, match="who has seen some could choose the number that suits"):
        checked(came, "announce", {"number": 3}, 250)


def test_a_room_has_so_many_studies(room):
    full = fold(room, events(*[("study", "", {"study": STUDY})] * 32))
    with pytest.raises(ActError, match="has had 32 studies"):
        checked(full, "study", {"study": STUDY}, 250)


def test_while_a_room_is_paused_nobody_votes_or_guesses_and_after_its_end_nothing_is_taken(room):
    paused, ended = fold(room, events(("pause", "", {"paused": True}))), fold(room, events(("end", "", {})))
    for kind in ("vote", "guess"):
        with pytest.raises(ActError, match="The teacher has paused the room"):
            checked(paused, kind, {}, 250)
    assert checked(paused, "progress", {"step": 1}, 250) == {"step": 1}
    for kind in (*OF_MEMBERS, *OF_TEACHER):
        with pytest.raises(ActError, match="The teacher has ended the room"):
            checked(ended, kind, {}, 250)

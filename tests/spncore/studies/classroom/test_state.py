"""A room is its events: whoever folds them has the same, in whatever portions they come and however often."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spncore import Experiment
from spncore.runs.study import Study
from spncore.store import MEMORY, Store, rooms
from spncore.studies.classroom.state import Agenda, GapError, RoomState, fold
from spncore.studies.classroom.state import Place as Seat
from spncore.studies.history import settings_of
from tests.spncore.studies.classroom.conftest import AGENDA, events, result_payload

STUDY = settings_of(Study(Experiment(dataset="two-clusters", iterations=20), (1, 2)))
PEOPLE = ("ann", "bob", "cid")


def test_members_have_their_seats_and_a_second_join_changes_nothing(room):
    state = fold(room, events(("join", "ann", {"seat": 1}), ("join", "bob", {"seat": 2}), ("join", "ann", {"seat": 3})))
    assert state.members == {"ann": Seat(1), "bob": Seat(2)} and state.seq == 3


def test_the_last_vote_and_guess_of_a_member_count_and_those_of_strangers_do_not(room):
    state = fold(
        room,
        events(
            ("join", "ann", {"seat": 1}),
            ("join", "bob", {"seat": 2}),
            ("vote", "ann", {"question": "which", "choice": 0}),
            ("vote", "bob", {"question": "which", "choice": 2}),
            ("vote", "ann", {"question": "which", "choice": 2}),
            ("vote", "eve", {"question": "which", "choice": 1}),
            ("guess", "ann", {"question": "curve", "values": [1, 2.5]}),
        ),
    )
    assert state.tally("which") == [0, 0, 2] and state.guesses == {"curve": {"ann": (1.0, 2.5)}}


def test_what_was_acknowledged_counts_though_the_room_was_paused_or_ended_just_before(room):
    joined = [("join", "ann", {"seat": 1}), ("pause", "", {"paused": True}), ("end", "", {})]
    state = fold(room, events(*joined, ("vote", "ann", {"question": "why", "choice": 1})))
    assert state.paused and state.ended and state.tally("why") == [0, 1]


def test_the_teacher_leads_and_members_are_counted_where_they_are(room):
    joined = [("join", name, {"seat": seat}) for seat, name in enumerate(PEOPLE, 1)]
    state = fold(room, events(*joined, ("step", "", {"step": 3}), ("pace", "", {"pace": "free"})))
    assert (state.step, state.pace, state.where()) == (3, "free", {0: 3})
    more = [*joined, *[("progress", name, {"step": 2}) for name in PEOPLE[:2]]]
    assert fold(room, events(*more)).where() == {0: 1, 2: 2}


def test_a_nickname_that_was_removed_stays_removed(room):
    said = [("join", "ann", {"seat": 1}), ("nickname", "ann", {"name": "Rude"})]
    assert fold(room, events(*said)).members["ann"].nickname == "Rude"
    removed = [*said, ("remove", "", {"seat": 1}), ("nickname", "ann", {"name": "Ruder"})]
    assert fold(room, events(*removed)).members["ann"] == Seat(1, removed=True)
    blanked = [said[0], ("nickname", "ann", {}), *removed[2:]]
    assert fold(room, events(*blanked)) == fold(room, events(*removed))


def test_a_number_is_announced_before_the_first_result_or_not_at_all(room):
    asked, announced = ("study", "", {"study": STUDY}), ("announce", "", {"number": 30})
    came = ("result", "ann", result_payload(1, -7.0, -6.5))
    assert fold(room, events(announced)).asked is None
    assert fold(room, events(asked, announced, came)).asked.announced == 30
    assert fold(room, events(asked, came, announced)).asked.announced is None
    anew = fold(room, events(asked, announced, came, asked))
    assert anew.asked.number == 2 and anew.asked.announced is None and not anew.arrived
    assert fold(room, events(asked, announced, came, asked, ("announce", "", {"number": 5}))).asked.announced == 5


def test_the_first_result_of_a_seat_stands(room):
    state = fold(
        room,
        events(
            ("study", "", {"study": STUDY}),
            ("result", "ann", result_payload(1, -7.0)),
            ("result", "teacher", result_payload(1, -1.0)),
            ("result", "bob", result_payload(2, None)),
        ),
    )
    assert {seat: found.curves[0].end for seat, found in state.arrived.items()} == {1: -7.0, 2: float("-inf")}


def test_results_are_shown_anew_from_the_event_on_that_shows_them(room):
    hide, show = ("hide", "", {"hidden": True}), ("hide", "", {"hidden": False})
    assert fold(room, events(hide)).hidden and fold(room, events(hide)).shown_at == 0
    assert fold(room, events(hide, show)).shown_at == 2
    assert fold(room, events(hide, show, show)).shown_at == 2


def test_a_kind_of_a_newer_release_changes_nothing_but_the_number(room):
    state = fold(room, events(("join", "ann", {"seat": 1}), ("dance", "ann", {"tango": 1})))
    assert state == RoomState(AGENDA, seq=2, members={"ann": Seat(1)})


def test_a_missing_event_is_an_error_and_never_passed_over(room):
    one, two, three = events(*[("step", "", {"step": n}) for n in (1, 2, 3)])
    with pytest.raises(GapError, match="event 3 does not follow event 1"):
        fold(room, [one, three])
    assert fold(room, [one, two, one, two, three]).step == 3


def test_a_lesson_that_is_more_than_a_room_takes_is_none():
    for wrong in (
        {"num_steps": 0},
        {"num_steps": 65},
        {"votes": {"a": 1}},
        {"votes": {"a": 13}},
        {"guesses": {"a": 0}},
        {"votes": {str(n): 2 for n in range(65)}},
    ):
        with pytest.raises(ValueError, match="1 to 64"):
            Agenda("x", **wrong)
    assert Agenda(**json.loads(json.dumps(AGENDA.settings()))) == AGENDA


members = st.sampled_from((*PEOPLE, "eve"))
acts = st.one_of(
    st.tuples(
        st.just("vote"),
        members,
        st.fixed_dictionaries({"question": st.sampled_from(["which", "why"]), "choice": st.integers(0, 1)}),
    ),
    st.tuples(st.just("guess"), members, st.just({"question": "curve", "values": [1.0, 2.0]})),
    st.tuples(st.just("progress"), members, st.fixed_dictionaries({"step": st.integers(0, 8)})),
    st.tuples(st.just("nickname"), members, st.fixed_dictionaries({"name": st.sampled_from(["A", "B", ""])})),
    st.tuples(st.just("result"), members, st.builds(result_payload, st.integers(1, 4), st.sampled_from([-7.0, None]))),
    st.tuples(st.just("step"), st.just(""), st.fixed_dictionaries({"step": st.integers(0, 8)})),
    st.tuples(st.just("study"), st.just(""), st.just({"study": STUDY})),
    st.tuples(st.just("announce"), st.just(""), st.fixed_dictionaries({"number": st.integers(1, 5)})),
    st.tuples(st.just("hide"), st.just(""), st.fixed_dictionaries({"hidden": st.booleans()})),
    st.tuples(st.just("pause"), st.just(""), st.fixed_dictionaries({"paused": st.booleans()})),
    st.tuples(st.just("remove"), st.just(""), st.fixed_dictionaries({"seat": st.integers(1, 4)})),
    st.tuples(st.just("end"), st.just(""), st.just({})),
)
posts = st.lists(st.tuples(acts, st.integers(0, 12)), max_size=40)  # each under one of a few keys, so that some repeat


@settings(max_examples=60, deadline=None)
@given(posts, st.data())
def test_what_was_followed_live_is_what_is_read_from_the_begin_from_the_middle_and_twice(said, data):
    """Through a real store, which numbers the events and drops those of a key that is there."""
    with Store(MEMORY) as store:
        store.write(rooms.open_room, "BCDFG", "teacher", AGENDA.settings(), 0.0, 1e12).result()
        live, seen = RoomState(AGENDA), set[tuple[str, str]]()
        for name in PEOPLE:
            store.write(rooms.join, "BCDFG", name).result()
        for (kind, member, payload), key in said:
            store.write(rooms.post, "BCDFG", kind, member, payload, f"key {key}").result()
            seen.add((member, f"key {key}"))
            if data.draw(st.booleans()):
                live = fold(live, store.read(rooms.events_after, "BCDFG", live.seq))
        live = fold(live, store.read(rooms.events_after, "BCDFG", live.seq))
        every = store.read(rooms.events_after, "BCDFG", 0)
        middle = data.draw(st.integers(0, len(every)))
        assert len(every) == len(PEOPLE) + len(seen)
        assert fold(RoomState(AGENDA), every) == live
        half = fold(RoomState(AGENDA), every[:middle])
        assert fold(half, store.read(rooms.events_after, "BCDFG", half.seq)) == live
        assert fold(half, every) == fold(live, every) == live
        assert live.seq == len(every)

"""A setting is declared once, and by that is checked, read, written and spoken of."""

import math
from dataclasses import MISSING, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spncore.record import (
    ExperimentError,
    Field,
    Manner,
    Record,
    Several,
    Span,
    choice,
    cut,
    declare,
    number,
    switch,
    whole,
)
from spncore.runs.changes import Changes
from spncore.runs.experiment import Experiment
from spncore.runs.study import DEPTHS, Study
from spncore.studies.axes import Axes
from spncore.studies.cells import Runs
from spncore.studies.grid import Grid
from spncore.studies.held_equal import Case
from spncore.studies.linear import LinearStudy
from spncore.studies.phase import Plane
from tests import axes, changes

RECORDS = (Experiment, Study, LinearStudy, Plane, Grid, Case, Runs)
EVERY_FIELD = [(record, name) for record in RECORDS for name in record.fields]


@dataclass(frozen=True)
class Small(Record):
    """One field of each kind."""

    size: int = whole(3, "size (n)", "How large.", 1, 9)
    odd: int = whole(1, "odd", "Which.", 1, 5, only=(1, 5))
    share: float = number(0.5, "share (β)", "How much.", 1e-3, 2.0, zero_allowed=True)
    colour: str = choice("red", "colour", "Which.", ("red", "green"), name="c", pattern="#[0-9]{3}")
    lit: bool = switch(True, "lit")
    marks: tuple[int, ...] = declare((), Several(tuple, "marks", choices=(1, 2, 3), said="some", refused="is no mark"))
    other: str = "no setting"


def value_of(field):
    """A strategy for what a field allows."""
    if isinstance(field, Span):
        numbers = st.floats(field.low, field.high)
        return st.lists(numbers, min_size=2, max_size=2, unique=True).map(lambda ends: tuple(sorted(ends)))
    if isinstance(field, Changes):
        return changes.of_rates()
    if isinstance(field, Axes):
        return axes.of_settings(value_of)
    if isinstance(field, Several):
        return st.sets(st.sampled_from(field.choices), min_size=1).map(
            lambda some: tuple(sorted(some, key=field.choices.index))
        )
    if field.kind is bool:
        return st.booleans()
    if field.kind is str:
        return st.sampled_from(field.choices)
    if field.only:
        return st.sampled_from(field.only)
    return st.integers(int(field.low), int(field.high)) if field.kind is int else st.floats(field.low, field.high)


def test_words_are_made_of_the_declaration():
    fields = Small.fields
    assert (fields["size"].label, fields["size"].symbol, fields["size"].title) == ("size", "n", "size (n)")
    assert (fields["lit"].title, fields["lit"].symbol, fields["size"].help) == ("lit", "", "How large.")
    assert [field.allowed() for field in fields.values()] == [
        "1 to 9",
        "1 or 5",
        "0 or 0.001 to 2",
        "one of red, green",
        "true or false",
        "some",
    ]


def test_a_record_has_its_settings_by_the_names_that_links_say():
    small = Small(size=4, colour="green")
    assert small.settings() == {"size": 4, "odd": 1, "share": 0.5, "c": "green", "lit": True, "marks": ()}
    assert Small.of(small.settings()) == small and list(Small.declared()) == list(small.settings())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": 0}, "size: 0 is out of range; allowed: 1 to 9"),
        ({"size": 4.0}, "size: 4.0 is not a whole number; allowed: 1 to 9"),
        ({"size": True}, "size: True is not a whole number; allowed: 1 to 9"),
        ({"odd": 3}, "odd: 3 is out of range; allowed: 1 or 5"),
        ({"share": math.nan}, "share: nan is out of range; allowed: 0 or 0.001 to 2"),
        ({"share": "1"}, "share: '1' is not a number; allowed: 0 or 0.001 to 2"),
        ({"colour": "blue"}, "c: 'blue' is not known; allowed: one of red, green"),
        ({"colour": None}, "c: None is not a name; allowed: one of red, green"),
        ({"lit": 1}, "lit: 1 is neither true nor false; allowed: true or false"),
        ({"marks": (1, 4)}, "marks: (1, 4) is refused; allowed: some"),
        ({"marks": (1, 1)}, "marks: (1, 1) is refused; allowed: some"),
        ({"marks": (1.0,)}, "marks: (1.0,) is refused; allowed: some"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_its_name_and_what_is(changes, sentence):
    with pytest.raises(ExperimentError) as refusal:
        Small(**changes)
    assert str(refusal.value) == sentence


def test_a_value_is_kept_as_its_kind():
    small = Small(share=1, marks=(3, 1), colour="#123")
    assert (type(small.share), small.marks, small.colour, Small(share=0).share) == (float, (1, 3), "#123", 0.0)


def test_choices_that_must_rise_are_at_least_one():
    field = Several(tuple, choices=(1, 2, 3), rising=True, said="rising")
    assert field.check((1, 3)) == (1, 3) and field.parse("3,1") == (1, 3)
    for refused in ((), (3, 1)):
        with pytest.raises(ExperimentError, match="is refused; allowed: rising"):
            field.check(refused)
    with pytest.raises(ExperimentError):
        field.parse("")


def test_a_manner_reads_and_refuses_in_its_own_way():
    manner = Manner(whole="[0-9]{1,2}", unread="is {what}", outside="is not allowed", shown=cut, ending=".0")
    field = Field(int, low=1, high=9, name="n", manner=manner)
    for text, sentence in (("+1", "'+1' is not a whole number"), ("10", "10 is not allowed"), ("x" * 50, "'…")):
        with pytest.raises(ExperimentError) as refusal:
            field.parse(text)
        assert sentence in str(refusal.value) or str(refusal.value).count("x") == 40
    assert field.parse("07") == 7 and Field(float, manner=manner).text(5.0) == "5"


@pytest.mark.parametrize(("record", "name"), EVERY_FIELD, ids=lambda each: getattr(each, "__name__", each))
@given(st.data())
def test_any_value_that_a_field_allows_is_read_back_from_its_text(record, name, data):
    field = record.fields[name]
    value = data.draw(value_of(field))
    assert field.parse(field.text(value)) == value == field.check(value)


@pytest.mark.parametrize(("record", "name"), EVERY_FIELD, ids=lambda each: getattr(each, "__name__", each))
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_a_sentence_that_names_the_setting(record, name, text):
    field = record.fields[name]
    try:
        value = field.parse(text)
    except ExperimentError as error:
        sentence = str(error)
        assert sentence.startswith(f"{field.name}: ") and sentence.replace("…", "").isascii() and len(sentence) < 700
    else:
        assert field.check(value) == value


@pytest.mark.parametrize(("record", "name"), EVERY_FIELD, ids=lambda each: getattr(each, "__name__", each))
def test_every_default_is_allowed(record, name):
    default = record.__dataclass_fields__[name].default
    assert default is MISSING or record.fields[name].check(default) == default


def test_what_decides_a_study_is_said_once():
    study = Study(Experiment(dataset="two-clusters"), (1, 3), ("em",))
    assert Study.of(study.settings()) == study and set(Study.declared()) == set(Experiment.fields) | {
        "depths",
        "rivals",
    }
    assert DEPTHS.choices == tuple(range(1, Experiment.fields["depth"].high + 1))

"""A setting is drawn by one function: which widget suits it, what it offers, what is refused and where it is said."""

import pytest
from streamlit.testing.v1 import AppTest

from app.kit import controls
from app.kit.link import LAB
from spncore.record import Field
from spncore.runs.experiment import FIELDS
from spncore.runs.study import Study
from spncore.studies.classes import CHOICES
from tests.addresses import at_address
from tests.waiting import PATIENCE

FINE = {
    "switch": Field(bool, "switch", "", "Help."),
    "few": Field(str, "few", "", "Help.", choices=("a", "b")),
    "many": Field(str, "many", "", "Help.", choices=("a", "b", "c", "d")),
    "several": Field(tuple, "several", "S", "Help.", 1, 3),
    "steep": Field(float, "steep", "", "Help.", 0.01, 10.0, log_scale=True, zero_allowed=True, named={"none": 0.0}),
    "share": Field(float, "share", "", "Help.", 0.0, 1.0),
    "short": Field(int, "short", "", "Help.", 1, 9),
    "long": Field(int, "long", "", "Help.", 1, 5000),
}
VALUES = {"switch": True, "few": "b", "many": "d", "several": [2], "steep": 0.013}
VALUES |= {"share": 0.5, "short": 9, "long": 4999}
KINDS = {
    "switch": "toggle",
    "few": "button_group",
    "many": "selectbox",
    "several": "button_group",
    "steep": "select_slider",
    "share": "slider",
    "short": "slider",
    "long": "number_input",
}
DEFAULT = controls.settings(LAB.default().on("two-clusters"))


def drawing(names, fields, values, how=None, refused=""):
    """A page of these settings alone; what it makes of them is kept."""
    import streamlit as st

    from app.kit import controls

    def make(said):
        if refused:
            raise ValueError(refused)
        return said

    st.session_state["made"] = controls.panel("x", values, make, names[:-1], names[-1:], fields, how or {})


def drawn(names=tuple(FINE), fields=FINE, values=VALUES, **more):
    given = {"names": tuple(names), "fields": fields, "values": values, **more}
    page = AppTest.from_function(drawing, kwargs=given, default_timeout=PATIENCE)
    page.session_state["x_more"] = True
    page.run()
    assert not page.exception
    return page


def widget(page, name):
    [found] = [one for one in page.get(KINDS[name]) if one.key == f"x_{name}"]
    return found


@pytest.mark.parametrize("name", FINE)
def test_each_kind_of_field_has_its_widget_with_label_help_and_value(name):
    page = drawn()
    found = widget(page, name)
    assert found.label == FINE[name].title and found.help == "Help."
    assert found.value == VALUES[name] and page.session_state["made"] == VALUES


def test_a_log_scale_has_1_2_5_steps_named_points_and_zero():
    assert controls.steps(FINE["steep"]) == [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert widget(drawn(), "steep").options[0] == "0 · none"


def test_the_value_of_a_link_stays_offered_between_the_steps():
    page = drawn()
    widget(page, "steep").set_value(1.0).run()
    assert page.session_state["made"]["steep"] == 1.0
    assert "0.013" in widget(page, "steep").options


def test_what_is_folded_is_drawn_when_it_is_unfolded_and_says_the_same_before():
    page = AppTest.from_function(
        drawing, kwargs={"names": tuple(FINE), "fields": FINE, "values": VALUES}, default_timeout=PATIENCE
    ).run()
    assert not page.number_input and page.session_state["made"] == VALUES
    page.session_state["x_more"] = True
    page.run()
    widget(page, "long").set_value(7).run()
    assert page.session_state["made"] == {**VALUES, "long": 7}


@pytest.mark.parametrize("end", ["low", "high"])
def test_both_ends_of_a_range_can_be_chosen(end):
    names = ("steep", "share", "short", "long")
    values = {name: FINE[name].kind(getattr(FINE[name], end)) for name in names}
    page = drawn(names, values=values)
    assert page.session_state["made"] == values and {name: widget(page, name).value for name in names} == values


@pytest.mark.fault("C13")
@pytest.mark.parametrize("value", [10_000, -3, 10**12, float("nan"), float("inf")])
def test_a_socket_s_value_from_outside_the_range_never_reaches_the_record(value):
    page = drawn()
    for name in ("short", "long", "share") if value < 10**13 else ("share",):
        widget(page, name).set_value(value)
    page.run()
    made = page.session_state["made"]
    assert not page.exception and not page.error
    assert all(FINE[name].low <= made[name] <= FINE[name].high for name in ("short", "long", "share"))


def test_a_link_s_value_beyond_the_end_of_a_slider_stays_in_reach():
    page = drawn(values={**VALUES, "short": 20, "several": [2, 5]})
    widget(page, "short").set_value(15)
    widget(page, "several").set_value([2])
    page.run()
    assert page.session_state["made"]["short"] == 15 and page.session_state["made"]["several"] == [2]
    assert widget(page, "short").max == 20 and "5" in [
        option.content for option in widget(page, "several").proto.options
    ]


def test_how_a_setting_is_drawn_may_differ_from_its_declaration():
    how = {"short": {"kind": "number_input"}, "few": {"kind": "selectbox", "options": ["b", "a"], "words": str.upper}}
    page = drawn(("short", "few"), values={"short": 3, "few": "b"}, how=how)
    assert page.number_input(key="x_short").value == 3 and page.selectbox(key="x_few").options == ["B", "A"]


@pytest.mark.parametrize("sentence", ["short: 3 is odd", "short, long: too much", "several: none"])
def test_a_refusal_stands_at_the_setting_it_names_and_there_is_no_record(sentence):
    page = drawn(refused=sentence)
    shown = [element for element in page._tree if element.type in {*KINDS.values(), "error"}]
    order = ["error" if element.type == "error" else element.key for element in shown]
    at = order.index("error")
    assert order[at - 1] == f"x_{sentence[: sentence.index(':')].split(',')[0]}"
    assert page.session_state["made"] is None


def test_a_refusal_that_names_a_label_stands_there_and_one_that_names_nothing_on_top():
    fields = {**FINE, "short": Field(int, "class column", "", "", 1, 9)}
    page = drawn(fields=fields, refused="class column: one value only")
    assert [element.type for element in page._tree].count("error") == 1
    [error] = drawn(refused="the two together").error
    assert error.value == "the two together"


def test_a_study_survives_its_controls():
    study = Study(LAB.default().experiment.replace(init_noise=0.0, momentum=0.3), (1, 4), ("momentum", "em"))
    assert controls.study_of(controls.settings(study)) == study


@pytest.mark.parametrize(
    ("name", "under"),
    [
        ("num_components", {"structure": ("mixture", "random_partitions", "rat", "rat_elementwise")}),
        ("split_depth", {"structure": ("random_partitions", "rat", "rat_elementwise")}),
        ("num_repetitions", {"structure": ("rat", "rat_elementwise")}),
        ("class_variable", {"objective": tuple(set(CHOICES) - {"generative"})}),
        ("hybrid_mix", {"objective": ("hybrid",)}),
        ("labelled_share", {"objective": ("semi_supervised",)}),
        ("momentum", {"optimiser": ("momentum", "nesterov")}),
    ],
)
def test_a_setting_is_offered_where_it_matters(name, under):
    [(other, choices)] = under.items()
    matters = {one for one in FIELDS[other].choices if controls.MATTERS[name]({**DEFAULT, other: one})}
    assert matters == set(choices)


@pytest.mark.parametrize(
    ("page", "prefix", "state"),
    [("", "control", "study"), ("circuits", "circuit", "circuit_study"), ("classes", "classes", "classes_study")],
)
def test_what_the_record_refuses_is_one_sentence_at_its_control_and_the_study_is_kept(page, prefix, state):
    at = at_address(page, dataset="two-clusters", iterations="3", num_seeds="1", num_components="2", depths="1,2")
    at.session_state[f"{prefix}_more"] = True
    at.run()
    before = at.session_state[state]
    at.number_input(key=f"{prefix}_seed").set_value(2**32 - 1).run()
    assert at.session_state[state] != before and not at.error
    at.pills(key=f"{prefix}_depths").set_value([]).run()
    [error] = at.error
    assert "depths" in error.value and at.session_state[state].depths == before.depths
    kept = [element.type for element in at._tree if element.type in ("button_group", "error")]
    assert kept[kept.index("error") - 1] == "button_group"

"""On every page with settings: under a link that locks, no widget, preset, press or touch changes what is locked."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import streamlit as st
from streamlit.testing.v1.element_tree import Widget

from app.kit import pins, session
from app.kit.link import LAB, PARTS
from app.kit.text import WORDS
from app.live import touch
from spncore.studies import presets
from tests.addresses import at_address, by_menu, in_history

pytestmark = pytest.mark.usefixtures("only_shipped_data")

TINY = {"v": "2", "dataset": "two-clusters", "num_components": "2", "iterations": "3", "num_seeds": "1"}
KINDS = ("slider", "select_slider", "selectbox", "toggle", "number_input", "button_group", "text_input")


class Panel(NamedTuple):
    """A page with settings: its address, the prefix of its controls, where its record is, a link to open it by.

    `choices` are values of controls that offer some.
    """

    url: str
    prefix: str
    held: str
    link: dict[str, str]
    choices: dict[str, Any]


WITH_CLASS = {"objective": "hybrid", "optimiser": "momentum", "rivals": "em"}
OTHERS: dict[str, Any] = {"depths": [2], "learning_rate": 1.0, "init_scale": 1.0, "component_init": "random"}
OF_LAB = {**OTHERS, "topology": "private", "optimiser": "nesterov", "dataset": "nltcs-twin", "rivals": ["momentum"]}
PANELS = [
    Panel("", "control", "study", TINY, OF_LAB),
    Panel("", "control", "study", {**TINY, **WITH_CLASS}, OF_LAB),
    Panel("circuits", "circuit", "circuit_study", {**TINY, "depths": "1", "split_depth": "1"}, OTHERS),
    Panel("linear", "linear", "linear_study", {"v": "1", "p": "2", "each_at": "chosen"}, {"p": 4, "num_layers": 3}),
    Panel("classes", "classes", "classes_study", {}, {**OTHERS, "column": 2, "setup": "sum weights only"}),
    Panel("grid", "grid", "grid_study", {}, {"across": "depth", "across_values": "1,2", "asked": "end"}),
    Panel("phase", "phase", "phase_plane", {}, {"data": "two-clusters", "topology": "private", "resolution": 3}),
]
pages = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.url or f"lab {len(panel.link)}")


def opened(panel: Panel, **more: str) -> Any:
    at = at_address(panel.url, **panel.link, **more)
    at.session_state[f"{panel.prefix}_more"] = True
    at.run()
    assert not at.exception
    return at


def settings_of(at: Any, panel: Panel) -> list[Any]:
    """The page's controls of settings, and not those of what is looked at."""
    looks = {"form", "best", "right", "log", "loss_axis", "rho_axis", "lam_axis", "t", "against", "preset"}
    looks |= {"control", "setup"} if panel.url == "classes" else set()  # what learns decides other settings, too
    found = [widget for kind in KINDS for widget in at.get(kind) if str(widget.key).startswith(f"{panel.prefix}_")]
    return [widget for widget in found if widget.key.removeprefix(f"{panel.prefix}_") not in looks]


def moved(widget: Any) -> Any:
    """Another value that the widget takes; None for one that takes words."""
    if widget.type in ("slider", "number_input"):
        return widget.max if widget.value != widget.max else widget.min
    return {"toggle": not widget.value, "text_input": "1,2"}.get(widget.type)


@pages
def test_where_all_is_locked_every_control_says_so_and_none_of_them_changes_anything(
    monkeypatch: pytest.MonkeyPatch, panel: Panel
) -> None:
    monkeypatch.setattr(Widget, "_assert_can_interact", lambda widget: None)  # no browser would, but a message can
    at = opened(panel, lock="all")
    before, address = at.session_state[panel.held], dict(at.query_params)
    found = settings_of(at, panel)
    assert len(found) >= 5
    for widget in found:
        assert widget.proto.disabled and WORDS["locked_help"] in widget.help, widget.key
    others = {widget.key: moved(widget) for widget in found if moved(widget) is not None}
    for widget in found:
        if widget.key in others:
            widget.set_value(others[widget.key])
    at.run()
    assert at.session_state[panel.held] == before and not at.error, "Streamlit drops what no browser can send"
    for key, value in {**others, **{f"{panel.prefix}_{name}": value for name, value in panel.choices.items()}}.items():
        at.session_state[key] = value
    at.run()
    assert not at.exception and (not at.error or panel.url == "classes")
    assert at.session_state[panel.held] == before and dict(at.query_params) == address


@pages
def test_without_a_lock_the_same_controls_are_free(panel: Panel) -> None:
    at = opened(panel)
    assert not [widget.key for widget in settings_of(at, panel) if widget.proto.disabled]


def lab(**more: str) -> Any:
    return opened(PANELS[0], **more)


def buttons(at: Any) -> dict[str, Any]:
    return {str(button.key): button for button in at.button}


def test_reset_and_the_questions_are_those_that_leave_what_is_locked() -> None:
    every = {preset.title: preset.study.experiment for preset in presets.PRESETS.values()}
    assert {*lab().radio(key="control_preset").options} == {*every} and not buttons(lab())["reset"].disabled
    at = lab(lock="num_components")
    assert buttons(at)["reset"].disabled and not at.radio, "no question has two components"
    at = lab(lock="topology")
    free = {title for title, experiment in every.items() if experiment.topology == "tree"}
    assert {*at.radio(key="control_preset").options} == free < {*every} and not buttons(at)["reset"].disabled


def test_what_is_to_be_tried_cannot_be_where_it_would_change_what_has_come_to_be_locked() -> None:
    at = at_address("", dataset="nltcs-twin").run()
    assert not buttons(at)["try"].disabled
    in_history(at, dataset="nltcs-twin", lock="learning_rate")
    assert buttons(at)["try"].disabled, "it is ten times faster"


FORCED = {
    "a question": lambda: session.show(presets.PRESETS["figure-3"].on("two-clusters")),
    "the default": lambda: session.show(LAB.default()),
    "data": lambda: session.choose_data("nltcs-twin"),
    "a touch": lambda: session.show(touch.after(session.study(), {"at": 1, "rate": 0.5})),
}


@pytest.mark.parametrize("way", FORCED)
def test_every_way_to_show_another_study_asks_what_is_locked_and_says_so(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    at = lab(lock="all")
    before = at.session_state["study"]
    monkeypatch.setattr(session, "say", FORCED[way])
    assert at.run().session_state["study"] == before and not at.exception
    monkeypatch.undo()
    assert "locked by the link that opened this page" in at.run().error[0].value


def test_a_touch_that_would_change_what_is_locked_is_refused_in_one_sentence_and_pins_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pressed = dict[str, Any]()

    def view(payload: Any, key: str, on_touch: Any) -> Any:
        assert payload["locked"] == ["learning_rate"]
        if pressed:
            st.session_state[key] = {"touch": {"of": payload["run_id"], "asked": {**pressed}}}
            on_touch()
        return SimpleNamespace(pin=None, unpin=None, share=None)

    monkeypatch.setattr(session, "lab_view", view)
    at = lab(lock="learning_rate")
    before = at.session_state["study"]
    pressed.update(at=1, rate=0.5)
    at.run()
    pressed.clear()
    at.run()
    assert [error.value.replace("\\", "").partition(":")[0] for error in at.error] == ["learning_rate"]
    assert at.session_state["study"] == before and not pins_of(at)


def pins_of(at: Any) -> Any:
    return at.session_state[pins.PINS] if pins.PINS in at.session_state else {}


def test_a_locked_upload_cannot_be_made_and_a_hidden_one_is_not_there() -> None:
    assert buttons(lab(lock="dataset"))["upload"].disabled and not buttons(lab())["upload"].disabled
    for hidden in ("data", "dataset"):
        at = lab(hide=hidden)
        assert "upload" not in buttons(at) and not [box for box in at.selectbox if box.key == "control_dataset"]


def test_parts_of_the_lab_that_are_hidden_are_not_there() -> None:
    there = {"reset": "reset", "export": "export", "keep": "keep_run", "help": "help"}
    every = buttons(lab())
    assert {*there.values()} <= {*every}
    gone = lab(hide=",".join(PARTS))
    assert not {*there.values()} & {*buttons(gone)} and not gone.radio
    for part, key in there.items():
        assert {*every} - {*buttons(lab(hide=part))} == {key}
    assert gone.session_state["study"] == lab().session_state["study"]


def test_locks_go_along_through_the_menu_and_end_where_the_browser_goes_back_before_them() -> None:
    at = lab(lock="learning_rate", hide="seed")
    by_menu(at, "circuits")
    assert at.select_slider(key="circuit_learning_rate").disabled and at.query_params["lock"] == "learning_rate"
    in_history(by_menu(at, "lab"), **TINY)
    assert not at.select_slider(key="control_learning_rate").disabled and "lock" not in at.query_params


def test_names_that_no_setting_has_are_said_once_on_the_page_and_the_rest_holds() -> None:
    at = lab(lock="colour,seed", hide="nonsense")
    said = [element.value.replace("\\", "") for element in at.warning]
    assert said == [
        f"{name}: no such setting: '{what}'. The rest of the list holds."
        for name, what in (("lock", "colour"), ("hide", "nonsense"))
    ]
    assert at.query_params["lock"] == "seed" and "hide" not in at.query_params
    assert not by_menu(at, "about").warning

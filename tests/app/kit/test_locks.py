"""What a link locks stays as the link has it, whatever widgets say; what it hides is not drawn and keeps its value."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.kit import controls
from app.kit.link import ALL, CARRIED, LAB, LISTED_CHARACTERS, LISTS, PARTS, SETTINGS, decode_carried, decode_lists
from app.kit.text import WORDS
from spncore.record import Field
from spncore.runs.study import Study
from tests.waiting import PATIENCE

VALUES = controls.settings(LAB.default().on("two-clusters"))
DECLARED = Study.declared()
NAMES = tuple(name for name in DECLARED if name not in ("depth", "changes"))


def another(name: str, field: Field, value: Any) -> Any:
    """A value of a setting that is not this one."""
    if field.kind is bool:
        return not value
    if field.kind is tuple:
        return [field.choices[-1]] if value != [field.choices[-1]] else [field.choices[0]]
    if field.choices:
        return next(choice for choice in field.choices if choice != value)
    return field.kind(field.high if value != field.high else field.low)


def drawing(names, values, begun, along):  # type: ignore[no-untyped-def]  # its text is what is run
    """A page of a study's settings alone, under a link of these lists, with widgets that say what is begun with."""
    import streamlit as st

    from app.kit import controls
    from app.kit.locks import GOES_ALONG

    st.session_state[GOES_ALONG] = along
    controls.show("x", begun)
    st.session_state["said"] = controls.said("x", values, names)
    st.session_state["made"] = controls.panel("x", values, dict, names)


def drawn(along: dict[str, str], begun: dict[str, Any], names: tuple[str, ...] = NAMES) -> Any:
    given = {"names": names, "values": VALUES, "begun": begun, "along": along}
    page = AppTest.from_function(drawing, kwargs=given, default_timeout=PATIENCE).run()
    assert not page.exception
    return page


def widgets(page: Any) -> dict[str, Any]:
    kinds = ("slider", "select_slider", "selectbox", "toggle", "number_input", "button_group")
    return {widget.key.removeprefix("x_"): widget for kind in kinds for widget in page.get(kind)}


@pytest.mark.parametrize("name", NAMES)
def test_a_locked_setting_says_what_the_link_has_whatever_its_widget_is_made_to_say(name: str) -> None:
    begun = {name: another(name, DECLARED[name], VALUES[name])}
    free, locked = drawn({}, begun, (name,)), drawn({"lock": name}, begun, (name,))
    for which in ("said", "made"):
        assert locked.session_state[which] == VALUES
        assert free.session_state[which] == {**VALUES, **begun} or name in controls.MATTERS
    for shown in widgets(locked).values():
        assert shown.proto.disabled and shown.value == VALUES[name] and shown.help.endswith(WORDS["locked_help"])
    assert not any(shown.proto.disabled for shown in widgets(free).values())


def test_one_list_locks_some_and_leaves_the_rest_and_all_locks_every_one() -> None:
    page = drawn({"lock": "seed,depths"}, {})
    assert {name for name, shown in widgets(page).items() if shown.proto.disabled} == {"seed", "depths"}
    assert all(shown.proto.disabled for shown in widgets(drawn({"lock": ALL}, {})).values())


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_setting_is_not_drawn_and_keeps_its_value(name: str) -> None:
    page = drawn({"hide": name}, {})
    assert name not in widgets(page) and page.session_state["made"] == VALUES
    assert {*widgets(page)} == {*widgets(drawn({}, {}))} - {name}


def test_what_is_folded_is_a_part_that_can_be_hidden() -> None:
    def page(along: Any) -> Any:
        def folded(along, values):  # type: ignore[no-untyped-def]
            import streamlit as st

            from app.kit import controls
            from app.kit.locks import GOES_ALONG

            st.session_state.update({GOES_ALONG: along, "x_more": True})
            st.session_state["made"] = controls.panel("x", values, dict, ["seed"], ["topology"])

        given = {"along": along, "values": VALUES}
        return AppTest.from_function(folded, kwargs=given, default_timeout=PATIENCE).run()

    assert {*widgets(page({}))} == {"seed", "topology"} and not page({"hide": "topology"}).expander
    assert {*widgets(page({"hide": "more"}))} == {"seed"} and page({"hide": "more"}).session_state["made"] == VALUES


def test_a_choice_that_brings_other_settings_along_is_refused_where_one_of_them_is_locked() -> None:
    def page() -> None:
        import streamlit as st

        from app.kit import controls
        from app.kit.link import LAB
        from app.kit.locks import GOES_ALONG

        values = controls.settings(LAB.default().on("two-clusters"))
        made = lambda said: controls.study_of({**said, "seed": 3 if said["num_seeds"] > 6 else 0})  # noqa: E731
        st.session_state[GOES_ALONG] = {"lock": st.session_state.get("locks", "seed")}
        st.session_state["made"] = controls.panel("x", values, made, ["num_seeds"])

    at = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert at.session_state["made"].experiment.seed == 0 and not at.error
    at.slider(key="x_num_seeds").set_value(9).run()
    assert at.session_state["made"] is None and "locked by the link" in at.error[0].value
    at.session_state["locks"] = "topology"
    assert at.run().session_state["made"].experiment.seed == 3


@pytest.mark.parametrize(
    ("text", "holds", "refused"),
    [
        ("depths,seed", "seed,depths", ""),
        ("depths,seed,,depths,", "seed,depths", ""),
        ("all", "all", ""),
        ("seed,colour", "seed", "lock: no such setting: 'colour'. The rest of the list holds."),
        ("<b>x</b>", None, "lock: no such setting: '<b>x</b>'. The rest of the list holds."),
        ("menu", None, "lock: no such setting: 'menu'. The rest of the list holds."),
        (",".join(f"n{i}" for i in range(9)) + ",seed", "seed", "'n4' and 4 more. The rest of the list holds."),
        ("", None, ""),
        ("s" * (LISTED_CHARACTERS + 1), None, "at most 600 are allowed. The list is not used."),
    ],
)
def test_of_a_list_what_is_known_holds_and_one_sentence_says_the_rest(text: str, holds: Any, refused: str) -> None:
    found, sentences = decode_lists({"lock": text})
    assert found.get("lock") == holds and decode_carried({"lock": text}).get("lock") == holds
    assert len(sentences) == bool(refused) and all(sentence.endswith(refused) for sentence in sentences)
    assert all(len(sentence) < 300 for sentence in sentences)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_given_twice_is_not_used_and_the_longest_that_can_be_is_read(name: str) -> None:
    assert decode_lists({name: ["seed", "depths"]})[0] == {}
    every = LISTS[name].text(LISTS[name].choices)
    assert decode_lists({name: every}) == ({name: every}, []) and name in CARRIED
    assert {*LISTS["lock"].choices} == {ALL, *SETTINGS} and {*LISTS["hide"].choices} == {*PARTS, *SETTINGS}
    assert not {*PARTS} & {*SETTINGS}, "a name means one thing"

"""Offers: of every kind of widget that has options or a range, what it said is held against them."""

import asyncio
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from app.live.door import framework
from app.live.door.framework import OFFERED, sent
from app.live.door.places import Places
from app.live.door.rates import Buckets
from app.live.door.sockets import Sockets, refused_values
from app.live.door.uploads import Room
from app.live.limits import ServerLimits
from tests.waiting import PATIENCE


def page() -> None:
    """A widget of every kind."""
    import streamlit as st

    st.slider("slider", 1, 5, 2)
    st.slider("range", 0.5, 2.5, (1.0, 2.0))
    st.select_slider("select slider", ["a", "b", "c"])
    st.number_input("whole", 1, 9, 3)
    st.number_input("real", 0.5, 2.5, 1.0)
    st.selectbox("select box", ["a", "b"])
    st.selectbox("free box", ["a", "b"], accept_new_options=True)
    st.multiselect("several", ["a", "b", "c"], ["a"])
    st.radio("radio", ["a", "b"])
    st.segmented_control("segments", ["a", "b"])
    st.checkbox("box")


@pytest.fixture(scope="module")
def offers() -> dict[str, Any]:
    """What the door learns of each widget as its element passes to the browser."""
    found = {}
    for widget in widgets():
        message = ForwardMsg()
        getattr(message.delta.new_element, kind_of(widget)).CopyFrom(widget)
        found[widget.label] = sent(message.SerializeToString()).offers
    return found


def widgets() -> list[Any]:
    """The page's widgets as Streamlit says them."""
    run = AppTest.from_function(page, default_timeout=PATIENCE).run()
    return [element.proto for element in run.main.children.values()]


def kind_of(proto: Any) -> str:
    """The field of an element that holds it."""
    names = {field.message_type: field.name for field in ForwardMsg().delta.new_element.DESCRIPTOR.fields}
    return names[proto.DESCRIPTOR]


ALLOWED_AND_NOT = [
    ("slider", "double_array_value", [5], [6]),
    ("slider", "double_array_value", [1], [0]),
    ("range", "double_array_value", [0.5, 2.5], [0.5, 2.6]),
    ("select slider", "string_array_value", ["c"], ["d"]),
    ("whole", "int_value", 9, 10),
    ("whole", "double_value", 2.0, 2.5),
    ("real", "double_value", 2.5, float("nan")),
    ("select box", "string_value", "b", "c"),
    ("several", "string_array_value", ["a", "c"], ["a", "d"]),
    ("radio", "string_value", "a", "c"),
    ("segments", "string_array_value", ["b"], ["c"]),
    ("box", "bool_value", True, None),
]


@pytest.mark.fault("J07")
@pytest.mark.parametrize(("label", "kind", "allowed", "foreign"), ALLOWED_AND_NOT)
def test_what_a_widget_offers_passes_and_what_it_does_not_gets_a_sentence(offers, label, kind, allowed, foreign):
    [(_, offer)] = offers[label]
    assert offer.refusal(kind, said(kind, allowed)) is None
    if foreign is not None:
        assert f"{label}: " in offer.refusal(kind, said(kind, foreign))
    other = "bool_value" if "string" not in kind and kind != "bool_value" else "double_value"
    assert offer.refusal(other, 1.0), "a value of another kind, though it equals one that is offered"


def said(kind: str, value: Any) -> Any:
    """A value as the browser sends it."""
    state = WidgetState()
    if kind.endswith("array_value"):
        getattr(state, kind).data.extend(value)
    else:
        setattr(state, kind, value)
    return getattr(state, kind)


def test_every_kind_that_is_looked_at_was_tried_and_a_box_that_takes_new_words_offers_no_fixed_ones(offers):
    assert not offers["free box"]
    assert set(map(kind_of, widgets())) == OFFERED.keys()


@pytest.mark.fault("J07")
def test_a_value_that_was_not_offered_never_reaches_the_page_and_what_else_was_said_does(monkeypatch):
    monkeypatch.setattr(framework, "is_connected", lambda _: True)
    [slider, *_, box] = widgets()
    heard, said_by_browser = [], BackMsg()
    states = said_by_browser.rerun_script.widget_states.widgets
    states.add(id=slider.id).double_array_value.data.append(999)
    states.add(id=box.id).bool_value = True

    async def page_of(scope: Any, receive: Any, send: Any) -> None:
        opened, offered = ForwardMsg(), ForwardMsg()
        opened.new_session.initialize.session_id = "session"
        offered.delta.new_element.slider.CopyFrom(slider)
        for message in (opened, offered):
            await send({"type": "websocket.send", "bytes": message.SerializeToString()})
        heard.append(BackMsg.FromString((await receive())["bytes"]))

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.receive", "bytes": said_by_browser.SerializeToString()}

    async def send(_: Any) -> None:
        pass

    places = Places(9, 9, kept=60.0, left=0.0, promised=0.0)
    door = Sockets(page_of, "", places, Room(ServerLimits()), Buckets(0, 0))
    scope = {"type": "websocket", "path": f"/{framework.SOCKET}", "headers": []}
    asyncio.run(door(scope, receive, send))
    assert [state.id for state in heard[0].rerun_script.widget_states.widgets] == [box.id]
    assert ["999 is not possible" in sentence for sentence in refused_values("session")] == [True]

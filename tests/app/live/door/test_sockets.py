"""The tabs' connections: own sessions only, values that were offered only, and frames that are none do no harm."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.app.live.door.conftest import Lab
from tests.waiting import until

pytestmark = pytest.mark.slow


def said(widget: Any, **value: Any) -> WidgetState:
    """What a widget says: `double_array_value=[999]` and such."""
    state = WidgetState(id=widget.id)
    for kind, content in value.items():
        if kind.endswith("array_value"):
            getattr(state, kind).data.extend(content)
        else:
            setattr(state, kind, content)
    return state


BAD = [
    ("num_components", {"double_array_value": [999]}, "components (K): 999 is not possible. Allowed: 1 to 64."),
    ("num_components", {"double_array_value": [-5]}, "components (K): -5 is not possible."),
    ("num_components", {"double_array_value": [float("nan")]}, "components (K): nan is not possible."),
    ("num_components", {"double_array_value": [1e300]}, "components (K): 1e+300 is not possible."),
    ("num_components", {"string_value": "8"}, "components (K): 8 is not possible."),
    ("learning_rate", {"string_array_value": ["7"]}, "learning rate (η): 7 is not possible. Allowed: 1e-6 to 10."),
    ("learning_rate", {"double_array_value": [4]}, "learning rate (η): 4 is not possible."),
    ("iterations", {"double_value": 1e9}, "iterations (T): 1e+09 is not possible."),
    ("iterations", {"double_value": 100.5}, "iterations (T): 100.5 is not possible."),
    ("depths", {"string_array_value": ["1", "99"]}, "sum layers (L): 1, 99 is not possible. Allowed: 1, 2, 3"),
    ("topology", {"string_array_value": ["ring"]}, "ring is not possible."),
    ("train_components", {"double_value": 3.0}, "3 is not possible. Allowed: True, False."),
    ("train_components", {"double_value": 1.0}, "1 is not possible. Allowed: True, False."),
    ("optimiser", {"string_value": "x" * 500}, "x" * 40 + "… is not possible."),
]


@pytest.mark.fault("J07")
@pytest.mark.parametrize(
    ("name", "value", "sentence"), BAD, ids=[f"{name} {[*value.values()][0]}"[:40] for name, value, _ in BAD]
)
def test_a_value_that_was_not_offered_gets_a_sentence_and_changes_nothing(lab, name, value, sentence) -> None:
    tab = lab.tab(lab.browser()).rerun().unfold()
    first = tab.run()
    tab.rerun("", said(tab.widget("control_learning_rate"), string_array_value=["0.02"]))
    run = tab.run()
    assert run != first, "what may be is trained at once"
    tab.rerun("", said(tab.widget(f"control_{name}"), **value))
    plain = [alert.replace("\\", "") for alert in tab.alerts]
    assert any(sentence in alert and alert.endswith("Nothing was changed.") for alert in plain), plain
    assert tab.run() == run and not tab.rerun().alerts, "it is said once, and the picture stays"
    assert tab.address.endswith("&learning_rate=0.02"), "what was said before stands"
    tab.close()


@pytest.mark.fault("J07")
def test_a_value_out_of_range_is_said_in_its_own_session_and_keeps_what_else_was_said(lab: Lab) -> None:
    one, other = lab.tab(lab.browser()).rerun(), lab.tab(lab.browser()).rerun()
    number, rate = one.widget("control_num_components"), one.widget("control_learning_rate")
    one.rerun("", said(number, double_array_value=[65]), said(rate, string_array_value=["0.05"]))
    assert one.alerts and not other.rerun().alerts
    assert not one.rerun("", said(number, double_array_value=[64])).alerts
    one.rerun("", said(one.widget("-train"), trigger_value=True))
    assert one.address.endswith("&num_components=64&learning_rate=0.05")
    one.close()
    other.close()


def test_nobody_takes_over_the_session_of_another_browser(lab: Lab) -> None:
    mine, foreign = lab.browser(), lab.browser()
    tab = lab.tab(mine).rerun()
    for browser in (foreign, ""):
        stolen = lab.tab(browser, tab.session).rerun()
        assert stolen.session != tab.session
        stolen.close()
    assert tab.rerun().session == tab.session, "its own connection is still there"
    again = lab.tab(mine, tab.session).rerun()
    assert again.session == tab.session
    with pytest.raises(ConnectionClosed):
        while tab.next():
            pass
    assert again.rerun().session == tab.session
    again.close()


@pytest.mark.parametrize(
    ("frame", "codes"),
    [("text", {1000, 1002, 1003, 1006, 1011}), (b"\xff" * 100, {1002}), (b"0" * 60_000_000, {1009})],
    ids=["text", "no message", "60 MB"],
)
def test_a_frame_that_is_none_ends_its_own_connection_and_no_other(lab: Lab, frame, codes) -> None:
    tab, other = lab.tab(lab.browser()).rerun(), lab.tab(lab.browser()).rerun()
    before = lab.memory_mb()
    with pytest.raises(ConnectionClosed) as closed:
        tab.connection.send(frame)
        while True:
            tab.connection.recv(60)
    assert (closed.value.rcvd.code if closed.value.rcvd else 1006) in codes
    assert other.rerun().session and lab.memory_mb() - before < 130
    other.close()


def test_an_empty_frame_does_no_harm(lab: Lab) -> None:
    tab = lab.tab(lab.browser()).rerun()
    tab.connection.send(b"")
    assert tab.rerun().session
    tab.close()


@pytest.mark.fault("E09")
def test_a_page_of_another_site_cannot_connect(lab: Lab) -> None:
    with pytest.raises(InvalidStatus) as refused:
        lab.tab(lab.browser(), origin="https://other.example")
    assert refused.value.response.status_code == 403


def test_who_says_too_much_is_heard_later_and_loses_nothing(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_REQUESTS_PER_SECOND="3", SPNLAB_REQUESTS_AT_ONCE="4")
    tab = lab.tab(lab.browser())
    tab.rerun()
    begin = time.monotonic()
    for count in range(9):
        tab.rerun(f"seed={count}")
    # of ten messages four may come at once; however quick the machine is, the other six wait for their tokens
    assert tab.session and time.monotonic() - begin > 6 / 3 - 0.5


def test_the_room_is_bounded_for_connections_without_a_page_as_well(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_SESSIONS="2")
    inside = [lab.tab().rerun() for _ in range(2)]
    outside = lab.tab()
    assert outside.next().WhichOneof("type") == "auth_redirect"
    with pytest.raises(ConnectionClosed) as closed:
        outside.next()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
    inside[0].close(1000)

    def comes_in() -> bool:
        with suppress(ConnectionClosed):
            return bool(lab.tab().rerun().session)
        return False

    until(comes_in)


@pytest.mark.fault("E07")
def test_a_tab_that_stops_reading_is_dropped_and_may_come_back_to_its_session(lab: Lab) -> None:
    mine, other = lab.browser(), lab.tab(lab.browser()).rerun()
    begun = lab.tab(mine).rerun()
    before = lab.memory_mb()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", lab.port))
    frozen = lab.tab(mine, begun.session, sock=raw, max_queue=1, ping_interval=None)
    message = BackMsg()
    message.rerun_script.query_string = "v=2"

    def is_dropped() -> bool:
        """Whether the server takes no files for the session any more, which it does as long as it has a tab."""
        frozen.connection.send(message.SerializeToString())
        return lab.upload(begun, mine, 10).status == 400

    until(is_dropped)
    frozen.connection.send(message.SerializeToString())
    with pytest.raises(ConnectionClosed):
        while frozen.next():
            pass
    assert lab.memory_mb() - before < 150 and other.rerun().session
    again = lab.tab(mine, begun.session)
    assert again.rerun().session == begun.session
    for tab in (again, other):
        tab.close()

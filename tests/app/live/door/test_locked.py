"""What a link locks holds against what no browser sends: over the real socket, and at the route of touches."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from app.kit.link import LAB
from tests.app.live.door.conftest import Lab, Tab
from tests.app.live.door.test_sockets import said

pytestmark = pytest.mark.slow

QUICK = "v=2&dataset=two-clusters&num_components=2&depths=1,2&num_seeds=1&iterations=20"
NAMES = "learning_rate num_components depths init_scale dataset iterations topology train_components".split()


def forged(widget: Any) -> dict[str, Any]:
    """What a message may say of a widget that it does not say now."""
    kind = type(widget).__name__
    if kind == "Slider":
        selects = widget.type == widget.SELECT_SLIDER
        return {"string_array_value": [widget.options[-1]]} if selects else {"double_array_value": [5]}
    if kind == "ButtonGroup":
        return {"string_array_value": [widget.options[-1].content]}
    if kind == "Selectbox":
        return {"string_value": next(option for option in widget.options if "twin" in option.lower())}
    return {"double_value": 300} if kind == "NumberInput" else {"bool_value": False}


def said_of(address: str, name: str) -> Any:
    """What an address says of a setting; before it is told to the tab, as the tab was opened."""
    return LAB.decode(parse_qs(address or QUICK))[0].settings()[name]


def opened(lab: Lab, query: str) -> Tab:
    tab = lab.tab(lab.browser()).rerun(query)
    return tab.rerun(query, WidgetState(id=tab.more, bool_value=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_message_made_by_hand_changes_what_is_free_and_nothing_that_is_locked(lab: Lab, name: str) -> None:
    free, begun = opened(lab, QUICK), said_of("", name)
    value = forged(free.widget(f"control_{name}"))
    free.rerun("", said(free.widget(f"control_{name}"), **value))
    assert said_of(free.address, name) != begun, "without a lock the message is understood"
    free.close()
    for lock in (name, "all"):
        tab = opened(lab, f"{QUICK}&lock={lock}")
        widget, run = tab.widget(f"control_{name}"), tab.run()
        assert widget.disabled
        for query in ("", QUICK, f"{QUICK}&lock={lock}"):  # also one that leaves out the lock
            tab.rerun(query, said(widget, **value))
            assert tab.run() == run and said_of(tab.address, name) == begun
        assert f"lock={lock}" in tab.address, "what is locked stays so"
        tab.close()


def test_a_press_made_by_hand_of_what_is_disabled_does_nothing(lab: Lab) -> None:
    tab = opened(lab, f"{QUICK}&lock=num_components")
    run = tab.run()
    assert tab.widget("-reset").disabled
    tab.rerun("", said(tab.widget("-reset"), trigger_value=True))
    assert tab.run() == run
    tab.close()


def secret(tab: Tab) -> str:
    """The name that the page of a tab goes by at the routes of runs."""
    views = [widget for widget in tab.widgets.values() if hasattr(widget, "component_name")]
    return next(
        str(data["session"]) for view in views if "session" in (data := json.loads(view.json or view.mixed.json))
    )


def test_a_touch_made_by_hand_is_refused_in_one_sentence(lab: Lab) -> None:
    tab = opened(lab, f"{QUICK}&lock=learning_rate,depths")
    headers = {"Origin": lab.root, "X_Session": secret(tab), "Content_Type": "application/json"}

    def touch(**asked: float) -> Any:
        return lab.ask(f"/api/runs/{tab.run()}/touch", "POST", json.dumps(asked).encode(), **headers)

    refused = [touch(at=10, rate=0.5), touch(add=3), touch(remove=1)]
    assert [answer.status for answer in refused] == [403, 403, 403]
    names = [json.loads(answer.body)["error"].partition(":")[0] for answer in refused]
    assert names == ["learning_rate", "depths", "depths"]
    assert touch(depth=2, layer=0, weight=0, at=10, value=0.2).status == 200, "weights are free"
    tab.close()

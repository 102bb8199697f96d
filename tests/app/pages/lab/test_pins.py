"""Pinned runs on the lab's page: what the browser is told of each, how many there may be, and how long they stay."""

from types import SimpleNamespace

import pytest

from app.kit import session, text
from app.live import limits
from app.live.runs import REGISTRY
from tests.app.pages.lab.conftest import QUICK, opened, run_on_screen, train

pytestmark = pytest.mark.usefixtures("only_shipped_data")
LONG = {**QUICK, "iterations": "20000", "num_seeds": "8"}


class View:
    """What stands in for the browser's view: what it was sent last, and what is pressed in it next."""

    def __init__(self):
        self.sent, self.pressed = {}, {}

    def __call__(self, payload, key, on_touch):
        self.sent, pressed = payload, self.pressed
        self.pressed = {}
        return SimpleNamespace(**{"pin": None, "unpin": None, "share": None, **pressed})

    @property
    def pins(self):
        return [(pin["mark"], pin["words"]) for pin in self.sent["pins"]]


@pytest.fixture
def view(monkeypatch):
    view = View()
    monkeypatch.setattr(session, "lab_view", view)
    return view


def press(page, view, **pressed):
    view.pressed = pressed
    page.run()
    assert not page.exception
    return [toast.value for toast in page.toast]


def trained(page, **changed):
    for name, value in changed.items():
        page.session_state[f"control_{name}"] = value
    page.run()
    return train(page)


def pin(page, view):
    return press(page, view, pin=run_on_screen(page).id)


def test_each_pin_has_a_mark_of_its_own_and_says_only_what_differs_from_the_run_on_screen(view):
    page = opened(**QUICK)
    assert view.pins == []
    assert pin(page, view) == [], "the list below the chart says it"
    assert view.pins == [(0, text.WORDS["pin_on_screen"])]
    trained(page, learning_rate=0.1, depths=[1, 3])
    assert view.pins == [(0, "L = 1, 2, η = 0.01")]
    pin(page, view)
    trained(page, parametrisation="log", learning_rate=0.01)
    assert view.pins == [(0, "L = 1, 2, parametrisation: linear"), (1, "η = 0.1, parametrisation: linear")]


def test_a_pinned_run_on_other_data_names_the_data(view):
    page = opened(**QUICK)
    pin(page, view)
    page.selectbox(key="control_dataset").select("nltcs-twin").run()
    train(page)
    assert view.pins == [(0, "on Two clusters (synthetic)")]


def test_one_pin_or_all_are_removed_and_the_mark_of_a_removed_one_is_free_again(view):
    page = opened(**QUICK)
    for rate in (0.02, 0.05, 0.1):
        trained(page, learning_rate=rate)
        pin(page, view)
    first, second, third = (sent["id"] for sent in view.sent["pins"])
    press(page, view, unpin=second)
    assert [sent["id"] for sent in view.sent["pins"]] == [first, third]
    trained(page, learning_rate=0.2)
    pin(page, view)
    assert [mark for mark, _ in view.pins] == [0, 2, 1]
    press(page, view, unpin="no run of mine")
    assert len(view.pins) == 3
    press(page, view, unpin="all")
    assert view.pins == []


def test_beyond_the_bound_a_pin_is_refused_in_a_sentence_and_the_others_stay(view, monkeypatch):
    bounded = limits.ServerLimits.of({"SPNLAB_PINS_PER_SESSION": "1"})
    monkeypatch.setattr("app.kit.pins.server_limits", lambda: bounded)
    page = opened(**QUICK)
    pin(page, view)
    trained(page, learning_rate=0.1)
    [sentence] = pin(page, view)
    assert sentence == "You have 1 run pinned, and 1 is the most; remove one below the chart first."
    assert view.pins == [(0, "η = 0.01")]


def test_a_pinned_run_trains_on_beside_the_next_and_ends_when_its_pin_is_removed(view):
    page = opened(**LONG)
    pinned = run_on_screen(page)
    pin(page, view)
    trained(page, learning_rate=0.1)
    assert not pinned.stopped and [sent["id"] for sent in view.sent["pins"]] == [pinned.id]
    press(page, view, unpin=pinned.id)
    assert pinned.stopped
    REGISTRY.stop(run_on_screen(page).id, run_on_screen(page).session)


def test_a_run_that_is_not_pinned_ends_for_the_next(view):
    page = opened(**LONG)
    before = run_on_screen(page)
    trained(page, learning_rate=0.1)
    assert before.stopped
    REGISTRY.stop(run_on_screen(page).id, run_on_screen(page).session)


def test_a_pin_goes_with_its_run_and_the_page_says_so(view):
    page = opened(**QUICK)
    pin(page, view)
    trained(page, learning_rate=0.1)
    with REGISTRY._lock:
        REGISTRY._drop(REGISTRY.get(view.sent["pins"][0]["id"]))
    assert press(page, view) == ["1 pinned run went: the server keeps no run for ever."]
    assert view.pins == []


def test_of_many_runs_of_a_session_the_pinned_are_let_go_of_last(view):
    page = opened(**QUICK)
    pin(page, view)
    kept = view.sent["pins"][0]["id"]
    for seed in range(1, REGISTRY.limits.runs_per_session + 1):
        trained(page, seed=seed)
    assert REGISTRY.get(kept) is not None and len(view.pins) == 1


def test_a_file_says_what_differs_from_figure_3_and_the_link_of_its_run(view):
    page = opened(**QUICK)
    before = view.sent["about"]
    assert before["settings"].startswith("Two clusters (synthetic), ") and "L = 1, 2" in before["settings"]
    assert before["settings"].endswith("all else as in Figure 3 of Trapp et al. (2019).")
    page.slider(key="control_num_components").set_value(5)
    page.slider(key="control_num_seeds").set_value(64)
    page.number_input(key="control_iterations").set_value(5000).run()  # too long to be trained without a press
    assert view.sent["about"] == before, "of the run on screen, not of the controls"

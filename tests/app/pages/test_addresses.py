"""Every page and its address say the same: what is on show is reopened, gone back to, left and come back to."""

import json
from typing import Any, NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from app.kit import address
from app.kit.text import JOINER
from app.live.jobs import JOBS
from tests.addresses import at_address, by_link, by_menu, in_history
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("only_shipped_data")

TINY = {"v": "2", "dataset": "two-clusters", "num_components": "2", "iterations": "3", "num_seeds": "1"}
DEEP = {**TINY, "depths": "1", "split_depth": "1"}
ASKED = {"v": "1", "data": "two-clusters", "e": "x2:1"}
LINEAR = {"v": "1", "p": "2"}


class Shown(NamedTuple):
    """A page: its folder, its address, a link that opens it soon, a change by one of its controls, what the address
    says of that, and under which keys the session holds what is on show."""

    folder: str
    url: str
    link: dict[str, str]
    control: str
    value: Any
    says: str
    held: str


PAGES = [
    Shown("lab", "", TINY, "slider control_num_components", 5, "num_components=5", "study"),
    Shown("dynamics", "dynamics", TINY, "button_group dynamics_run", "held", "run=held", "study dynamics_looks"),
    Shown("circuits", "circuits", DEEP, "slider circuit_num_components", 3, "num_components=3", "circuit_study"),
    Shown("ask", "ask", ASKED, "button ask_redraw", None, "seed=1", "ask_question"),
    Shown("ask", "ask", {}, "button_group ask_w_e_Y5", "0", "e=Y4:1,Y5:0", "ask_question"),
    Shown("figure3", "figure3", {}, "select_slider figure3_noise", 0.001, "noise=0.001", "figure3_looks"),
    Shown(
        "figure3", "figure3", {"source": "here"}, "button_group figure3_early", 0.001, "early=0.001", "figure3_looks"
    ),
    Shown(
        "held_equal",
        "fair",
        {"weights": "log"},
        "button_group fair_topology",
        "shared",
        "topology=shared",
        "fair_looks",
    ),
    Shown("held_equal", "fair", {}, "toggle fair_log", False, "log=false", "fair_looks"),
    Shown("phase", "phase", {}, "number_input phase_num_components", 4, "num_components=4", "phase_plane"),
    Shown(
        "phase", "phase", {"topology": "private"}, "button_group phase_against", "times", "against=times", "phase_looks"
    ),
    Shown("phase", "phase", {}, "selectbox phase_component_init", "uniform", "component_init=uniform", "phase_plane"),
    Shown("grid", "grid", {}, "button_group grid_form", "lines", "form=lines", "grid_study grid_looks"),
    Shown("grid", "grid", {"num_seeds": "2"}, "selectbox grid_asked", "end", "asked=end", "grid_study"),
    Shown(
        "grid", "grid", {"axes": "depth:1,2"}, "text_input grid_across_values", "1,3", "axes=depth:1,3", "grid_study"
    ),
    Shown("classes", "classes", {}, "toggle classes_log", True, "log=true", "classes_study classes_looks"),
    Shown(
        "classes",
        "classes",
        {"right": "llh"},
        "selectbox classes_objective",
        "hybrid",
        "objective=hybrid",
        "classes_study",
    ),
    Shown("update2020", "update2020", {}, "button_group update2020_data", "plants", "data=plants", "update2020_looks"),
    Shown("linear", "linear", LINEAR, "button_group linear_loss_axis", "log", "loss_axis=log", "linear_looks"),
    Shown("linear", "linear", LINEAR, "slider linear_t", 2, "t=2", "linear_study linear_looks"),
    Shown("linear", "linear", {}, "button_group linear_p", 2, "p=2", "linear_study"),
    Shown("runs", "runs", {}, "toggle runs_named", True, "named=true", "runs_looks"),
    Shown("teach", "teach", {}, "button_group teach_shown", "embed", "shown=embed", "teach_looks"),
    Shown("teach", "teach", {"begin": "figure-3"}, "checkbox teach_locks_depths", True, "locks=depths", "teach_looks"),
    Shown("runs", "runs", {"words": "tree"}, "selectbox runs_order", "oldest", "order=oldest", "runs_looks"),
]
every = pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.url or 'lab'} {page.says}")


def opened(url: str, **query: str) -> Any:
    at = at_address(url, **query).run()
    assert not at.exception
    return at


def changed(at: Any, page: Shown) -> Any:
    """The page after the change by its control."""
    kind, key = page.control.split()
    [control] = [one for one in at.get(kind) if one.key == key]
    (control.click() if page.value is None else control.set_value(page.value)).run()
    assert not at.exception
    return at


def on_show(at: Any, page: Shown) -> list[Any]:
    return [at.session_state[key] for key in page.held.split()]


def told(at: Any) -> dict[str, str]:
    """What the browser is told of addresses at the end of a page."""
    sent = [json.loads(part.proto.json) for part in at.get("bidi_component")]
    found: dict[str, str] = next(one for one in sent if "along" in one)
    return found


def warned(at: Any) -> str:
    return " ".join(element.value.replace("\\", "").replace(JOINER, "") for element in at.warning)


@every
def test_a_change_stands_in_the_address_and_another_session_reopens_it(page: Shown) -> None:
    at = changed(opened(page.url, **page.link), page)
    name, text = page.says.split("=")
    assert at.query_params[name] == text and page.link.keys() <= at.query_params.keys()
    again = opened(page.url, **at.query_params)
    assert on_show(again, page) == on_show(at, page) and not again.warning
    assert again.query_params == at.query_params


@every
def test_back_shows_what_was_and_forward_what_came_after(page: Shown) -> None:
    at = opened(page.url, **page.link)
    before, first = on_show(at, page), dict(at.query_params)
    after, second = on_show(changed(at, page), page), dict(at.query_params)
    assert before != after and first != second
    assert on_show(in_history(at, **first), page) == before and at.query_params == first
    assert on_show(at.run(), page) == before, "and it stays"
    assert on_show(in_history(at, **second), page) == after and at.query_params == second
    assert not at.warning


@every
def test_leaving_a_page_and_coming_back_keeps_what_was_on_show(page: Shown) -> None:
    at = changed(opened(page.url, **page.link, view="projector"), page)
    shown, said = on_show(at, page), dict(at.query_params)
    by_menu(at, "about")
    assert at.query_params == {"view": "projector"}
    assert on_show(by_menu(at, page.folder), page) == shown and at.query_params == said
    kind, key = page.control.split()
    [control] = [one for one in at.get(kind) if one.key == key]
    assert page.value is None or control.value == page.value, "and the control says it"


@pytest.mark.parametrize(("url", "folder"), sorted({(page.url, page.folder) for page in PAGES} | {("maths", "maths")}))
def test_a_page_opened_plainly_stays_plain_or_says_which_data_stand_in(url: str, folder: str) -> None:
    at = opened(url)
    assert set(at.query_params) <= {"v", "dataset", "run", "data"}
    assert opened(url, view="projector").query_params == {**at.query_params, "view": "projector"}


def test_view_and_what_belongs_to_rooms_and_lessons_go_along_to_every_page_and_are_no_settings() -> None:
    along = {"view": "projector", "room": "blue", "lesson": "depth", "step": "3", "lock": "seed", "hide": "rivals"}
    at = opened("", **TINY, **along)
    assert not warned(at)
    for folder in ("dynamics", "circuits", "ask", "figure3", "classes", "linear", "phase", "maths", "about", "lab"):
        by_menu(at, folder)
        assert along.items() <= at.query_params.items() and "no such setting" not in warned(at), folder
        assert "view=projector&room=blue" in told(at)["along"], "links to other tabs have it, too"
    in_history(at, **TINY)
    assert "room" not in at.query_params and by_menu(at, "about").query_params == {}


def test_what_a_frame_shows_is_shown_outside_it_without_the_frame_s_view() -> None:
    at = opened("", **TINY, view="embed", lock="seed")
    assert at.query_params["view"] == "embed" and told(at)["along"] == "lock=seed"
    assert not at.sidebar.children and not at.button
    [link] = [one for one in at.get("link_button") if "view" not in one.proto.url]
    assert link.proto.url.endswith("?" + "&".join(f"{name}={text}" for name, text in {**TINY, "lock": "seed"}.items()))
    assert by_menu(at, "about").query_params == {"view": "embed", "lock": "seed"}


def test_what_goes_along_is_refused_where_it_is_no_view_or_longer_than_a_link_may_be() -> None:
    at = opened("", **TINY, view="upside-down", room="x" * 500)
    assert set(at.query_params) == set(TINY) and "view" in warned(at)


def test_a_link_within_the_lab_shows_its_settings_also_on_a_page_that_has_been_open() -> None:
    at = changed(opened("circuits", **DEEP), PAGES[2])
    before = at.session_state["circuit_shown"].run_id
    by_menu(at, "lab")
    by_link(at, "circuits", **{**DEEP, "num_components": "4"})
    assert at.slider(key="circuit_num_components").value == 4
    assert at.session_state["circuit_shown"].run_id != before
    assert at.session_state["circuit_shown"].study.experiment.num_components == 4


def test_back_trains_what_was_and_keeps_a_run_that_is_on_screen() -> None:
    at = opened("", **TINY)
    first = at.session_state["shown"]
    at.slider(key="control_num_components").set_value(5).run()
    at.button(key="train").click().run()
    second, said = at.session_state["shown"], dict(at.query_params)
    assert second != first
    in_history(at, **said)
    assert at.session_state["shown"] == second, "nothing is trained anew that is there"
    in_history(at, **TINY)
    assert at.session_state["shown"].study == first.study and at.slider(key="control_num_components").value == 2
    assert at.button(key="train").proto.type == "secondary" and not at.toast


def test_what_another_page_went_back_to_is_no_news_to_this_one() -> None:
    at = changed(opened("linear", **LINEAR), PAGES[18])
    by_menu(at, "figure3")
    changed(at, PAGES[5])
    in_history(at)
    assert at.session_state["figure3_looks"].noise == 1e-12
    by_menu(at, "linear")
    assert at.session_state["linear_study"].p == 2 and at.session_state["linear_looks"].loss_axis == "log"


def test_an_address_that_is_put_right_where_somebody_has_just_come_makes_no_entry_of_the_history() -> None:
    at = opened("fair", topology="private", weights="none")
    assert told(at)["query"] == "topology=private" and at.query_params == {"topology": "private"}
    assert told(at.run())["query"] == "", "it is told once"
    at.toggle(key="fair_log").set_value(False).run()
    assert told(at)["query"] == "", "a change is an entry, which Streamlit makes"
    by_menu(by_menu(at, "about"), "held_equal")
    assert told(at)["query"] == "topology=private&log=false"


def test_a_change_before_the_page_has_come_to_its_end_is_an_entry_of_the_history() -> None:
    def page() -> None:
        import streamlit as st

        from app.kit import address

        address.arrived("fair")
        if st.session_state["ends"]:
            address.write({"topology": "private"})

    for cut_off, quietly in ((True, False), (False, True)):
        at = AppTest.from_function(page, default_timeout=PATIENCE)
        for ends in (False, True) if cut_off else (True,):
            at.session_state["ends"] = ends
            at.run()
        assert not at.exception and at.query_params == {"topology": "private"}
        assert (address.TO_TELL in at.session_state) == quietly


def test_what_no_choice_may_be_and_names_that_a_page_does_not_know_are_refused_in_words() -> None:
    at = opened("fair", topology="ring", colour="red", log="perhaps")
    said = warned(at)
    assert all(name in said for name in ("topology", "colour", "log")) and said.count("The default is kept.") == 3
    assert at.query_params == {} and at.session_state["fair_looks"].topology == "tree"
    assert "noise" in warned(opened("figure3", noise="0.5")) and "right" in warned(opened("classes", right="left"))
    assert "init_scale: the diagram has all starting weights" in warned(opened("phase", init_scale="0.5"))


def test_of_a_link_with_thousands_of_names_few_are_said() -> None:
    said = warned(opened("figure3", **{f"p{number}": "1" for number in range(900)}))
    assert "895 more settings were refused." in said and said.count("no such setting") == 5


def test_dynamics_says_which_run_only_where_its_link_would_mean_the_other() -> None:
    at = opened("dynamics", **TINY)
    assert "run" not in at.query_params, "a link with settings means the lab's run"
    at = opened("dynamics", v="2", dataset="two-clusters", run="held")
    assert at.query_params["run"] == "held" and at.session_state["shown"] is None
    at = opened("dynamics", run="lab")
    assert at.session_state["dynamics_looks"].run == "lab" and at.session_state["shown"] is not None


def small(at: Any) -> Any:
    """The smallest diagram that the controls can ask for, being computed."""
    at.selectbox(key="phase_data").select("two-clusters")
    at.number_input(key="phase_num_components").set_value(2)
    at.number_input(key="phase_num_seeds").set_value(1)
    at.select_slider(key="phase_iterations").set_value(50)
    at.toggle(key="phase_control").set_value(False).run()
    at.button(key="phase_compute").click().run()
    assert not at.exception
    return at


def test_a_diagram_made_here_is_reopened_by_its_address_while_it_is_computed_and_after(
    jobs_in_threads: None,
) -> None:
    at = small(opened("phase")).run()
    assert at.query_params["source"] == "here" and at.query_params["num_components"] == "2"
    key = at.session_state["phase_job"]
    again = opened("phase", **at.query_params)
    assert again.session_state["phase_job"] == key
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    assert "Made on this server" in " ".join(each.value for each in opened("phase", **at.query_params).caption)
    in_history(at)
    assert "phase_job" not in at.session_state and "Shipped with the lab" in at.caption[0].value
    in_history(at, **again.query_params)
    assert "Made on this server" in at.caption[0].value


def test_a_diagram_that_this_server_does_not_know_is_said_not_to_be_made_yet() -> None:
    at = opened("phase", source="here", num_components="3")
    assert any("not known to this server" in each.value for each in at.info) and at.query_params["source"] == "here"

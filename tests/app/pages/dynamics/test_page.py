"""The Dynamics page without a browser: what it mounts, and that it leaves the lab's study as it was."""

import pytest

from app.kit import text
from app.live import assets
from app.live.chart import view_data
from app.live.runs import REGISTRY
from spncore.studies import presets
from tests.addresses import at_address, by_menu

QUICK = {"dataset": "two-clusters", "iterations": "3", "num_seeds": "1", "num_components": "2", "depths": "1,2"}
ACTS = ("step", "residual", "memory", "matrix", "norms", "kept", "replay")


pytestmark = pytest.mark.usefixtures("only_shipped_data")


def opened(**query):
    page = at_address(**query).run()
    assert not page.exception
    return page


def dynamics(page):
    return by_menu(page, "dynamics")


def choose(page, which):
    page.segmented_control(key="dynamics_run").set_value(which).run()
    assert not page.exception
    return page


def test_it_opens_with_a_run_that_first_order_describes_and_says_so():
    page = at_address("dynamics").run()
    assert not page.exception and page.session_state["shown"] is None, "the lab's run is not trained for this page"
    run = REGISTRY.get(page.session_state["dynamics_held"].run_id)
    held = presets.PRESETS["fixed-components"]
    assert run is not None and presets.matching(run.study) is held
    said = " ".join(caption.value for caption in page.caption).replace("\\", "")
    assert held.title in said and run.dataset.title.split(" ")[0] in said
    assert not page.segmented_control, "the lab has no run to offer yet"
    by_menu(page, "lab")
    assert page.session_state["shown"] is not None


def test_the_labs_run_is_one_press_away_and_stays_chosen():
    page = opened(**QUICK)
    study, run_id = page.session_state["study"], page.session_state["shown"].run_id
    dynamics(page)
    assert page.title[0].value == text.WORDS["dynamics"]
    assert page.segmented_control(key="dynamics_run").value == "held"
    assert page.session_state["dynamics_held"].run_id != run_id
    choose(page, "lab")
    assert "the lab's run" in " ".join(caption.value for caption in page.caption).replace("\\", "")
    assert page.session_state["shown"].run_id == run_id and page.session_state["study"] == study
    by_menu(page, "lab")
    assert page.session_state["study"] == study and page.button(key="train").proto.type == "secondary"
    assert dynamics(page).segmented_control(key="dynamics_run").value == "lab"
    choose(page, "held")
    assert page.session_state["shown"].run_id == run_id


def test_a_run_that_was_stopped_is_not_trained_anew_by_a_rerun_and_other_data_is():
    page = at_address("dynamics").run()
    first = page.session_state["dynamics_held"].run_id
    REGISTRY.stop(first, page.session_state["session_name"])
    page.run()
    assert page.session_state["dynamics_held"].run_id == first
    page.session_state["study"] = page.session_state["study"].on("two-clusters")
    page.run()
    assert page.session_state["dynamics_held"].study.experiment.dataset == "two-clusters" and not page.exception


def test_opened_first_with_a_link_it_trains_the_study_of_the_link():
    page = at_address("dynamics", **QUICK).run()
    assert not page.exception
    run = REGISTRY.get(page.session_state["shown"].run_id)
    assert run is not None and run.study.depths == (1, 2) and run.study.experiment.iterations == 3
    assert page.segmented_control(key="dynamics_run").value == "lab" and "dynamics_held" not in page.session_state


def test_a_run_that_the_server_let_go_of_is_trained_again():
    page = opened(**QUICK)
    before = page.session_state["shown"].run_id
    with REGISTRY._lock:
        REGISTRY._drop(REGISTRY.get(before))
    choose(dynamics(page), "lab")
    again = page.session_state["shown"].run_id
    assert again != before and REGISTRY.get(again) is not None


def test_every_act_has_its_words_and_none_is_left_over():
    intro, prose = text.sections("dynamics")
    assert tuple(prose) == ACTS and intro and all(prose.values())


def test_the_view_loads_its_own_module_and_style_by_hashed_name():
    data = view_data({"views": "dynamics", "run_id": "x"})
    for address, name in zip((data["module"], data["styles"][-1]), ("dynamics.js", "dynamics.css"), strict=True):
        assert address == f"api/static/{assets.static_name(f'dynamics/{name}')}"

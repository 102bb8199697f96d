"""The Dynamics page without a browser: what it mounts, and that it leaves the lab's study as it was."""

import pytest

from app.kit import text, uploads
from app.live import assets
from app.live.chart import view_data
from app.live.runs import REGISTRY
from spncore.data import library
from tests.addresses import at_address

QUICK = {"dataset": "two-clusters", "iterations": "3", "num_seeds": "1", "num_components": "2", "depths": "1,2"}
ACTS = ("step", "residual", "memory", "matrix", "norms", "kept", "replay")


@pytest.fixture(autouse=True)
def only_shipped_data(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()


def opened(**query):
    page = at_address(**query).run()
    assert not page.exception
    return page


def dynamics(page):
    page.switch_page("pages/dynamics/page.py").run()
    assert not page.exception
    return page


def test_the_page_shows_the_run_that_the_lab_shows_and_leaves_the_study_alone():
    page = opened(**QUICK)
    study, run_id = page.session_state["study"], page.session_state["shown"].run_id
    dynamics(page)
    assert page.session_state["shown"].run_id == run_id and page.session_state["study"] == study
    assert page.header[0].value == text.WORDS["dynamics"]
    page.switch_page("pages/lab/page.py").run()
    assert not page.exception
    assert page.session_state["study"] == study and page.button(key="train").proto.type == "secondary"


def test_opened_first_it_trains_the_study_of_its_link():
    page = at_address("dynamics", **QUICK).run()
    assert not page.exception
    run = REGISTRY.get(page.session_state["shown"].run_id)
    assert run is not None and run.study.depths == (1, 2) and run.study.experiment.iterations == 3


def test_a_run_that_the_server_let_go_of_is_trained_again():
    page = opened(**QUICK)
    before = page.session_state["shown"].run_id
    with REGISTRY._lock:
        REGISTRY._drop(REGISTRY.get(before))
    dynamics(page)
    again = page.session_state["shown"].run_id
    assert again != before and REGISTRY.get(again) is not None


def test_every_act_has_its_words_and_none_is_left_over():
    intro, prose = text.sections("dynamics")
    assert tuple(prose) == ACTS and intro and all(prose.values())


def test_the_view_loads_its_own_module_and_style_by_hashed_name():
    data = view_data({"views": "dynamics", "run_id": "x", "base": "/lab/"})
    for address, name in zip((data["module"], data["styles"][1]), ("dynamics.js", "dynamics.css"), strict=True):
        assert address == f"/lab/api/static/{assets.static_name(f'dynamics/{name}')}"

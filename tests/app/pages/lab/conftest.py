"""What tests of the lab share: the page opened with small studies, and what stands on it."""

import pytest

from app.kit import text, uploads
from app.live.runs import REGISTRY
from spncore.data import library
from spncore.runs.experiment import Experiment
from spncore.runs.study import Study
from tests.addresses import at_address

TWIN = Study(Experiment(num_seeds=6, dataset="nltcs-twin"), (1, 2, 3))
# The smallest study, so that tests which only look at the page do not train for long.
QUICK = {"dataset": "two-clusters", "iterations": "3", "num_seeds": "1", "num_components": "2", "depths": "1,2"}


@pytest.fixture
def only_shipped_data(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()


def opened(**query):
    page = at_address(**query).run()
    assert not page.exception
    return page


def study(page):
    return page.session_state["study"]


def run_on_screen(page):
    return REGISTRY.get(page.session_state["shown"].run_id)


def train(page):
    page.button(key="train").click().run()
    assert not page.exception
    return run_on_screen(page)


def sentences(elements):
    return [element.value.replace("\\", "").replace(text.JOINER, "") for element in elements]


def is_stale(page):
    return page.button(key="train").proto.type == "primary"

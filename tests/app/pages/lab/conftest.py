"""What tests of the lab share: the page opened with small studies, and what stands on it."""

from app.kit import text
from app.live.runs import REGISTRY
from spncore.runs.experiment import Experiment
from spncore.runs.study import Study
from tests.addresses import at_address

TWIN = Study(Experiment(num_seeds=6, dataset="nltcs-twin"), (1, 2, 3))
# The smallest study, so that tests which only look at the page do not train for long.
QUICK = {"dataset": "two-clusters", "iterations": "3", "num_seeds": "1", "num_components": "2", "depths": "1,2"}


def opened(**query):
    page = at_address(**query)
    page.session_state["control_more"] = True  # so that every control is drawn
    page.run()
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

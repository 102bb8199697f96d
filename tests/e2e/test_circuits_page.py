"""The Circuits page in a real browser: both curves grow from one point, and drawing, tree and numbers follow."""

import numpy as np
import pytest

from app.kit.link import CIRCUITS
from spncore import fit
from spncore.data import library
from spncore.runs.problem import model_of
from spncore.trees.induced import enumerate_trees
from spncore.trees.steps import tree_weights
from tests.closeness import assert_close
from tests.mixture_of_trees import trees_trainer
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SETTINGS = {
    "dataset": "two-clusters",
    "iterations": "60",
    "num_seeds": "2",
    "split_depth": "1",
    "depths": "1",
    "learning_rate": "0.2",
}
STUDY, _ = CIRCUITS.decode(SETTINGS)
QUERY = "?v=2&" + "&".join(f"{name}={value}" for name, value in SETTINGS.items())
SCREENS = {"laptop": (1366, 768, "light"), "phone": (390, 844, "dark")}


@pytest.fixture(scope="module")
def data():
    return library.load("two-clusters")


@pytest.fixture(scope="module")
def trace(data):
    return fit(STUDY.experiments()[0], data)


def opened(open_page, app_server, **how):
    page = open_page(f"{app_server.url}/circuits{QUERY}", **how)
    page.locator(".spn-circ[data-state=done]").wait_for()
    page.locator(".spn-circ [data-node]").first.wait_for()
    return page


def go_to(page, iteration):
    page.evaluate(
        """(frame) => { const bar = document.querySelector('.spn-scrub input'); bar.value = frame;
                        bar.dispatchEvent(new Event('input')); }""",
        iteration,
    )
    page.locator(f".spn-circ[data-iteration='{iteration}'][data-at='{iteration}']").wait_for()


def lines(page, key):
    page.wait_for_function(f"() => document.querySelector('.spn-circ [data-chart={key}]')?.data?.length")
    found = page.evaluate(
        f"""() => document.querySelector('.spn-circ [data-chart={key}]').data.filter(({{name}}) => name)
            .map(({{name, x, y}}) => [name, Array.from(x), Array.from(y)])"""
    )
    return {name: (x, y) for name, x, y in found}


def lit(page):
    return page.evaluate(
        "() => [...document.querySelectorAll('.spn-circuit [data-lit]')].map((p) => p.getAttribute('d'))"
    )


def widths(page):
    return page.evaluate(
        """() => [...document.querySelectorAll('.spn-circuit path[stroke-width]')]
                   .map((path) => path.getAttribute('stroke-width'))"""
    )


def test_both_curves_start_in_one_point_and_part_as_the_engine_says(open_page, app_server, data, trace):
    page = opened(open_page, app_server)
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('.spn-circ [data-chart=llh]')?.dataset.last === '60'")
    found = lines(page, "llh")
    mixed = np.array(
        [info.llh for _, info in trees_trainer(STUDY.experiments()[0], data).states(STUDY.experiment.iterations)]
    )
    deep, shallow = found["L = 1"][1], found["mixture of trees"][1]
    assert_close(deep, np.median(trace.llh, axis=0).astype("<f4"), rtol=1e-6)
    assert_close(shallow, np.median(mixed, axis=1).astype("<f4"), rtol=1e-6)
    assert abs(deep[0] - shallow[0]) < 1e-6 < abs(deep[-1] - shallow[-1])
    said = page.locator(".spn-details").inner_text()
    assert said.startswith("The circuit and the mixture of its trees start as one function")
    assert "the circuit" in page.locator(".spn-headline").inner_text()


def test_the_cursor_moves_the_edges_and_the_controls_choose_the_tree(open_page, app_server, data, trace):
    page = opened(open_page, app_server)
    weights = tree_weights(trace.effective_weights[0], enumerate_trees(model_of(STUDY.experiment, data).circuit))
    go_to(page, 60)
    late = widths(page)
    assert page.locator(".spn-circ").get_attribute("data-tree") == str(weights[60].argmax())
    shown = lit(page)
    assert shown
    page.locator("[data-tree=next_tree]").click()
    number = str((int(weights[60].argmax()) + 1) % weights.shape[1])
    page.locator(f".spn-circ[data-tree='{number}']").wait_for()
    page.wait_for_function(
        """(before) => [...document.querySelectorAll('.spn-circuit [data-lit]')]
                         .map((path) => path.getAttribute('d')).join() !== before""",
        arg=",".join(shown),
    )
    page.locator(".spn-number").fill("2")
    page.locator(".spn-number").press("Enter")
    page.locator(".spn-circ[data-tree='2']").wait_for()
    go_to(page, 1)
    until(lambda: widths(page) != late)
    until(lambda: page.locator("[data-equation=recorded]").inner_text())
    until(lambda: page.locator("[data-equation=seven]").inner_text().endswith("at iteration 1"))


EVER_EMPTY = """() => {
    const look = () => {
        window.everEmpty ||= !document.querySelector('.spn-circ [data-chart=llh]')?.data?.length;
        requestAnimationFrame(look);
    };
    look();
}"""


def test_a_change_is_trained_by_itself_and_the_curves_before_stay_until_it_begins(open_page, app_server):
    page = opened(open_page, app_server)
    lines(page, "llh")
    before = page.locator(".spn-circ").get_attribute("data-run")
    page.evaluate(EVER_EMPTY)
    page.locator(".st-key-circuit_num_components").get_by_role("slider").press("ArrowRight")
    page.locator(f".spn-circ[data-state=done]:not([data-run='{before}'])").wait_for()
    assert not page.evaluate("() => window.everEmpty")
    page.locator(".st-key-circuit_train [data-testid=stBaseButton-secondary]").first.wait_for()


def test_a_press_folds_the_drawing_and_the_menu_brings_it_back(open_page, app_server):
    page = opened(open_page, app_server)
    before = page.locator(".spn-circuit [data-node]").count()
    page.locator(".spn-circuit .spn-folds").first.click()
    page.wait_for_function("(n) => document.querySelectorAll('.spn-circuit [data-node]').length < n", arg=before)
    page.locator(".spn-net summary").click()
    page.locator(".spn-net .spn-menu-items button").first.click()
    page.wait_for_function("(n) => document.querySelectorAll('.spn-circuit [data-node]').length === n", arg=before)


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_reaches_over_the_edge_of_a_screen(open_page, app_server, screen):
    width, height, scheme = SCREENS[screen]
    page = opened(open_page, app_server, width=width, height=height, scheme=scheme)
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    box = page.locator(".spn-circ").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width

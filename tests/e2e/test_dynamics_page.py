"""The Dynamics page in a real browser: every number at the cursor is the engine's, and the lab's place is kept."""

import csv
import re
import time

import numpy as np
import pytest

from app.kit.text import WORDS
from spncore import Experiment, fit
from spncore.data import library
from spncore.dynamics import steps as dynamics
from tests.closeness import assert_close

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SETTINGS = {
    "dataset": "two-clusters",
    "num_components": 4,
    "iterations": 60,
    "num_seeds": 2,
    "init_scale": 0.5,
    "init_noise": 0.1,
    "floor": 1e-12,
    "learning_rate": 0.01,
}
QUERY = "?v=2&depths=1,3&" + "&".join(f"{name}={value}" for name, value in SETTINGS.items())
EXPERIMENT = Experiment(**SETTINGS, depth=3)
SCREENS = {"laptop": (1366, 768, "light"), "phone": (390, 844, "dark"), "projector": (1920, 1080, "light")}
CHARTS = (
    "step",
    "residual",
    "kernel",
    "row",
    "start",
    "matrix",
    "eigenvalues",
    "norms",
    "truestep",
    "balance",
    "floor",
    "replay",
    "replayerror",
)
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@pytest.fixture(scope="module")
def trace():
    return fit(EXPERIMENT, library.load("two-clusters"))


def opened(open_page, app_server, query=QUERY, **how):
    page = open_page(app_server.url + "/", **how)
    page.goto(f"{app_server.url}/dynamics{query}")
    page.locator(".spn-dyn[data-state=done]").wait_for()
    return page


def go_to(page, iteration):
    page.evaluate(
        """(frame) => { const bar = document.querySelector('.spn-scrub input'); bar.value = frame;
                        bar.dispatchEvent(new Event('input')); }""",
        iteration,
    )
    page.locator(f".spn-dyn[data-iteration='{iteration}']").wait_for()


def chart(page, key, at=None):
    """The data of a chart once it is drawn, for the given iteration if it is about one."""
    plot = page.locator(f".spn-dyn [data-chart={key}]")
    plot.scroll_into_view_if_needed()
    wanted = "true" if at is None else f"plot.dataset.at === '{at}'"
    page.wait_for_function(
        f"() => {{ const plot = document.querySelector('.spn-dyn [data-chart={key}]'); "
        f"return plot?.data?.length && {wanted}; }}"
    )
    return page.evaluate(
        f"""() => document.querySelector('.spn-dyn [data-chart={key}]').data.map(
            ({{x, y, z, name}}) => ({{x: Array.from(x ?? []), y: Array.from(y ?? []), z: z ?? null, name}}))"""
    )


def number(text):
    """A number as the page writes it."""
    mantissa, _, power = text.replace("−", "-").partition("·10")
    return float(mantissa) * 10.0 ** int(power.translate(POWERS) or 0)


def numbers(sentence):
    return [number(found) for found in re.findall(r"[−-]?\d+(?:\.\d+)?(?:·10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)?", sentence)]


def typeset(page, name):
    """The number that an equation ends with."""
    last = page.locator(f"[data-equation={name}] math").last.text_content().replace("−", "-")
    mantissa, power = re.fullmatch(r"=([-\d.]+?)(?:·10(-?\d+))?", last).groups()
    return float(mantissa) * 10.0 ** int(power or 0)


def test_moving_the_cursor_changes_every_number_to_the_engines(open_page, app_server, trace):
    page = opened(open_page, app_server)
    page.locator("[data-choose=component]").select_option("2")
    page.locator("[data-choose=seed]").select_option("1")
    page.locator(".spn-dyn[data-seed='1']").wait_for()
    for t in (8, 43):
        go_to(page, t)
        assert_every_number_is_the_engines(page, trace, t)


def assert_every_number_is_the_engines(page, trace, t):
    """Of component 2 and seed 1 at iteration t."""
    here = 1, t, 2
    w, gradient, rho, lam = (
        array[here] for array in (trace.effective_weights, trace.effective_gradient, trace.rho, trace.lam)
    )
    after = trace.effective_weights[1, t + 1, 2]
    second = dynamics.second_order_term(trace.weights, trace.flow, trace.sums, 0.01)[here]
    bars = chart(page, "step", t)[0]["x"]
    assert_close(bars[:3], [rho * gradient, lam * w, second], rtol=1e-5)
    assert_close(bars[-1], after - w, rtol=1e-5)
    for name, value in (("product", w), ("gradient", gradient), ("rho", rho), ("lam", lam), ("recorded", after)):
        assert_close(typeset(page, name), value, rtol=1e-3)

    matrix = np.array([[cell or 0 for cell in row] for row in chart(page, "matrix", t)[0]["z"]], dtype=float)
    expected = dynamics.preconditioner(trace.weights[1, t], trace.sums)
    assert_close(matrix[expected > 0], np.log10(expected[expected > 0]), rtol=1e-5)
    row = chart(page, "row", t)[1]
    kernel = dynamics.momentum_kernel(trace.rho[1, :, 2], trace.lam[1, :, 2])
    assert_close(row["y"], kernel[t, :t], rtol=1e-5, atol=1e-12)
    chart(page, "residual", t)
    said = page.locator(".spn-figure:has([data-chart=residual]) .spn-takeaway").inner_text()
    left = abs(dynamics.first_order_residual(trace.weights[1, t], trace.flow[1, t], trace.sums, 0.01)[2])
    assert_close(numbers(said)[3], left, rtol=1e-2)
    chart(page, "norms")
    said = page.locator(".spn-figure:has([data-chart=norms]) .spn-takeaway").inner_text()
    assert_close(numbers(said)[1], dynamics.layer_norms(trace.weights, trace.sums)[1, t, 0], rtol=1e-2)
    page.locator(".spn-scaled table").wait_for()
    steps = dynamics.relative_steps(trace.weights, trace.flow, trace.sums, 0.01)[1, t, :, 2]
    page.wait_for_function(
        "(t) => document.querySelector('.spn-scaled caption').textContent.includes(`iteration ${t},`)", arg=t
    )
    cells = [number(text) for text in page.locator(".spn-scaled td").all_inner_texts()]
    assert_close(cells, np.column_stack([steps, steps / 4]).ravel(), rtol=1e-3)


def test_the_series_and_the_replay_are_the_engines(open_page, app_server, trace):
    page = opened(open_page, app_server)
    eigenvalues = chart(page, "eigenvalues")
    values = dynamics.preconditioner_eigenvalues(trace.weights, trace.sums)[0, :, ::-1]
    assert_close(np.array([line["y"] for line in eigenvalues]).T, values, rtol=1e-5)
    chart(page, "replay")
    page.wait_for_function("() => document.querySelector('.spn-dyn [data-chart=replay]').data.length === 3")
    deep, _, exact = chart(page, "replay")
    assert_close(deep["y"], trace.llh[0], rtol=1e-6)
    assert_close(exact["y"], trace.llh[0], rtol=1e-6)
    errors = chart(page, "replayerror")
    assert max(errors[1]["y"]) < 1e-12 < max(errors[0]["y"]) < 1e-2


def test_the_lab_and_the_page_share_cursor_component_depth_and_seed(open_page, app_server):
    page = opened(open_page, app_server)
    page.locator("[data-choose=curve]").select_option("0")
    page.locator("[data-choose=component]").select_option("3")
    page.locator("[data-choose=seed]").select_option("1")
    page.locator(".spn-dyn[data-seed='1']").wait_for()
    go_to(page, 21)
    place = "[data-iteration='{}'][data-component='3'][data-depth='1'][data-seed='1']"
    page.locator(".spn-dyn" + place.format(21)).wait_for()
    page.get_by_role("link", name="Lab", exact=True).click()
    page.locator(".spn-lab:not(.spn-dyn)" + place.format(21)).wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".spn-lab:not(.spn-dyn)" + place.format(22)).wait_for()
    page.get_by_role("link", name=WORDS["dynamics"], exact=True).click()
    page.locator(".spn-dyn" + place.format(22)).wait_for()
    page.keyboard.press("Home")
    page.locator(".spn-dyn" + place.format(0)).wait_for()


def test_it_is_live_while_the_run_trains_and_its_charts_are_never_mounted_anew(open_page, app_server):
    page = open_page(app_server.url + "/")
    long = "dataset=two-clusters&num_components=32&iterations=5000&num_seeds=16&depths=2,3"
    page.goto(f"{app_server.url}/dynamics?v=2&{long}")
    page.locator(".spn-dyn[data-state=running]").wait_for()
    chart(page, "norms")
    page.evaluate("document.querySelector('.spn-dyn [data-chart=norms]').mark = 'same'")
    longest = "(document.querySelector('.spn-dyn [data-chart=norms]').data[0]?.x.at(-1) ?? 0)"
    first = page.evaluate(longest)
    assert first < 4000, "the run must still be going"
    page.wait_for_function(f"(first) => {longest} > first + 200", arg=first)
    assert page.evaluate("document.querySelector('.spn-dyn [data-chart=norms]').mark") == "same"


@pytest.mark.parametrize("screen", SCREENS)
def test_it_fits_the_screen_and_every_chart_says_something(open_page, app_server, screen, tmp_path):
    width, height, scheme = SCREENS[screen]
    query = QUERY + ("&view=projector" if screen == "projector" else "")
    page = opened(open_page, app_server, query, width=width, height=height, scheme=scheme)
    for key in CHARTS:
        chart(page, key)
        page.wait_for_function(
            "(key) => document.querySelector(`.spn-figure:has([data-chart=${key}]) .spn-takeaway`)?.textContent",
            arg=key,
        )
    said = page.locator(".spn-dyn .spn-takeaway").all_inner_texts()
    assert all(said) and not any(word in sentence for sentence in said for word in ("NaN", "undefined", "{", "null"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=str(tmp_path / f"dynamics-{screen}.png"), full_page=True)


@pytest.mark.benchmark
def test_it_opens_within_three_seconds(open_page, app_server):
    page = opened(open_page, app_server)
    begin = time.monotonic()
    page.goto(f"{app_server.url}/dynamics{QUERY}")
    page.wait_for_function("() => document.querySelector('.spn-dyn [data-chart=step]')?.data?.length")
    assert time.monotonic() - begin < 3


def open_menu(figure):
    """Press a view's menu until it is open: charts above that arrive move it away from a press."""
    while figure.locator("details[open]").count() == 0:
        figure.locator("summary").click()


def test_the_data_of_a_chart_can_be_taken_away(open_page, app_server, trace):
    page = opened(open_page, app_server)
    chart(page, "norms")
    figure = page.locator(".spn-figure:has([data-chart=norms])")
    open_menu(figure)
    with page.expect_download() as waiting:
        figure.get_by_role("button", name="Save data (CSV)").click()
    lines = waiting.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Squared norm of every layer. L = 3") and app_server.url in lines[0]
    rows = list(csv.DictReader(lines[1:]))
    norms = dynamics.layer_norms(trace.weights, trace.sums)[0]
    assert_close([float(row["root layer"]) for row in rows], norms[:, 0], rtol=1e-6)
    open_menu(figure)
    figure.get_by_role("button", name="Show as table").click()
    figure.locator(".spn-table tbody tr").nth(10).wait_for()

"""The lab view in a browser: curves grow and end at the engine's numbers, and one cursor moves every view."""

import numpy as np
import pytest

from spncore import fit
from spncore.runs.experiment import Experiment
from tests.e2e.hostile import HOSTILE
from tests.e2e.saving import COLUMN, PNG, SVG, saved

pytestmark = pytest.mark.browser

LAB = ".spn-lab"
LONG = "?iterations=5000&num_components=16&num_seeds=8"  # trains for tens of seconds
SHORT = "?iterations=60&num_seeds=3"
STREAM = "**/api/runs/*?from=*"

DRAWN = """() => Object.fromEntries(document.querySelector('[data-chart=llh]').data
    .filter(trace => /^\\d+-line$/.test(trace.uid)).map(trace => [trace.name, trace.y]))"""


def wait(page, condition, **values):
    """Wait until a JavaScript expression on `lab`, the view's root, holds."""
    page.wait_for_function(
        f"(values) => {{ const lab = document.querySelector('{LAB}'); return lab && ({condition}) }}", arg=values
    )


def state(page, name):
    return page.locator(LAB).get_attribute(f"data-{name}")


def scrub_to(page, frame):
    page.locator(".spn-scrub input").evaluate(
        "(range, frame) => { range.value = frame; range.dispatchEvent(new Event('input')) }", frame
    )
    wait(page, "Number(lab.dataset.cursor) === values.frame", frame=frame)
    # two animation frames: the views follow
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def last_drawn(page):
    return float(page.locator("[data-chart=llh]").get_attribute("data-last") or 0)


def wait_until_drawn(page, more_than=0):
    wait(page, "Number(lab.querySelector('[data-chart=llh]').dataset.last ?? 0) > values.n", n=more_than)


def assert_curves_move(page):
    """The last iteration drawn grows, twice, and the cursor with it."""
    wait_until_drawn(page)
    wait_until_drawn(page, last_drawn(page))
    wait_until_drawn(page, last_drawn(page))


def stop(page):
    page.get_by_role("button", name="Stop", exact=True).click()
    wait(page, "lab.dataset.state === 'stopped'")


def no_sideways_scroll(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_curves_grow_without_a_click_and_end_at_the_engines_numbers(chart_server, open_page):
    page = open_page(chart_server.url + "/?iterations=300&num_seeds=6")
    assert_curves_move(page)
    wait(page, "lab.dataset.state === 'done' && Number(lab.querySelector('[data-chart=llh]').dataset.last) === 300")
    drawn = page.evaluate(DRAWN)
    for depth in (1, 2, 3):
        trace = fit(Experiment(dataset="nltcs-twin", iterations=300, num_seeds=6, depth=depth))
        expected = np.median(trace.llh.astype(np.float32), axis=0)
        np.testing.assert_allclose(drawn[f"L = {depth}"], expected, rtol=0, atol=2e-6)
    wait(page, "lab.dataset.cursor === '300'")
    assert f"{np.float32(expected[-1]):.3f}".replace("-", "−") in page.locator(".spn-llh .spn-summary").inner_text()


def test_with_the_stream_switched_off_no_curve_moves(chart_server, open_page):
    refused = []
    page = open_page(
        chart_server.url + "/" + LONG,
        prepare=lambda context: context.route(STREAM, lambda route: (refused.append(route.request.url), route.abort())),
    )
    wait(page, "lab.dataset.state === 'lost'")
    with page.expect_event("requestfailed"):  # and another try, in vain as well
        pass
    assert refused and last_drawn(page) == 0
    page.context.unroute(STREAM)
    assert_curves_move(page)
    stop(page)


def test_stop_ends_the_training_and_keeps_what_arrived(chart_server, open_page):
    page = open_page(chart_server.url + "/" + LONG)
    assert_curves_move(page)
    stop(page)
    length = int(state(page, "length"))
    assert 0 < length < 5000, "it stopped before its end"
    assert "Stopped after" in page.locator(".spn-status").inner_text()
    assert page.get_by_role("button", name="Stop", exact=True).is_disabled()
    wait(page, "Number(lab.dataset.cursor) === Number(lab.dataset.length) - 1")


def snapshot(page):
    """What each view shows: chart cursor, edge widths, product, heat map, equations, summary, λ bars."""
    return page.evaluate("""() => {
        const all = (selector, read) => [...document.querySelectorAll(selector)].map(read).join();
        return {
            cursor: all('.spn-llh .spn-cursor', node => node.style.transform),
            edges: all('.spn-network line', node => node.getAttribute('stroke-width')),
            product: all('.spn-product', node => node.textContent),
            heat: all('.spn-heat rect', node => node.getAttribute('fill')),
            equations: all('.spn-equations', node => node.textContent),
            summary: all('.spn-llh .spn-summary', node => node.textContent),
        } }""")


def test_scrubbing_moves_every_view_and_asks_for_no_frames(chart_server, open_page):
    page = open_page(chart_server.url + "/?iterations=200&num_seeds=2")
    wait(page, "lab.dataset.state === 'done' && Number(lab.dataset.cursor) === 200")
    page.get_by_role("tab", name="Components").click()
    page.locator(".spn-heat[data-at]").wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "from=" in request.url else None)
    scrub_to(page, 150)
    wait(page, "Math.abs(Number(lab.querySelector('.spn-heat').dataset.at) - 150) <= 2")
    late = snapshot(page)
    scrub_to(page, 20)
    wait(page, "Math.abs(Number(lab.querySelector('.spn-heat').dataset.at) - 20) <= 2")
    early = snapshot(page)
    assert [view for view in late if late[view] == early[view]] == []
    scrub_to(page, 150)
    wait(page, "Math.abs(Number(lab.querySelector('.spn-heat').dataset.at) - 150) <= 2")
    assert snapshot(page) == late
    assert asked == []


def test_one_component_depth_and_seed_are_shared_by_all_views(chart_server, open_page):
    page = open_page(chart_server.url + "/" + SHORT)
    wait(page, "lab.dataset.state === 'done' && Number(lab.dataset.cursor) === 60")
    page.locator(".spn-network [data-component='5'] rect:last-child").click(force=True)
    wait(page, "lab.dataset.component === '5'")
    assert page.locator(".spn-product").text_content().startswith("w6")
    assert "ρ6" in page.locator(".spn-equations").text_content()
    drawn = "document.querySelector('[data-chart=rho]').data.find(trace => trace.uid === '2-line').y.join()"
    before = page.evaluate(drawn)
    page.locator("[data-choose=seed]").select_option("2")
    wait(page, "lab.dataset.seed === '2'")
    page.wait_for_function(f"before => {drawn} !== before", arg=before)
    page.locator("[data-choose=curve]").select_option("0")
    wait(page, "lab.dataset.depth === '1' && lab.querySelectorAll('.spn-network .spn-edge').length === 8")


def test_zoom_legend_and_place_survive_streaming_and_reruns(chart_server, open_page):
    page = open_page(chart_server.url + "/" + LONG)
    assert_curves_move(page)
    page.evaluate(f"document.querySelector('{LAB}').marked = true")
    plot = page.locator("[data-chart=llh] .nsewdrag.drag").first
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 140, steps=6)
    page.mouse.up()
    page.locator("[data-chart=llh] .legendtoggle").first.click()
    chart = "document.querySelector('[data-chart=llh]')"
    page.wait_for_function(f"{chart}._fullData.some(trace => trace.visible === 'legendonly')")
    zoomed = page.evaluate(f"[{chart}._fullLayout.xaxis.range, {chart}._fullLayout.yaxis.range]")
    assert zoomed[0][1] < 3000
    before = last_drawn(page)
    wait_until_drawn(page, before + 50)
    page.get_by_text("stale").click()  # a rerun of the script, with other data for the component
    page.locator(f"{LAB}[data-stale]").wait_for()
    wait_until_drawn(page, last_drawn(page))
    assert page.evaluate(f"[{chart}._fullLayout.xaxis.range, {chart}._fullLayout.yaxis.range]") == zoomed
    assert page.evaluate(f"{chart}._fullData.some(trace => trace.visible === 'legendonly')")
    assert page.evaluate(f"document.querySelector('{LAB}').marked")
    stop(page)
    assert "Settings changed" in page.locator(".spn-status").inner_text()


def test_every_transport_act_has_a_key_and_pin_and_share_reach_the_page(chart_server, open_page):
    page = open_page(chart_server.url + "/" + SHORT)
    wait(page, "lab.dataset.state === 'done' && Number(lab.dataset.cursor) === 60")
    page.locator("body").press("Home")
    wait(page, "lab.dataset.cursor === '0'")
    page.keyboard.press("ArrowRight")
    wait(page, "lab.dataset.cursor === '1'")
    page.keyboard.press("End")
    wait(page, "lab.dataset.cursor === '60'")
    page.keyboard.press("ArrowLeft")
    wait(page, "lab.dataset.cursor === '59'")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    wait(page, "lab.dataset.playing === 'true' && Number(lab.dataset.cursor) > 3")
    page.keyboard.press("Space")
    wait(page, "lab.dataset.playing === 'false'")
    page.keyboard.press("p")
    page.get_by_text("pinned this run").wait_for()
    page.keyboard.press("s")
    page.get_by_text("shared this run").wait_for()
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("tab", name="ρ").focus()
    page.keyboard.press("ArrowRight")  # within the tabs, arrows choose a tab and leave the cursor alone
    assert page.get_by_role("tab", name="λ").get_attribute("aria-selected") == "true"
    focused = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert focused == "solid"


@pytest.mark.fault("C08")
def test_hostile_names_are_shown_and_do_nothing(chart_server, open_page):
    page = open_page(chart_server.url + f"/{SHORT}&hostile=1")
    wait(page, "lab.dataset.state === 'done'")
    page.get_by_role("tab", name="Components").click()
    page.locator(".spn-heat[data-at]").wait_for()
    shown = page.locator(".spn-heat svg").text_content()
    for name in HOSTILE:
        assert name[:12] in shown
    page.locator(".spn-tabbed summary:visible").click()
    page.locator(".spn-tabbed .spn-menu-items:visible").get_by_text("Show as table").click()
    assert HOSTILE[0] in page.locator(".spn-tabbed .spn-table:visible").inner_text()
    assert page.locator(f"{LAB} :is(script, img, b, i)").count() == 0
    assert page.locator(f"{LAB} a").count() == 0
    saved_as = saved(page, ".spn-llh", COLUMN, SVG).decode()  # the caption names the data set
    assert "&lt;script&gt;" in saved_as and "<script" not in saved_as


def test_pictures_of_the_drawings_are_made_in_the_browser(chart_server, open_page):
    page = open_page(chart_server.url + "/" + SHORT)
    wait(page, "lab.dataset.state === 'done'")
    for view in (".spn-net", ".spn-llh"):
        for kind, start in {SVG: b"<svg", PNG: b"\x89PNG"}.items():
            assert start in saved(page, view, COLUMN, kind)[:400]


def test_reduced_motion_shows_the_finished_run_and_plays_in_jumps(chart_server, open_page):
    page = open_page(chart_server.url + "/" + SHORT, motion="reduce")
    wait(page, "lab.dataset.state === 'done' && lab.dataset.cursor === '60'")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    wait(page, "Number(lab.dataset.cursor) === 6")  # a twelfth of the run at once


def test_a_run_that_is_gone_and_a_view_that_cannot_load_say_so(chart_server, open_page):
    page = open_page(chart_server.url + "/?run=" + "x" * 22)
    wait(page, "lab.dataset.state === 'gone'")
    assert "press Train" in page.locator(".spn-wait").inner_text().replace("Press", "press")
    for static in ("**/api/static/lab/lab-*", "**/api/static/words/lab-*"):
        page = open_page(chart_server.url, prepare=lambda context: context.route(static, lambda route: route.abort()))  # noqa: B023
        page.get_by_text("The view could not be loaded").wait_for()


@pytest.mark.fault("D05")
def test_what_is_not_a_number_is_a_gap(chart_server, open_page):
    page = open_page(chart_server.url + "/" + SHORT)
    wait(page, "lab.dataset.state === 'done'")
    module = page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name).find(n => n.includes('/series-'))"
    )
    gaps = page.evaluate(
        """async url => { const { pick, spread, kept } = await import(url);
        const positive = pick([1, 0, -1], [0, 1, 2], true);
        return [pick([1, NaN, Infinity, -1], [0, 1, 2, 3]), positive, spread([NaN, 3, 1]), spread([NaN]).map(String),
            kept(5000).length] }""",
        module,
    )
    assert gaps == [[1, None, None, -1], [1, None, None], [2, 1, 3], ["NaN"] * 3, 835]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("width", "height", "view"), [(1366, 768, "normal"), (1920, 1080, "projector"), (390, 844, "normal")]
)
def test_it_fits_the_screen_in_both_themes(chart_server, open_page, scheme, width, height, view):
    page = open_page(chart_server.url + f"/{SHORT}&view={view}", width, height, scheme)
    wait(page, "lab.dataset.state === 'done' && Number(lab.dataset.cursor) === 60")
    wait_until_drawn(page)
    assert no_sideways_scroll(page)
    assert state(page, "theme") == ("light" if view == "projector" else scheme)
    chart = page.locator(".spn-llh .spn-frame").bounding_box()
    assert chart["y"] + chart["height"] <= height
    if width > 600:
        transport = page.locator(".spn-transport").bounding_box()
        assert transport["y"] + transport["height"] <= height
    else:
        assert page.locator(".spn-tab-select").is_visible()
        for button in page.locator(".spn-transport button:visible").all():
            size = button.bounding_box()
            assert min(size["width"], size["height"]) >= 44


def test_it_works_at_200_percent_zoom_and_with_64_components(chart_server, open_page):
    page = open_page(chart_server.url + "/?iterations=20&num_seeds=2&num_components=64&depths=1,8", 683, 384)
    wait(page, "lab.dataset.state === 'done' && Number(lab.dataset.cursor) === 19")
    assert no_sideways_scroll(page)
    assert page.locator(".spn-network [data-component]").count() == 64
    page.locator("[data-choose=component]").select_option("63")
    wait(page, "lab.dataset.component === '63'")
    assert page.locator(".spn-product .spn-piece").count() == 1 + 8 + 1, "the weight, its factors, their product"


def test_the_axis_fits_the_medians_until_the_whole_range_is_asked_for_which_the_tab_keeps(chart_server, open_page):
    page = open_page(chart_server.url + "/" + SHORT)
    wait(page, "lab.dataset.state === 'done' && lab.dataset.cursor === '60'")
    chart = "document.querySelector('[data-chart=llh]')"
    shown = f"(() => {{ const [low, high] = {chart}._fullLayout.yaxis.range; return high - low }})()"
    medians = f"{chart}.data.filter((line) => /^\\d+-line$/.test(line.uid)).flatMap((line) => Array.from(line.y))"
    page.wait_for_function(f"() => (Math.max(...{medians}) - Math.min(...{medians})) / {shown} > 0.7")
    edge = f"{chart}._fullLayout.annotations.map((one) => one.text).join()"
    assert "▲ best possible" in page.evaluate(edge)
    fit = page.evaluate(shown)
    button = page.get_by_role("button", name="Whole range")
    assert button.get_attribute("aria-pressed") == "false"
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => {shown} > {1.5 * fit} && !/best possible/.test({edge})")
    assert button.get_attribute("aria-pressed") == "true"
    page.reload()
    wait(page, "lab.dataset.state === 'done'")
    page.wait_for_function(f"() => {chart}?._fullLayout && {shown} > {1.5 * fit}")
    assert button.get_attribute("aria-pressed") == "true"
    button.press("Space")
    page.wait_for_function(f"() => Math.abs({shown} - {fit}) < 1e-6")


def test_a_cursor_that_is_moved_by_hand_while_curves_grow_has_them_drawn_to_their_end(chart_server, open_page):
    page = open_page(chart_server.url + "/" + SHORT)
    wait(page, "Number(lab.dataset.cursor) > 0 && Number(lab.dataset.cursor) < 30")
    page.keyboard.press("Home")
    wait(page, "lab.dataset.state === 'done' && lab.dataset.cursor === '0'")
    page.wait_for_function("() => document.querySelector('[data-chart=llh]').dataset.last === '60'")

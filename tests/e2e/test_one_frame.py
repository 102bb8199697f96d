"""All views of a run show one frame at any moment, while it plays and while it trains."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = "?v=2&dataset=two-clusters&num_components=6&num_seeds=2&iterations=400&depths=1,3"

# In every animation frame: the update that each view in sight says it shows.
SAMPLE = """() => {
    window.samples = [];
    const inSight = (node) => {
        const { top, bottom } = node.getBoundingClientRect();
        return node.offsetParent !== null && bottom > 0 && top < innerHeight;
    };
    const look = () => {
        const here = [...document.querySelectorAll('.spn-lab [data-cursor]')].filter(inSight);
        const shown = here.map((node) => [node.dataset.chart ?? node.className, Number(node.dataset.cursor)]);
        window.samples.push(Object.fromEntries(shown));
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


def sampled(page, until):
    """What every view showed in each animation frame until something holds; the first frames of each view left out."""
    page.evaluate(SAMPLE)
    page.wait_for_function(until)
    return page.evaluate("window.samples")


def assert_one_frame_at_a_time(samples, least, views):
    moved = {value for sample in samples for value in sample.values()}
    assert len(moved) >= least, "the cursor moved"
    assert views <= set().union(*(set(sample) for sample in samples))
    apart = [sample for sample in samples if len(set(sample.values())) > 1]
    assert not apart, f"{len(apart)} of {len(samples)}: {apart[0]}"


def ended(page):
    page.locator(".spn-lab[data-state=done]").wait_for()
    data = "document.querySelector('.spn-lab').dataset"
    page.wait_for_function(f"() => Number({data}.cursor) === Number({data}.length) - 1")


@pytest.mark.parametrize("tab", ["rho", "lam", "gap", "used", "components"])
def test_during_playback_every_view_of_the_lab_shows_the_same_update(app_server, open_page, tab):
    page = open_page(app_server.url + "/" + LONG, height=1300)  # the tab in sight
    ended(page)
    page.locator(f"[data-tab={tab}]").click()
    page.locator("[data-act=first]").click()
    page.locator(".spn-lab[data-cursor='0']").wait_for()
    page.locator("[data-act=play]").click()
    samples = sampled(page, "() => Number(document.querySelector('.spn-lab').dataset.cursor) > 100")
    second = {"rho": "rho", "lam": "lam", "gap": "gap", "used": "used", "components": "spn-heat"}[tab]
    assert_one_frame_at_a_time(samples, 5, {"llh", "spn-network", "spn-equations", "spn-transport", second})


def test_while_a_run_trains_curves_grow_at_the_frame_that_all_views_show(app_server, open_page):
    page = open_page(app_server.url + "/" + LONG.replace("400", "5000"), height=1300)  # the tabs in sight
    page.locator(".spn-lab[data-state=running], .spn-lab[data-state=done]").wait_for()
    page.wait_for_function("() => document.querySelector('[data-chart=rho]')?.dataset.cursor")
    samples = sampled(page, "() => Number(document.querySelector('.spn-lab').dataset.cursor) > 300")
    assert_one_frame_at_a_time(samples[2:], 3, {"llh", "rho", "spn-network", "spn-equations", "spn-transport"})


def test_during_playback_charts_of_dynamics_agree_and_answers_say_what_they_are_about(app_server, open_page):
    page = open_page(app_server.url + "/dynamics" + LONG)
    ended(page)
    page.locator("[data-act=first]").click()
    for key in ("step", "start", "norms"):
        page.locator(f".spn-dyn [data-chart={key}]").scroll_into_view_if_needed()
        page.wait_for_function(f"() => document.querySelector('.spn-dyn [data-chart={key}]').data?.length")
        page.locator("[data-act=play]").click()
        before = int(page.locator(".spn-dyn").get_attribute("data-cursor"))
        samples = sampled(page, f"() => Number(document.querySelector('.spn-lab').dataset.cursor) > {before + 40}")
        page.locator("[data-act=play]").click()
        assert_one_frame_at_a_time(samples, 3, {key, "spn-transport"})
    page.locator("[data-chart=matrix]").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('[data-chart=matrix]').dataset.at")
    at, said = page.evaluate(
        """() => {
            const chart = document.querySelector('[data-chart=matrix]');
            return [chart.dataset.at, chart.closest('.spn-figure').querySelector('.spn-takeaway').textContent];
        }"""
    )
    assert f"Iteration {at}:" in said

"""Journeys through the lab's page in a real browser: open, change, share, upload, take away."""

import csv
import io
import re
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from app.kit import text
from app.kit.link import LAB
from spncore import fit
from spncore.data import library
from spncore.studies import presets
from tests.closeness import assert_close
from tests.e2e.conftest import shared_link
from tests.e2e.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK = "?v=2&dataset=two-clusters&num_components=3&iterations=20&num_seeds=2"
SINGLE = 1e-6  # the curves travel as float32
DRAWN = """() => Object.fromEntries(
    (document.querySelector('.js-plotly-plot[data-chart=llh]')?.data ?? [])
        .filter((line) => /^L = \\d$/.test(line.name ?? ''))
        .map((line) => [Number(line.name.slice(4)), Array.from(line.y)]))"""


def finished(page):
    """Wait until the run on screen is done and drawn to its end; the drawn medians by depth."""
    page.locator(".spn-lab[data-state=done]").wait_for()
    total = r"Number(/Finished, (\d+)/.exec(document.querySelector('.spn-status').innerText)?.[1] ?? -1)"
    page.wait_for_function(f"() => Object.values(({DRAWN})()).some((y) => y.length === {total} + 1)")
    return page.evaluate(DRAWN)


def study_of(link):
    study, refusals = LAB.decode(parse_qs(urlsplit(link).query))
    assert not refusals
    return study


def medians(study):
    """What the engine says: the last median LLH of every depth."""
    data = library.load(study.experiment.dataset)
    return {str(e.depth): np.median(fit(e, data).llh[:, -1]) for e in study.experiments()}


def assert_drawn_as_trained(page, study):
    expected = medians(study)
    page.wait_for_function(
        "(keys) => JSON.stringify(Object.keys((" + DRAWN + ")())) === JSON.stringify(keys)", arg=list(expected)
    )
    drawn = finished(page)
    for depth, median in expected.items():
        assert_close(drawn[depth][-1], median, rtol=SINGLE)


@contextmanager
def another_run(page):
    """What is done inside is to train another run, without a press."""
    before = page.locator(".spn-lab").get_attribute("data-run")
    yield
    page.wait_for_function("(before) => document.querySelector('.spn-lab').dataset.run !== before", arg=before)
    page.locator(".spn-lab:not([data-stale], [data-old])").wait_for()


def test_opening_the_page_trains_figure_3_without_a_click(app_server, open_page):
    page = open_page(app_server.url)
    finished(page)
    real = library.available("nltcs") is not None
    study = presets.FIGURE_3 if real else presets.PRESETS["figure-3"].on("nltcs-twin")
    assert_drawn_as_trained(page, study)
    in_use = "NLTCS (real): 16,181 rows" if real else "NLTCS twin (synthetic): 16,181 rows"
    assert page.get_by_text(in_use).is_visible()
    assert page.get_by_text(text.WORDS["twin_instead"]).count() == (0 if real else 1)


@pytest.mark.parametrize(
    ("label", "key"),
    [("components (K)", "ArrowRight"), ("learning rate (η)", "ArrowRight"), ("starting weight (w0)", "ArrowRight")],
)
def test_a_moved_slider_draws_what_the_engine_says_of_the_new_setting(label, key, app_server, open_page):
    page = open_page(app_server.url + QUICK)
    before = finished(page)
    link = page.url
    with another_run(page):
        page.get_by_role("slider", name=label).press(key)
    page.wait_for_url(lambda url: url != link)
    assert_drawn_as_trained(page, study_of(page.url))
    assert finished(page) != before


def test_another_depth_is_drawn_beside_the_others(app_server, open_page):
    page = open_page(app_server.url + QUICK)
    finished(page)
    with another_run(page):
        page.get_by_test_id("stSidebar").get_by_role("button", name="5", exact=True).click()
    page.wait_for_url(re.compile("depths"))
    study = study_of(page.url)
    assert study.depths == (1, 2, 3, 5)
    assert_drawn_as_trained(page, study)


RIVALS_DRAWN = """() => Object.fromEntries(
    (document.querySelector('.js-plotly-plot[data-chart=llh]')?.data ?? [])
        .filter((line) => /^L = 1 · /.test(line.name ?? '') && /-line$/.test(line.uid))
        .map((line) => [line.name.replace('L = ', 'L='), Array.from(line.y)]))"""


def test_rivals_end_at_the_engines_numbers_and_say_what_is_not_defined_for_them(app_server, open_page):
    page = open_page(app_server.url + QUICK)
    finished(page)
    panel = page.get_by_test_id("stSidebar")
    for name in ("momentum 0.9", "EM"):
        panel.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(re.compile("rivals=momentum.*em|rivals=momentum%2Cem"))
    page.locator(".spn-lab:not([data-stale], [data-old])").wait_for()
    study = study_of(page.url)
    assert study.rivals == ("momentum", "em")
    data = library.load("two-clusters")
    traces = dict(zip(study.names(), (fit(e, data) for e in study.experiments()), strict=True))
    page.wait_for_function(f"() => Object.values(({RIVALS_DRAWN})()).filter((y) => y.length === 21).length === 2")
    drawn = page.evaluate(RIVALS_DRAWN)
    for name in ("L=1 · momentum 0.9", "L=1 · EM"):
        assert_close(drawn[name], np.median(traces[name].llh, axis=0), rtol=SINGLE)
        assert page.locator("[data-chart=llh] ~ .spn-overlay .spn-end", has_text=name).count() == 1
        assert name.removeprefix("L=1 · ") in page.locator(".spn-details").inner_text()
    page.locator("[data-choose=curve]").select_option("EM")
    page.locator(".spn-lab[data-learner=em]").wait_for()
    page.wait_for_function(
        "() => /not defined for L = 1 · EM/.test(document.querySelector('.spn-equations').innerText)"
    )
    weight = page.locator(".spn-equations .spn-w").last.text_content()
    component = int(page.locator(".spn-lab").get_attribute("data-component"))
    assert_close(float(weight.replace("−", "-")), traces["L=1 · EM"].effective_weights[0, -1, component], rtol=6e-3)
    page.get_by_role("link", name=text.WORDS["dynamics"]).click()
    page.locator(".spn-dyn[data-state=done]").wait_for()
    assert page.locator(".spn-dyn [data-choose=curve] option").all_inner_texts() == ["L = 1", "L = 2", "L = 3"]


def test_a_shared_link_reopens_the_same_curves(app_server, open_page):
    page = open_page(app_server.url + QUICK + "&init_scale=0.013&depths=2,4&topology=private")
    curves = finished(page)
    page.get_by_role("button", name="Share").click()
    link = shared_link(page)
    assert study_of(link) == study_of(page.url)
    assert finished(open_page(link)) == curves


def test_a_bad_link_shows_its_sentences_and_opens_the_rest(app_server, open_page):
    page = open_page(app_server.url + QUICK + "&learning_rate=nan&<b>x</b>=[x](javascript:alert(1))&seed=1&seed=2")
    warning = page.get_by_test_id("stAlert")
    warning.wait_for()
    said = warning.inner_text().replace(text.JOINER, "")
    assert "learning_rate: 'nan' is not a number" in said and "'seed': given 2 times" in said
    assert "'<b>x</b>': no such setting in a link" in said
    assert warning.locator("a, b, img").count() == 0
    assert_drawn_as_trained(page, study_of(app_server.url + QUICK))


def upload(page, content, name="table.csv"):
    page.get_by_role("button", name=text.WORDS["upload"]).click()
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(file)


@pytest.mark.fault("A22")
def test_a_bad_upload_shows_its_sentence_and_changes_nothing(app_server, open_page):
    page = open_page(app_server.url + QUICK)
    before, link = finished(page), page.url
    upload(page, b"a,b\n0,1\n0,7\n")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("row 3, column 2 ('b'): found '7'; only 0 and 1 are allowed").wait_for()
    dialog.get_by_text(text.WORDS["nothing_changed"]).wait_for()
    assert dialog.get_by_role("button", name=text.WORDS["use"]).count() == 0
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert finished(page) == before and page.url == link
    assert not page.locator(".spn-lab[data-stale]").count()


@pytest.mark.fault("C08", "C09")
def test_hostile_names_are_shown_and_nothing_more(app_server, open_page):
    page = open_page(app_server.url + QUICK)
    finished(page)
    out = io.StringIO()
    rng = np.random.default_rng(0)
    csv.writer(out).writerows([HOSTILE, *rng.integers(0, 2, (40, len(HOSTILE))).tolist()])
    name = ":material:home: [x](javascript:alert(1)) $x$ **b** <img src=x onerror=alert(1)>.csv"
    upload(page, out.getvalue().encode(), name)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=text.WORDS["use"]).wait_for()
    assert dialog.get_by_test_id("stAlert").locator("a, strong, img, .katex").count() == 0
    with another_run(page):
        dialog.get_by_role("button", name=text.WORDS["use"]).click()
        dialog.wait_for(state="detached")
    page.wait_for_url(re.compile("sha256"))
    finished(page)
    start = name[:40]
    shown = page.get_by_test_id("stMain").get_by_test_id("stCaptionContainer").first
    assert start in shown.inner_text().replace(text.JOINER, "") and not shown.locator("a, strong, img").count()
    page.locator("[data-tab=components]").or_(page.get_by_role("tab", name="Components")).first.click()
    page.get_by_text("Explained", exact=True).click()
    page.get_by_role("menuitem", name="Data & about").click()
    page.get_by_text(text.WORDS["in_use"]).wait_for()
    assert start in page.get_by_test_id("stMain").inner_text()
    assert page.locator("img[src=x], a[href^='javascript']").count() == 0


def test_downloads_hold_the_run_on_screen(app_server, open_page, tmp_path):
    page = open_page(app_server.url + QUICK)
    drawn = finished(page)
    page.get_by_role("button", name="Export").click()
    contents = {}
    for name in ("export_csv", "export_json", "export_script"):
        with page.expect_download() as waiting:
            page.get_by_role("dialog").get_by_role("button", name=text.WORDS[name]).click()
        assert re.fullmatch(r"spn-lab-[a-z0-9-]+\.(csv|json|py)", waiting.value.suggested_filename)
        waiting.value.save_as(tmp_path / name)
        contents[name] = (tmp_path / name).read_text(encoding="utf-8")
        assert "dataset=two-clusters" in contents[name], "the link"
    last = [float(value) for value in re.findall(r"^\d+,3,gradient_ascent,20,llh,(\S+)", contents["export_csv"], re.M)]
    assert_close(drawn["3"][-1], np.median(last), rtol=SINGLE)


@pytest.mark.parametrize(
    ("width", "height", "scheme", "view"),
    [
        (1366, 768, "light", ""),
        (1366, 768, "dark", "&view=projector"),
        (1920, 1080, "dark", ""),
        (390, 844, "light", ""),
        (360, 780, "dark", ""),
    ],
)
def test_no_sideways_scrolling_and_the_curve_above_the_fold(width, height, view, scheme, app_server, open_page):
    page = open_page(app_server.url + QUICK + view, width=width, height=height, scheme=scheme)
    finished(page)
    for element in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{element}.scrollWidth <= {element}.clientWidth"), element
    chart = page.locator("[data-chart=llh]").bounding_box()
    assert chart["y"] + chart["height"] <= height and chart["x"] >= 0 and chart["x"] + chart["width"] <= width

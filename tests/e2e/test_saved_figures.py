"""Figures that are saved and pages that are printed: their widths, type, letters and words, as a paper needs them."""

import base64
import io
import re
import struct

import pytest
from pypdf import PdfReader

from tests.e2e.saving import COLUMN, PAGE, PDF, PNG, SLIDE, SVG, dialog_of, saved, taken
from tests.e2e.test_lab_page import QUICK, finished

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CM = 72 / 2.54  # points
WIDTHS = {COLUMN: 8.5, PAGE: 17.5, SLIDE: 25.4}
# Of a sheet: the size in points of all its type, and what of its words lies outside it.
MEASURED = """() => {
    const sheet = document.documentElement, {width, height} = sheet.viewBox.baseVal;
    const edge = sheet.getBoundingClientRect(), scale = edge.width / width;
    const texts = [...sheet.querySelectorAll('text')].filter(text => text.textContent.trim());
    const over = texts.filter(text => {
        const box = text.getBoundingClientRect();
        return box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1
            || box.bottom > edge.bottom + 1;
    });
    const boxes = texts.map(text => text.getBoundingClientRect());
    const crossing = boxes.flatMap((a, i) => boxes.slice(i + 1).map((b, j) => [a, b, i, i + 1 + j])).filter(([a, b]) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4);
    return {
        sizes: texts.map(text => parseFloat(getComputedStyle(text).fontSize) * 0.75),
        over: over.map(text => text.textContent),
        crossing: crossing.map(([, , i, j]) => [texts[i].textContent, texts[j].textContent]),
        words: texts.map(text => text.textContent).join(' '),
        height,
    };
}"""


def opened(open_page, server, query=QUICK, **look):
    page = open_page(server.url + query, **look)
    finished(page)
    return page


def measured(page, svg):
    sheet = page.context.new_page()
    sheet.goto("data:image/svg+xml;base64," + base64.b64encode(svg).decode())
    found = sheet.evaluate(MEASURED)
    sheet.close()
    return found


@pytest.mark.parametrize("size", WIDTHS)
def test_a_saved_chart_has_its_width_type_that_can_be_read_there_and_all_of_its_words_on_the_sheet(
    size, app_server, open_page
):
    page = opened(open_page, app_server)
    svg = saved(page, ".spn-llh", size, SVG)
    assert re.search(rf'width="{WIDTHS[size]:.2f}cm"', svg.decode()[:400])
    found = measured(page, svg)
    low, high = (10, 22) if size == SLIDE else (6.9, 9.1)
    assert all(low <= points <= high for points in found["sizes"]), sorted(set(found["sizes"]))
    assert found["over"] == [] and found["crossing"] == []
    if size == SLIDE:
        assert abs(found["height"] - 14.3 / 2.54 * 96) < 1
    for words in ("L = 1", "L = 2", "L = 3", "iteration", "nats per row", "Two clusters", "K = 3", "T = 20"):
        assert words in found["words"]


def test_the_caption_says_what_was_changed_where_to_find_it_and_whom_to_cite(app_server, open_page):
    page = opened(open_page, app_server)
    dialog = dialog_of(page, ".spn-llh")
    caption = dialog.get_by_label("Caption", exact=True).input_value()
    assert caption.startswith("Log-likelihood by depth. Two clusters (synthetic), ")
    assert "K = 3" in caption and "T = 20" in caption and "η" not in caption, "only what was changed"
    [link] = re.findall(r"https?://\S+", caption)
    assert "dataset=two-clusters" in link and "num_components=3" in link and link.startswith(app_server.url)
    assert "Trapp, Peharz and Pernkopf" in caption
    with_caption = measured(page, taken(page, dialog, PAGE, SVG))
    dialog.get_by_label("Caption under the figure").uncheck()
    without = measured(page, taken(page, dialog, PAGE, SVG))
    assert "Pernkopf" in with_caption["words"] and "Pernkopf" not in without["words"]
    assert with_caption["height"] > without["height"] + 20


@pytest.mark.parametrize("view", [".spn-llh", ".spn-net"])
@pytest.mark.parametrize("size", [COLUMN, SLIDE])
def test_a_pdf_has_its_size_its_fonts_within_and_words_that_can_be_searched(view, size, app_server, open_page):
    page = opened(open_page, app_server)
    content = saved(page, view, size, PDF)
    [sheet] = PdfReader(io.BytesIO(content)).pages
    assert abs(float(sheet.mediabox.width) - WIDTHS[size] * CM) < 0.1
    text = " ".join(sheet.extract_text().split())
    assert "Pernkopf" in text and ("nats per row" in text or view == ".spn-net")
    fonts = [font.get_object() for font in sheet["/Resources"]["/Font"].values()]
    assert fonts and all("/FontFile2" in font["/FontDescriptor"].get_object() for font in fonts)
    program = sheet.get_contents().get_data()
    assert program.count(b" l") > 20, "lines, not a picture"
    assert "/XObject" not in sheet["/Resources"] or not sheet["/Resources"]["/XObject"]


def test_a_png_has_300_dots_per_inch(app_server, open_page):
    content = saved(opened(open_page, app_server), ".spn-llh", COLUMN, PNG)
    assert content.startswith(b"\x89PNG")
    width, _ = struct.unpack(">II", content[16:24])
    assert width == round(8.5 / 2.54 * 300)


def test_a_chart_saved_on_a_dark_page_is_the_one_of_a_light_page(app_server, open_page):
    light, dark = (
        saved(opened(open_page, app_server, scheme=scheme), ".spn-llh", COLUMN, SVG).decode()
        for scheme in ("light", "dark")
    )
    colours = [set(re.findall(r"rgb\([\d, ]+\)|#[0-9a-f]{6}", svg)) for svg in (light, dark)]
    assert colours[0] == colours[1]


def test_the_dialog_is_used_by_keyboard_alone_and_gives_the_focus_back(app_server, open_page):
    page = opened(open_page, app_server)
    menu = page.locator(".spn-llh > header summary")
    menu.focus()
    page.keyboard.press("Enter")
    page.locator(".spn-llh > header").get_by_text("Save figure …").press("Enter")
    dialog = page.get_by_role("dialog", name="Save figure")
    dialog.wait_for()
    size = dialog.get_by_label(COLUMN)
    size.focus()
    page.keyboard.press("ArrowDown")
    assert dialog.get_by_label(PAGE).is_checked()
    page.keyboard.press("p")  # no key of the page works behind it
    assert page.locator(".spn-pinned li").count() == 0
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert menu.evaluate("menu => menu === document.activeElement")


def test_where_the_server_refuses_a_pdf_the_dialog_says_why(app_server, open_page):
    page = opened(open_page, app_server)
    answer = {"status": 429, "json": {"error": "6 computations of yours wait already."}}
    page.route("**/api/pdf", lambda route: route.fulfill(**answer))
    dialog = dialog_of(page, ".spn-llh")
    dialog.get_by_label(PDF, exact=True).check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_text("6 computations of yours wait already.").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_that_the_server_made_is_saved_by_the_same_dialog_as_on_a_light_page(scheme, app_server, open_page):
    page = open_page(f"{app_server.url}/figure3", scheme=scheme)
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot[data-drawn]').length === 6")
    figure = page.get_by_role("figure").first
    figure.hover()
    figure.locator("[data-title='Save figure …']").click()
    dialog = page.get_by_role("dialog", name="Save figure")
    [sheet] = PdfReader(io.BytesIO(taken(page, dialog, COLUMN, PDF))).pages
    assert abs(float(sheet.mediabox.width) - 8.5 * CM) < 0.1
    assert "Pernkopf" in sheet.extract_text()
    svg = taken(page, dialog, PAGE, SVG)
    found = measured(page, svg)
    assert found["over"] == []
    assert "#fafafa" not in svg.decode() and "rgb(250, 250, 250)" not in svg.decode(), "no pale ink on white"


# Printing

PRINTED = """() => {
    const box = node => { const {left, right} = node.getBoundingClientRect(); return {left, right}; };
    const ink = getComputedStyle(document.querySelector('.spn-headline')).color;
    return {
        charts: [...document.querySelectorAll('.spn-lab .main-svg, .spn-lab .spn-network svg')]
            .filter(node => node.getBoundingClientRect().width > 40).map(box),
        frames: [...document.querySelectorAll('.spn-lab .spn-frame')].filter(node => node.offsetParent).map(box),
        shown: ['.spn-transport', '.spn-sides', '.spn-keys', '[data-testid=stSidebar]', '[data-testid=stHeader]']
            .filter(name => { const node = document.querySelector(name); return node && node.offsetParent !== null
                && node.getBoundingClientRect().height > 0; }),
        lines: [...document.querySelectorAll('.spn-llh .js-line')].map(node => getComputedStyle(node).stroke),
        ticks: [...document.querySelectorAll('.spn-llh .xtick text')].map(node => getComputedStyle(node).fill),
        ink, ground: getComputedStyle(document.querySelector('.stApp')).backgroundColor,
    };
}"""
MM = 96 / 25.4  # pixels
INK = "rgb(22, 24, 29)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1366, 1920])
def test_a_printed_lab_fits_the_page_and_is_dark_on_white(width, scheme, app_server, open_page):
    page = opened(open_page, app_server, width=width, height=768, scheme=scheme)
    page.emulate_media(media="print")
    page.wait_for_function("() => document.querySelector('.spn-lab[data-paper]')")
    page.wait_for_function("() => document.querySelector('.spn-llh .js-plotly-plot')._fullLayout.width > 600")
    found = page.evaluate(PRINTED)
    assert found["shown"] == []
    left = min(box["left"] for box in found["frames"])
    for box in [*found["charts"], *found["frames"]]:
        assert box["left"] >= left - 1 and box["right"] <= left + 180 * MM + 1, box
    assert found["ink"] == INK and set(found["ticks"]) == {INK} and found["ground"] == "rgb(255, 255, 255)"
    assert "rgb(68, 1, 84)" in found["lines"], "the colour that L = 1 has on a light page"
    page.emulate_media(media="screen")
    page.wait_for_function("() => !document.querySelector('.spn-lab[data-paper]')")


def test_a_handout_is_two_pages_at_most_with_the_headline_the_settings_and_the_link(app_server, open_page, tmp_path):
    page = opened(open_page, app_server, scheme="dark")
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    page.get_by_role("button", name="Handout").click()
    page.wait_for_function("() => window.printed === 1")
    content = page.pdf(format="A4", path=tmp_path / "handout.pdf", prefer_css_page_size=True)
    pages = PdfReader(io.BytesIO(content)).pages
    assert 1 <= len(pages) <= 2
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert " ".join(page.locator(".spn-headline").inner_text().split())[:30] in text
    for words in ("K = 3", "dataset=two-clusters", "Pernkopf", "Log-likelihood"):
        assert words.replace(" ", "") in text.replace(" ", ""), words
    assert "Single-key" not in text and "Train" not in text.split()


def test_figures_of_a_page_that_is_printed_fit_its_width_one_below_the_other(app_server, open_page):
    page = open_page(f"{app_server.url}/figure3", scheme="dark")
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot[data-drawn]').length === 6")
    page.set_viewport_size({"width": round(180 * MM), "height": 900})
    page.emulate_media(media="print")
    page.wait_for_function("() => document.querySelectorAll('.spn-drawn[data-paper]').length === 6")
    boxes = page.evaluate(
        "[...document.querySelectorAll('.spn-drawn .main-svg')].filter(node => node.getBoundingClientRect().width > 40)"
        ".map(node => { const {left, right} = node.getBoundingClientRect(); return [left, right]; })"
    )
    assert len(boxes) >= 6 and all(left >= -1 and right <= 180 * MM + 1 for left, right in boxes), boxes

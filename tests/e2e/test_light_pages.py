"""A first visit is light: what Chromium fetches of the real lab, by the byte, and the icons that it then shows."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from app.live.assets import ICONS
from benchmarks.page_weight import Wire, visit
from tests.e2e.conftest import AppServer, OpenPage
from tests.icons import used, whole_font

pytestmark = pytest.mark.browser
TEXT = (".js", ".css")
# A few per cent over what is fetched; before the files were compressed and Plotly was one, it was 5 to 9 MB.
MOST_BYTES = {"": 1_900_000, "dynamics": 1_700_000, "figure3": 1_650_000, "ask": 1_500_000}
MOST_BEFORE = 1_900_000  # 0.3 of it the whole run's data, which comes before the curve where the network is fast
HEAVY = ("StreamlitSyntaxHighlighter", "PlotlyChart", "ArrowVegaLiteChart", "DeckGlJsonChart", "plotly.min")
SAME_ICONS = """async ({ names, fonts }) => {
    for (const [family, bytes] of Object.entries(fonts)) {
        const face = new FontFace(family, Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)));
        document.fonts.add(await face.load());
    }
    const picture = (family, name) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 32 });
        const context = canvas.getContext("2d");
        context.font = `24px ${family}`;
        context.fillText(name, 0, 28);
        return [canvas.toDataURL(), Math.round(context.measureText(name).width)];
    };
    const shown = (name) => Object.keys(fonts).map((family) => picture(family, name));
    const all = names.map((name) => [name, ...shown(name)]);
    return {
        icons: all.filter(([, [, width]]) => width === 24).length,
        others: all.filter(([, [whole, width], [few]]) => width === 24 && few !== whole).map(([name]) => name),
    };
}"""


@pytest.mark.parametrize("path", MOST_BYTES)
def test_a_first_visit_fetches_little_and_every_script_and_style_compressed(
    app_server: AppServer, browser: Any, path: str
) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    try:
        page = context.new_page()
        wire = Wire(page)
        seen = visit(page, f"{app_server.url}/{path}", wire)
    finally:
        context.close()
    assert seen["all_bytes"] < MOST_BYTES[path], wire.by_file()
    assert path == "ask" or seen["before_bytes"] < MOST_BEFORE  # there the chart waits for a network to be trained
    assert not [file for file in wire.by_file() if any(name in file for name in HEAVY)]
    text = {file: headers for file, headers in wire.headers.items() if file.endswith(TEXT)}
    assert len(text) > 80 and not [file for file, headers in text.items() if headers.get("content-encoding") != "gzip"]
    for headers in text.values():
        assert "immutable" in headers["cache-control"] and "Accept-Encoding" in headers["vary"]


def test_a_second_visit_asks_for_no_script_style_or_letter_again(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(app_server.url)
    visit(page, app_server.url, Wire(page))
    page.goto("about:blank")
    wire = Wire(page)
    visit(page, app_server.url, wire)
    again = {file: size for file, size in wire.by_file().items() if "/static/" in file and size}
    assert sum(again.values()) < 2_000, again  # that the icons are the same is asked, and answered in a few words


def test_every_icon_that_a_page_can_show_looks_as_in_the_whole_font(open_page: OpenPage, app_server: AppServer) -> None:
    page = open_page(f"{app_server.url}/about")
    files = {"whole": whole_font(), "few": ICONS}
    fonts = {family: base64.b64encode(path.read_bytes()).decode() for family, path in files.items()}
    seen = page.evaluate(SAME_ICONS, {"names": sorted(used()), "fonts": fonts})
    assert seen["icons"] > 90 and not seen["others"], "python -m tests.icons makes the font anew"

"""A first visit is light: what Chromium fetches of the real lab, by the byte; its icons and letters look as before."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from app.live import assets
from benchmarks.page_weight import Wire, visit
from tests import icons, lettering
from tests.e2e.conftest import AppServer, OpenPage
from tests.places import ROOT

pytestmark = pytest.mark.browser
TEXT = (".js", ".css")
# A few per cent over what is fetched; before the files were compressed and Plotly was one, it was 5 to 9 MB.
MOST_BYTES = {"": 1_840_000, "dynamics": 1_640_000, "figure3": 1_590_000, "ask": 1_440_000}
MOST_BEFORE = 1_840_000  # 0.3 of it the whole run's data, which comes before the curve where the network is fast
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
SAME_LETTERS = """async ({ texts, fonts }) => {
    for (const [family, bytes] of Object.entries(fonts)) {
        const letters = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
        document.fonts.add(await new FontFace(family, letters, { weight: "200 900" }).load());
    }
    const picture = (family, weight, text) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 40 });
        const context = canvas.getContext("2d");
        context.font = `${weight} 24px ${family}`;
        context.fillText(text, 4, 28);
        return canvas.toDataURL();
    };
    const differs = (text, weight) => picture("whole", weight, text) !== picture("few", weight, text);
    return texts.filter((text) => [400, 500, 600, 700].some((weight) => differs(text, weight)));
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
    fonts = coded({"whole": icons.whole_font(), "few": assets.ICONS})
    seen = page.evaluate(SAME_ICONS, {"names": sorted(icons.used()), "fonts": fonts})
    assert seen["icons"] > 90 and not seen["others"], "python -m tests.icons makes the font anew"


def test_all_that_pages_write_looks_as_in_the_whole_font_at_every_weight(
    open_page: OpenPage, app_server: AppServer
) -> None:
    page = open_page(f"{app_server.url}/about")
    sources = [path for ending in ("json", "md", "py", "js", "toml") for path in (ROOT / "app").rglob(f"*.{ending}")]
    letters = {letter for path in sources for letter in path.read_text(encoding="utf-8") if letter.isprintable()}
    words = ["AVATAR, Type: To fi fl 0123456789.,−", "ÄÖÜäöüß é ñ ş ő", "Ελληνικά λ ρ η Σ"]
    fonts = coded({"whole": lettering.whole_font(), "few": assets.TEXT})
    assert len(letters) > 120
    others = page.evaluate(SAME_LETTERS, {"texts": [*sorted(letters), *words], "fonts": fonts})
    assert not others, "python -m tests.lettering makes the font anew"


def coded(files: dict[str, Path]) -> dict[str, str]:
    """Files by name, as a page can be sent them."""
    return {family: base64.b64encode(path.read_bytes()).decode() for family, path in files.items()}

"""What the lab view sends to the browser: addresses that exist, code that interprets no name and stays at home."""

import json
import posixpath
import re

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from app.live import assets
from app.live.chart import figure_data, view_data

MODULES = sorted(assets.CLIENT.glob("*/*.js"))
SOURCES = [*MODULES, assets.CLIENT / "chart.js"]
IMPORTS = re.compile(r'(?:from |import\()"(\.{1,2}/[^"]+\.js)"')


def test_all_addresses_begin_at_the_labs_root_wherever_that_is_and_are_served():
    data = view_data({"run_id": "x"})
    assert data["plotly"] == f"api/{assets.plotly().name}"
    for address in (data["module"], data["words"], data["palette"], *data["styles"]):
        assert address.startswith("api/static/") and address.removeprefix("api/static/") in assets.static_files()


def test_the_payload_passes_through_unchanged():
    payload = {
        "run_id": "x",
        "stale": True,
        "pins": [],
        "view": "projector",
        "labels": {"play": "Go"},
    }
    assert payload.items() <= view_data(payload).items()


def test_a_figure_is_sent_as_plain_numbers_without_a_template_and_with_what_it_loads():
    figure = go.Figure(go.Scatter(x=np.arange(3.0), y=[1.0, float("nan"), np.float32(2)]), layout={"height": 120})
    data = json.loads(
        json.dumps(
            figure_data(figure, "three points", {"displayModeBar": False}, "projector", "dark", True), allow_nan=False
        )
    )
    [trace], layout = data["figure"]["data"], data["figure"]["layout"]
    assert trace["y"] == [1, None, 2] and layout == {"height": 120}
    assert data["theme"] == "dark"
    assert (data["alt"], data["clicks"], data["config"]) == ("three points", True, {"displayModeBar": False})
    assert data["view"] == "projector"
    for address in (data["module"], data["palette"]):
        assert address.removeprefix("api/static/") in assets.static_files()


def test_every_module_imports_neighbours_by_the_names_they_are_served_under():
    served = assets.static_files()
    for name, asset in served.items():
        content = asset.content.decode() if name.endswith(".js") else ""
        for imported in IMPORTS.findall(content):
            address = posixpath.normpath(posixpath.join(posixpath.dirname(name), imported))
            assert address in served, f"{name} imports {imported}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_code_interprets_text_or_names_another_machine(path):
    source = path.read_text(encoding="utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert forbidden not in source
    addresses = re.findall(r"https?://[^\"'`\s]+", source)
    assert [address for address in addresses if not address.startswith("http://www.w3.org/")] == []  # names of XML


def test_mounting_the_view_runs_in_a_script_and_reports_no_event():
    def script():
        import streamlit as st

        from app.live.chart import lab_view

        asked = lab_view({"run_id": "x"}, key="lab")
        st.write(f"pin {asked.pin} share {asked.share}")

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert page.markdown[0].value == "pin None share None"

"""One palette: contrast and colour blindness by the numbers, and the same colours in Python, browser and settings."""

import json
import re
import tomllib
from itertools import combinations

import numpy as np
import pytest

from app.live import assets
from spncore import Experiment, fit, load
from spncore.plots import curves, palette, report
from spncore.plots.curves import Line
from spncore.runs.study import RIVALS
from tests.places import ROOT

GROUNDS = {"light": ("#ffffff",), "dark": (palette.GROUND["dark"], "#171614")}
# Machado, Oliveira & Fernandes (2009), A physiologically-based model for simulation of color vision deficiency, IEEE
# TVCG 15(6), table at severity 1.0; applied to linear RGB.
SIMULATED = {
    "as seen by most": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(  # linear sRGB to CIE XYZ, over the white point D65 (IEC 61966-2-1)
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
) / np.array([[0.95047], [1.0], [1.08883]])
APART = 15.0  # CIE 1976 difference; 2.3 is what an eye just notices side by side


def linear(colour):
    """A colour's linear RGB."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The contrast of WCAG 2."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear RGB."""
    xyz = TO_XYZ @ np.clip(rgb, 0.0, 1.0)
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", palette.THEMES)
def test_every_curve_stands_out_from_the_ground(theme):
    own = [*palette.DEPTHS[theme], *(rival[theme] for rival in palette.RIVALS.values()), palette.PLAIN[theme]]
    for colour in (*own, palette.FAINT[theme], palette.ACCENT[theme], palette.INK[theme]):
        assert all(contrast(colour, ground) >= 2.995 for ground in GROUNDS[theme]), colour


@pytest.mark.parametrize("sight", SIMULATED)
@pytest.mark.parametrize("theme", palette.THEMES)
def test_depths_stay_apart_for_the_colour_blind(theme, sight):
    seen = [lab(SIMULATED[sight] @ linear(colour)) for colour in palette.DEPTHS[theme]]
    apart = {(i, j): float(np.linalg.norm(seen[i - 1] - seen[j - 1])) for i, j in combinations(range(1, 9), 2)}
    assert min(apart.values()) >= APART, {pair: value for pair, value in apart.items() if value < APART}


def test_no_curve_is_told_apart_by_colour_alone():
    dashes = [*palette.DASHES, *(rival["dash"] for rival in palette.RIVALS.values())]
    assert len(set(dashes)) == len(dashes) == 8 + len(palette.RIVALS)
    assert len(set(palette.MARKERS)) == 8 and set(palette.RIVALS) == {*RIVALS, "shallow"}


def test_the_browser_is_served_the_same_colours_and_dashes():
    served = json.loads(assets.static_files()[assets.static_name("palette.json")].content)
    assert served["dashes"] == list(palette.DASHES)
    assert {theme: tuple(colours) for theme, colours in served["depths"].items()} == palette.DEPTHS


@pytest.mark.parametrize("theme", palette.THEMES)
def test_settings_of_the_page_name_the_same_colours(theme):
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][theme]
    assert tuple(config["chartCategoricalColors"]) == palette.DEPTHS[theme][:4]
    assert config["primaryColor"] == palette.ACCENT[theme]


@pytest.fixture(scope="module")
def traces():
    experiment = Experiment(dataset="two-clusters", num_components=2, iterations=2)
    return [fit(experiment.replace(depth=depth), load("two-clusters")) for depth in range(1, 9)]


@pytest.mark.parametrize("draw", [lambda traces: report.llh_figure(traces, {}), report.rate_figure])
def test_the_commands_figures_draw_every_depth_as_the_page_does(draw, traces):
    lines = [trace.line for trace in draw(traces).data if trace.line.width]
    assert [(line.color, line.dash) for line in lines] == looks("light")


@pytest.mark.parametrize("theme", palette.THEMES)
def test_the_pages_figures_draw_every_depth_alike(theme):
    lines = [Line(f"L={depth}", depth, [1, 2], [-2.0, -1.0]) for depth in range(1, 9)]
    assert [(line.line.color, line.line.dash) for line in curves.curves("t", lines, theme).data] == looks(theme)
    drawn = curves.noise_response({depth: {1e-3: [3]} for depth in range(1, 9)}, {1: 9}, 9, "−7.2", theme).data
    assert [(line.line.color, line.line.dash) for line in drawn] == looks(theme)
    assert tuple(line.marker.symbol for line in drawn) == palette.MARKERS


def looks(theme):
    """Colour and dash of L = 1…8."""
    return list(zip(palette.DEPTHS[theme], palette.DASHES, strict=True))


def test_colours_stand_nowhere_else():
    spared = {"spncore/plots/palette.py"}
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "spncore")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r'["\']#[0-9a-fA-F]{3,6}["\']', path.read_text(encoding="utf-8"))
    }
    assert found <= spared

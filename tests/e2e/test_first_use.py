"""First uses of the lab, each from `/`: what a person presses, step by step, and what they have then.

On a laptop by mouse, on a phone by touch. A task takes three steps at most; looking and scrolling are none.
"""

import csv
import io
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from app.kit.terms import sentence
from app.kit.text import WORDS
from tests.closeness import assert_close
from tests.e2e.conftest import shared_link
from tests.e2e.test_front_door import opened, term_called, unfolded
from tests.e2e.test_lab_page import DRAWN, SINGLE, finished
from tests.e2e.test_pins import PINNED, entries

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_STEPS = 3
LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844, "touch": True}
TRY = re.compile("^Try: ")


class Reader:
    """Who is here for the first time: a page, the curves that were on it at first, and what they were handed."""

    def __init__(self, page: Any, screen: dict[str, Any], open_page: Callable[..., Any]) -> None:
        self.page, self.screen, self.open_page = page, screen, open_page
        self.before: dict[str, Any] = page.evaluate(DRAWN)
        self.run = page.locator(".spn-lab").get_attribute("data-run")
        self.files: list[Any] = []
        page.on("download", lambda file: self.files.append(file))

    def press(self, part: Any) -> None:
        """Touch it on a phone, click it elsewhere."""
        part.tap() if self.screen.get("touch") else part.click()

    def curves_of_another_run(self) -> dict[str, Any]:
        """The drawn medians of the run that came after the first one, when it is done."""
        self.page.wait_for_function("(run) => document.querySelector('.spn-lab').dataset.run !== run", arg=self.run)
        return dict(finished(self.page))

    def other_device(self) -> dict[str, Any]:
        """A laptop beside a phone, a phone beside a laptop."""
        return LAPTOP if self.screen is PHONE else PHONE


class Task(NamedTuple):
    """The steps in words and what is pressed, nothing on another device; and what holds when they are done."""

    steps: dict[str, Callable[[Any], Any] | None]
    done: Callable[[Reader], None]


def button(name: Any) -> Callable[[Any], Any]:
    return lambda page: page.get_by_role("button", name=name).first


def l_is_explained(reader: Reader) -> None:
    unfolded(reader.page).wait_for()
    assert unfolded(reader.page).inner_text() == sentence("sum_layer")
    box = unfolded(reader.page).bounding_box()
    assert 0 <= box["x"] and box["x"] + box["width"] <= reader.screen["width"]


def depth_loses(reader: Reader) -> None:
    """Three layers, which led, end below one; and the headline names them after it."""
    before = reader.before
    assert before["3"][len(before["3"]) // 4] > before["1"][len(before["1"]) // 4], "depth leads at first"
    after = reader.curves_of_another_run()
    assert after["3"][-1] < after["1"][-1]
    said = reader.page.locator(".spn-headline").inner_text()
    assert 0 <= said.index("L=1") < said.index("L=3"), said


def curves_are_in_a_file(reader: Reader) -> None:
    """The medians over seeds of the file's values are those that are drawn."""
    [file] = _come(reader)
    lines = csv.reader(io.StringIO(file.path().read_text(encoding="utf-8")))
    names, *values = (line for line in lines if not line[0].startswith("#"))
    rows = [row for row in (dict(zip(names, each, strict=True)) for each in values) if row["quantity"] == "llh"]
    for depth, drawn in reader.before.items():
        seeds = sorted({row["seed"] for row in rows})
        values = [[float(row["value"]) for row in rows if (row["seed"], row["L"]) == (seed, depth)] for seed in seeds]
        assert_close(np.array(drawn), np.median(values, axis=0), rtol=SINGLE)


def _come(reader: Reader) -> list[Any]:
    while not reader.files:
        reader.page.wait_for_timeout(50)
    return reader.files


def another_device_shows_the_same(reader: Reader) -> None:
    """Its camera reads the code on this screen, which is the link; what that opens has the same curves."""
    code = reader.page.get_by_role("img", name=WORDS["share_code"])
    code.scroll_into_view_if_needed()
    [read] = zxingcpp.read_barcodes(Image.open(io.BytesIO(reader.page.screenshot())))
    assert read.text == shared_link(reader.page)
    assert finished(reader.open_page(read.text, **reader.other_device())) == reader.before


def both_runs_are_drawn(reader: Reader) -> None:
    """The pinned run's curves as they were, named by what differs, beside those of the new run."""
    after = reader.curves_of_another_run()
    reader.page.wait_for_function(f"() => ({PINNED})().length === 3")
    assert [line["y"] for line in reader.page.evaluate(PINNED)] == list(reader.before.values())
    assert after != reader.before and after.keys() == reader.before.keys()
    assert entries(reader.page) == ["η = 0.01"]


TASKS = {
    "find what L means": Task(
        {"the words “depth L” over the chart": lambda page: term_called(page, "depth L")}, l_is_explained
    ),
    "make depth lose": Task({"Try: Does depth still win at ten times the rate?": button(TRY)}, depth_loses),
    "get the curve's data": Task(
        {
            "Export": button(WORDS["export"]),
            "Curves (CSV)": lambda page: page.get_by_role("dialog").get_by_role("button", name=WORDS["export_csv"]),
        },
        curves_are_in_a_file,
    ),
    "open on a second device": Task(
        {"Share": button("Share"), "the other device's camera at the code": None}, another_device_shows_the_same
    ),
    "pin a run and compare": Task({"Pin": button("Pin"), "Try: …": button(TRY)}, both_runs_are_drawn),
}


@pytest.mark.parametrize("screen", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_first_use_takes_three_steps_at_most(task, screen, app_server, open_page):
    reader = Reader(opened(open_page, app_server, **screen), screen, open_page)
    for part in filter(None, task.steps.values()):
        reader.press(part(reader.page))
    task.done(reader)
    assert 1 <= len(task.steps) <= MOST_STEPS

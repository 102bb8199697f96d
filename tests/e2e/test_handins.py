"""Hand-ins in a real browser: two steps of a lesson are done and handed in, a class is opened, verified, taken away."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from app.kit.handin import read
from app.kit.lessons import Step, lessons
from app.kit.text import WORDS
from app.live.catalogues import catalogue
from tests import handins
from tests.e2e.access import AXE, TAGS, ready
from tests.e2e.conftest import PATIENCE_MS, AppServer, OpenPage
from tests.e2e.drawn import button, quiet
from tests.e2e.printed import pages

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAY = catalogue("lesson")
DEPTH = lessons()["depth"]
PHONE = {"width": 390, "height": 844, "touch": True}
WIDER = "() => document.documentElement.scrollWidth > innerWidth"
LOUD = '</script><script>document.title = "run"</script><img src=x onerror="document.title=1">'


def option(page: Any, text: str) -> None:
    page.get_by_role("radiogroup").get_by_text(text, exact=True).click()
    quiet(page)


def step_done(page: Any, number: int) -> Step:
    """Guess, wait for the run, and give the right answer; in the second step the guess is a number."""
    step = DEPTH.steps[number - 1]
    page.get_by_role("heading", level=1, name=f"{number} of 8 · {step.title}").wait_for()
    quiet(page)
    assert step.guess is not None
    if step.guess.kind == "number":
        page.get_by_role("spinbutton").fill("2.5")
        page.keyboard.press("Enter")
        quiet(page)
    else:
        option(page, step.guess.options[0].text)
    button(page, SAY["lesson_give"]).click()
    right = next(each for each in step.check.options if each.name == step.check.right)
    option(page, right.text)
    page.get_by_text(f"Right. {right.why}").wait_for()
    return step


def handed_in(page: Any, folder: Path, name: str) -> Path:
    """What is downloaded at the end of two steps."""
    step_done(page, 1)
    button(page, SAY["lesson_next"]).click()
    step_done(page, 2)
    page.get_by_text(WORDS["handin"], exact=True).click()
    page.get_by_label(WORDS["handin_name"], exact=True).fill(name)
    page.keyboard.press("Enter")
    quiet(page)
    with page.expect_download() as coming:
        button(page, WORDS["handin_get"]).click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


@pytest.fixture(scope="module")
def file(app_server: AppServer, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a student with two steps done."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{app_server.url}/lesson")
    made = handed_in(page, tmp_path_factory.mktemp("handed"), "Ada <b>")
    context.close()
    return made


def classroom(open_page: OpenPage, server: AppServer, files: list[Path], **look: Any) -> Any:
    page = open_page(f"{server.url}/teach", **look)
    page.get_by_role("heading", name=WORDS["handins"], exact=True).wait_for()
    quiet(page)
    page.locator("input[type=file]").set_input_files([str(each) for each in files])
    page.get_by_role("table").first.wait_for()
    quiet(page)
    return page


def test_two_steps_are_handed_in_with_their_answers_and_the_session_s_own_run(file: Path) -> None:
    found = read(file.read_bytes(), lessons())
    assert file.name.startswith("spn-lab-ada-b-meet") or file.suffix == ".html"
    assert (found.name, found.reading, found.left_out) == ("Ada <b>", "same", [])
    assert found.given is not None and sorted(found.given) == ["likelihood", "mixture"]
    assert {given.check for given in found.given.values()} == {step.check.right for step in DEPTH.steps[:2]}
    [run] = found.runs
    assert run.study.on("nltcs") == DEPTH.steps[0].runs[0].study.on("nltcs"), "both steps have the same run"


def test_after_a_reload_the_file_still_has_the_run_from_the_browser_s_list(
    app_server: AppServer, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(f"{app_server.url}/lesson")
    handed_in(page, tmp_path, "before")
    page.goto(f"{app_server.url}/lesson?lesson=depth&step=3")
    page.get_by_role("heading", level=1, name="3 of 8").wait_for()
    quiet(page)
    page.get_by_text(WORDS["handin"], exact=True).click()
    page.get_by_text("2 of 8 steps answered, 2 of 8 right; 1 of ").wait_for()
    with page.expect_download() as coming:
        button(page, WORDS["handin_get"]).click()
    coming.value.save_as(tmp_path / "after.html")
    found = read((tmp_path / "after.html").read_bytes(), lessons())
    assert len(found.runs) == 1 and found.given is not None and len(found.given) == 2 and found.name == ""


@pytest.mark.parametrize("look", [{}, PHONE], ids=["laptop", "phone"])
def test_a_class_is_opened_verified_and_taken_away(
    app_server: AppServer, open_page: OpenPage, file: Path, tmp_path: Path, look: Any
) -> None:
    edited, none = tmp_path / "edited.html", tmp_path / "none.html"
    own = handins.sealed({**handins.values_of(file.read_bytes()), "name": "=Eve"})
    edited.write_bytes(handins.with_values(file.read_bytes(), own))
    none.write_text(LOUD, encoding="utf-8")
    page = classroom(open_page, app_server, [file, edited, none], **look)
    page.get_by_text("none.html: the file has no data of a hand-in").wait_for()
    assert page.title() != "run"
    button(page, WORDS["handins_verify"]).click()
    page.get_by_role("cell", name="yes: 1 run, bit for bit").nth(1).wait_for()
    assert page.get_by_role("cell", name="2 of 8", exact=True).count() == 4, "answered and right, of two files"
    assert page.get_by_role("cell", name="Ada <b>", exact=True).count() == 1
    assert page.get_by_text(WORDS["handins_edited"]).count() == 1
    assert not page.evaluate(WIDER)
    with page.expect_download() as coming:
        button(page, WORDS["handins_class_csv"]).click()
    coming.value.save_as(tmp_path / "class.csv")
    lines = (tmp_path / "class.csv").read_text(encoding="utf-8").splitlines()
    rows = [*csv.DictReader(line for line in lines if not line.startswith(("#", '"#')))]
    assert [row[WORDS["handins_name"]] for row in rows] == ["Ada <b>", "'=Eve"]
    assert [row[WORDS["handins_runs"]] for row in rows] == ["yes: 1 run, bit for bit"] * 2
    button(page, WORDS["handins_close"]).click()
    page.get_by_role("table").first.wait_for(state="detached")


def breaches(page: Any, place: str) -> list[Any]:
    look = "([place, tags]) => axe.run(place, { runOnly: { type: 'tag', values: tags } })"
    return [(one["id"], one["nodes"][0]["html"]) for one in page.evaluate(look, [place, TAGS])["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_file_itself_loads_nothing_is_accessible_and_fits_a_phone(
    open_page: OpenPage, file: Path, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not at hand: with Node, make check-browser fetches it")
    own = (file.as_uri(),)
    page = open_page(file.as_uri(), scheme=scheme, own=own, prepare=with_axe, **PHONE)
    page.get_by_role("heading", level=1, name=f"Hand-in: {DEPTH.title}").wait_for()
    assert not page.evaluate(WIDER) and "Ada <b>" in page.inner_text("main")
    assert not breaches(page, "html")


def with_axe(context: Any) -> None:
    context.add_init_script(path=AXE)


def test_on_paper_the_file_has_all_that_was_answered_and_no_data(open_page: OpenPage, file: Path) -> None:
    page = open_page(file.as_uri(), own=(file.as_uri(),))
    text = unicodedata.normalize("NFKC", "".join(printed.text for printed in pages(page.pdf(format="A4"))))
    for step in DEPTH.steps[:2]:
        assert "".join(step.keep.split()) in "".join(text.split())
    assert "UEsD" not in text


def test_the_class_s_part_of_the_page_is_accessible(app_server: AppServer, open_page: OpenPage, file: Path) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not at hand: with Node, make check-browser fetches it")
    page = classroom(open_page, app_server, [file], prepare=with_axe)
    ready(page)
    assert not breaches(page, ".st-key-teach_handins")

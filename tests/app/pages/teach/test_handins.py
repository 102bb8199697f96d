"""Hand-ins on the page for a class, without a browser: opened, refused by name, verified, closed."""

from __future__ import annotations

from typing import Any

import pytest

from app.kit.lessons import lessons as shipped
from app.kit.text import JOINER, WORDS
from app.live.jobs import JOBS
from app.pages.teach import handins as section
from app.pages.teach import pile
from tests import handins
from tests.addresses import at_address
from tests.handins import falsified, written
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("only_shipped_data")


@pytest.fixture(autouse=True)
def small_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has the small lesson, too."""
    both = {**shipped(), **handins.lessons()}
    monkeypatch.setattr(section, "lessons", lambda: both)
    monkeypatch.setattr(pile, "all_lessons", lambda: both)


def opened(*files: tuple[str, bytes]) -> Any:
    page = at_address("teach").run()
    for name, data in files:
        page.file_uploader[0].upload(name, data, "text/html")
    page.run()
    assert not page.exception
    return page


def words(elements: Any) -> str:
    return " ".join(one.value for one in elements).replace("\\", "").replace(JOINER, "")


def table(page: Any) -> Any:
    return page.table[0].value


def plain(value: Any) -> str:
    return str(value).replace("\\", "").replace(JOINER, "")


def test_without_files_there_is_nothing_but_a_place_for_them() -> None:
    page = at_address("teach").run()
    assert not page.exception and not page.table
    assert WORDS["handins_intro"] in words(page.markdown)
    with pytest.raises(KeyError):
        page.button(key="teach_verify")


def test_files_come_into_the_table_and_those_refused_are_named_while_the_others_go_on() -> None:
    page = opened(("a.html", written(name="Ada")), ("<b>x.html", b"no"), ("c.html", written(name="*Eve*")))
    assert "<b>x.html: the file has no data of a hand-in" in words(page.error)
    rows = table(page)
    assert [plain(name) for name in rows[WORDS["handins_name"]]] == ["Ada", "*Eve*"]
    assert [plain(said) for said in rows[WORDS["handins_right"]]] == ["2 of 3"] * 2
    assert [plain(said) for said in rows[WORDS["handins_runs"]]] == ["not yet: 3 of 3 runs"] * 2


def test_runs_are_verified_in_the_background_and_what_was_found_stays() -> None:
    page = opened(("a.html", written(name="a")), ("b.html", falsified(written(name="b"))))
    page.button(key="teach_verify").click().run()
    key = page.session_state[section.JOB]
    job = JOBS.get(key)
    assert job is not None
    until(lambda: job.ended)
    page.run()
    assert not page.exception and job.state == "done", job.reason
    said = [plain(each) for each in table(page)[WORDS["handins_runs"]]]
    assert said == ["yes: 3 runs, bit for bit", "no: 1 of 3 runs differ"]
    assert page.button(key="teach_verify").disabled, "all of them are verified"
    page.button(key="teach_close").click().run()
    assert not page.exception and not page.table


def test_questions_are_tallied_and_marked() -> None:
    page = opened(("a.html", written(name="a")), ("b.html", written({}, name="b")))
    tally = page.table[1].value
    assert [plain(each) for each in tally[WORDS["handins_given"]]] == ["1", "0", "0", "1", "1", "0"]
    assert [plain(each) for each in tally[WORDS["handins_is_right"]]] == ["yes", ""] * 3

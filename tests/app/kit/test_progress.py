"""What a page cannot do without: waited for a moment, then shown as under way, begun again when asked for."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.kit import progress
from app.live.jobs import JOBS
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("jobs_in_threads")


@pytest.fixture
def page():
    return AppTest.from_file(str(Path(__file__).with_name("soon_page.py")), default_timeout=PATIENCE).run()


def ask(page, word):
    page.text_input(key="word").set_value(word).run()
    assert not page.exception
    return said(page)


def said(page):
    return [element.value for element in page.markdown]


def job(page):
    return JOBS.get(page.session_state["job"])


def test_what_is_there_in_a_moment_is_waited_for(page):
    assert said(page) == ["Made: none"] and ask(page, "other") == ["Made: other"]
    assert not page.button


def test_what_takes_longer_is_shown_as_under_way_and_another_wish_cancels_it(page, monkeypatch):
    monkeypatch.setattr(progress, "SOON_SECONDS", 0.0)
    assert ask(page, "slow") == ["Being made.", "Made: None"]
    slow = job(page)
    assert [button.label for button in page.button] == ["Cancel"]
    ask(page, "quick")
    until(lambda: slow.ended and job(page).ended)
    assert slow.state == "cancelled"
    page.run()
    assert said(page) == ["Made: quick"]


def test_only_what_its_reader_has_cancelled_waits_to_be_asked_for_again(page, monkeypatch):
    monkeypatch.setattr(progress, "SOON_SECONDS", 0.0)
    ask(page, "slow")
    cancelled = job(page)
    page.button(key=f"cancel_{cancelled.key}").click().run()
    until(lambda: cancelled.ended)
    page.run()
    assert said(page) == ["Made: None"] and job(page) is cancelled
    page.button(key="job_again").click().run()
    assert not job(page).ended
    JOBS.leave(next(iter(job(page).watchers)), cancelled.key)
    ask(page, "quick")
    ask(page, "slow")
    assert not job(page).ended, "what another visit or setting has left is begun without a question"


def test_a_refusal_is_a_sentence_with_a_way_on(page):
    ask(page, "wrong")
    assert "too deep" in page.error[0].value and [button.key for button in page.button] == ["job_again"]


def test_the_time_of_a_wait_is_that_of_the_job_and_not_of_every_run_of_the_page(page, monkeypatch):
    waits = []
    monkeypatch.setattr(progress, "SOON_SECONDS", 0.0)
    ask(page, "slow")
    monkeypatch.setattr(job(page).over, "wait", waits.append)
    page.run()
    assert len(waits) == 1 and waits[0] <= 0.0


def looker(key):
    """Another session that sees the job of a key under way, as one does whose address says to show its result."""

    def look():
        import streamlit as st

        from app.kit import progress

        progress.follow(st.session_state["key"])

    other = AppTest.from_function(look, default_timeout=PATIENCE)
    other.session_state["key"] = key
    return other.run()


def test_who_sees_a_job_under_way_waits_for_it_too_until_they_cancel_it(page, monkeypatch):
    monkeypatch.setattr(progress, "SOON_SECONDS", 0.0)
    ask(page, "slow")
    going = job(page)
    first, second = looker(going.key), looker(going.key)
    JOBS.leave(page.session_state["job_watcher"], going.key)
    assert not going.ended, "who has loaded the page anew has it still"
    first.button(key=f"cancel_{going.key}").click().run()
    first.run()
    assert not going.ended and going.watchers == {second.session_state["job_watcher"]}
    second.button(key=f"cancel_{going.key}").click().run()
    until(lambda: going.ended)
    assert going.state == "cancelled"

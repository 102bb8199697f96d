"""Links to share begin at the lab's root, wherever a proxy puts it and whichever page the browser was on."""

from types import SimpleNamespace

import pytest
import streamlit as st

from app.kit import page


@pytest.mark.parametrize(
    "root", ["https://h/", "https://h/lab/", "https://h/a/b/", "https://h/task/", "https://h/ask/"]
)
@pytest.mark.parametrize("was", ["", "ask", "maths"])
def test_a_page_is_named_at_the_root_that_the_browser_was_at(
    monkeypatch: pytest.MonkeyPatch, root: str, was: str
) -> None:
    asked = SimpleNamespace(context_info=SimpleNamespace(url=root + was))
    monkeypatch.setattr(page, "get_script_run_ctx", lambda: asked)
    monkeypatch.setattr(st, "session_state", {})
    assert page.page_address("v=2") == f"{root}?v=2"
    st.session_state[page.PAGE] = "ask"
    assert page.page_address("v=2") == f"{root}ask?v=2"
    assert page.page_address("v=2", "") == f"{root}?v=2" and page.page_address("v=2", "linear") == f"{root}linear?v=2"
    assert page.page_address("v=2", root="https://h/other/") == "https://h/other/ask?v=2"


def test_what_the_browser_has_said_counts_more_than_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = SimpleNamespace(context_info=SimpleNamespace(url="https://h/course/"))
    monkeypatch.setattr(page, "get_script_run_ctx", lambda: asked)
    monkeypatch.setattr(st, "session_state", {page.PAGE: "ask"})
    told = list[str]()
    monkeypatch.setattr(page.address, "to_tell", lambda: {"query": "", "along": ""})
    monkeypatch.setattr(page, "place_view", lambda said, key, on_root: told.append(said["root"]) or on_root)
    page.find_root()
    st.session_state["place"] = {"root": "https://h/lab/"}  # as Streamlit has what the browser said
    page._take_root()
    page.find_root()
    assert told == ["https://h/course/", "https://h/lab/"], "it is asked against what is known"
    assert page.page_address("v=2") == "https://h/lab/ask?v=2"

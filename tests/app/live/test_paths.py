"""What lies below the server's base path, and which of it are pages."""

import pytest

from app.live.paths import is_document, is_page, is_static, path_below, root


@pytest.mark.parametrize(
    ("base", "path", "below"),
    [("", "/", ""), ("lab", "/lab/", ""), ("/lab/", "/lab/api/x", "api/x"), ("lab", "/lab", None), ("lab", "/", None)],
)
def test_the_path_is_below_the_base_or_none(base, path, below):
    assert path_below(base, {"path": path}) == below


def test_pages_files_and_answers_are_told_apart():
    pages = ("", "dynamics", "figure3", "a/b", "apiary", "statically")
    files = ("static/js/x.js", "api/static/lab/lab-1.js", "api/plotly-6.1.min.js", "favicon.png", "static/a.css")
    answers = ("api/runs/x", "_stcore/health", "_stcore/stream", "media/x", "api/door", "api", "metrics", "ready")
    assert all(is_page("GET", path) for path in pages) and not any(map(is_static, (*pages, *answers)))
    assert all(map(is_static, files)) and not any(is_page("GET", path) for path in (*files, *answers))
    assert not is_page("POST", "") and not is_page("GET", None)


@pytest.mark.parametrize(("base", "begin"), [("", "/"), ("/", "/"), ("lab", "/lab/"), ("/a/lab/", "/a/lab/")])
def test_addresses_begin_with_the_base_path_between_slashes(base, begin):
    assert root(base) == begin


@pytest.mark.parametrize(
    ("kind", "page"), [(b"text/html; charset=utf-8", True), (b"application/json", False), (b"", False)]
)
def test_an_answer_is_a_page_by_its_type(kind, page):
    assert is_document({"type": "http.response.start", "headers": [(b"content-type", kind)]}) is page
    assert not is_document({"type": "http.response.start", "headers": []})

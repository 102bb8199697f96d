"""Streamlit's own files as the lab serves them: compressed once, kept for ever, and sane to every client."""

from __future__ import annotations

import gzip
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from app.live import files
from app.live.files import CompressedFiles, takes_gzip

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient

SCRIPT = b"export const words = 'again and again';\n" * 400
ADDRESS, GZIP = "/lab/static/js/words.abc.js", {"Accept-Encoding": "br;q=1.0, gzip;q=0.8, *;q=0.1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as Streamlit has it, beside another font."""
    for name, content in {"js/words.abc.js": SCRIPT, "media/icons.abc.woff2": b"wOF2 all", "note.txt": SCRIPT}.items():
        (tmp_path / "static" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "static" / name).write_bytes(content)
    (tmp_path / "few.woff2").write_bytes(b"wOF2 few")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    compressed = Middleware(CompressedFiles, folder, "lab", {"static/media/icons.*.woff2": folder / "few.woff2"})
    app = Starlette(routes=[Mount("/lab", StaticFiles(directory=folder))], middleware=[compressed])
    with TestClient(app) as client:
        yield client


def bare(answer: Any) -> bytes:
    """The bytes as they came, still compressed."""
    return b"".join(answer.iter_raw())


def test_a_script_is_sent_compressed_for_ever_with_its_type_and_once_only(client: TestClient) -> None:
    with client.stream("GET", ADDRESS, headers=GZIP) as answer:
        content = bare(answer)
        assert gzip.decompress(content) == SCRIPT and len(content) < len(SCRIPT) / 20
        assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["content-type"].startswith("text/javascript")
        assert {"immutable", "max-age=31536000"} < {*answer.headers["cache-control"].split(", ")}


def test_a_browser_that_has_it_is_told_so_in_no_bytes(client: TestClient) -> None:
    tag = client.get(ADDRESS, headers=GZIP).headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = client.get(ADDRESS, headers={**GZIP, "If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "immutable" in again.headers["cache-control"] and again.headers["vary"] == "Accept-Encoding"
    plain = client.get(ADDRESS, headers={"Accept-Encoding": "identity"}).headers["etag"]
    assert plain != tag, "what is not compressed is another file"
    assert client.get(ADDRESS, headers={**GZIP, "If-None-Match": plain}).status_code == 200


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=x", "gzip;q=0, *"])
def test_who_does_not_take_gzip_gets_plain_bytes_that_say_that_others_may_differ(
    client: TestClient, accepted: str
) -> None:
    answer = client.get(ADDRESS, headers={"Accept-Encoding": accepted})
    assert answer.content == SCRIPT and "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["gzip", "GZIP", "br, gzip", "gzip;q=0.1", "*", "deflate;q=0.5,*;q=0.2"])
def test_gzip_is_taken_however_it_is_allowed(accepted: str) -> None:
    assert takes_gzip(accepted)


def test_a_head_has_the_headers_alone_and_a_range_is_of_the_plain_file(client: TestClient) -> None:
    head = client.head(ADDRESS, headers=GZIP)
    assert head.status_code == 200 and head.headers["content-encoding"] == "gzip"
    part = client.get(ADDRESS, headers={**GZIP, "Range": "bytes=7-11"})
    assert (part.status_code, part.content) == (206, SCRIPT[7:12]) and "content-encoding" not in part.headers
    assert part.headers["content-range"] == f"bytes 7-11/{len(SCRIPT)}"


def test_what_is_no_script_or_style_is_the_applications_and_so_are_other_methods(client: TestClient) -> None:
    note = client.get("/lab/static/note.txt", headers=GZIP)
    assert note.content == SCRIPT and "content-encoding" not in note.headers and "vary" not in note.headers
    assert client.get("/lab/static/js/none.js", headers=GZIP).status_code == 404
    assert client.get("/static/js/words.abc.js", headers=GZIP).status_code == 404, "outside the base path"
    assert client.post(ADDRESS).status_code == 405


def test_a_file_that_stands_for_another_is_asked_for_anew_each_time(client: TestClient, folder: Path) -> None:
    answer = client.get("/lab/static/media/icons.abc.woff2", headers=GZIP)
    assert answer.content == b"wOF2 few" and answer.headers["content-type"] == "font/woff2"
    assert answer.headers["cache-control"] == "no-cache"
    known = {**GZIP, "If-None-Match": answer.headers["etag"]}
    assert client.get("/lab/static/media/icons.abc.woff2", headers=known).status_code == 304


def test_a_class_that_asks_at_once_has_every_file_compressed_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, plain, meet = [], gzip.compress, threading.Barrier(8)

    def counted(*args: Any, **how: Any) -> bytes:
        made.append(args)
        return plain(*args, **how)

    def asked(_: int) -> bytes:
        meet.wait()
        return bytes(client.get(ADDRESS, headers=GZIP).content)

    monkeypatch.setattr(files.gzip, "compress", counted)
    with ThreadPoolExecutor(8) as visitors:
        assert {*visitors.map(asked, range(8))} == {SCRIPT}
    assert len(made) == 1

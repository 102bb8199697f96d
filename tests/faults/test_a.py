"""Files: what the reader's own tests do not hold, and how a real server takes them."""

import tracemalloc
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from spncore.data.library import DataError
from spncore.data.table_file import read_csv
from spncore.limits import LIMITS
from tests import apart
from tests.faults.serving import Serving, tab
from tests.waiting import PATIENCE


def test_A20_a_million_rows_are_refused_in_bounded_memory() -> None:
    """What lies behind the first row too many is counted, and never made into values."""
    few, many = b"a,b\n" + b"0,1\n" * (LIMITS.rows + 1), b"a,b\n" + b"0,1\n" * 1_000_000
    peaks = []
    for text in (few, many):
        tracemalloc.start()
        with pytest.raises(DataError, match="row 200,002: found .* data rows; at most 200,000 are allowed"):
            read_csv(text, "f.csv")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3 * (len(many) - len(few))


def form() -> None:
    """The form of the upload window by itself: AppTest closes windows at each run."""
    from app.kit import data, session

    session.open_session()
    data.upload_form()


def test_A26_an_upload_that_is_taken_away_leaves_no_data_set() -> None:
    page = AppTest.from_function(form, default_timeout=PATIENCE)
    page.query_params["dataset"] = "two-clusters"
    page.query_params["iterations"] = "3"
    page.run()
    page.file_uploader[0].upload("x.csv", b"a,b\n0,1\n1,0\n", "text/csv").run()
    assert page.button(key="use_upload") and not page.session_state["uploads"]
    page.file_uploader[0].set_value(None).run()
    assert not page.exception and not page.session_state["uploads"]
    assert "use_upload" not in [button.key for button in page.button]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that takes files of 1 MB, and keeps what it is sent in a folder of its own."""
    place = tmp_path_factory.mktemp("small")
    server = Serving(place, STREAMLIT_SERVER_MAX_UPLOAD_SIZE="1", TMPDIR=str(place)).opened()
    yield server
    server.close()


def multipart(content: bytes) -> tuple[bytes, str]:
    """A form with one file, and its type."""
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return head + content + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge"


def put(server: Serving, session: str, content: bytes, token: str = "") -> int:
    """The status of a file that is sent to a session."""
    body, kind = multipart(content)
    headers = {"X_Xsrftoken": token, "Cookie": f"_streamlit_xsrf={token}"} if token else {}
    return server.ask("PUT", f"/_stcore/upload_file/{session}/file-1", body, Content_Type=kind, **headers)[0]


def token_of(server: Serving) -> str:
    """The token that the server gives to whoever opens the page."""
    found = SimpleCookie(server.ask("GET", "/_stcore/health")[2]["set-cookie"])
    return found["_streamlit_xsrf"].value


def spooled(server: Serving) -> list[Path]:
    """Files that the server holds open in its folder of temporary files, deleted ones among them; not its store."""
    links = [Path(link.readlink()) for link in Path(f"/proc/{server.process.pid}/fd").iterdir() if link.is_symlink()]
    folder = server.log.parent
    own = [file for file in links if file.is_relative_to(folder) and file != server.log]
    return [file for file in own if not file.is_relative_to(folder / "kept")]


@pytest.mark.slow
def test_A27_A28_uploads_without_right_or_measure_are_refused_and_the_session_lives(small: Serving) -> None:
    little, large = b"a,b\n0,1\n", b"a,b\n" + b"0,1\n" * 1_300_000
    assert len(large) > 5_000_000

    async def session() -> None:
        async with tab(small.port) as one:
            mine, token = one.session_id, token_of(small)
            assert put(small, mine, large, token) == 413
            assert put(small, mine, little) == 403, "the token is missing"
            assert put(small, mine, little, "made-up") == 403
            assert put(small, "0" * 36, little, token) == 400, "there is no such session"
            assert not spooled(small)
            assert put(small, mine, little, token) == 204, "what is right is taken"
            await one.rerun()
            assert not one.errors

    apart.run(session())
    small.healthy()

"""Files: bounded per session and in all, only into one's own session, and gone when the session is."""

import json
import socket
from collections.abc import Callable

import pytest

from app.live.door import framework
from tests.app.live.door.conftest import TOKEN, XSRF, Lab
from tests.waiting import until

pytestmark = pytest.mark.slow
MB = 1_000_000


def sentence(answer) -> str:
    return str(json.loads(answer.body)["error"])


@pytest.mark.fault("J03")
def test_a_session_holds_so_many_bytes_and_no_more_until_a_file_is_removed(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_UPLOAD_BYTES_PER_SESSION=str(5 * MB))
    browser = lab.browser()
    tab = lab.tab(browser).rerun()
    assert [lab.upload(tab, browser, 2 * MB, name).status for name in ("a", "b")] == [204, 204]
    refused = lab.upload(tab, browser, 2 * MB, "c")
    assert refused.status == 413 and sentence(refused).startswith(
        "This page holds as many files as it may, 5 MB in all"
    )
    assert lab.upload(tab, browser, 0, "b", method="DELETE").status == 204
    assert lab.upload(tab, browser, 2 * MB, "c").status == 204
    other = lab.tab(browser).rerun()
    assert lab.upload(other, browser, 2 * MB).status == 204, "another session has room of its own"


def test_files_without_a_byte_count_as_well(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_UPLOAD_BYTES_PER_SESSION=str(4 * framework.FILE_BYTES))
    browser = lab.browser()
    tab = lab.tab(browser).rerun()
    assert {lab.upload(tab, browser, 0, f"{number}").status for number in range(8)} == {204, 413}


def test_a_body_that_hides_its_length_is_counted_as_it_comes(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_UPLOAD_BYTES_PER_SESSION=str(1 * MB))
    browser = lab.browser()
    tab = lab.tab(browser).rerun()
    with socket.create_connection(("127.0.0.1", lab.port)) as raw:
        head = f"PUT /_stcore/upload_file/{tab.session}/x HTTP/1.1\r\nHost: x\r\nCookie: {browser}; {XSRF}\r\n"
        head += f"X-Xsrftoken: {TOKEN}\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
        raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        begin = b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        for chunk in (begin, *[b"0" * 100_000] * 20):
            raw.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        raw.sendall(b"0\r\n\r\n")
        assert raw.recv(65536).startswith(b"HTTP/1.1 413")
    assert lab.upload(tab, browser, MB // 2).status == 204, "what was refused takes no room"


@pytest.mark.fault("J03")
def test_all_sessions_together_hold_so_many_bytes(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_UPLOAD_BYTES_IN_ALL=str(5 * MB))
    browsers = [lab.browser() for _ in range(3)]
    tabs = [lab.tab(browser).rerun() for browser in browsers]
    answers = [lab.upload(tab, browser, 2 * MB) for tab, browser in zip(tabs, browsers, strict=True)]
    assert [answer.status for answer in answers] == [204, 204, 413] and "of all users" in sentence(answers[2])


@pytest.mark.fault("J08")
def test_a_file_for_another_browsers_session_is_refused_and_nothing_is_kept(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_UPLOAD_BYTES_PER_SESSION=str(MB))
    mine, foreign = lab.browser(), lab.browser()
    tab = lab.tab(mine).rerun()
    for other in (foreign, ""):
        refused = lab.upload(tab, other, MB // 2)
        assert refused.status == 403 and "one's own page" in sentence(refused)
    assert lab.upload(tab, mine, MB - 100_000).status == 204
    assert lab.upload(tab, foreign, 0, method="DELETE").status == 403
    assert lab.upload(tab, mine, MB // 2, "second").status == 413, "the first is still there"


def test_who_asks_where_to_send_a_file_is_told_when_there_is_no_room(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_UPLOAD_BYTES_PER_SESSION=str(12 * MB))
    browser = lab.browser()
    tab = lab.tab(browser).rerun()
    assert not tab.urls("t.csv").error_msg
    assert lab.upload(tab, browser, 9 * MB).status == 204
    assert tab.urls("t.csv").error_msg.startswith("This page holds as many files as it may")


@pytest.mark.fault("J03")
def test_what_one_tab_sent_is_gone_from_memory_when_the_tab_is(start: Callable[..., Lab]) -> None:
    lab = start(options=("--server.disconnectedSessionTTL", "3"))
    browser = lab.browser()
    tab = lab.tab(browser).rerun()
    before = lab.memory_mb()
    statuses = [lab.upload(tab, browser, 9_700_000, f"{number}").status for number in range(30)]
    assert statuses == [204] * 8 + [413] * 22
    held = lab.memory_mb() - before
    assert 60 < held < 130
    tab.close()
    until(lambda: lab.memory_mb() - before < held / 2)

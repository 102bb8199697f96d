"""The server's log: one line of JSON per event, readable lines on a terminal, nothing that is nobody's business."""

import io
import json
import logging
import subprocess
import sys
import threading
import warnings

import pytest

from app.live import log
from app.live.limits import LimitError
from tests import children
from tests.places import ROOT
from tests.waiting import PATIENCE

LOG = logging.getLogger("app.live.somewhere")


class Terminal(io.StringIO):
    """A stream that is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def begun(monkeypatch):
    """What begins the log with a setting and gives its stream; afterwards all is as it was."""
    root, before = logging.root, (logging.root.handlers[:], logging.root.level)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(log, "ERRORS", log.Counter())

    def begin(stream=None, **environment):
        root.handlers.clear()  # pytest's own must not be closed
        stream = stream or io.StringIO()
        log.begin(environment, stream)
        return stream

    yield begin
    logging.captureWarnings(False)
    root.handlers[:], level = before
    root.setLevel(level)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_what_it_is_about(begun):
    stream = begun()
    LOG.info("run %d\nbegan", 7, extra={"run": "abc"})
    [event] = lines(stream)
    assert event.pop("time").endswith("Z")
    assert event == {"level": "info", "logger": "app.live.somewhere", "message": "run 7\nbegan", "run": "abc"}


def test_what_broke_is_in_the_log_under_the_number_that_the_page_shows(begun):
    stream = begun()
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError:
        number = log.report(LOG, "the run failed", run="abc")
    [event] = lines(stream)
    assert event["error"] == number and event["run"] == "abc" and event["level"] == "error"
    assert "in test_what_broke" in event["traceback"] and event["traceback"].endswith("\nZeroDivisionError")
    assert log.ERRORS == {("app.live.somewhere", "ZeroDivisionError"): 1}


def test_what_broke_in_another_process_is_its_traceback(begun):
    stream = begun()
    LOG.error("a run failed in its trainer", extra={"error": "1f", "fault": "Traceback\nValueError: 7"})
    [event] = lines(stream)
    assert event["traceback"] == "Traceback\nValueError: 7" and event["error"] == "1f"


PLANTED = "Ada Lovelace, 1815"  # as a cell of a table, or typed


def planted():
    """Errors that quote it: one from another, one of several, one of the file system."""
    try:
        try:
            int(PLANTED)
        except ValueError as error:
            raise ExceptionGroup(f"of {PLANTED}", [KeyError(PLANTED), OSError(28, PLANTED, PLANTED)]) from error
    except ExceptionGroup as error:
        return error


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_an_exception_quotes_is_in_no_line_and_its_kind_and_place_are(begun, form):
    stream, error = begun(SPNLAB_LOG=form), planted()
    LOG.error("the run failed: %s", error, exc_info=error)
    LOG.error(error)
    logging.getLogger("asyncio").error(f"Task exception\nfuture: {error!r}", exc_info=error)
    LOG.error("a run failed in its trainer", extra={"fault": log.traceback_of(error)})
    assert "Lovelace" not in stream.getvalue()
    assert stream.getvalue().count("ValueError") == stream.getvalue().count("No space left on device") == 3
    assert "in planted" in stream.getvalue() and "the run failed: ExceptionGroup" in stream.getvalue()
    if form == "json":
        assert lines(stream)[2]["message"] == "Task exception"


def test_an_event_whose_words_do_not_go_with_its_values_is_said_without_them(begun, capsys):
    stream = begun()
    LOG.warning("%d rows", PLANTED)
    assert lines(stream)[0]["message"] == "%d rows" and "Lovelace" not in "".join(capsys.readouterr())


def test_errors_that_came_from_each_other_in_a_circle_are_each_said_once():
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert log.traceback_of(one).count("Traceback") == 2


def test_addresses_lose_their_queries_and_questions_stay(begun):
    for form in ("json", "text"):
        stream = begun(SPNLAB_LOG=form)
        LOG.warning('"GET /lab/?dataset=mine&seed=3 HTTP/1.1" and https://host/a?key=secret; is that so?')
        try:
            raise ValueError("/api/runs?token=secret")
        except ValueError:
            LOG.exception("really? yes")
        assert not any(word in stream.getvalue() for word in ("mine", "seed", "secret"))
        assert "is that so?" in stream.getvalue() and "really? yes" in stream.getvalue()


def test_a_terminal_gets_readable_lines_unless_told_otherwise(begun):
    stream = begun(Terminal())
    LOG.info("the server is up", extra={"run": "abc"})
    assert stream.getvalue()[8:] == " INFO    app.live.somewhere: the server is up [run abc]\n"
    stream = begun(Terminal(), SPNLAB_LOG="json")
    LOG.info("the server is up")
    assert lines(stream)[0]["message"] == "the server is up"
    with pytest.raises(LimitError, match="SPNLAB_LOG='xml': give json or text"):
        begun(SPNLAB_LOG="xml")


def test_frameworks_warnings_and_what_nobody_caught_come_as_lines_too(begun):
    for name in ("uvicorn.error", "streamlit.something"):
        noisy = logging.getLogger(name)
        noisy.propagate = False
        noisy.handlers = [logging.StreamHandler(io.StringIO())]
    stream = begun()
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")
    logging.getLogger("uvicorn.error").info("10.0.0.1 - WebSocket [accepted]")
    logging.getLogger("streamlit.something").warning("a setting is old")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("soon gone", stacklevel=1)
    thread = threading.Thread(target=lambda: 1 / 0, name="spnlab-test")
    thread.start()
    thread.join()
    said = [(event["logger"], event["level"]) for event in lines(stream)]
    assert said == [
        ("uvicorn.error", "error"),
        ("streamlit.something", "warning"),
        ("py.warnings", "warning"),
        ("root", "critical"),
    ]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"SPNLAB_SESSIONS": "many"}, "SPNLAB_SESSIONS='many': give a whole number, 0 or more"),
        ({"SPNLAB_LOG": "xml"}, "SPNLAB_LOG='xml': give json or text"),
    ],
)
def test_a_setting_that_is_not_understood_ends_the_start_with_a_sentence(setting, words):
    command = [sys.executable, "-m", "spnlab", "--server.headless=true", "--server.port=0"]
    options = {"cwd": ROOT, "env": children.environment(**setting), "capture_output": True, "text": True}
    done = subprocess.run(command, timeout=PATIENCE, **options)
    assert done.returncode == 1 and done.stderr == f"The server does not start. {words}\n"

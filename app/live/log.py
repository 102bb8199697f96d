"""The server's log, on stderr: a line of JSON per event for machines, readable lines on a terminal.

`SPNLAB_LOG` says `json` or `text`; where it says nothing a terminal gets text and everything else JSON. Whatever logs
in this process does so here, Streamlit and uvicorn included. An event has a time (UTC), a level, a logger, a message,
`run`, `job` and `error` where it is about one, and a traceback where something broke. Addresses lose their queries, and
exceptions their messages, which may quote what somebody typed or uploaded: kind and places are what a mistake is found
by.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, TextIO

from app.live.limits import LimitError

SETTING = "SPNLAB_LOG"
IDS = ("run", "job", "error")  # what an event may be about, given as `extra`
# Whose loggers have outputs of their own, or none at all since one has reconfigured the other's: an exception in a
# route was said nowhere. The silent one would write every request with its query.
FRAMEWORKS, SILENT = ("streamlit", "uvicorn", "websockets"), ("uvicorn.access",)
QUERY = re.compile(r"(?<=[\w/.\]-])\?[^\s\"'<>]+")
ERRORS: Counter[tuple[str, str]] = Counter()  # by logger and exception, since the server's start


class _Format(logging.Formatter):
    """What both forms share: times in UTC, no queries, nothing that an exception says."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  logging's name
        """The time of the event."""
        return time.strftime(datefmt or "%H:%M:%S", time.gmtime(record.created))

    def traceback(self, record: logging.LogRecord) -> str:
        """What broke where, or in another process, whose text is the event's `fault`; empty where nothing did."""
        return QUERY.sub("", _broken(record) or getattr(record, "fault", ""))

    def message(self, record: logging.LogRecord) -> str:
        """The message, in which exceptions are named by their kind; of one beside a traceback the first line.

        What follows that line repeats the exception.
        """
        args = tuple(map(_silent, record.args)) if isinstance(record.args, tuple) else record.args
        said = str(_silent(record.msg))
        with suppress(TypeError, ValueError, KeyError):  # words that do not go with their values stand alone
            said = said % args if args else said
        return QUERY.sub("", said.partition("\n")[0] if _broken(record) else said)


class Json(_Format):
    """An event as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        event: dict[str, Any] = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
            **_ids(record),
        }
        if traceback := self.traceback(record):
            event["traceback"] = traceback
        return json.dumps(event, ensure_ascii=False, default=str)


class Text(_Format):
    """An event for people, with its traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback's."""
        about = "".join(f" [{name} {value}]" for name, value in _ids(record).items())
        words = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:7} {record.name}: {self.message(record)}"
        return "\n".join(filter(None, [words + about, self.traceback(record)]))


FORMS: Mapping[str, type[Json | Text]] = {"json": Json, "text": Text}


class Log(logging.StreamHandler[TextIO]):
    """Where all events go; errors are counted for the metrics."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event."""
        if record.levelno >= logging.ERROR:
            kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            ERRORS[record.name, kind] += 1
        super().emit(record)


def traceback_of(error: BaseException) -> str:
    """What broke where, as Python writes it but without what exceptions say; of the system's errors their own words."""
    chain = [error]
    while (before := _before(chain[-1])) is not None and before not in chain:
        chain.append(before)
    return "\n\n".join("\n".join(_lines(one)) for one in reversed(chain))


def _before(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _lines(error: BaseException) -> Iterator[str]:
    yield "Traceback (most recent call last):"
    yield from (place.rstrip() for place in traceback.format_tb(error.__traceback__))
    number = error.errno if isinstance(error, OSError) else None
    yield _kind(error) + (f": {os.strerror(number)}" if number else "")
    for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield traceback_of(one)


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _silent(said: object) -> object:
    """What an event's message is made from; of an exception its kind."""
    return _kind(said) if isinstance(said, BaseException) else said


def _broken(record: logging.LogRecord) -> str:
    return traceback_of(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""


def form(environment: Mapping[str, str], stream: TextIO) -> type[Json | Text]:
    """How events are written there; LimitError where the setting is not understood."""
    said = environment.get(SETTING) or ("text" if stream.isatty() else "json")
    if said not in FORMS:
        raise LimitError(f"{SETTING}={said[:40]!r}: give {' or '.join(FORMS)}")
    return FORMS[said]


def begin(environment: Mapping[str, str], stream: TextIO) -> None:
    """From now on all loggers of this process write to `stream`; LimitError where the setting is not understood."""
    log = Log(stream)
    log.setFormatter(form(environment, stream)())
    logging.basicConfig(handlers=[log], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in ("app", "spncore"):
        logging.getLogger(name).setLevel(logging.INFO)
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.startswith(FRAMEWORKS) and name not in SILENT:
            take_over(logger)
    sys.excepthook = lambda *broken: logging.critical("unexpected", exc_info=broken)
    threading.excepthook = _of_thread


def take_over(logger: logging.Logger) -> None:
    """Have a framework's logger write where all do, and only what is wrong: it would tell every tab's address else."""
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.WARNING)


def report(logger: logging.Logger, words: str, **ids: str) -> str:
    """Log the exception at hand under a number, which the page may show, and return that."""
    number = secrets.token_hex(4)
    logger.exception(words, extra={**ids, "error": number})
    return number


def _of_thread(broken: threading.ExceptHookArgs) -> None:
    if broken.exc_value is not None:
        name = broken.thread.name if broken.thread else "a thread"
        logging.critical("%s ended", name, exc_info=(broken.exc_type, broken.exc_value, broken.exc_traceback))


def _ids(record: logging.LogRecord) -> dict[str, str]:
    return {name: getattr(record, name) for name in IDS if hasattr(record, name)}

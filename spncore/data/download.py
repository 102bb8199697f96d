"""Fetch one file of known size and SHA-256 within a bounded time, all of it or nothing."""

import hashlib
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from spncore.data.dataset import DataError
from spncore.files.whole import write_whole

CHUNK_BYTES = 65_536

Progress = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all


class TimeLimit(NamedTuple):
    """Seconds one file may take: to connect or stay silent, and in all."""

    silence: float = 5.0
    total: float = 30.0


def download(
    url: str,
    target: Path,
    num_bytes: int,
    sha256: str,
    time_limit: TimeLimit,
    progress: Progress | None = None,
) -> None:
    """Put the file at `url` in place as `target`, but only when its size and SHA-256 are the expected ones.

    Raises DataError, and leaves `target` as it was, when the server cannot be reached, is too slow, or sends
    something else; raises OSError when the file cannot be written.
    """
    data = bytearray()
    for chunk in _chunks(url, num_bytes, time_limit):
        data += chunk
        if progress is not None:
            progress(target.name, len(data), num_bytes)
    if len(data) != num_bytes:
        problem = "sent more" if len(data) > num_bytes else f"stopped after {len(data):,}"
        raise DataError(f"the server {problem}, {num_bytes:,} bytes were expected")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DataError("the server sent another file: its SHA-256 is not the expected one")
    write_whole(target, data)


def _chunks(url: str, num_bytes: int, time_limit: TimeLimit) -> Iterator[bytes]:
    """Yield what the server sends, until its end, `num_bytes` are exceeded or the time is up (DataError).

    A thread talks to the server, because name resolution and the reading of headers know no total limit.
    """
    received: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
    stop = threading.Event()
    deadline = time.monotonic() + time_limit.total

    def receive() -> None:
        """Pass on what the server sends, then b"" for its end, or the exception that ended it."""
        try:
            with urllib.request.urlopen(url, timeout=time_limit.silence) as response:
                wanted = num_bytes
                while wanted >= 0 and not stop.is_set() and (chunk := response.read1(CHUNK_BYTES)):
                    received.put(chunk)
                    wanted -= len(chunk)
            received.put(b"")
        except (OSError, ValueError, HTTPException) as error:
            received.put(error)

    threading.Thread(target=receive, daemon=True).start()
    try:
        while chunk := received.get(timeout=max(0.0, deadline - time.monotonic())):
            if isinstance(chunk, Exception):
                raise DataError(_reason(chunk)) from chunk
            yield chunk
    except queue.Empty:
        raise DataError(f"it was not complete after {time_limit.total:g} s") from None
    finally:
        stop.set()


def _reason(error: Exception) -> str:
    """Return in a few words, without addresses or paths, why the transfer failed."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"the server answered {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "the server did not answer in time"
    return "the server cannot be reached" if isinstance(cause, OSError) else "the answer was not understood"

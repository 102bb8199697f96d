"""Plain requests as a browser makes them besides a page's socket: the page itself, with the server's cookies."""

from __future__ import annotations

from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import NamedTuple

from benchmarks.server import ANSWER_SECONDS


class Answer(NamedTuple):
    """Status, text, and what the browser sends with the next request: the cookies it had and those it was given."""

    status: int
    text: str
    cookies: dict[str, str]


def fetched(port: int, path: str, cookies: dict[str, str]) -> Answer:
    """Ask the server of this computer for a path."""
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": "text/html", "Cookie": sent(cookies)})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", errors="replace")
        given = SimpleCookie()
        for line in answer.headers.get_all("Set-Cookie", []):
            given.load(line)
        return Answer(answer.status, text, cookies | {name: one.value for name, one in given.items()})
    finally:
        connection.close()


def sent(cookies: dict[str, str]) -> str:
    """Cookies as one header."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())

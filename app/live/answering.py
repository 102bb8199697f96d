"""What the lab's own routes share: who may change anything, what was sent, and answers that are never a page."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

SAFE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
FRESH = {**SAFE, "Cache-Control": "no-store"}
HOLD_SECONDS = 1.0  # that an answer waits for something new; a browser has six connections for all its tabs
Answer = Callable[[Request], Response | Awaitable[Response]]


class RefusedError(Exception):
    """A request is refused with this status and sentence."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, headers


def check_origin(request: Request, origins: Sequence[str]) -> None:
    """Only pages of this server may change anything: browsers name the page's origin in every POST.

    Over HTTPS they also say themselves that page and server are one site, whatever a proxy makes of the host's name.
    """
    origin, host = request.headers.get("origin", ""), request.headers.get("host")
    if request.headers.get("sec-fetch-site") == "same-origin" or urlsplit(origin).netloc == host or origin in origins:
        return
    raise RefusedError(
        403,
        f"Only the lab's own page may do this, and the server, asked for as {str(host)[:80]!r}, cannot tell that the "
        f"page at {origin[:80]!r} is that. A proxy in between must hand on the Host it was asked for (nginx: "
        "proxy_set_header Host $http_host), or server.corsAllowedOrigins name the page's origin.",
    )


async def body_of(request: Request, most: int, more: str) -> bytes:
    """What was sent; refused with the sentence `more` as soon as it is more than `most` bytes."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise RefusedError(413, more)
        parts.append(part)
    return b"".join(parts)


def read_json(body: bytes) -> Any:
    """What was sent as JSON; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # the latter of what is nested without end
        return None


def json_answer(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """What a page reads as JSON, asked for anew each time."""
    text = json.dumps(content, allow_nan=False)
    return Response(text, status, {**FRESH, **(headers or {})}, media_type="application/json")

"""What the server says no to: counted by kind, and said in one sentence."""

import json
from collections import Counter

from starlette.types import Send

REFUSALS: Counter[str] = Counter()  # by kind, since the server's start


class Refused(RuntimeError):  # noqa: N818  a refusal, not an error of the program
    """Something cannot be done now; the text says why and what to do. It is counted by its kind."""

    kind: str

    def __init_subclass__(cls, kind: str) -> None:
        cls.kind = kind

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        REFUSALS[self.kind] += 1


async def refuse(send: Send, kind: str, status: int, sentence: str, **headers: str) -> None:
    """Answer a request with a status and a sentence as JSON, and count it; headers are named with underscores."""
    REFUSALS[kind] += 1
    body = json.dumps({"error": sentence}).encode()
    more = {
        "content_type": "application/json",
        "cache_control": "no-store",
        "content_length": str(len(body)),
        **headers,
    }
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in more.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})

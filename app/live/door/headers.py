"""Headers that tell a browser what pages and answers of this server may do."""

import base64
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live.paths import is_document

_STREAMLIT = find_spec("streamlit")
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
ANSWERS = "default-src 'none'; frame-ancestors 'none'"


class Headers:
    """Adds a content security policy, nosniff and the referrer policy to whatever is answered."""

    def __init__(self, app: ASGIApp, frame_ancestors: str) -> None:
        self.app = app
        self.pages = f"{page_policy()}; frame-ancestors {frame_ancestors}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; its answer gets the headers."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(message)
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)

    def _add(self, start: Message) -> None:
        headers = MutableHeaders(scope=start)
        headers["Content-Security-Policy"] = self.pages if is_document(start) else ANSWERS
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"


@cache
def page_policy() -> str:
    """What a page may load: this server's files, its own inline script, and what a component's code is made into.

    Streamlit hands a component's code to the browser as a blob, and both it and Plotly write style elements.
    """
    scripts = " ".join(["'self'", "blob:", *map(_hash, _inline_scripts())])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"
    )


def _inline_scripts() -> list[str]:
    """The scripts that stand in Streamlit's own page."""
    assert _STREAMLIT is not None and _STREAMLIT.submodule_search_locations
    page = Path(_STREAMLIT.submodule_search_locations[0]) / "static" / "index.html"
    return _INLINE.findall(page.read_text(encoding="utf-8"))


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"

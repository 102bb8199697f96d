"""What a page's first chart needs is named with the page itself, so that it comes beside Streamlit's own files.

Else each is asked for only when the one before it has come and has run: Streamlit, the part of it that mounts
components, the page's module, what that imports, plotly.js.
"""

from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live import assets
from app.live.paths import is_document, path_below

VIEWS = {
    "": "lab",
    "dynamics": "dynamics",
    "circuits": "circuits",
    "maths": "ideas",
    "lesson": "lesson",
}  # of pages; all others have figures
MOUNTING = ("BidiComponent", "_arrayReduce", "serialization", "recordbatch")  # Streamlit's files that mount a component


class Preloaded:
    """ASGI middleware: documents name, by the path from there, what their first chart needs; `folder`: Streamlit's."""

    def __init__(self, app: ASGIApp, folder: Path, base: str) -> None:
        self.app, self.base = app, base
        mounting = [path for name in MOUNTING for path in sorted((folder / "static" / "js").glob(f"{name}.*.js"))]
        self.mounting = [path.relative_to(folder).as_posix() for path in mounting]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header to documents; all else passes."""

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start" and is_document(message):
                message = {**message, "headers": [*message["headers"], (b"link", self._links(scope))]}
            await send(message)

        await self.app(scope, receive, named if scope["type"] == "http" else send)

    def _links(self, scope: Scope) -> bytes:
        page = (path_below(self.base, scope) or "").strip("/")
        modules = [*self.mounting, *of_view(VIEWS.get(page, "figures"))]
        links = [f"<./{module}>; rel=modulepreload" for module in modules]
        links.append(f"<./api/{assets.plotly().name}>; rel=preload; as=script; fetchpriority=low")
        return ", ".join(links).encode()


def of_view(view: str) -> list[str]:
    """The paths of a view's modules from the lab's root on."""
    return [f"api/static/{assets.static_name(name)}" for name in assets.modules(f"{view}/{view}.js")]

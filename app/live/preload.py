"""What a page's charts need is asked for with the page itself, while Streamlit's own files still come."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Preloaded:
    """ASGI middleware: documents name files, by their path from there, that the browser fetches beside its own."""

    def __init__(self, app: ASGIApp, scripts: Sequence[str]) -> None:
        self.app = app
        links = [f"<./{path}>; rel=preload; as=script; fetchpriority=low" for path in scripts]
        self.header = (b"link", ", ".join(links).encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header to documents; all else passes."""

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_document(message):
                message = {**message, "headers": [*message["headers"], self.header]}
            await send(message)

        await self.app(scope, receive, named if scope["type"] == "http" else send)


def _is_document(start: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])

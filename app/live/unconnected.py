"""What a page says while it has no connection: Streamlit's own stays empty where a proxy lets no socket through.

The words stand in the page itself, for nothing else of the lab reaches a browser that has no connection.
"""

from html import escape

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live.catalogues import catalogue
from app.live.paths import is_document, is_page, path_below

SECONDS = 10  # a slow connection is there by then
ELEMENT = "spn-unconnected"
STREAMLIT, END = b'<div id="root">', b"</body>"
STYLE = f"""<style>
#{ELEMENT} {{ display: none; position: fixed; inset: auto 1rem 1rem; margin: auto; z-index: 999999;
  max-width: 40rem; padding: 1rem 1.5rem; font: 1rem/1.5 sans-serif; color: #262730; background: #fff;
  border: 1px solid; visibility: hidden; animation: {ELEMENT} 0s {SECONDS}s forwards }}
body:has([data-test-connection-state]:not([data-test-connection-state="CONNECTED"])) #{ELEMENT} {{ display: block }}
@keyframes {ELEMENT} {{ to {{ visibility: visible }} }}
</style>"""


class UnconnectedNotice:
    """ASGI middleware that puts the words into Streamlit's page, where one is asked for."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and is_page("GET", path_below(self.base, scope)):
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            await self.app({**scope, "headers": plain}, receive, _Page(send).send)
        else:
            await self.app(scope, receive, send)


class _Page:
    """An answer on its way: held back while it may be Streamlit's page, and sent on with the words in it."""

    def __init__(self, send: Send) -> None:
        self.onward, self.start, self.body = send, dict[str, object](), b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200 and is_document(message):
            self.start = dict(message)
        elif not self.start or message["type"] != "http.response.body":
            await self.onward(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_whole()

    async def _send_whole(self) -> None:
        headers = MutableHeaders(raw=list(self.start["headers"]))  # type: ignore[call-overload]
        if STREAMLIT in self.body:
            self.body = self.body.replace(END, notice() + END)
            for name in ("etag", "last-modified"):  # the words may change with the lab while Streamlit's file does not
                del headers[name]
            headers["content-length"] = str(len(self.body))
        await self.onward({**self.start, "headers": headers.raw})
        await self.onward({"type": "http.response.body", "body": self.body})


def notice() -> bytes:
    """The words, seen once the page has been without a connection for some seconds; no script is needed for that."""
    words = "".join(f"<p>{escape(catalogue('words')[name])}</p>" for name in ("unconnected", "unconnected_ever"))
    return f'{STYLE}<div id="{ELEMENT}" role="status">{words}</div>'.encode()

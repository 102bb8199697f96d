"""What Streamlit's page holds besides: how all pages are laid out, and words for who gets no connection.

The layout stands in the page itself so that nothing moves when a script's first elements come; the words, because
nothing else of the lab reaches a browser that has no connection, as where a proxy lets no socket through.
"""

from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live.catalogues import catalogue
from app.live.paths import is_document, is_page, path_below

PANEL_PIXELS = 280
PANELLED = ("", "circuits", "linear", "classes")  # pages whose controls stand in a panel at the side
LAYOUT = Path(__file__).parent / "client" / "page.css"
SECONDS = 10  # a slow connection is there by then
ELEMENT = "spn-unconnected"
STREAMLIT, HEAD, END = b'<div id="root">', b"</head>", b"</body>"
STYLE = f"""<style>
#{ELEMENT} {{ display: none; position: fixed; inset: auto 1rem 1rem; margin: auto; z-index: 999999;
  max-width: 40rem; padding: 1rem 1.5rem; font: 1rem/1.5 sans-serif; color: #262730; background: #fff;
  border: 1px solid; visibility: hidden; animation: {ELEMENT} 0s {SECONDS}s forwards }}
body:has([data-test-connection-state]:not([data-test-connection-state="CONNECTED"])) #{ELEMENT} {{ display: block }}
@keyframes {ELEMENT} {{ to {{ visibility: visible }} }}
</style>"""


class Document:
    """ASGI middleware that puts layout and words into Streamlit's page, where one is asked for."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_below(self.base, scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if is_page("GET", path):
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            panelled = (path or "").strip("/") in PANELLED and "view" not in parse_qs(scope["query_string"].decode())
            await self.app({**scope, "headers": plain}, receive, _Page(send, panelled).send)
        else:
            await self.app(scope, receive, send)


class _Page:
    """An answer on its way: held back while it may be Streamlit's page, and sent on with what it holds besides."""

    def __init__(self, send: Send, panelled: bool) -> None:
        self.onward, self.start, self.body, self.panelled = send, dict[str, object](), b"", panelled

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
            self.body = self.body.replace(HEAD, layout(self.panelled) + HEAD).replace(END, notice() + END)
            for name in ("etag", "last-modified"):  # the words may change with the lab while Streamlit's file does not
                del headers[name]
            headers["content-length"] = str(len(self.body))
        await self.onward({**self.start, "headers": headers.raw})
        await self.onward({"type": "http.response.body", "body": self.body})


@cache
def layout(panelled: bool) -> bytes:
    """How all pages are laid out; where a panel will stand, with the room for it."""
    room = f":root {{ --spn-panel: {PANEL_PIXELS}px; }}" if panelled else ""
    return f"<style>{LAYOUT.read_text(encoding='utf-8')}{room}</style>".encode()


def notice() -> bytes:
    """The words, seen once the page has been without a connection for some seconds; no script is needed for that."""
    words = "".join(f"<p>{escape(catalogue('words')[name])}</p>" for name in ("unconnected", "unconnected_ever"))
    return f'{STYLE}<div id="{ELEMENT}" role="status">{words}</div>'.encode()

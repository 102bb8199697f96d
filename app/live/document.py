"""What Streamlit's page holds besides: how all pages are laid out, and words for who gets no connection.

The layout stands in the page itself so that nothing moves when a script's first elements come; the words, because
nothing else of the lab reaches a browser that has no connection, as where a proxy lets no socket through.
"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live.assets import CLIENT
from app.live.catalogues import catalogue
from app.live.paths import is_document, is_page, path_below

PANEL_PIXELS = 280
EMBEDDED = ["embed"]  # the view in another page's frame, as a query has it
PANELLED = ("", "circuits", "linear", "classes", "grid")  # pages whose controls stand in a panel at the side
# Streamlit's parts that a page shows first. One that is fetched when it is wanted has a place of no height of its own
# until then, and moves all below it.
OFTEN = "ButtonGroup Slider Selectbox Button".split()
SHOWN = {
    "": ["Html", *OFTEN],
    "ask": ["NumberInput", "ButtonGroup", "Selectbox", "Button"],
    "circuits": OFTEN,
    "fair": ["ButtonGroup", "Checkbox"],
    "classes": [*OFTEN, "Checkbox"],
    "grid": [*OFTEN, "TextInput"],
    "linear": ["ButtonGroup", "Slider", "rehype-katex"],
    "maths": ["rehype-katex"],
    "lesson": ["Radio", "Button"],
    "figure3": ["ButtonGroup"],
    "update2020": ["ButtonGroup"],
    "teach": ["Selectbox", "ButtonGroup", "Checkbox"],
}
IMPORTED = re.compile(r'(?:from|import)"\./([\w.~-]+\.js)"')
OPENING = "spn-opening"  # the style that is taken away, as place.js has it
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
    """ASGI middleware: layout and words in Streamlit's page, where one is asked for; `folder`: Streamlit's files."""

    def __init__(self, app: ASGIApp, folder: Path, base: str) -> None:
        self.app, self.base = app, base
        self.parts = {page: parts(folder, names) for page, names in SHOWN.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_below(self.base, scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if is_page("GET", path):
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            page = (path or "").strip("/")
            view = parse_qs(scope["query_string"].decode("latin-1")).get("view")
            head = layout(page in PANELLED and view is None, view == EMBEDDED) + self.parts.get(page, b"")
            await self.app({**scope, "headers": plain}, receive, _Page(send, head).send)
        else:
            await self.app(scope, receive, send)


class _Page:
    """An answer on its way: held back while it may be Streamlit's page, and sent on with what it holds besides."""

    def __init__(self, send: Send, head: bytes) -> None:
        self.onward, self.start, self.body, self.head = send, dict[str, object](), b"", head

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
            self.body = self.body.replace(HEAD, self.head + HEAD).replace(END, notice() + END)
            for name in ("etag", "last-modified"):  # the words may change with the lab while Streamlit's file does not
                del headers[name]
            headers["content-length"] = str(len(self.body))
        await self.onward({**self.start, "headers": headers.raw})
        await self.onward({"type": "http.response.body", "body": self.body})


@cache
def layout(panelled: bool, embedded: bool) -> bytes:
    """How all pages are laid out, also while they open; where a panel will stand, with the room for it.

    In another page's frame without all that stands around a page.
    """
    room = f":root {{ --spn-panel: {PANEL_PIXELS}px; }}" if panelled else ""
    names = ("page.css", *(["embed.css"] if embedded else []), "opening.css")
    *page, opening = ((CLIENT / name).read_text(encoding="utf-8") for name in names)
    return f'<style>{"".join(page)}{room}</style><style id="{OPENING}">{opening}</style>'.encode()


def parts(folder: Path, names: Sequence[str]) -> bytes:
    """Links to these parts of Streamlit's and all that they import, beside what its page names itself."""
    scripts = folder / "static" / "js"
    there = (folder / "index.html").read_text(encoding="utf-8")
    left = [path.name for name in names for path in sorted(scripts.glob(f"{name}.*.js"))]
    found = dict[str, None]()
    while left:
        name = left.pop(0)
        if name not in found and name not in there:
            found[name] = None
            left += IMPORTED.findall((scripts / name).read_text(encoding="utf-8"))
    return "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in found).encode()


def notice() -> bytes:
    """The words, seen once the page has been without a connection for some seconds; no script is needed for that."""
    words = "".join(f"<p>{escape(catalogue('words')[name])}</p>" for name in ("unconnected", "unconnected_ever"))
    return f'{STYLE}<div id="{ELEMENT}" role="status">{words}</div>'.encode()

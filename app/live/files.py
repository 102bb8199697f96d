"""How files are answered: compressed where the browser takes it, for ever under a name that changes with them."""

import gzip
import threading
from collections.abc import Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live.assets import Asset, asset
from app.live.paths import root

FOR_EVER = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
}
ASKED_ANEW = {**FOR_EVER, "Cache-Control": "no-cache"}


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip, by name or by `*`, with a weight above 0."""
    weights = dict(_weight(entry) for entry in accepted.lower().split(","))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def served(request: Request, file: Asset, headers: Mapping[str, str] = FOR_EVER) -> Response:
    """The file in the encoding that the browser takes; 304 where it has just that one."""
    encoding = "gzip" if takes_gzip(request.headers.get("accept-encoding", "")) else "identity"
    headers = {**headers, "ETag": f'"{file.tag}-{encoding}"'}
    if _known(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    content = file.compressed if encoding == "gzip" else file.content
    return Response(content, headers={**headers, "Content-Encoding": encoding}, media_type=file.media_type)


class CompressedFiles:
    """ASGI middleware: the hashed scripts and styles of a folder `static`, compressed when first asked for, then kept.

    `instead`: what stands for other files of it, by a pattern of their path; since it may change under their name,
    browsers ask anew each time. Whoever does not take gzip, or asks for a range, is answered by the application, which
    reads the files from the disk.
    """

    def __init__(self, app: ASGIApp, folder: Path, base: str, instead: Mapping[str, Path]) -> None:
        self.app, self.root = app, root(base)
        found = {path: path for path in (folder / "static").rglob("*") if path.suffix in (".js", ".css")}
        standing = {path: other for pattern, other in instead.items() for path in folder.glob(pattern)}
        self.paths = {self._address(path, folder): other for path, other in {**found, **standing}.items()}
        self.fresh = {self._address(path, folder) for path in standing}
        self.kept: dict[str, Asset] = {}
        self.turn = threading.Lock()

    def _address(self, path: Path, folder: Path) -> str:
        return f"{self.root}{path.relative_to(folder).as_posix()}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for the folder's files; all else is the application's."""
        address = scope["path"] if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else ""
        if address not in self.paths:
            return await self.app(scope, receive, send)
        asked = Request(scope)
        if "range" in asked.headers or not takes_gzip(asked.headers.get("accept-encoding", "")):
            return await self.app(scope, receive, _varied(send))
        if address not in self.kept:
            await run_in_threadpool(self._compress, address)
        await served(asked, self.kept[address], ASKED_ANEW if address in self.fresh else FOR_EVER)(scope, receive, send)

    def _compress(self, address: str) -> None:
        """One at a time, so that for a class that opens the lab at once every file is compressed once."""
        with self.turn:
            if address not in self.kept:
                path = self.paths[address]
                self.kept[address] = asset(path.name, gzip.compress(path.read_bytes(), mtime=0))


def _weight(entry: str) -> tuple[str, float]:
    name, _, weight = entry.partition(";")
    try:
        return name.strip(), float(weight.partition("=")[2] or 1)
    except ValueError:
        return name.strip(), 0.0


def _known(named: str, tag: str) -> bool:
    """Whether an If-None-Match header names a tag, weakly or not, or any."""
    return bool({"*", tag} & {one.strip().removeprefix("W/") for one in named.split(",")})


def _varied(send: Send) -> Send:
    """What is sent, saying that another client may be answered in another encoding."""

    async def varied(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"vary", b"Accept-Encoding")]}
        await send(message)

    return varied

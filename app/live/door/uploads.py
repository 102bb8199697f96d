"""How many bytes of files are taken, of a session and in all, and from whom: only into a browser's own session."""

import re
from collections import Counter
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live.catalogues import catalogue
from app.live.door import framework
from app.live.door.refusals import refuse
from app.live.door.visitor import browser_of
from app.live.limits import ServerLimits
from app.live.paths import path_below
from spncore.limits import LIMITS

_FILE = re.compile(rf"{framework.UPLOADS}([^/]+)/[^/]+")
DRAINED = 2 * LIMITS.upload_bytes  # of a refused file: a browser reads no answer before it has sent all of it


class _TooMuch(Exception):  # noqa: N818  ends the reading of a body
    """More bytes came than may be taken; the text says why."""


@dataclass
class Room:
    """How much room there is for files: what arrives is counted as it comes, what is held as Streamlit has it."""

    limits: ServerLimits
    arriving: Counter[str] = field(default_factory=Counter)  # bytes by session
    owners: dict[str, str | None] = field(default_factory=dict)  # the browser of every session

    def is_own(self, session: str, browser: str | None) -> bool:
        """Whether a session is this browser's; one that nobody has is anybody's."""
        return self.owners.get(session, browser) == browser

    def full(self, session: str, more: int) -> str | None:
        """Why no more bytes can be taken for a session; None where they can."""
        of_session, in_all = self.limits.upload_bytes_per_session, self.limits.upload_bytes_in_all
        if of_session and framework.held_bytes(session) + self.arriving[session] + more > of_session:
            return str(catalogue("door")["upload_of_page"].format(megabytes=f"{of_session / 1e6:g}"))
        if in_all and framework.held_in_all() + self.arriving.total() + more > in_all:
            return str(catalogue("door")["upload_in_all"].format(megabytes=f"{in_all / 1e6:g}"))
        return None


@dataclass
class Uploads:
    """Refuses files of other browsers with status 403, and those there is no room for with 413."""

    app: ASGIApp
    base: str
    room: Room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse the file that it brings."""
        found = _FILE.fullmatch(path_below(self.base, scope) or "") if scope["type"] == "http" else None
        if found is None or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
        elif not self.room.is_own(found[1], browser_of(scope)):
            await _drain(receive)
            await refuse(send, "upload", 403, catalogue("door")["upload_foreign"])
        else:
            await self._take(found[1], scope, receive, send)

    async def _take(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a file in as long as there is room for it, whatever length it says to have."""
        came, started = 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            size = len(message.get("body", b""))
            refusal = self.room.full(session, size)
            if refusal:
                raise _TooMuch(refusal)
            self.room.arriving[session] += size
            came += size
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            said = self._announced(session, scope)
            if said:
                raise _TooMuch(said)
            await self.app(scope, counted, sending)
        except _TooMuch as refusal:
            if started:
                raise
            await _drain(receive)
            await refuse(send, "upload", 413, str(refusal))
        finally:
            self.room.arriving[session] -= came
            self.room.arriving += Counter()  # drops what is zero

    def _announced(self, session: str, scope: Scope) -> str | None:
        """Why a file of the length that the request says cannot be taken; None where it can or says none."""
        said = HTTPConnection(scope).headers.get("content-length", "")
        return self.room.full(session, int(said)) if said.isascii() and said.isdigit() and len(said) < 20 else None


async def _drain(receive: Receive) -> None:
    """Read what is still coming of a request, up to a bound."""
    read = 0
    while read < DRAINED:
        message = await receive()
        read += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return

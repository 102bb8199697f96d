"""The tabs' connections: whose they are, whether there is a place for them, and that they say only what was offered."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live.door import framework
from app.live.door.offers import Offer
from app.live.door.places import Places, Seat
from app.live.door.rates import Buckets
from app.live.door.refusals import REFUSALS
from app.live.door.uploads import Room
from app.live.door.visitor import browser_of
from app.live.paths import path_below
from spncore.limits import LIMITS

PROTOCOLS = b"sec-websocket-protocol"
LOST = 1006
PAGE_CLOSED = (1000, 1001)  # a tab was closed or goes to another address, and says so
TRY_LATER, REPLACED = 1013, 1000
WIDGETS = 500  # of one session whose offers are remembered
SENTENCES = 5

_SAID: dict[str, deque[str]] = {}


def refused_values(session: str) -> list[str]:
    """What was refused of what a session's widgets said since this was last asked, in sentences."""
    return list(_SAID.pop(session, ()))


@dataclass
class Sockets:
    """Lets a tab connect where it has a place; the session that it names must be its own browser's."""

    app: ASGIApp
    base: str
    places: Places
    room: Room
    buckets: Buckets
    offers: dict[str, OrderedDict[str, Offer]] = field(default_factory=dict)  # by session, then by widget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a connection on, as a tab that has a place; or send its page to the line."""
        if scope["type"] != "websocket" or path_below(self.base, scope) != framework.SOCKET:
            await self.app(scope, receive, send)
            return
        browser, session = browser_of(scope), _session_of(scope)
        if session is not None and not self.room.is_own(session, browser):
            REFUSALS["session"] += 1
            scope, session = _without_session(scope), None
        tab = _Tab(self, receive, send)
        seat = self.places.sit(browser, session, tab.close)
        if seat is None:
            REFUSALS["place"] += 1
            await _to_the_line(scope, receive, send)
            return
        await tab.serve(scope, seat)

    def forget(self, session: str) -> None:
        """Let go of a session that has not come back."""
        if self.places.holds(session):
            return
        self.room.owners.pop(session, None)
        self.offers.pop(session, None)
        _SAID.pop(session, None)
        framework.end_session(session)


@dataclass
class _Tab:
    """One connection: what passes through it is read, both ways."""

    door: Sockets
    receive: Receive
    send: Send
    code: int = LOST

    async def serve(self, scope: Scope, seat: Seat) -> None:
        """Pass the connection on until it ends."""
        self.named = seat.session if seat.session in self.door.offers else None  # by the server itself
        self.seat, self.asker = seat, seat.browser or scope.get("client")
        try:
            await self.door.app(scope, self._received, self._sent)
        finally:
            self.door.places.stand(seat, self.code in PAGE_CLOSED)
            if seat.session is not None:
                asyncio.get_running_loop().call_later(self.door.places.kept, self.door.forget, seat.session)

    def close(self) -> None:
        """End the connection, since its session goes on in another."""
        self._closing = asyncio.ensure_future(self.send({"type": "websocket.close", "code": REPLACED}))

    async def _received(self) -> Message:
        """The next message of the browser that the door lets through."""
        while True:
            message = await self.receive()
            if message["type"] == "websocket.disconnect":
                self.code = message.get("code") or LOST
            data = message.get("bytes")
            if not data:
                return message
            if self.named and not framework.is_connected(self.named):
                # Streamlit dropped it, as one that did not read what it was sent: let its page connect anew
                return {"type": "websocket.disconnect", "code": LOST}
            while seconds := self.door.buckets.wait(self.asker):
                await asyncio.sleep(seconds)  # who says too much is heard later
            passed = await self._checked(data)
            if passed is not None:
                return {**message, "bytes": passed}

    async def _checked(self, data: bytes) -> bytes | None:
        """A message as it may pass; None where the door has answered it."""
        message, session = framework.received(data), self.named
        if message is None or session is None:
            return data
        if message.HasField("file_urls_request"):
            full = self.door.room.full(session, LIMITS.upload_bytes)
            if full:
                REFUSALS["upload"] += 1
                await self.send({"type": "websocket.send", "bytes": framework.no_places_for_files(message, full)})
                return None
        offers = self.door.offers.get(session, OrderedDict[str, Offer]())
        refused = {
            widget: sentence
            for widget, kind, value in framework.values(message)
            if widget in offers and (sentence := offers[widget].refusal(kind, value))
        }
        if not refused:
            return data
        REFUSALS["value"] += len(refused)
        _SAID.setdefault(session, deque(maxlen=SENTENCES)).extend(refused.values())
        return framework.drop_widgets(message, refused)

    async def _sent(self, message: Message) -> None:
        data = message.get("bytes")
        if data:
            self._note(framework.sent(data))
        await self.send(message)

    def _note(self, told: framework.Sent) -> None:
        """Remember what a message of the server tells."""
        if told.session:
            self.named = self.seat.session = told.session
            self.door.room.owners[told.session] = self.seat.browser
        if told.offers and self.named:
            offers = self.door.offers.setdefault(self.named, OrderedDict())
            for widget, offer in told.offers:
                offers[widget] = offer
                offers.move_to_end(widget)
            while len(offers) > WIDGETS:
                offers.popitem(last=False)


def _session_of(scope: Scope) -> str | None:
    """The session that a tab was in before, as Streamlit's page says it: third of what it names as protocols."""
    said = HTTPConnection(scope).headers.get("sec-websocket-protocol", "").split(",")
    return said[2].strip() or None if len(said) > 2 else None


def _without_session(scope: Scope) -> Scope:
    """The same connection without the session that it names."""
    named = ((name, value) for name, value in scope["headers"])
    headers = [(name, b",".join(value.split(b",")[:2]) if name == PROTOCOLS else value) for name, value in named]
    return {**scope, "headers": headers}


async def _to_the_line(scope: Scope, receive: Receive, send: Send) -> None:
    """Make a page that has no place load itself anew, which brings it to the waiting page."""
    await receive()
    protocols = scope.get("subprotocols") or [None]
    await send({"type": "websocket.accept", "subprotocol": protocols[0]})
    await send({"type": "websocket.send", "bytes": framework.load_anew()})
    await send({"type": "websocket.close", "code": TRY_LATER})

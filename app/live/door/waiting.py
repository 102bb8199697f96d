"""The waiting page: what is answered instead of a page of the lab while every place is taken."""

import html
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders, QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.live import assets
from app.live.catalogues import catalogue
from app.live.door.places import Places
from app.live.door.refusals import REFUSALS
from app.live.door.visitor import COOKIE, browser_of, new_browser
from app.live.paths import is_page, path_below, root

ASK = "api/door"
KEPT_SECONDS = 400 * 24 * 3600  # as long as browsers keep a cookie
AGAIN = {"Retry-After": "2", "Cache-Control": "no-store"}


@dataclass
class Waiting:
    """Hands out pages while there are places, then waiting pages; names browsers, and answers those in line."""

    app: ASGIApp
    base: str
    places: Places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the line."""
        path = path_below(self.base, scope) if scope["type"] == "http" else None
        if path == ASK:
            await self._place(scope)(scope, receive, send)
        elif path is not None and is_page(scope["method"], path):
            await self._page(path, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _page(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A page of the lab or the waiting page; a browser without a name is given one with either.

        It keeps the name, by which its list of runs is found, for as long as browsers allow after its last visit.
        """
        known = browser_of(scope)
        name = known or new_browser()

        async def naming(message: Message) -> None:
            if message["type"] == "http.response.start":
                at = root(self.base)[:-1] or "/"
                MutableHeaders(scope=message).append(
                    "Set-Cookie", f"{COOKIE}={name}; Path={at}; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Lax"
                )
            await send(message)

        if self.places.enter(known, name):
            await self.app(scope, receive, naming)
            return
        REFUSALS["waiting"] += 1
        ticket = self.places.queue(name)
        page = waiting_page(path, ticket, self._said(self.places.place(ticket)), self.places.most)
        await Response(page, 503, AGAIN, "text/html")(scope, receive, naming)

    def _place(self, scope: Scope) -> Response:
        """Where a ticket stands in line; 0 is to load the page."""
        ticket = QueryParams(scope["query_string"]).get("ticket", "")
        place = self.places.ask(ticket, browser_of(scope))
        words = catalogue("door")
        said = {"place": place, "said": self._said(place), "title": words["waiting_in_line"].format(place=place)}
        return Response(json.dumps(said), headers=AGAIN, media_type="application/json")

    def _said(self, place: int) -> str:
        words = catalogue("door")
        if place <= 1:
            return str(words["waiting_next"])
        return str(words["waiting_ahead"]["one" if place == 2 else "other"].format(count=place - 1))


def waiting_page(path: str, ticket: str, said: str, most: float) -> str:
    """The waiting page at a path below the base; its addresses are relative, so that any proxy may stand before it."""
    up, words = "../" * path.count("/"), catalogue("door")
    parts = {
        "title": words["waiting_title"],
        "style": f"{up}api/static/{assets.static_name('door/waiting.css')}",
        "script": f"{up}api/static/{assets.static_name('door/waiting.js')}",
        "ask": f"{up}{ASK}?ticket={ticket}",
        "lost": words["waiting_lost"],
        "place": said,
        "why": words["waiting_why"].format(places=f"{most:g}"),
        "order": words["waiting_order"],
        "no_script": words["waiting_no_script"],
    }
    return _template().format(**{name: html.escape(text) for name, text in parts.items()})


@cache
def _template() -> str:
    return Path(__file__).with_name("waiting.html").read_text(encoding="utf-8")

"""The routes of rooms: how one stands from a number on, and what its members and its teacher do there.

Who asks is the browser of the door's cookie; nothing else that a page sends says who it is. An act is acknowledged once
it is committed, with the number of its event; a phone that has not heard repeats it under the same `key`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.live.answering import HOLD_SECONDS, Answer, RefusedError, body_of, check_origin, json_answer, read_json
from app.live.door.visitor import browser_of
from app.live.rooms import KEY_WORDS, Held, RoomRefused, Rooms
from app.live.runs import RunRegistry
from app.live.views import rooms as views
from app.live.views.query import count_of
from spncore.store.rows import owner_of
from spncore.studies.classroom.acts import OF_MEMBERS, OF_TEACHER

NO_COOKIE = (
    "This browser shows no cookie of the lab, by which a seat is known; allow cookies here and load the page anew."
)
OWN_WAY = ("join", "result", "delete")  # besides what `act` does


class RoomAnswers:
    """What the routes answer of rooms; results are read from the runs of a registry, never from what a phone sends."""

    def __init__(self, rooms: Rooms, registry: RunRegistry, origins: Sequence[str]) -> None:
        self.rooms, self.registry, self.origins = rooms, registry, origins

    @property
    def answers(self) -> dict[str, tuple[str, Answer]]:
        """By path the method and what answers."""
        posts = {f"rooms/{{code}}/{kind}": ("POST", self.post) for kind in (*OF_MEMBERS, *OF_TEACHER, *OWN_WAY)}
        return {"rooms/{code}": ("GET", self.get), **posts}

    async def get(self, request: Request) -> Response:
        """How a room stands, as soon as something has happened after the number `from`, or a moment later."""
        start, owner = count_of(request.query_params, "from"), _owner(request)
        held = await self._held(request)
        if owner is not None:
            held.greet(owner)
        await held.news.wait(lambda: held.state.seq > start, HOLD_SECONDS)
        return json_answer(views.room(held, owner, start))

    async def post(self, request: Request) -> Response:
        """Do what is asked, and say the number of its event."""
        check_origin(request, self.origins)
        owner = _owner(request)
        if owner is None:
            raise RefusedError(403, NO_COOKIE)
        most = self.rooms.limits.room_post_bytes or 1_000_000
        body = await body_of(request, most, f"What was sent has more than {most:,} bytes.")
        said = read_json(body) if body else {}
        if not isinstance(said, dict):
            raise RefusedError(400, "What was sent is no JSON object.")
        code, kind = request.path_params["code"], request.url.path.rpartition("/")[2]
        return json_answer(await run_in_threadpool(self._done, code, owner, kind, said))

    def _done(self, code: str, owner: str, kind: str, said: Mapping[str, Any]) -> dict[str, Any]:
        try:
            if kind == "join":
                return {"seat": self.rooms.join(code, owner)}
            if kind == "delete":
                self.rooms.close(code, owner)
                return {}
            if kind == "result":
                return {"seq": self._take(code, owner, said)}
            key = said.get("key")
            if not isinstance(key, str):
                raise RefusedError(400, KEY_WORDS)
            return {"seq": self.rooms.act(code, owner, kind, said, key)}
        except RoomRefused as refusal:
            raise RefusedError(refusal.status, str(refusal)) from None

    def _take(self, code: str, owner: str, said: Mapping[str, Any]) -> int:
        run_id, seat = said.get("run"), said.get("seat")
        run = self.registry.get(run_id) if isinstance(run_id, str) else None
        if run is None:
            raise RefusedError(404, "There is no such run any more; start it again.")
        if seat is not None and type(seat) is not int:
            raise RefusedError(400, "seat: give a whole number.")
        return self.rooms.take(code, owner, run, seat)

    async def _held(self, request: Request) -> Held:
        code = request.path_params["code"]
        try:
            found = self.rooms.at_hand(code)
            return await run_in_threadpool(self.rooms.held, code) if found is None else found
        except RoomRefused as refusal:
            raise RefusedError(refusal.status, str(refusal)) from None


def _owner(request: Request) -> str | None:
    """Who asks, as lists and rooms know browsers."""
    token = browser_of(request.scope)
    return None if token is None else owner_of(token)

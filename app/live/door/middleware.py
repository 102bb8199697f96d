"""The door as the server has it: what every request passes, one behind the other."""

import os

from starlette.middleware import Middleware

from app.live.door.descriptors import raise_descriptors, tabs_for
from app.live.door.headers import Headers
from app.live.door.hosts import Hosts
from app.live.door.places import Places
from app.live.door.rates import Buckets, Rates
from app.live.door.settings import DoorSettings
from app.live.door.sockets import Sockets
from app.live.door.uploads import Room, Uploads
from app.live.door.waiting import Waiting
from app.live.limits import server_limits


def middleware(base: str, session_seconds: float) -> list[Middleware]:
    """The door below the server's base path, outermost first; sessions are kept so long after a lost connection."""
    limits, settings = server_limits(), DoorSettings.of(os.environ)
    tabs = tabs_for(raise_descriptors())
    places = Places(
        min(limits.sessions or tabs, tabs),
        limits.waiting,
        # a little less than Streamlit's own time, after which it would forget a session without ending it
        max(0.0, session_seconds - 1.0),
        limits.place_left,
        limits.place_promised,
    )
    room = Room(limits)
    return [
        Middleware(Headers, settings.frame_ancestors),
        Middleware(Hosts, settings.hosts),
        Middleware(Rates, base, limits, settings),
        Middleware(Waiting, base, places),
        Middleware(Uploads, base, room),
        Middleware(Sockets, base, places, room, Buckets(limits.requests_per_second, limits.requests_at_once)),
    ]

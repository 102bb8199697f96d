"""Which names this server answers to, where the environment says so."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.live.catalogues import catalogue
from app.live.door.refusals import REFUSALS, refuse
from app.live.door.settings import HOSTS

HEALTH = "/_stcore/health"  # asked for by address, from within the container


class Hosts:
    """Refuses requests that name another host than those allowed; health is always answered."""

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self.app, self.allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with status 400."""
        if not self.allowed or scope["type"] == "lifespan" or scope["path"].endswith(HEALTH) or self._allows(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            REFUSALS["host"] += 1
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refuse(send, "host", 400, catalogue("door")["other_host"].format(setting=HOSTS))

    def _allows(self, scope: Scope) -> bool:
        said = HTTPConnection(scope).headers.get("host", "").lower()
        name = said.rpartition(":")[0] if said.rpartition(":")[2].isdigit() else said
        return name.rstrip(".") in self.allowed

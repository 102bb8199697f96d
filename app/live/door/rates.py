"""How often one browser may ask: a bucket of tokens each, filled at a steady rate."""

import math
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from app.live.catalogues import catalogue
from app.live.door.refusals import refuse
from app.live.door.settings import DoorSettings
from app.live.door.visitor import address_of, browser_of
from app.live.limits import ServerLimits
from app.live.paths import is_static, path_below

REMEMBERED = 4096  # askers; who has not asked for longest is forgotten first, with a bucket that is full again


class Buckets:
    """Tokens by asker: `most` at the begin, `rate` more per second; a rate of 0 is no limit."""

    def __init__(self, rate: float, most: float) -> None:
        self.rate, self.most = rate, most
        self._held: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait(self, asker: Hashable) -> float:
        """Take a token; 0 where there was one, else the seconds until there is."""
        if not self.rate:
            return 0.0
        now = time.monotonic()
        tokens, then = self._held.pop(asker, (self.most, now))
        tokens = min(self.most, tokens + (now - then) * self.rate)
        missing = max(0.0, 1.0 - tokens)
        self._held[asker] = (tokens if missing else tokens - 1.0, now)
        if len(self._held) > REMEMBERED:
            self._held.popitem(last=False)
        return missing / self.rate


@dataclass
class Rates:
    """Refuses requests that come too fast, by browser and, where that limit is set, by address; files are free."""

    app: ASGIApp
    base: str
    limits: ServerLimits
    settings: DoorSettings

    def __post_init__(self) -> None:
        most = self.limits.requests_at_once
        self.browsers = Buckets(self.limits.requests_per_second, most)
        self.addresses = Buckets(self.limits.address_requests_per_second, most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with status 429 and when to come again."""
        seconds = self._wait(scope) if scope["type"] == "http" else 0.0
        if not seconds:
            await self.app(scope, receive, send)
            return
        await refuse(send, "rate", 429, catalogue("door")["too_often"], retry_after=str(math.ceil(seconds)))

    def _wait(self, scope: Scope) -> float:
        path = path_below(self.base, scope)
        if is_static(path) or path == "_stcore/health":
            return 0.0
        # without a name, a browser is known by its connection
        asker = browser_of(scope) or scope.get("client")
        return max(self.browsers.wait(asker), self.addresses.wait(address_of(scope, self.settings.proxies)))

"""Who asks: the browser by the door's cookie, and its address."""

import re
import secrets
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.requests import HTTPConnection
from starlette.types import Scope

COOKIE = "spnlab_browser"
_GIVEN = re.compile(r"[A-Za-z0-9_-]{22}")


def new_browser() -> str:
    """A name for a browser that has none yet: a secret that only this browser is told."""
    return secrets.token_urlsafe(16)


def browser_of(scope: Scope) -> str | None:
    """The name that the browser was given; None where it shows none."""
    said = HTTPConnection(scope).cookies.get(COOKIE, "")
    return said if _GIVEN.fullmatch(said) else None


def address_of(scope: Scope, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address that a request comes from: the connection's, or what a named proxy says that it forwards for."""
    peer, port = scope.get("client") or ("", 0)
    if port == 0:  # uvicorn put a forwarded address there, which it believes of this machine's own proxies
        peer = "127.0.0.1"
    forwarded = HTTPConnection(scope).headers.get("x-forwarded-for", "").split(",")
    while forwarded and _within(peer, proxies):
        said = forwarded.pop().strip()
        if not said:
            break
        peer = said
    return str(peer)


def _within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)

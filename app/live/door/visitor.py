"""Who asks, and for what: the browser by the door's cookie, its address, and the path below the server's base."""

import re
import secrets
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.requests import HTTPConnection
from starlette.types import Scope

COOKIE = "spnlab_browser"
_GIVEN = re.compile(r"[A-Za-z0-9_-]{22}")
# What is not a page of the lab: every other path is answered with Streamlit's index.html.
_NO_PAGE = re.compile(
    r"(_stcore|api|metrics|ready|static|media|component|app/static|oauth2callback|auth)(/|$)|.*\.[^/]*$", re.DOTALL
)
# Files that a page loads once and the browser keeps.
_STATIC = re.compile(r"(static|api/static|component|app/static)/|api/plotly-|[^/]*\.(png|svg|ico|json)$")


def new_browser() -> str:
    """A name for a browser that has none yet: a secret that only this browser is told."""
    return secrets.token_urlsafe(16)


def browser_of(scope: Scope) -> str | None:
    """The name that the browser was given; None where it shows none."""
    said = HTTPConnection(scope).cookies.get(COOKIE, "")
    return said if _GIVEN.fullmatch(said) else None


def path_below(base: str, scope: Scope) -> str | None:
    """The path below the server's base path, without a slash at its begin; None outside."""
    path: str = scope["path"]
    root = f"/{base.strip('/')}/".replace("//", "/")
    return path[len(root) :] if path.startswith(root) else None


def is_page(method: str, path: str | None) -> bool:
    """Whether a request for this path below the base asks for a page."""
    return method in ("GET", "HEAD") and path is not None and not _NO_PAGE.match(path)


def is_static(path: str | None) -> bool:
    """Whether this path below the base is a file that a browser loads once."""
    return path is not None and bool(_STATIC.match(path))


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

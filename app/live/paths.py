"""What lies where below the server's base path: which addresses are pages, which are files that a browser keeps."""

import re

from starlette.datastructures import Headers
from starlette.types import Message, Scope

# What is not a page of the lab: every other path is answered with Streamlit's index.html.
_NO_PAGE = re.compile(
    r"(_stcore|api|metrics|ready|static|media|component|app/static|oauth2callback|auth)(/|$)|.*\.[^/]*$", re.DOTALL
)
# Files that a page loads once and the browser keeps.
_STATIC = re.compile(r"(static|api/static|component|app/static)/|api/plotly-|[^/]*\.(png|svg|ico|json)$")


def root(base: str) -> str:
    """Where the lab's addresses begin for a base path, Streamlit's server.baseUrlPath: `/`, or `/lab/`."""
    return f"/{base.strip('/')}/".replace("//", "/")


def path_below(base: str, scope: Scope) -> str | None:
    """The path below the server's base path, without a slash at its begin; None outside."""
    path: str = scope["path"]
    return path[len(root(base)) :] if path.startswith(root(base)) else None


def is_page(method: str, path: str | None) -> bool:
    """Whether a request for this path below the base asks for a page."""
    return method in ("GET", "HEAD") and path is not None and not _NO_PAGE.match(path)


def is_static(path: str | None) -> bool:
    """Whether this path below the base is a file that a browser loads once."""
    return path is not None and bool(_STATIC.match(path))


def is_document(start: Message) -> bool:
    """Whether an answer that begins so is a page."""
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")

"""A page for a wall is white whatever the browser prefers: Streamlit takes that only from the address a page has."""

from urllib.parse import parse_qs

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.live.paths import is_page, path_below

ON_A_WALL = ("view", "projector")  # as a link says it
LOOK, LIGHT = "embed_options", "light_theme"  # as Streamlit takes it, and keeps it from being remembered


class Projected:
    """ASGI middleware: who asks for a page for a wall is sent on to the same address with Streamlit's light theme.

    The address that is answered is but a query, so it holds behind every proxy.
    """

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a visitor on, or pass the request."""
        answer = self.app
        if scope["type"] == "http" and scope["method"] == "GET" and is_page("GET", path_below(self.base, scope)):
            query = scope["query_string"].decode("latin-1")
            said, (name, view) = parse_qs(query), ON_A_WALL
            if said.get(name) == [view] and LOOK not in said:
                answer = RedirectResponse(f"?{query}&{LOOK}={LIGHT}")
        await answer(scope, receive, send)

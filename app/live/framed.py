"""What a page inside a frame of another site needs besides Streamlit's settings: cookies that browsers keep there."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOR_FRAMES, KEPT = b"SameSite=None", b"; Partitioned"


class PartitionedCookies:
    """ASGI middleware: a cookie that is to be sent from frames is kept apart for each site that frames the lab.

    Browsers that keep cookies of framed sites back, as most do in private windows and some always, still take these.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the cookies that its answer sets for frames are marked."""

        async def marking(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [_marked(*header) for header in message["headers"]]}
            await send(message)

        await self.app(scope, receive, marking)


def _marked(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    wanted = name.lower() == b"set-cookie" and FOR_FRAMES in value and KEPT not in value
    return name, value + KEPT if wanted else value

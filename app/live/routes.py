"""The lab's own HTTP routes: runs from a cursor on, stop, published values, and the files of the component.

Every answer has a type of its own and every refusal is JSON, so that the page never takes Streamlit's index.html,
which answers unknown paths with status 200, for data.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.live import assets
from app.live.assets import Asset
from app.live.runs import LiveRun, RunRegistry
from app.live.views import derived, frames, trees
from app.live.views.points import BadQueryError
from spncore.files.places import SHIPPED

PUBLISHED = SHIPPED / "figure3_published.csv"
RUN_ID = re.compile(r"[A-Za-z0-9_-]{22}")
COUNT = re.compile(r"[0-9]{1,9}")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
SAFE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
FRESH = {**SAFE, "Cache-Control": "no-store"}
FOR_EVER = {**SAFE, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
Answer = Callable[[Request], Response | Awaitable[Response]]
FIRST_FRAME_SECONDS, FIRST_FRAME_STEP = 0.2, 0.01


class RefusedError(Exception):
    """A request is refused with this status and sentence."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers


class Answers:
    """What the routes answer of the runs of a registry; `origins` may stop runs besides the server's own."""

    def __init__(self, registry: RunRegistry, origins: Sequence[str]) -> None:
        self.registry, self.origins = registry, origins

    def run_of(self, request: Request) -> LiveRun:
        """The run that a path names; refused when there is none."""
        identifier = request.path_params["id"]
        run = self.registry.get(identifier) if RUN_ID.fullmatch(identifier) else None
        if run is None:
            raise RefusedError(404, "There is no such run any more; press Train to start it again.")
        return run

    async def data(self, request: Request) -> Response:
        """Frames from a cursor on."""
        run = self.run_of(request)
        start, seed = _count(request, "from"), _seed(request, run)
        await _first_frame(run)
        if start > frames.num_frames(run):
            raise RefusedError(400, f"from: {start} lies beyond the {frames.num_frames(run)} frames there are.")
        header, body = frames.frames(run, start, seed)
        return _octets({**header, "poll_ms": self.registry.poll_ms}, body)

    def components(self, request: Request) -> Response:
        """The components at one frame."""
        run = self.run_of(request)
        return _octets(*frames.components(run, _count(request, "at"), _seed(request, run)))

    async def dynamics(self, request: Request) -> Response:
        """A derived view of a run, by its name."""
        run, view, query = self.run_of(request), request.path_params["view"], request.query_params
        answers_it = trees if view in trees.VIEWS and run.study.deep else derived
        if answers_it is derived and view not in derived.views():
            raise _nothing_there()
        if len(query.multi_items()) > len(query):
            raise RefusedError(400, "Give every parameter once.")
        header, numbers = await _computed(answers_it.answer, run, view, query)
        return _octets(header, derived.float32(numbers))

    async def drawing(self, request: Request) -> Response:
        """The drawing of a deep circuit."""
        return _json(await _computed(trees.drawing, self.run_of(request), request.query_params))

    def layout(self, request: Request) -> Response:
        """The drawing of the mixture."""
        return _json(frames.layout(self.run_of(request)))

    def stop(self, request: Request) -> Response:
        """End a run."""
        _check_origin(request, self.origins)
        self.registry.stop(self.run_of(request).id)
        return Response(status_code=204, headers=FRESH)


def routes(registry: RunRegistry, base: str = "", origins: Sequence[str] = ()) -> list[BaseRoute]:
    """The routes below `base`, Streamlit's server.baseUrlPath; see `Answers`."""
    of = Answers(registry, origins)
    answers: dict[str, tuple[str, Answer]] = {
        "runs/{id}": ("GET", of.data),
        "runs/{id}/layout": ("GET", of.layout),
        "runs/{id}/drawing": ("GET", of.drawing),
        "runs/{id}/components": ("GET", of.components),
        "runs/{id}/dynamics/{view}": ("GET", of.dynamics),
        "runs/{id}/stop": ("POST", of.stop),
        "figure3": ("GET", lambda request: _json(published())),
        assets.plotly_name(): ("GET", lambda request: _file(request, assets.plotly())),
        "static/{name:path}": ("GET", _static),
        "{rest:path}": ("GET", _unknown),
    }
    prefix = f"/{base.strip('/')}/api/" if base.strip("/") else "/api/"
    return [Route(prefix + path, _guarded(*answer), methods=METHODS) for path, answer in answers.items()]


@cache
def published() -> dict[str, list[float]]:
    """The published curves of Figure 3 by column: iteration, L1, L2, L3."""
    with PUBLISHED.open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def _guarded(method: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of an answer; it runs on the event loop, since none takes more than a millisecond or two."""

    async def endpoint(request: Request) -> Response:
        try:
            if request.method != method and (request.method, method) != ("HEAD", "GET"):
                raise RefusedError(405, f"{request.method} is not allowed here; use {method}.", Allow=method)
            response = answer(request)
            return response if isinstance(response, Response) else await response
        except RefusedError as refusal:
            return _json({"error": refusal.sentence}, refusal.status, refusal.headers)

    return endpoint


def _nothing_there() -> RefusedError:
    return RefusedError(404, "There is nothing at this address.")


def _unknown(request: Request) -> Response:
    raise _nothing_there()


async def _computed(answer: Callable[..., Any], *arguments: Any) -> Any:
    """The answer, computed away from the event loop; a query that it cannot understand is refused."""
    try:
        return await run_in_threadpool(answer, *arguments)
    except BadQueryError as error:
        raise RefusedError(400, str(error)) from None


async def _first_frame(run: LiveRun) -> None:
    """Wait a moment for the first frame of a run that is just starting: the page then draws it without asking twice."""
    for _ in range(round(FIRST_FRAME_SECONDS / FIRST_FRAME_STEP)):
        if run.length or run.state not in ("queued", "running") or run.queue_position:
            return
        await asyncio.sleep(FIRST_FRAME_STEP)


def _count(request: Request, name: str) -> int:
    """A whole number of the query that must not be negative, 0 if it is missing."""
    values = request.query_params.getlist(name)
    if not values:
        return 0
    if len(values) > 1 or not COUNT.fullmatch(values[0]):
        raise RefusedError(400, f"{name}: give one whole number, 0 or more.")
    return int(values[0])


def _seed(request: Request, run: LiveRun) -> int:
    seed, num_seeds = _count(request, "seed"), run.study.experiment.num_seeds
    if seed >= num_seeds:
        raise RefusedError(400, f"seed: {seed} is out of range; this run has seeds 0 to {num_seeds - 1}.")
    return seed


def _check_origin(request: Request, origins: Sequence[str]) -> None:
    """Only pages of this server may change anything: browsers name the page's origin in every POST."""
    origin = request.headers.get("origin", "")
    if urlsplit(origin).netloc != request.headers.get("host") and origin not in origins:
        raise RefusedError(403, "Only the lab's own page may do this.")


def _octets(header: dict[str, Any], body: frames.Floats32) -> Response:
    # Float32 hardly compresses; naming an encoding keeps Streamlit's gzip, which would do so at every answer, away.
    headers = {**FRESH, "Content-Encoding": "identity"}
    return Response(frames.envelope(header, body), media_type="application/octet-stream", headers=headers)


def _json(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = json.dumps(content, allow_nan=False)
    return Response(text, status, {**FRESH, **(headers or {})}, media_type="application/json")


def _static(request: Request) -> Response:
    asset = assets.static_files().get(request.path_params["name"])
    if asset is None:
        raise RefusedError(404, "There is no such file.")
    return _file(request, asset)


def _file(request: Request, asset: Asset) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = {**FOR_EVER, "Content-Encoding": "gzip"}
        return Response(asset.compressed, headers=headers, media_type=asset.media_type)
    return Response(asset.content, headers={**FOR_EVER, "Content-Encoding": "identity"}, media_type=asset.media_type)

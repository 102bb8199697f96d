"""The lab's own HTTP routes: runs from a cursor on, stop, published values, and the files of the component.

Every answer has a type of its own and every refusal is JSON, so that the page never takes Streamlit's index.html,
which answers unknown paths with status 200, for data.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.live import assets, paper, touch
from app.live.answering import FRESH, HOLD_SECONDS, Answer, RefusedError, body_of, check_origin, json_answer, read_json
from app.live.door.visitor import browser_of
from app.live.files import served
from app.live.jobs import JOBS, JobBoard, JobRefused
from app.live.locks import LOCKS, locked
from app.live.paths import root
from app.live.room_routes import RoomAnswers
from app.live.rooms import ROOMS, Rooms
from app.live.run import LiveRun
from app.live.runs import RunRefused, RunRegistry
from app.live.shares import guessed
from app.live.views import derived, frames, trees
from app.live.views.query import BadQueryError, below, count_of
from spncore.record import ExperimentError
from spncore.studies.published import published_figure3

METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS".split()
JOB_STEP = 0.02


class Answers:
    """What the routes answer of the runs of a registry; `origins` may stop runs besides the server's own."""

    def __init__(self, registry: RunRegistry, origins: Sequence[str], jobs: JobBoard) -> None:
        self.registry, self.origins, self.jobs = registry, origins, jobs

    def begun(self, request: Request) -> LiveRun:
        """The run that a path names, whose circuit is known; refused when there is none."""
        run = self.run_of(request)
        if not run.computation.prepared:
            raise RefusedError(409, "The network is still being drawn or learned; ask again in a moment.")
        return run

    def run_of(self, request: Request) -> LiveRun:
        """The run that a path names; refused when there is none."""
        run = self.registry.get(request.path_params["id"])
        if run is None:
            raise RefusedError(404, "There is no such run any more; press Train to start it again.")
        return run

    async def data(self, request: Request) -> Response:
        """Frames from a cursor on, as soon as there are any."""
        run, query = self.run_of(request), _query(request)
        start, seed = count_of(query, "from"), _seed(query, run)
        await run.computation.news.wait(lambda: _new_from(run, start), HOLD_SECONDS)
        begun = run.computation.prepared
        header, body = frames.frames(run, start, seed) if begun else (frames.standing(run, start), frames.NOTHING)
        return _octets({**header, "poll_ms": self.registry.poll_ms(run)}, body)

    def components(self, request: Request) -> Response:
        """The components at one frame."""
        run, query = self.begun(request), _query(request)
        return _octets(*frames.components(run, count_of(query, "at"), _seed(query, run)))

    async def dynamics(self, request: Request) -> Response:
        """A derived view of a run, by its name."""
        run, view, query = self.begun(request), request.path_params["view"], request.query_params
        if view not in derived.views(run.study.deep):
            raise _nothing_there()
        if len(query.multi_items()) > len(query):
            raise BadQueryError("Give every parameter once.")
        header, numbers = await run_in_threadpool(derived.answer, run, view, query)
        return _octets(header, derived.float32(numbers))

    async def drawing(self, request: Request) -> Response:
        """The drawing of a deep circuit."""
        return json_answer(await run_in_threadpool(trees.drawing, self.begun(request), request.query_params))

    def layout(self, request: Request) -> Response:
        """What is needed to read the frames; of a circuit that is still being learned only where that stands."""
        run = self.run_of(request)
        return json_answer(frames.layout(run) if run.computation.prepared else frames.standing(run, 0))

    async def pdf(self, request: Request) -> Response:
        """A drawing that a page of the lab sends as a PDF, made among the quick jobs, of which a browser has few."""
        check_origin(request, self.origins)
        limits = self.jobs.limits
        many = f"The figure has more than {limits.drawing_bytes / 1e6:g} MB of lines; save it as SVG or PNG."
        body = await body_of(request, limits.drawing_bytes, many)
        asker = browser_of(request.scope) or (request.client.host if request.client else "")
        try:
            job = self.jobs.start(f"pdf {sha256(body).hexdigest()}", f"pdf {asker}", paper.pdf, body, quick=True)
        except JobRefused as refusal:
            raise RefusedError(429, str(refusal)) from None
        until = time.monotonic() + limits.drawing_seconds
        while not job.ended and time.monotonic() < until:
            await asyncio.sleep(JOB_STEP)
        if not job.ended:
            self.jobs.leave(f"pdf {asker}", job.key)
        if job.state != "done":
            raise RefusedError(503 if not job.ended else 400, job.reason or "The PDF takes too long now; try again.")
        return Response(job.result, media_type="application/pdf", headers=FRESH)

    async def touch(self, request: Request) -> Response:
        """Go on from a run as a touch on its drawing asks; the page, whose widgets follow later, finds the same run."""
        check_origin(request, self.origins)
        run, session = self.run_of(request), request.headers.get("x-session", "")
        if run.session != session:
            raise RefusedError(403, "Only the page that started this run may go on from it.")
        body = await body_of(request, self.registry.limits.touch_bytes, "What the drawing asked for is too long.")
        return json_answer({"run": await run_in_threadpool(self._go_on, run, body)})

    def _go_on(self, run: LiveRun, body: bytes) -> str:
        try:
            study = touch.after(run.study, read_json(body))
            sentence = locked(LOCKS.of(run.session), run.study, study)
            if sentence:
                raise RefusedError(403, sentence)
            if guessed(study, run.dataset) > touch.TOUCH_SECONDS:
                raise RefusedError(409, "This run takes long; press Train to begin it.")
            return self.registry.start(study, run.dataset, run.session, run.page)
        except ExperimentError as refusal:
            raise RefusedError(400, str(refusal)) from None
        except RunRefused as refusal:
            raise RefusedError(429, str(refusal)) from None

    def stop(self, request: Request) -> Response:
        """End a run."""
        check_origin(request, self.origins)
        if not self.registry.stop(self.run_of(request).id, request.headers.get("x-session", "")):
            raise RefusedError(403, "Only the page that started this run may stop it.")
        return Response(status_code=204, headers=FRESH)


def routes(
    registry: RunRegistry, base: str = "", origins: Sequence[str] = (), jobs: JobBoard = JOBS, rooms: Rooms = ROOMS
) -> list[BaseRoute]:
    """The routes below `base`, Streamlit's server.baseUrlPath; see `Answers` and `RoomAnswers`."""
    of = Answers(registry, origins, jobs)
    answers: dict[str, tuple[str, Answer]] = {
        "runs/{id}": ("GET", of.data),
        "runs/{id}/layout": ("GET", of.layout),
        "runs/{id}/drawing": ("GET", of.drawing),
        "runs/{id}/components": ("GET", of.components),
        "runs/{id}/dynamics/{view}": ("GET", of.dynamics),
        "runs/{id}/touch": ("POST", of.touch),
        "runs/{id}/stop": ("POST", of.stop),
        "pdf": ("POST", of.pdf),
        **RoomAnswers(rooms, registry, origins).answers,
        "figure3": ("GET", lambda request: json_answer(published())),
        assets.plotly().name: ("GET", lambda request: served(request, assets.plotly())),
        "static/{name:path}": ("GET", _static),
        "{rest:path}": ("GET", _unknown),
    }
    return [Route(f"{root(base)}api/{path}", _guarded(*answer), methods=METHODS) for path, answer in answers.items()]


@cache
def published() -> dict[str, list[float]]:
    """The published curves of Figure 3 by column: iteration (updates made), L1, L2, L3."""
    curves = published_figure3()
    return {
        "iteration": np.arange(float(len(curves[1]))).tolist(),
        **{f"L{depth}": curve.tolist() for depth, curve in curves.items()},
    }


def _guarded(method: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of an answer; it runs on the event loop, since none takes more than a millisecond or two."""

    async def endpoint(request: Request) -> Response:
        try:
            if request.method != method and (request.method, method) != ("HEAD", "GET"):
                raise RefusedError(405, f"{request.method} is not allowed here; use {method}.", Allow=method)
            response = answer(request)
            return response if isinstance(response, Response) else await response
        except RefusedError as refusal:
            return json_answer({"error": str(refusal)}, refusal.status, refusal.headers)
        except BadQueryError as refusal:
            return json_answer({"error": str(refusal)}, 400)

    return endpoint


def _nothing_there() -> RefusedError:
    return RefusedError(404, "There is nothing at this address.")


def _unknown(request: Request) -> Response:
    raise _nothing_there()


def _new_from(run: LiveRun, start: int) -> bool:
    """Whether there is something to answer: frames from a cursor on, or the words of a run that has ended or waits."""
    return run.length > start or run.ended or run.queue_position > 0


def _query(request: Request) -> dict[str, str]:
    """The values by name; of a repeated one all together, which are no number."""
    return {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}


def _seed(query: Mapping[str, str], run: LiveRun) -> int:
    return below(query, "seed", run.study.experiment.num_seeds, "seeds ")


def _octets(header: dict[str, Any], body: frames.Floats32) -> Response:
    # Float32 hardly compresses; naming an encoding keeps Streamlit's gzip, which would do so at every answer, away.
    headers = {**FRESH, "Content-Encoding": "identity"}
    return Response(frames.envelope(header, body), media_type="application/octet-stream", headers=headers)


def _static(request: Request) -> Response:
    file = assets.static_files().get(request.path_params["name"])
    if file is None:
        raise RefusedError(404, "There is no such file.")
    return served(request, file)

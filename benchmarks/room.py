"""A class of 200 phones in one room, without browsers: `python -m benchmarks.room` prints one JSON document.

The phones speak the room's protocol as a page does (join, then an answer after the other from the number they know,
with the pause that the server asks for), on the same cores as the server. Every so often the teacher goes on a step,
upon which each phone says that it is there and votes; from the second step on results arrive, put into the same store
as another server would, so that no training is measured here. Linux only. `--smallest` takes seconds and says nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import math
import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.counting import quantiles
from benchmarks.document import Measure, document, found, write
from benchmarks.server import ANSWER_SECONDS, Server, running
from spncore import Experiment
from spncore.runs.study import Study
from spncore.store import Place, Store, rooms
from spncore.store.rows import owner_of
from spncore.studies.classroom.seats import points_of
from spncore.studies.classroom.state import Agenda
from spncore.studies.history import settings_of

CODE, COOKIE = "BCDFG", "spnlab_browser"
TRIES = 3  # of what was sent into a connection that had ended
STUDY = Study(Experiment(dataset="nltcs-twin"), (1, 2, 3))
TEACHER = "teacher".ljust(22, "_")


class Sizes(NamedTuple):
    """How large the class is, how fast it comes, and how long a step lasts, in seconds."""

    phones: int = 200
    steps: int = 8
    arriving: float = 10.0
    step_seconds: float = 10.0


SMALLEST = Sizes(3, 2, 0.2, 1.5)


@dataclass
class Phone:
    """One page's connection, and what it saw: seconds from joining to its first answer, when it saw each step."""

    port: int
    token: str
    seq: int = 0
    poll: float = 0.1
    num_bytes: int = 0
    answers: int = 0
    first: float | None = None
    steps: dict[int, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)  # of its own acts, until they were acknowledged
    results: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    acts: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # of acts, which share a connection
    streams: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=dict)

    async def ask(self, method: str, path: str, said: Any = None) -> dict[str, Any]:
        """An answer over a kept connection, one for what waits and one for acts; empty where it was refused.

        The server ends connections that rest: what was sent into one is repeated, as browsers do.
        """
        for _ in range(TRIES):
            try:
                status, head, content = await self._exchange(method, path, said)
                break
            except (ConnectionError, asyncio.IncompleteReadError):
                self._hang_up(method)
        else:
            self.errors.append("no connection")
            return {}
        if status != 200:
            self.errors.append(f"status {status}")
            return {}
        answer: dict[str, Any] = json.loads(gzip.decompress(content) if "content-encoding: gzip" in head else content)
        return answer

    async def _exchange(self, method: str, path: str, said: Any) -> tuple[int, str, bytes]:
        """Status, head in small letters and body of an answer."""
        body = b"" if said is None else json.dumps(said).encode()
        if method in self.streams and self.streams[method][0].at_eof():
            self._hang_up(method)
        if method not in self.streams:
            self.streams[method] = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams[method]
        host = f"127.0.0.1:{self.port}"
        lines = [f"{method} /api/rooms/{CODE}{path} HTTP/1.1", f"Host: {host}", f"Origin: http://{host}"]
        lines += ["Accept-Encoding: gzip", f"Cookie: {COOKIE}={self.token}", f"Content-Length: {len(body)}", "", ""]
        sent = "\r\n".join(lines).encode() + body
        writer.write(sent)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER_SECONDS)).decode("latin-1").lower()
        lengths = [line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length:")]
        content = await reader.readexactly(int(lengths[0]) if lengths else 0)
        self.num_bytes += len(sent) + len(head) + len(content)
        return int(head.split()[1]), head, content

    def _hang_up(self, method: str) -> None:
        if method in self.streams:
            self.streams.pop(method)[1].close()

    async def act(self, kind: str, **said: Any) -> dict[str, Any]:
        """Do something, and note how long its acknowledgement took."""
        begin, self.acts = time.perf_counter(), self.acts + 1
        key = f"act-{self.acts:06}"
        async with self.turn:
            answer = await self.ask("POST", f"/{kind}", {"key": key, **said})
        self.waits.append(time.perf_counter() - begin)
        return answer

    async def stay(self, offset: float, until: float, sizes: Sizes, chance: random.Random) -> None:
        """Come, and follow until the end."""
        await asyncio.sleep(offset)
        begin = time.perf_counter()
        await self.act("join")
        doing = list[asyncio.Task[None]]()
        while time.perf_counter() < until:
            answer = await self.ask("GET", f"?from={self.seq}")
            self.answers += 1
            if self.first is None:
                self.first = time.perf_counter() - begin
            if self._read(answer):
                doing.append(asyncio.create_task(self._follow(answer["step"], sizes, chance)))
            await asyncio.sleep(self.poll)
        await asyncio.gather(*doing)

    def _read(self, answer: dict[str, Any]) -> bool:
        """Note what an answer says; whether it is of a step that was not seen before."""
        if not answer:
            return False
        self.seq, self.poll = answer["seq"], answer["poll_ms"] / 1000
        self.results |= {each["seat"] for each in answer["results"]}
        new = answer["step"] > 0 and answer["step"] not in self.steps
        if new:
            self.steps[answer["step"]] = time.perf_counter()
        return new

    async def _follow(self, step: int, sizes: Sizes, chance: random.Random) -> None:
        """Say that it is there, think, vote."""
        await self.act("progress", step=step)
        await asyncio.sleep(chance.uniform(0.0, 0.5) * sizes.step_seconds)
        await self.act("vote", question=f"q{step}", choice=chance.randrange(4))

    def close(self) -> None:
        """End its connections."""
        for method in tuple(self.streams):
            self._hang_up(method)


async def lesson(server: Server, store: Store, sizes: Sizes) -> dict[str, Any]:
    """The class through all steps, and what was counted."""
    chance = random.Random(0)
    phones = [Phone(server.port, f"phone-{place}".ljust(22, "_")) for place in range(sizes.phones)]
    teacher, cpu = Phone(server.port, TEACHER), sum(server.cpu().values())
    begin = time.perf_counter()
    until = begin + sizes.arriving + (sizes.steps + 1) * sizes.step_seconds
    offsets = [sizes.arriving * place / sizes.phones for place in range(sizes.phones)]
    staying = [
        asyncio.create_task(phone.stay(at, until, sizes, chance)) for phone, at in zip(phones, offsets, strict=True)
    ]
    await asyncio.sleep(sizes.arriving)
    said = dict[int, float]()
    for step in range(1, sizes.steps + 1):
        said[step] = time.perf_counter()
        await teacher.act("step", step=step)
        part = range(1 + (step - 1) * sizes.phones // sizes.steps, 1 + step * sizes.phones // sizes.steps)
        await asyncio.to_thread(arrive, store, part)
        await asyncio.sleep(max(0.0, said[step] + sizes.step_seconds - time.perf_counter()))
    await asyncio.gather(*staying)
    seconds, used = time.perf_counter() - begin, sum(server.cpu().values()) - cpu
    for each in (*phones, teacher):
        each.close()
    return counted(phones, said, sizes) | {
        "seconds": round(seconds, 1),
        "server_cpu_share": round(used / seconds, 3),
        "server_cpu_ms_per_student_and_minute": round(1000 * used / sizes.phones / (seconds / 60), 1),
        "kilobytes_per_student": round(sum(phone.num_bytes for phone in phones) / sizes.phones / 1e3, 1),
    }


def arrive(store: Store, seats: range) -> None:
    """Results of seats, as another server would bring them."""
    for seat in seats:
        curves = [
            {
                "end": -6.5 + math.sin(seat + depth) / 50,
                "reached": 100 + seat % 17 - 20 * depth,
                "line": [-9.27 + 2.7 * (1 - math.exp(-t / 90 - seat / 999)) for t in points_of(STUDY)],
            }
            for depth in range(len(STUDY.depths))
        ]
        payload = {"study": 1, "seat": seat, "target": "−7.2", "curves": curves}
        store.write(rooms.post, CODE, "result", f"{seat:064x}", payload, "result").result()


def counted(phones: list[Phone], said: dict[int, float], sizes: Sizes) -> dict[str, Any]:
    """How long phones waited for an answer, for a step, for their acts; what they have in the end."""
    seen = [1000 * (phone.steps[step] - at) for step, at in said.items() for phone in phones if step in phone.steps]
    return {
        "phones": sizes.phones,
        **quantiles("join_to_answer", [1000 * phone.first for phone in phones if phone.first is not None]),
        **quantiles("step_seen", seen),
        **quantiles("act", [1000 * each for phone in phones for each in phone.waits]),
        "steps_missed": len(said) * sizes.phones - len(seen),
        "results_missed": sum(sizes.phones - len(phone.results) for phone in phones),
        "answers": sum(phone.answers for phone in phones),
        "errors": sum(len(phone.errors) for phone in phones),
        "load_average": round(os.getloadavg()[0], 1),
    }


def measures(part: dict[str, Any]) -> list[Measure]:
    """What stands in README."""
    who = f"{part['phones']} phones in one room"
    return [
        Measure(
            f"{who}: from joining to the first answer; until the teacher's step is on a phone; until an act is kept",
            (
                found(part["join_to_answer_p95_ms"], "ms at p95", at_most=1000.0),
                found(part["step_seen_p95_ms"], "ms at p95", at_most=2000.0),
                found(part["act_p95_ms"], "ms at p95", at_most=500.0),
                found(part["steps_missed"] + part["results_missed"] + part["errors"], "missed or refused", at_most=0),
            ),
        ),
        Measure(
            "the same: what the server computes, and what a phone sends and is sent in the whole lesson",
            (
                found(part["server_cpu_share"], "of one core", at_most=0.5),
                found(part["server_cpu_ms_per_student_and_minute"], "ms per student and minute"),
                found(part["kilobytes_per_student"], "kB per student"),
            ),
        ),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Open the room, play, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.room", description=__doc__)
    parser.add_argument("--smallest", action="store_true", help="a few phones for seconds; the numbers say nothing")
    sizes = SMALLEST if parser.parse_args(arguments).smallest else Sizes()
    with tempfile.TemporaryDirectory(prefix="spnlab-room-") as folder:
        place = Place(file=Path(folder, "spnlab.db"))
        with Store(place) as store:
            votes = {f"q{step}": 4 for step in range(1, sizes.steps + 1)}
            settings = Agenda("measured", sizes.steps, votes=votes).settings()
            store.write(rooms.open_room, CODE, owner_of(TEACHER), settings, time.time(), time.time() + 3600).result()
            for kind, payload in (("study", {"study": settings_of(STUDY)}), ("announce", {"number": sizes.phones})):
                store.write(rooms.post, CODE, kind, "", payload, kind).result()
            with running(SPNLAB_STORE=str(place.file)) as server:
                part = asyncio.run(lesson(server, store, sizes))
    title = "A class in a room of the lab's server, without browsers, on the same cores, by the clock"
    write(document(title, "python -m benchmarks.room", measures(part), parts={"room": part}))


if __name__ == "__main__":
    main()

"""Background jobs of the web lab: started by the content they compute, shared by users, bounded, cancelled in seconds.

No Streamlit here, and nothing is computed here: a job is a function of a module with its arguments, which goes to one
of two processes below the live trainers, one for what takes about a second, one for what takes longer.
"""

import atexit
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from app.live.child import Child
from app.live.door.refusals import Refused
from app.live.lane import Ended, Job, Lane
from app.live.limits import ServerLimits, server_limits
from spncore.words import counted

MODULE = "app.live.working"
CLOSE_SECONDS = 5.0


class JobRefused(Refused, kind="job"):
    """A job cannot be taken now; the text says why."""


class JobBoard:
    """All jobs of a server: one quick and one long one at a time, whose turn it is; how many wait and are remembered.

    Sessions take turns: a session that has queued five does not go before another's first. Any thread may call.
    """

    def __init__(self, limits: ServerLimits, process: Callable[[], Child] | None = None) -> None:
        self.limits = limits
        seconds = {True: limits.quick_job_seconds, False: limits.job_seconds}
        # half as much again as the live trainers, which go before them
        process = process or (lambda: Child(MODULE, limits.niceness * 3 // 2))
        self._lanes = {quick: Lane(process(), most, limits.job_stop_seconds, quick) for quick, most in seconds.items()}
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._begun, self._closed = 0, False
        self._changed = threading.Condition()
        self._threads = list[threading.Thread]()
        self._released = dict[str, threading.Timer]()

    def open(self) -> None:
        """Begin the processes; a job that is started does so, too."""
        with self._changed:
            if not self._threads and not self._closed:
                self._threads = [
                    threading.Thread(target=self._work, args=(lane,), name="spnlab-jobs", daemon=True)
                    for lane in self._lanes.values()
                ]
                for thread in self._threads:
                    thread.start()

    def start(
        self, key: str, watcher: str, function: Callable[..., Any], *arguments: Any, quick: bool, unit: str = "runs"
    ) -> Job:
        """The job of this key, which is running, done, or started now: `function(*arguments, report=…)` in a process.

        JobRefused when too many wait. A job that was cancelled or failed is begun anew. `quick` where it is expected
        to take about a second; `unit` is what it counts.
        """
        self.open()
        with self._changed:
            job = self._jobs.get(key)
            if job is None or job.stop.is_set() or job.state == "failed":
                self._refuse_too_many(watcher)
                job = self._jobs[key] = Job(key, function, arguments, quick, unit)
                self._jobs.move_to_end(key)
                self._changed.notify_all()
            job.watchers.add(watcher)
            self._tidy()
            return job

    def join(self, key: str, watcher: str) -> None:
        """A watcher waits, too, for a job that is under way."""
        with self._changed:
            job = self._jobs.get(key)
            if job is not None and not job.ended:
                job.watchers.add(watcher)

    def get(self, key: str) -> Job | None:
        """The job of a key, if it is known."""
        with self._changed:
            job = self._jobs.get(key)
            if job is not None and job.ended:
                self._jobs.move_to_end(key)  # those that wait keep their order
            return job

    def position(self, job: Job) -> int:
        """How many jobs are before this one, as it stands: who comes later may have the next turn."""
        with self._changed:
            waiting = self._order(job.quick)
            running = sum(other.state == "running" and other.quick == job.quick for other in self._jobs.values())
            return running + waiting.index(job) if job in waiting else 0

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self._changed:
            states = [job.state for job in self._jobs.values()]
        return {state: states.count(state) for state in ("queued", "running", "done", "cancelled", "failed")}

    def leave(self, watcher: str, key: str | None = None) -> None:
        """A watcher does not want a job any more, or has gone; a job that nobody waits for is cancelled."""
        with self._changed:
            if key is None:
                self._forget_release(watcher)
            left = [job for job in self._jobs.values() if key is None or (key == job.key and not job.ended)]
            unwanted = self._unwanted([job for job in left if watcher in job.watchers], watcher)
        for job in unwanted:
            self._lanes[job.quick].end(job)

    def release(self, watcher: str) -> None:
        """The watcher's connection is lost: it leaves after a while, unless it has another one by then."""
        with self._changed:
            self._forget_release(watcher)
            if any(watcher in job.watchers and not job.ended for job in self._jobs.values()):
                timer = self._released[watcher] = threading.Timer(self.limits.released_keep, self.leave, (watcher,))
                timer.daemon = True
                timer.start()
                return
        self.leave(watcher)

    def welcome(self, watcher: str) -> None:
        """A watcher that was released is there again."""
        with self._changed:
            self._forget_release(watcher)

    def _forget_release(self, watcher: str) -> None:
        timer = self._released.pop(watcher, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Cancel everything and wait until nothing runs; for the end of the server."""
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                self._unwanted([job], *job.watchers)
            self._changed.notify_all()
        for lane in self._lanes.values():
            lane.kill()
        for thread in self._threads:
            thread.join(CLOSE_SECONDS)

    def _unwanted(self, jobs: Iterable[Job], *watchers: str) -> list[Job]:
        """Jobs under way that nobody wants without these watchers; those that wait are over. The lock is held."""
        found = []
        for job in jobs:
            job.watchers.difference_update(watchers)
            if not job.watchers and not job.ended:
                job.stop.set()
                found.append(job)
                if job.state == "queued":
                    job.end("cancelled")
        return found

    def _refuse_too_many(self, watcher: str) -> None:
        if self._closed:
            raise JobRefused("The server is being stopped; try again in a minute.")
        waiting = [job for job in self._jobs.values() if job.state == "queued"]
        own = sum(watcher in job.watchers for job in waiting)
        if own >= self.limits.jobs_per_session:
            raise JobRefused(f"{counted(own, 'computation')} of yours wait already; cancel one or wait until it ends.")
        if len(waiting) >= self.limits.jobs_waiting:
            raise JobRefused(f"{counted(len(waiting), 'computation')} wait already; try again in a while.")

    def _tidy(self) -> None:
        """Forget the ended jobs that nobody has asked for longest; the lock is held."""
        ended = [job for job in self._jobs.values() if job.ended]
        number, size = len(ended), sum(job.size for job in ended)
        for job in ended:
            if number <= self.limits.jobs_kept and size <= self.limits.jobs_kept_bytes:
                return
            del self._jobs[job.key]
            number, size = number - 1, size - job.size

    def _order(self, quick: bool) -> list[Job]:
        """The waiting jobs of a lane in the order of their turns; the lock is held."""
        waiting = [job for job in self._jobs.values() if job.state == "queued" and job.quick == quick]
        begun = sorted((job for job in self._jobs.values() if job.turn), key=lambda job: job.turn)
        turns = {watcher: job.turn for job in begun for watcher in job.begun_for}
        order = list[Job]()
        while waiting:
            job = min(waiting, key=lambda job: min((turns.get(watcher, 0) for watcher in job.watchers), default=0))
            waiting.remove(job)
            order.append(job)
            turns |= dict.fromkeys(job.watchers, self._begun + len(order))
        return order

    def _work(self, lane: Lane) -> None:
        """What the thread of a lane does until the server ends."""
        while True:
            if lane.quick:  # the other process begins with its first job, since its memory is others' until then
                lane.ready()
            job = self._next(lane)
            if job is None:
                lane.child.close()
                return
            lane.ready()
            ended = lane.perform(job)
            with self._changed:
                self._settle(job, ended)
                self._tidy()
                self._changed.notify_all()

    def _next(self, lane: Lane) -> Job | None:
        """Wait for the job whose turn it is; None at the end of the server."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._order(lane.quick))
            if self._closed:
                return None
            job = self._order(lane.quick)[0]
            job.state = "running"
            self._begun += 1
            job.turn, job.begun_for = self._begun, frozenset(job.watchers)
            return job

    def _settle(self, job: Job, ended: Ended) -> None:
        if ended.state == "queued" and not job.stop.is_set():
            job.state, job.quick = "queued", False
            return
        if job.stop.is_set():
            job.end("cancelled")
            return
        job.result, job.size = ended.result, ended.size
        job.end(ended.state, ended.reason)


JOBS = JobBoard(server_limits())
atexit.register(JOBS.close)

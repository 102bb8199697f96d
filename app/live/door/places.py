"""Who has a place in the room and who waits for one, oldest first. Nothing here knows of sockets or pages.

A place is held by an open tab; by a session whose connection was lost and may come back; for a moment by a browser
whose page was closed, since it may be loading it anew; and by a page that was handed out and has not connected yet.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LIVING_SECONDS = 7.0  # a page in line asks every two; who does not ask is passed over and keeps the place in line
FORGOTTEN_SECONDS = 180.0  # a hidden page may ask once a minute


@dataclass
class Promise:
    """A place kept for a browser until a moment; `loose` where it was not seen to keep the name it was given."""

    browser: str | None
    until: float
    loose: bool = False


@dataclass
class Ticket:
    """A place in line, and when its page last asked."""

    browser: str | None
    seen: float


@dataclass
class Seat:
    """The place of an open tab; `close` ends its connection. The session is known as soon as Streamlit names it."""

    browser: str | None
    close: Callable[[], None]
    session: str | None = None
    replaced: bool = False


@dataclass
class Places:
    """The room of at most `most` places, and the line of at most `waiting` tickets; seconds as in the limits."""

    most: float
    waiting: int
    kept: float
    left: float
    promised: float
    seats: list[Seat] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    leaving: list[Promise] = field(default_factory=list)
    lost: dict[str, Promise] = field(default_factory=dict)  # by session
    line: dict[str, Ticket] = field(default_factory=dict)  # oldest first

    def enter(self, browser: str | None, name: str) -> bool:
        """Whether a page may be handed out; a place is then promised to its browser, newly called `name` if unknown."""
        now = self._tidy()
        mine = _of(self.promises, browser)
        if mine is not None:
            mine.until = now + self.promised
            return True
        if not self._returns(browser) and self._free() <= self._living(now):
            return False
        self.promises.append(Promise(browser or name, now + self.promised, loose=browser is None))
        return True

    def queue(self, browser: str | None) -> str:
        """A ticket for the line, a browser's own if it has one; empty where the line is full."""
        now = self._tidy()
        for ticket, one in self.line.items():
            if browser is not None and one.browser == browser:
                return ticket
        if len(self.line) >= self.waiting:
            return ""
        ticket = secrets.token_urlsafe(16)
        self.line[ticket] = Ticket(browser, now)
        return ticket

    def place(self, ticket: str) -> int:
        """The place in line of a ticket, 1 is next; 0 for one that is not known."""
        return self._living(self._tidy(), ticket) + 1 if ticket in self.line else 0

    def ask(self, ticket: str, browser: str | None) -> int:
        """The place in line, 1 is next; 0 for who may come in now, and for a ticket that is not known any more."""
        now = self._tidy()
        if ticket not in self.line:
            return 0
        self.line[ticket].seen = now
        ahead = self._living(now, ticket)
        if not self._returns(browser) and self._free() <= ahead:
            return ahead + 1
        del self.line[ticket]
        self.promises.append(Promise(browser, now + self.promised))
        return 0

    def sit(self, browser: str | None, session: str | None, close: Callable[[], None]) -> Seat | None:
        """The place of a tab that connects, perhaps again in its session; None where there is none for it."""
        now = self._tidy()
        if not self._comes_back(session) and not self._was_promised(browser):
            if self._free() <= self._living(now) and not self._returns(browser):
                return None
        seat = Seat(browser, close, session)
        self.seats.append(seat)
        return seat

    def stand(self, seat: Seat, closed_by_page: bool) -> None:
        """Free the place of a tab whose connection ended; it is kept a while for who may come back."""
        now = self._tidy()
        if seat.replaced:
            return
        self.seats.remove(seat)
        if closed_by_page and seat.browser is not None:
            self.leaving.append(Promise(seat.browser, now + self.left))
        elif not closed_by_page and seat.session is not None:
            self.lost[seat.session] = Promise(seat.browser, now + self.kept)

    def holds(self, session: str) -> bool:
        """Whether a session has a place, connected or lost."""
        self._tidy()
        return session in self.lost or any(seat.session == session for seat in self.seats)

    def _comes_back(self, session: str | None) -> bool:
        """Whether a session had a place, which is taken from whatever held it."""
        if session is None:
            return False
        if self.lost.pop(session, None) is not None:
            return True
        for seat in self.seats:
            if seat.session == session:
                seat.replaced = True
                self.seats.remove(seat)
                seat.close()
                return True
        return False

    def _was_promised(self, browser: str | None) -> bool:
        """Whether a place was promised to a browser, which is used up; who shows no name may have a loose one."""
        mine = _of(self.promises, browser)
        if mine is None and browser is None:
            mine = next((one for one in self.promises if one.loose), None)
        if mine is not None:
            self.promises.remove(mine)
        return mine is not None

    def _returns(self, browser: str | None) -> bool:
        """Whether a browser has just closed a page here, whose place is used up."""
        mine = _of(self.leaving, browser) if browser is not None else None
        if mine is not None:
            self.leaving.remove(mine)
        return mine is not None

    def _free(self) -> float:
        return self.most - len(self.seats) - len(self.lost) - len(self.promises) - len(self.leaving)

    def _living(self, now: float, before: str | None = None) -> int:
        """How many in line still ask; only those before a ticket, if one is given."""
        count = 0
        for ticket, one in self.line.items():
            if ticket == before:
                break
            count += one.seen > now - LIVING_SECONDS
        return count

    def _tidy(self) -> float:
        """The time, after what is over by now has been let go of."""
        now = time.monotonic()
        self.promises = [one for one in self.promises if one.until > now]
        self.leaving = [one for one in self.leaving if one.until > now]
        self.lost = {session: one for session, one in self.lost.items() if one.until > now}
        self.line = {ticket: one for ticket, one in self.line.items() if one.seen > now - FORGOTTEN_SECONDS}
        return now


def _of(promises: list[Promise], browser: str | None) -> Promise | None:
    return next((one for one in promises if one.browser == browser), None)

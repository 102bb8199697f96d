"""A class that votes at a server which is killed again and again: `python -m tests.faults.voters STORE ROUNDS`.

A server is a process of this program's own, with the lab's rooms on the store; four phones in it vote one vote after
the other. What each phone is to say follows from its number, so that the next round repeats under the same key what
nobody acknowledged. Prints as JSON what was acknowledged and what the room has. A process of its own, because it forks.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import threading
import time
from collections import Counter

from app.live.history import History
from app.live.rooms import Rooms
from spncore.store import Store, rooms
from spncore.store.place import place_of
from spncore.store.rows import owner_of
from spncore.studies.classroom.state import Agenda, RoomState, fold

PHONES, QUESTIONS = 4, 60
AGENDA = Agenda("killed", 1, votes={f"q{number}": 4 for number in range(QUESTIONS)})
TEACHER = owner_of("teacher")
AWAY = 0  # the phone that sleeps through all rounds but the first and the last


def said(phone: int, number: int) -> tuple[str, int, str]:
    """The question, the choice and the key of a phone's vote of this number."""
    return f"q{number % QUESTIONS}", (phone + number) % 4, f"{phone:02}-{number:06}"


def serve(where: str, code: str, begin: list[int], acknowledged: int, awake: list[int]) -> None:
    """Phones vote from their numbers on until they are killed; what was acknowledged is said as `phone number;`."""
    server = Rooms(History(lambda: place_of(where)))

    def votes(phone: int) -> None:
        owner, number = owner_of(f"phone {phone}"), begin[phone]
        server.join(code, owner)
        while True:
            question, choice, key = said(phone, number)
            server.act(code, owner, "vote", {"question": question, "choice": choice}, key)
            os.write(acknowledged, f"{phone} {number};".encode())
            number += 1

    threads = [threading.Thread(target=votes, args=(phone,)) for phone in awake]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def killed(where: str, code: str, rounds: int) -> list[tuple[int, int]]:
    """Start a server and kill it at a random moment, so many times; the votes that were acknowledged."""
    votes, begin, moments = list[tuple[int, int]](), [0] * PHONES, random.Random(0)
    for turn in range(rounds):
        awake = [phone for phone in range(PHONES) if phone != AWAY or turn in (0, rounds - 1)]
        reading_end, writing = os.pipe()
        server = os.fork()
        if not server:
            serve(where, code, begin, writing, awake)
            os._exit(1)
        os.close(writing)
        text = b""
        if turn == rounds - 1:  # the phone that slept is back
            while f"{AWAY} ".encode() not in text and (more := os.read(reading_end, 4096)):
                text += more
        elif turn % 4:  # among votes; else also while it opens the store and the phones join
            select.select([reading_end], [], [])
        time.sleep(moments.uniform(0.0, 0.12))
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
        with os.fdopen(reading_end, "rb") as file:
            heard = [each.split() for each in (text + file.read()).decode().split(";")[:-1]]
        votes += [(int(phone), int(number)) for phone, number in heard]
        for phone, number in heard:
            begin[int(phone)] = max(begin[int(phone)], int(number) + 1)
    return votes


def main(where: str, rounds: str) -> None:
    """Do it, and print what became of it."""
    with Store(place_of(where)) as store:
        code = "BCDFG"
        store.write(rooms.open_room, code, TEACHER, AGENDA.settings(), time.time(), time.time() + 86_400).result()
    votes = killed(where, code, int(rounds))
    with Store(place_of(where)) as store:
        events, more = list[rooms.Event](), True
        while more:
            part = store.read(rooms.events_after, code, len(events))
            events, more = events + part, bool(part)
    state = fold(RoomState(AGENDA), events)
    names = {rooms.member_of(code, owner_of(f"phone {phone}")): phone for phone in range(PHONES)}
    kept = Counter(
        (names[event.member], event.payload["question"], event.payload["choice"])
        for event in events
        if event.kind == "vote"
    )
    found = {
        "acknowledged": len(votes),
        "twice_acknowledged": len(votes) - len({*votes}),
        "lost": [vote for vote in votes if not kept[vote[0], *said(*vote)[:2]]],
        "events": len(events),
        "gaps": [event.seq for place, event in enumerate(events, 1) if event.seq != place],
        "votes": sum(kept.values()),
        "expected": sum(count_of(votes, phone, kept_of(events, names, phone)) for phone in range(PHONES)),
        "seats": sorted(place.seat for place in state.members.values()),
        "tallies": sum(sum(state.tally(question)) for question in AGENDA.votes),
        "answered": sum(len(given) for given in state.votes.values()),
    }
    print(json.dumps(found))


def kept_of(events: list[rooms.Event], names: dict[str, int], phone: int) -> int:
    """How many votes of a phone are kept."""
    return sum(event.kind == "vote" and names[event.member] == phone for event in events)


def count_of(votes: list[tuple[int, int]], phone: int, kept: int) -> int:
    """How many votes of a phone there must be: every number that was acknowledged, and perhaps the one after them."""
    last = max((number for of, number in votes if of == phone), default=-1)
    return last + 1 + (kept > last + 1)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A database server that refuses, is not there, cuts connections or restarts: a sentence, or the same write again."""

import socket
import threading
from contextlib import suppress

import pytest

from spncore.store import Store, StoreError, changes, reading
from spncore.store.place import place_of
from spncore.store.reading import Query
from tests.postgres import PASSWORD, SAID
from tests.spncore.store.made import OWNER, finished, key_of, looked_through
from tests.waiting import until

pytestmark = pytest.mark.fault("F11")


def test_a_wrong_password_an_unknown_host_and_a_missing_database_are_said_without_the_password(server, hasty):
    wrong = {
        server.address("postgres", password="hunter2"): "password authentication failed",
        server.address("no_such"): 'database "no_such" does not exist',
        server.address("postgres", host="no-such-host.invalid"): "no-such-host.invalid",
        server.address("postgres", port=free_port()): "refused",
    }
    for address, words in wrong.items():
        with pytest.raises(StoreError) as refused:
            Store(place_of(address), hasty)
        said = str(refused.value)
        assert words in said and said.endswith("; check SPNLAB_STORE, the server and its password") and "\n" not in said
        assert not any(secret in said for secret in ("hunter2", PASSWORD, SAID)) and "***@" in said


def test_without_the_driver_a_sentence_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"PostgreSQL takes psycopg: pip install 'spnlab\[lab\]'$"):
        Store(place_of("postgresql://lab:hunter2@127.0.0.1/lab"))


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Wire:
    """Hands bytes on to a server, and cuts a connection when one of its messages has `COMMIT` in it, so many times.

    That is before the server has it, or after it has answered, which nobody hears.
    """

    def __init__(self, port):
        self.port, self.cuts, self.after, self.met = port, 0, False, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listening.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                near = self.listening.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.port))
                both = threading.Event()
                threading.Thread(target=self._forth, args=(near, far, both), daemon=True).start()
                threading.Thread(target=self._back, args=(near, far, both), daemon=True).start()

    def _forth(self, near, far, deaf):
        with suppress(OSError):
            while data := near.recv(65_536):
                if b"COMMIT" in data and self.cuts:
                    self.cuts, self.met = self.cuts - 1, self.met + 1
                    if self.after:
                        deaf.set()
                        far.sendall(data)
                        continue
                    break
                far.sendall(data)
        self._cut(near, far)

    def _back(self, near, far, deaf):
        with suppress(OSError):
            while data := far.recv(65_536):
                if deaf.is_set():
                    break  # it has answered, so it is committed
                near.sendall(data)
        self._cut(near, far)

    @staticmethod
    def _cut(*ends):
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.mark.parametrize("after", [False, True], ids=["before the server has it", "after the server has made it"])
def test_a_connection_that_is_cut_while_it_commits_loses_nothing_and_doubles_nothing(after, server):
    address = server.database()
    direct, wire = place_of(address), Wire(server.port)
    through = direct._replace(server=direct.server.set(port=wire.own_port))
    try:
        with Store(through) as store:
            store.write(changes.keep, finished(0), OWNER).result()
            wire.after, wire.cuts = after, 2
            hold = threading.Event()
            store.write(lambda connection: hold.wait())
            saved = [store.write(changes.keep, finished(number), OWNER, name=f"run {number}") for number in (1, 2, 3)]
            cells = store.write(changes.put_cells, {"c" * 64: "{}"})
            hold.set()
            numbers = [each.result() for each in saved]
            assert cells.result() is None and wire.met == 2
            found = store.read(reading.entries, Query(OWNER, descending=False))
            assert [entry.id for entry in found][1:] == numbers and len(found) == 4
            assert [entry.name for entry in found] == [None, "run 1", "run 2", "run 3"]
    finally:
        wire.close()
    whole = looked_through(direct)
    assert whole.keys == {*map(key_of, range(4))} and not whole.wrong


def test_a_server_that_ends_every_connection_is_asked_again(server):
    place = place_of(server.database())
    with Store(place) as store:
        for number in range(4):
            store.write(changes.keep, finished(number), OWNER).result()
            server.ask(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place.server.database}'"
            )
        assert store.read(reading.count, Query(OWNER)) == 4
    assert not looked_through(place).wrong


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_restarts_meanwhile_has_all_that_was_said_to_be_saved(how, server):
    place = place_of(server.database())
    with Store(place) as store:
        hold, held = threading.Event(), threading.Event()

        def holding(connection):
            held.set()
            hold.wait()
            return changes.keep(connection, finished(0), OWNER)

        first = store.write(holding)
        held.wait()  # in the middle of a transaction
        server.stop(how)
        waiting = store.write(changes.keep, finished(1), OWNER)
        hold.set()
        with pytest.raises(StoreError, match="^The store of runs cannot be read: .*refused"):
            store.read(reading.count, Query(OWNER))
        assert not first.done() and not waiting.done()
        server.start()
        assert first.result() < waiting.result(), "in their order"
        until(lambda: store.read(reading.count, Query(OWNER)) == 2)
    whole = looked_through(place)
    assert whole.keys == {key_of(0), key_of(1)} and not whole.wrong


def test_a_server_that_does_not_come_back_is_said(server, hasty):
    place = place_of(server.database())
    with Store(place, hasty) as store:
        store.write(changes.keep, finished(0), OWNER).result()
        server.stop()
        try:
            with pytest.raises(StoreError, match=r"^Not saved: .*; the server was not reached, and that for 0\.5 s\.$"):
                store.write(changes.keep, finished(1), OWNER).result()
        finally:
            server.start()
        assert store.write(changes.keep, finished(1), OWNER).result() > 1

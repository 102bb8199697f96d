"""A PostgreSQL server of the tests' own, from the binaries that Debian's `postgresql` has, in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest

USER, PASSWORD = "lab", "a secret: @ and /"
SAID = "a%20secret%3A%20%40%20and%20%2F"  # the password, as it stands in an address
ORDINARY = ("postgres", "nobody")  # users that a server may run as, which refuses to be root's


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest where there are several."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    newest = sorted(found, key=lambda file: [int(part) for part in file.parts[4].split(".")])
    return newest[-1].parent if newest else Path(on_path).parent if on_path else None


class Postgres:
    """A server on a port of 127.0.0.1; `database` makes a new one, `stop` and `start` do what they say."""

    def __init__(self) -> None:
        there = binaries()
        if there is None:
            pytest.skip("there is no PostgreSQL server here (Debian: apt-get install postgresql)")
        self._binaries, self._numbers = there, count()
        self._folder = Path(tempfile.mkdtemp(prefix="spnlab-postgres-"))
        self._as = self._other_user()
        self.port = _free_port()
        (self._folder / "password").write_text(PASSWORD)
        shutil.chown(self._folder / "password", *self._owner)
        made = ("--pgdata", self._data, "--username", USER, "--pwfile", self._folder / "password")
        self._run("initdb", *made, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync")
        self.start()

    def start(self) -> None:
        """Let it serve; it is ready when this returns."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        log = self._folder / "log"
        self._run("pg_ctl", "--pgdata", self._data, "--log", log, "--options", options, "--wait", "start")

    def stop(self, how: str = "fast") -> None:
        """End it: `fast` as an operator does, `immediate` as a power cut."""
        self._run("pg_ctl", "--pgdata", self._data, "--mode", how, "--wait", "stop")

    def close(self) -> None:
        """End it for good."""
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self) -> str:
        """The address of a new database."""
        name = f"lab{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name}")
        return self.address(name)

    def address(self, name: str, password: str = SAID, host: str = "127.0.0.1", port: int | None = None) -> str:
        """Of a database, as the lab is told it."""
        return f"postgresql://{USER}:{password}@{host}:{port or self.port}/{name}"

    def ask(self, query: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """The rows of a query."""
        options = {"host": "127.0.0.1", "port": self.port, "user": USER, "password": PASSWORD}
        with psycopg.connect(dbname=database, autocommit=True, **options) as connection:
            answer = connection.execute(query.encode())
            return answer.fetchall() if answer.description else []

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _owner(self) -> tuple[int, int]:
        made = self._folder.stat()
        return made.st_uid, made.st_gid

    def _other_user(self) -> list[str]:
        """What lets a command be an ordinary user's, where this one is root."""
        if os.getuid():
            return []
        for name in ORDINARY:
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            shutil.chown(self._folder, user.pw_uid, user.pw_gid)
            return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        pytest.skip("there is no user here whose server it could be")

    def _run(self, program: str, *words: str | Path) -> None:
        command = [*self._as, self._binaries / program, *words]
        # a server keeps what it was started with open; its own words are in the log
        done = subprocess.run(command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        log = self._folder / "log"
        assert done.returncode == 0, (program, log.read_text()[-2000:] if log.exists() else "")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port

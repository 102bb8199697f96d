"""A next release, which has one migration more: `python -m tests.spncore.store.more_schema STEP STORE` opens a store as
it would. Without words it makes the file of this release's schema that later ones are tested with."""

import os
import signal
import sys
import time
from pathlib import Path
from unittest import mock

from sqlalchemy import text

from spncore.store import Place, Store, changes, rooms, schema
from spncore.store.place import place_of
from tests.spncore.store.made import OTHER, OWNER, finished

ENDS_AT = 253_402_300_799.0  # the year 9999: the room of the file is there in every later release


def adds(connection):
    """What a migration usually does."""
    connection.execute(text("ALTER TABLE room ADD COLUMN colour TEXT"))


def breaks(connection):
    """Half of it, then a mistake."""
    adds(connection)
    connection.execute(text("DELETE FROM entry"))
    connection.execute(text("UPDATE no_such_table SET x = 1"))


def loses(connection):
    """Rows that others refer to."""
    connection.execute(text("DELETE FROM study"))


def makes_anew(connection):
    """A table with other columns in place of one that others refer to, the way SQLite asks for."""
    connection.execute(text("CREATE TABLE study_next AS SELECT * FROM study"))
    connection.execute(text("DROP TABLE study"))
    schema.study.create(connection)
    names = ", ".join(f'"{column.name}"' for column in schema.study.columns)
    connection.execute(text(f"INSERT INTO study ({names}) SELECT {names} FROM study_next"))
    connection.execute(text("DROP TABLE study_next"))


def is_killed(connection):
    """Half of it, then the process is gone."""
    adds(connection)
    connection.execute(text("DELETE FROM entry"))
    print("begun", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def takes_a_moment(connection):
    """Longer than the others need to come to it."""
    time.sleep(1.0)
    adds(connection)


def install(patch, step=adds):
    """Let this process be of the next release."""
    patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    patch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)


def main(step, where):
    """Open a store as the next release; nothing: as this one."""
    steps = (*schema.MIGRATIONS, globals()[step]) if step != "nothing" else schema.MIGRATIONS
    with mock.patch.multiple(schema, MIGRATIONS=steps, SCHEMA=1 + len(steps)), Store(place_of(where)) as store:
        print("moved" if any("was moved" in notice for notice in store.notices) else "opened")


def make(file):
    """The file that every later release must open."""
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    with mock.patch("time.time", lambda: 1_780_000_000.0), Store(Place(file=file)) as store:
        for number in (1, 2, 3):
            store.write(changes.keep, finished(number), OWNER).result()
        store.write(changes.keep, finished(2), OTHER).result()
        store.write(changes.describe, OWNER, 1, "Überblick", "two\nlines", ["one", "ß"]).result()
        store.write(changes.remove, OWNER, [3]).result()
        store.write(rooms.open_room, "BCDFG", OWNER, {"lesson": "ß"}, time.time(), ENDS_AT).result()
        for member in (OWNER, OTHER):
            store.write(rooms.join, "BCDFG", member).result()
        store.write(rooms.post, "BCDFG", "vote", OTHER, {"question": "q", "choice": 1}, "key").result()
        store.write(changes.put_cells, {"c" * 64: "{}"}).result()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(*sys.argv[1:])
    else:
        make(Path(__file__).with_name("stores") / f"schema-{schema.SCHEMA}.db")

"""Older stores are moved on, in one transaction and by one of those who open them; tables change by migrations only."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from spncore.store import Place, Store, StoreError, changes, reading, rooms, schema
from spncore.store.place import place_of
from spncore.store.reading import Query
from tests import children
from tests.places import ROOT
from tests.spncore.store import more_schema
from tests.spncore.store.made import OTHER, OWNER, bytes_of, finished, key_of, looked_through

STORES = Path(__file__).with_name("stores")
DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}


def definitions(dialect):
    """The tables of this release in a database's own words."""
    made = [CreateTable(table) for table in schema.METADATA.sorted_tables]
    made += [CreateIndex(index) for table in schema.METADATA.sorted_tables for index in sorted(table.indexes, key=str)]
    lines = [str(each.compile(dialect=dialect)).strip().replace("\t", "    ").replace(" \n", "\n") for each in made]
    return "\n\n".join(sorted(lines)) + "\n"


@pytest.mark.fault("F07")
@pytest.mark.parametrize("name", DIALECTS)
def test_the_tables_are_those_of_their_schema_s_number(name):
    """Once a schema was released: add a migration to `MIGRATIONS`, and store the new tables under the new number."""
    stored = STORES / f"schema-{schema.SCHEMA}.{name}.sql"
    if "SPNLAB_RENEW" in os.environ:
        stored.write_text(definitions(DIALECTS[name]), encoding="utf-8")
    assert definitions(DIALECTS[name]) == stored.read_text(encoding="utf-8")


@pytest.mark.fault("F07")
@pytest.mark.parametrize("version", range(1, schema.SCHEMA + 1))
def test_a_file_of_every_earlier_schema_opens_with_all_that_is_in_it(version, tmp_path):
    """Made by `python -m tests.spncore.store.more_schema`; never made anew for a schema that was released."""
    file = shutil.copy(STORES / f"schema-{version}.db", tmp_path / "spnlab.db")
    with Store(Place(file=file)) as store:
        first, second = store.read(reading.entries, Query(OWNER))
        assert [first.study, second.study] == [key_of(2), key_of(1)] and first.settings == finished(2).settings
        assert (second.name, second.note, second.tags) == ("Überblick", "two\nlines", ("one", "ß"))
        [deleted] = store.read(reading.entries, Query(OWNER, deleted=True))
        assert deleted.study == key_of(3) and store.read(reading.count, Query(OTHER)) == 1
        assert store.read(reading.outcomes, ["c" * 64]) == {"c" * 64: "{}"}
    whole = looked_through(Place(file=file))
    assert whole.keys == {*map(key_of, (1, 2, 3))} and not whole.wrong


FIRST = STORES / "schema-1.postgresql.sql"


def first_schema(place, server):
    """A store as the first release left it."""
    if place.file:
        shutil.copy(STORES / "schema-1.db", place.file)
        return
    made = FIRST.read_text(encoding="utf-8").split("\n\n")
    order = ("schema_version", "cell", "room", "study", "result", "trace", "entry")  # each after what it refers to
    tables = [each for name in order for each in made if each.startswith(f"CREATE TABLE {name} ")]
    rest = [each for each in made if each not in tables]
    assert len(tables) == len(order) and all(" INDEX " in each for each in rest)
    rows = ["INSERT INTO schema_version VALUES (1)", "INSERT INTO room VALUES ('room-1', 1, NULL)"]
    server.ask(";".join([*tables, *rest, *rows]), place.server.database)


def described(place):
    """Every table's columns, keys and indices, as the database says."""
    with Store(place) as store:
        return store.read(_described)


def _described(connection):
    found = schema.inspect(connection)
    return {
        table: (
            {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(table)},
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((str(key["constrained_columns"]), key["referred_table"]) for key in found.get_foreign_keys(table)),
            sorted((index["name"], str(index["column_names"])) for index in found.get_indexes(table)),
        )
        for table in sorted(found.get_table_names())
    }


@pytest.mark.fault("F07")
def test_a_store_of_the_first_schema_gets_the_tables_that_a_new_one_has(place, tmp_path, request):
    server = None if place.file else request.getfixturevalue("server")
    first_schema(place, server)
    new = Place(file=tmp_path / "new.db") if place.file else place_of(server.database())
    assert described(place) == described(new)
    assert at(place) == [(schema.SCHEMA,)]
    with Store(place) as store:
        assert store.read(rooms.find, "room-1") is None, "it has nobody who opened it"
        assert store.write(rooms.open_room, "BCDFG", OWNER, {}, 1.0, 1e12).result()
        assert store.write(rooms.join, "BCDFG", OTHER).result() == 1
    if place.file:
        backup = place.file.with_name(f"{place.file.name}.schema-1.backup")
        assert at(Place(file=backup)) == [(1,)], "as it was before"


@pytest.mark.fault("F07")
def test_the_room_of_the_second_schema_s_file_is_there_with_its_events(tmp_path):
    file = shutil.copy(STORES / "schema-2.db", tmp_path / "spnlab.db")
    with Store(Place(file=file)) as store:
        assert store.read(rooms.find, "BCDFG").settings == {"lesson": "ß"}
        kinds = [(event.seq, event.kind, event.member) for event in store.read(rooms.events_after, "BCDFG", 0)]
    assert kinds == [(1, "join", OWNER), (2, "join", OTHER), (3, "vote", OTHER)]


def columns(place):
    with Store(place) as store:
        return store.read(lambda connection: schema.inspect(connection).get_columns("room"))


def at(place):
    """The version that a store says, past the code that looks at it."""
    if place.file:
        with closing(sqlite3.connect(place.file)) as raw:
            return raw.execute("SELECT version FROM schema_version").fetchall()
    with Store(place) as store:
        return [tuple(row) for row in store.read(lambda c: c.execute(text("SELECT version FROM schema_version")).all())]


@pytest.fixture
def old(place):
    """A store of this release with two studies, which becomes an old one when the next is installed."""
    with Store(place) as store:
        for number in (1, 2):
            store.write(changes.keep, finished(number), OWNER).result()
    return place


@pytest.mark.fault("F07")
def test_an_older_store_is_moved_on_and_what_was_in_it_is_there(old, monkeypatch):
    more_schema.install(monkeypatch)
    with Store(old) as store:
        [notice] = store.notices
        assert f"was moved from schema {schema.SCHEMA - 1} to {schema.SCHEMA}" in notice
        assert {entry.study for entry in store.read(reading.entries, Query(OWNER))} == {key_of(1), key_of(2)}
        store.write(changes.keep, finished(3), OWNER).result()
    assert at(old) == [(schema.SCHEMA,)] and "colour" in [column["name"] for column in columns(old)]
    with Store(old) as store:
        assert store.notices == ()
    assert not looked_through(old).wrong


@pytest.mark.fault("F07")
def test_the_copy_from_before_a_migration_is_a_whole_store(tmp_path, monkeypatch):
    file = tmp_path / "spnlab.db"
    with Store(Place(file=file)) as store:
        store.write(changes.keep, finished(1), OWNER).result()
        with monkeypatch.context() as newer:
            more_schema.install(newer)
            Store(Place(file=file)).close()  # while an old server has it open, with its log
    backup = tmp_path / f"spnlab.db.schema-{schema.SCHEMA}.backup"
    assert looked_through(Place(file=backup)).keys == {key_of(1)}
    assert {each.name for each in tmp_path.iterdir()} == {file.name, backup.name}
    with pytest.raises(StoreError, match=f"schema {schema.SCHEMA + 1}, this release knows up to {schema.SCHEMA}"):
        Store(Place(file=file))


@pytest.mark.fault("F06")
def test_a_server_s_database_of_a_newer_release_is_refused_and_left(server):
    place = place_of(server.database())
    with Store(place) as store:
        store.write(lambda connection: connection.execute(text("UPDATE schema_version SET version = 7"))).result()
    with pytest.raises(StoreError, match=f": schema 7, this release knows up to {schema.SCHEMA}; it was left as it is"):
        Store(place)
    assert server.ask("SELECT version FROM schema_version", place.server.database) == [(7,)]


@pytest.mark.fault("F04")
def test_a_server_s_database_with_tables_of_something_else_is_refused_and_left(server):
    place = place_of(server.database())
    server.ask("CREATE TABLE entry (x int)", place.server.database)
    with pytest.raises(StoreError, match="it has a table entry that is not of SPN Lab; name another database"):
        Store(place)
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    assert server.ask(tables, place.server.database) == [("entry",)]


@pytest.mark.fault("F07")
def test_a_migration_that_fails_leaves_the_store_as_it_was(old, monkeypatch):
    with monkeypatch.context() as newer:
        more_schema.install(newer, more_schema.breaks)
        with pytest.raises(StoreError, match="no_such_table"):
            Store(old)
    assert at(old) == [(schema.SCHEMA,)] and looked_through(old).keys == {key_of(1), key_of(2)}


@pytest.mark.fault("F07")
def test_a_migration_that_loses_what_rows_refer_to_is_not_made(tmp_path, monkeypatch):
    place = Place(file=tmp_path / "spnlab.db")
    with Store(place) as store:
        store.write(changes.keep, finished(1), OWNER).result()
    with monkeypatch.context() as newer:
        more_schema.install(newer, more_schema.loses)
        with pytest.raises(StoreError, match="rows of (entry|result) refer to what is not there; it was left as it is"):
            Store(place)
    assert looked_through(place).keys == {key_of(1)} and not looked_through(place).wrong


@pytest.mark.fault("F07")
def test_a_table_that_a_migration_makes_anew_keeps_the_rows_that_refer_to_it(tmp_path, monkeypatch):
    place = Place(file=tmp_path / "spnlab.db")
    with Store(place) as store:
        store.write(changes.keep, finished(1), OWNER).result()
    more_schema.install(monkeypatch, more_schema.makes_anew)
    assert looked_through(place).keys == {key_of(1)} and not looked_through(place).wrong


@pytest.mark.fault("F07")
def test_a_store_that_may_only_be_read_is_not_moved_on_and_named(tmp_path, monkeypatch):
    place = Place(file=tmp_path / "spnlab.db")
    Store(place).close()
    before = bytes_of(tmp_path)
    monkeypatch.setattr("os.access", lambda *_: False)
    with monkeypatch.context() as newer:
        more_schema.install(newer)
        with pytest.raises(StoreError, match="may be read only .* let it be written once, so that it becomes readable"):
            Store(place)
    assert bytes_of(tmp_path) == before


def opening(place, step, **said):
    """A process of a next release that opens a store, with a migration of `more_schema`."""
    where = str(place.file or place.server.render_as_string(hide_password=False))
    command = [sys.executable, "-m", "tests.spncore.store.more_schema", step, where]
    return subprocess.Popen(command, cwd=ROOT, env=children.environment(), stdout=subprocess.PIPE, text=True, **said)


@pytest.mark.fault("F07")
@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_migration_leaves_the_old_store_at_work(old):
    killed = opening(old, "is_killed")
    assert killed.communicate()[0].strip() == "begun" and killed.returncode == -signal.SIGKILL
    with Store(old) as store:
        store.write(changes.keep, finished(3), OWNER).result()
    assert at(old) == [(schema.SCHEMA,)]
    assert looked_through(old).keys == {*map(key_of, (1, 2, 3))} and not looked_through(old).wrong
    assert "colour" not in [column["name"] for column in columns(old)]


@pytest.mark.fault("F08")
@pytest.mark.slow
def test_of_several_servers_that_open_an_old_store_one_moves_it_and_the_others_wait(old):
    said = [each.communicate()[0] for each in [opening(old, "takes_a_moment") for _ in range(4)]]
    assert sorted(said) == ["moved\n", "opened\n", "opened\n", "opened\n"]


@pytest.mark.fault("F08")
@pytest.mark.slow
def test_of_several_servers_that_start_where_there_is_no_store_all_have_one(place):
    said = [each.communicate()[0] for each in [opening(place, "nothing") for _ in range(6)]]
    assert said == ["opened\n"] * 6
    assert at(place) == [(schema.SCHEMA,)]

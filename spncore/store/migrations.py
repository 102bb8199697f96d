"""What leads from one schema of the store to the next, in SQL that SQLite and PostgreSQL share.

Written out and not derived from today's tables: a step that was released does the same in every later release.
"""

from __future__ import annotations

from sqlalchemy import Connection

ROOMS_HAVE_EVENTS = (
    "ALTER TABLE room ADD COLUMN owner VARCHAR(64)",
    "ALTER TABLE room ADD COLUMN settings JSON",
    "ALTER TABLE room ADD COLUMN num_bytes BIGINT DEFAULT '0' NOT NULL",
    """CREATE TABLE room_event (
        room VARCHAR(16) NOT NULL,
        seq INTEGER NOT NULL,
        kind VARCHAR(20) NOT NULL,
        member VARCHAR(64) NOT NULL,
        "key" VARCHAR(64) NOT NULL,
        payload JSON NOT NULL,
        at {double} NOT NULL,
        PRIMARY KEY (room, seq),
        FOREIGN KEY(room) REFERENCES room (code) ON DELETE CASCADE
    )""",
    'CREATE UNIQUE INDEX room_event_once ON room_event (room, member, "key")',
)


def rooms_have_events(connection: Connection) -> None:
    """From schema 1 to 2: a room has an owner, settings, and what happens in it as numbered events."""
    double = "DOUBLE PRECISION" if connection.dialect.name == "postgresql" else "DOUBLE"
    for statement in ROOMS_HAVE_EVENTS:
        connection.exec_driver_sql(statement.format(double=double))

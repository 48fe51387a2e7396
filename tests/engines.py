"""What the engines of the tests' own process do otherwise: they share what they compile and wait for no disk.

SQLAlchemy keeps what it has compiled by engine and, within it, by dialect object. Every test has an engine of its own,
so half of its time went into compiling the same statements anew; in the application they are compiled once.
"""

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

STATEMENTS = 5_000
DIALECTS = (SQLiteDialect_pysqlite, PGDialect_psycopg)
"""Those that the application takes; every engine of a kind is made with the same arguments, on the same server."""
AWAITS_NO_DISK = "PRAGMA synchronous=OFF"
"""A killed process loses nothing by it: only a computer that loses its power would. PostgreSQL is started likewise."""


def hurry() -> None:
    """From here on every engine of this process is one of the tests."""
    kept: dict[type, LRUCache] = {kind: LRUCache(STATEMENTS) for kind in DIALECTS}
    for kind in DIALECTS:
        kind.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign]
        kind.__eq__ = lambda dialect, other: type(dialect) is type(other)  # type: ignore[method-assign]

    @event.listens_for(Engine, "engine_connect")
    def prepare(connection: Connection) -> None:
        connection.engine._compiled_cache = kept[type(connection.dialect)]
        if connection.dialect.name == "sqlite" and AWAITS_NO_DISK not in connection.info:
            connection.connection.cursor().execute(AWAITS_NO_DISK)
            connection.info[AWAITS_NO_DISK] = True

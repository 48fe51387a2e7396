"""Bring the database to the newest schema; many processes may start at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from reporting.settings import settings
from reporting.storage.engine import engine, is_sqlite

_FOLDER = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 7_302_114


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone() -> Iterator[Connection]:
    """A connection, while every other process that wants to migrate waits."""
    if is_sqlite():
        lock = settings().data_dir / "migrate.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with engine().begin() as connection:
                connection.execute(text("BEGIN IMMEDIATE"))
                yield connection
        return
    with engine().connect() as guard:
        guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
        try:
            with engine().begin() as connection:
                yield connection
        finally:
            guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_LOCK})


def _first_rows(connection: Connection) -> None:
    for statement in (
        f"INSERT INTO audit_head (id, sequence, hash) SELECT 1, 0, '{'0' * 64}' "
        "WHERE NOT EXISTS (SELECT 1 FROM audit_head)",
        "INSERT INTO revision (id, value) SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM revision)",
    ):
        connection.execute(text(statement))


def migrate() -> None:
    """Upgrade to the newest schema. Safe to call from several processes at the same time."""
    with _alone() as connection:
        command.upgrade(_config(connection), "head")
        _first_rows(connection)


def to(revision: str) -> None:
    """Go up or down to one revision (for developers and tests)."""
    with _alone() as connection:
        here = MigrationContext.configure(connection).get_current_revision() or ""
        move = command.upgrade if revision > here else command.downgrade
        move(_config(connection), revision)


def make_migration(message: str) -> None:
    """Write a migration from the difference between tables and database (for developers)."""
    with _alone() as connection:
        command.revision(_config(connection), message=message, autogenerate=True)


def differences() -> list[object]:
    """What autogenerate would still change: empty when migrations and tables agree."""
    from alembic.autogenerate import compare_metadata
    from sqlmodel import SQLModel

    import reporting.storage.tables  # noqa: F401

    with engine().connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

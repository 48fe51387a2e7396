"""Bring the database to the newest schema; many processes may start at once."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from reporting.records.engine import engine, is_sqlite, reading
from reporting.records.read_ahead import MIGRATIONS, newest_version
from reporting.records.sealed import kept_keys
from reporting.security.encryption import remember
from reporting.settings import settings

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger("reporting.storage")
_ADVISORY_LOCK = 7_302_114


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone() -> Iterator[Connection]:
    """A connection, while every other process that wants to migrate waits."""
    if is_sqlite():
        lock = settings().data_dir / "migrate.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "w") as handle:
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


def _is_newest() -> bool:
    """Whether the database says that its schema is the newest; its version is written when all else is."""
    try:
        with engine().connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newest_version()
    except DBAPIError:  # no such table yet, or the database cannot be read: the upgrade itself will say so
        return False


def migrate() -> None:
    """Upgrade to the newest schema. Safe to call from several processes at the same time.

    Then the keys are known under which hashes of before were made.
    """
    if not _is_newest():
        _upgrade()
    with reading() as session:
        known = kept_keys(session)
    remember(known if len(known) > 1 else ())


def _upgrade() -> None:
    from alembic import command
    from alembic.runtime.migration import MigrationContext

    with _alone() as connection:
        before = MigrationContext.configure(connection).get_current_revision() or SEALED
        command.upgrade(_config(connection), "head")
        _first_rows(connection)
    if before < SEALED:
        _leave_nothing_behind()


SEALED = "0015"
"""Since this revision everybody's own words are sealed."""
_ONCE_IN_CLEAR = (
    "draft",
    "case_event",
    "triage_case",
    "outbox_message",
    "import_run",
    "erasure_request",
    "signal_event",
    "service_event",
    "content_change",
    "content_withdrawal",
)


def _leave_nothing_behind() -> None:
    """What was written in clear before must not stay in pages that are free, nor in the log of SQLite."""
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            if is_sqlite():
                connection.execute(text("VACUUM"))
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            else:
                connection.execute(text("SET lock_timeout = '10s'"))
                connection.execute(text(f"VACUUM FULL {', '.join(_ONCE_IN_CLEAR)}"))
                connection.execute(text("RESET lock_timeout"))
        except DBAPIError as error:  # another process reads: what is sealed is sealed all the same
            log.warning("old pages were not cleared: run VACUUM FULL by hand", exc_info=error)


def to(revision: str) -> None:
    """Go up or down to one revision (for developers and tests)."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext

    with _alone() as connection:
        here = MigrationContext.configure(connection).get_current_revision() or ""
        move = command.upgrade if revision > here else command.downgrade
        move(_config(connection), revision)


def make_migration(message: str) -> None:
    """Write a migration from the difference between tables and database (for developers)."""
    from alembic import command

    with _alone() as connection:
        command.revision(_config(connection), message=message, autogenerate=True)


def differences() -> list[object]:
    """What autogenerate would still change: empty when migrations and tables agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlmodel import SQLModel

    import reporting.records.tables  # noqa: F401

    with engine().connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

"""One process at a time does the background work. The lock ends with the process, however that ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from reporting.settings import settings
from reporting.storage.engine import engine, is_sqlite

_NUMBER = 7_316_021
"""Any number of our own: PostgreSQL's advisory locks are told apart by it."""


@contextmanager
def leadership() -> Iterator[bool]:
    """Whether this caller leads until the block ends; nobody waits for anybody."""
    with _file_lock() if is_sqlite() else _advisory_lock() as leads:
        yield leads


@contextmanager
def _advisory_lock() -> Iterator[bool]:
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        leads = bool(connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": _NUMBER}).scalar_one())
        try:
            yield leads
        finally:
            if leads:
                connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _NUMBER})


@contextmanager
def _file_lock() -> Iterator[bool]:
    """The embedded database is used by processes of one machine, so a lock on a file beside it will do."""
    import fcntl

    handle = os.open(settings().data_dir / "background.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)

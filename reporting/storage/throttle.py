"""Brakes against guessing: failures per key in a window, then a lock for some minutes."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlmodel import Session, col

from reporting.clock import now
from reporting.errors import TooManyTries
from reporting.storage.engine import is_sqlite, transaction
from reporting.storage.tables import Throttle

LIMIT = 5
WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=15)


def check(session: Session, *keys: str) -> None:
    """Raise TooManyTries while one of the keys is locked."""
    for key in keys:
        row = session.get(Throttle, key)
        if row and row.locked_until and row.locked_until > now():
            raise TooManyTries()


def failed(*keys: str) -> None:
    """Count one failure for each key, in a transaction of its own so that it outlives the refused one."""
    with transaction() as session:
        for key in keys:
            row = _locked_row(session, key)
            if now() - row.window_started_at > WINDOW:
                row.failures, row.window_started_at, row.locked_until = 0, now(), None
            row.failures += 1
            if row.failures >= LIMIT:
                row.locked_until = now() + LOCK
            session.add(row)


def _locked_row(session: Session, key: str) -> Throttle:
    """The row of a key, made if need be; others that count for it wait."""
    insert = insert_on_sqlite if is_sqlite() else insert_on_postgresql
    first = insert(Throttle).values(key=key, failures=0, window_started_at=now())
    session.execute(first.on_conflict_do_nothing())
    return session.get_one(Throttle, key, with_for_update=True)


def forgive(session: Session, *keys: str) -> None:
    """Forget the failures of these keys after a success."""
    session.execute(delete(Throttle).where(col(Throttle.key).in_(keys)))

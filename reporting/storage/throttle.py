"""Brakes against guessing: failures per key in a window, then a lock for some minutes."""

from datetime import timedelta

from sqlmodel import Session

from reporting.clock import now
from reporting.errors import TooManyTries
from reporting.storage.engine import transaction
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
            row = session.get(Throttle, key) or Throttle(key=key)
            if now() - row.window_started_at > WINDOW:
                row.failures, row.window_started_at, row.locked_until = 0, now(), None
            row.failures += 1
            if row.failures >= LIMIT:
                row.locked_until = now() + LOCK
            session.add(row)


def forgive(session: Session, *keys: str) -> None:
    """Forget the failures of these keys after a success."""
    for key in keys:
        row = session.get(Throttle, key)
        if row:
            session.delete(row)

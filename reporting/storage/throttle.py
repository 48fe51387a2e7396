"""Brakes against guessing: failures per key in a window, then a lock for some minutes."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_
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
LONGEST_LOCK = timedelta(days=1)
"""Keys of a single code are locked twice as long each time in a row, up to this: a year of birth has too few values
for the same lock again and again. Accounts and sources are not, or anybody could keep somebody else out for a day."""
_GROWING = ("code:", "unlock:patient:")
_FIXED = ("code:source:",)


def check(session: Session, *keys: str) -> None:
    """Raise TooManyTries while one of the keys is locked."""
    for key in keys:
        row = session.get(Throttle, key, populate_existing=True)
        if row and row.locked_until and row.locked_until > now():
            raise TooManyTries()


def failed(*keys: str) -> None:
    """Count one failure for each key, in a transaction of its own so that it outlives the refused one."""
    with transaction() as session:
        count(session, *keys)


def count(session: Session, *keys: str) -> None:
    """Count one failure for each key in the caller's transaction, which must not be rolled back for it."""
    for key in keys:
        row = _locked_row(session, key)
        if _is_over(row, key):
            row.failures, row.window_started_at, row.locked_until = 0, now(), None
        row.failures += 1
        if row.failures >= LIMIT:
            row.locked_until = now() + _lock(key, row.failures)
        session.add(row)
    session.flush()


def _grows(key: str) -> bool:
    return key.startswith(_GROWING) and not key.startswith(_FIXED)


def _is_over(row: Throttle, key: str) -> bool:
    """Whether earlier failures are forgotten: after the window, for growing locks a day after the last lock."""
    if _grows(key) and row.locked_until is not None:
        return now() - row.locked_until > LONGEST_LOCK
    return now() - row.window_started_at > WINDOW


def _lock(key: str, failures: int) -> timedelta:
    """15 minutes; for a growing key doubled with each further failure after a lock, up to a day."""
    return min(LOCK * 2 ** min(failures - LIMIT, 10), LONGEST_LOCK) if _grows(key) else LOCK


def is_first_in_window(session: Session, key: str) -> bool:
    """Whether this key was not noted in the last window; it is noted now."""
    row = _locked_row(session, key)
    if row.failures and now() - row.window_started_at <= WINDOW:
        return False
    row.failures, row.window_started_at = 1, now()
    session.add(row)
    return True


def was_noted(session: Session, key: str) -> bool:
    """The same without noting it: a look that costs no write."""
    known = session.get(Throttle, key)
    return known is not None and bool(known.failures) and now() - known.window_started_at <= WINDOW


def forget_before(session: Session, moment: datetime) -> int:
    """Drop the rows that slow nobody down any more; returns how many there were."""
    is_free = or_(col(Throttle.locked_until).is_(None), col(Throttle.locked_until) < moment)
    done = session.execute(delete(Throttle).where(col(Throttle.window_started_at) < moment, is_free))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _locked_row(session: Session, key: str) -> Throttle:
    """The row of a key, made if need be; others that count for it wait."""
    insert = insert_on_sqlite if is_sqlite() else insert_on_postgresql
    first = insert(Throttle).values(key=key, failures=0, window_started_at=now())
    session.execute(first.on_conflict_do_nothing())
    return session.get_one(Throttle, key, with_for_update=True, populate_existing=True)


def forgive(session: Session, *keys: str) -> None:
    """Forget the failures of these keys after a success."""
    session.execute(delete(Throttle).where(col(Throttle.key).in_(keys)))

"""The database: one engine per process, a fair queue of writers on SQLite, and one way to begin.

A lock that serves in the order of arrival: SQLite's own polling lets unlucky writers wait for seconds.

One process at a time does the background work. The lock ends with the process, however that ends.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, wraps
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session as Session  # named by whoever is handed one: nobody else imports the library
from sqlmodel import create_engine

from reporting.errors import Deadlocked, StorageBusy, StorageFull
from reporting.settings import settings

MOST_WAITING = 60
"""Writers in the queue; fewer than there are threads, so that whoever reads always finds one."""
PATIENCE_S = 10.0
"""So long a writer waits for its turn before the person is told."""
BUSY_MS = 5_000
"""So long the first of the queue waits for a writer of another process."""


class _Turn(threading.Event):
    is_refused = False


class FairLock:
    """First come, first served, and nobody waits for ever: raises StorageBusy. Not re-entrant."""

    def __init__(self, most_waiting: int = MOST_WAITING, patience_s: float = PATIENCE_S) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[_Turn] = deque()
        self._held = self._is_blocked = False
        self._most_waiting, self._patience_s = most_waiting, patience_s

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            if self._is_blocked or len(self._waiting) >= self._most_waiting:
                raise StorageBusy()
            turn = _Turn()
            self._waiting.append(turn)
        if not turn.wait(self._patience_s):
            with self._guard:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    turn.is_refused = True
        if turn.is_refused:
            raise StorageBusy()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False

    def blocked(self) -> None:
        """Another process writes and does not end: who waits is told, and until somebody gets through nobody waits
        behind the one that tries."""
        with self._guard:
            self._is_blocked = True
            while self._waiting:
                turn = self._waiting.popleft()
                turn.is_refused = True
                turn.set()

    def free(self) -> None:
        """Somebody got through."""
        self._is_blocked = False


_writers = FairLock()
_AFTER_COMMIT = threading.local()
_OPEN = threading.local()
"""The session in which this thread reads until ``one_reading`` ends."""


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=10000",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


_making = threading.Lock()


def engine() -> Engine:
    """The engine of this process, for the database that the settings name."""
    with _making:  # of two first uses at once, one engine would be lost with its connections open
        return _made()


@cache
def _made() -> Engine:
    url = settings().url
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, hide_parameters=True)
    settings().data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _ours_alone(Path(make_url(url).database or ""))
    made = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": 5},
        pool_size=20,
        max_overflow=80,
        hide_parameters=True,
    )
    event.listen(made, "connect", _prepare_sqlite)
    return made


def _ours_alone(file: Path) -> None:
    """Nobody but this account reads the database; SQLite gives what it writes beside it the rights of the file.

    What cannot be made so is said by whoever opens it, in words of its own.
    """
    if file.name:
        with suppress(OSError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            file.chmod(0o600)


def forget_engine() -> None:
    """Close every connection, so that the next use reads the settings again (tests, shutdown)."""
    with _making:
        if _made.cache_info().currsize:
            _made().dispose()
        _made.cache_clear()


def is_sqlite() -> bool:
    """Whether the embedded database is in use."""
    return engine().dialect.name == "sqlite"


_DEADLOCK, _NO_LOCK = ("40P01", "40001"), "55P03"
"""PostgreSQL's states: deadlock or changes that cannot stand in one order; and a lock that was not to be had."""


def _named(error: DBAPIError) -> Exception:
    """The problem that a database error means to a person, or the error itself."""
    words, state = str(error.orig).lower(), getattr(error.orig, "sqlstate", None)
    if state in _DEADLOCK:
        return Deadlocked()
    if state == _NO_LOCK or (state is None and ("is locked" in words or "busy" in words)):
        return StorageBusy()
    if "disk is full" in words or "no space left" in words or "disk i/o error" in words:
        return StorageFull()
    return error


def before_commit(todo: Callable[[], object]) -> None:
    """Have ``todo()`` run as the last of the transaction of this thread, in the order of asking."""
    _AFTER_COMMIT.last.append(todo)


def after_commit(todo: Callable[[], object]) -> None:
    """Have ``todo()`` run once the transaction of this thread is safely committed. What was committed stands, so a
    failure of it is logged and shown by ``/healthz``, and nobody who waits is told that nothing was kept."""
    _AFTER_COMMIT.todo.append(todo)


log = logging.getLogger("reporting.storage")


def _do_after(todos: list[Callable[[], object]]) -> None:
    failed = ""
    for todo in todos:
        try:
            todo()
        except Exception as error:
            log.error("something that hangs on a commit failed", exc_info=error)
            failed = type(error).__name__
    if failed:
        TROUBLES["after_commit"] = failed
    elif todos:
        TROUBLES.pop("after_commit", None)


TROUBLES: dict[str, str] = {}
"""What is wrong beside the database in this process: what, and the kind of error. For ``/healthz``."""
P = ParamSpec("P")
R = TypeVar("R")
TRIES = 4
"""A writer that the database ended for another one's sake begins anew so often, all together."""


def again_when_deadlocked(action: Callable[P, R]) -> Callable[P, R]:
    """The action, done anew from its beginning when the database ended its transaction for the sake of another one.

    Only for an action that is one transaction and depends on nothing but its arguments and the database.
    """

    @wraps(action)
    def done(*given: P.args, **named: P.kwargs) -> R:
        for _ in range(TRIES - 1):
            try:
                return action(*given, **named)
            except Deadlocked:
                log.warning("%s begins anew: two writers waited for each other", action.__name__)
        return action(*given, **named)

    return done


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction that writes: all of it or nothing. On SQLite writers wait in a fair queue.

    On PostgreSQL locks are taken in one order: rows of patients and treatments, the counter of outcomes, and as the
    very last the head of the audit trail (``before_commit``). Whoever takes two in another order can deadlock.
    Raises StorageBusy or StorageFull; everything else passes through after the roll-back.
    """
    _AFTER_COMMIT.todo, _AFTER_COMMIT.last = [], []
    try:
        with _writers if is_sqlite() else _no_lock(), Session(engine(), expire_on_commit=False) as session:
            if is_sqlite():
                _begin_writing(session)
            yield session
            for todo in _AFTER_COMMIT.last:
                todo()
            session.commit()
    except OperationalError as error:
        raise _named(error) from error
    _do_after(_AFTER_COMMIT.todo)


def _begin_writing(session: Session) -> None:
    try:
        session.connection().execute(text("BEGIN IMMEDIATE"))
    except OperationalError as error:
        if isinstance(_named(error), StorageBusy):
            _writers.blocked()
        raise
    _writers.free()


@contextmanager
def reading() -> Iterator[Session]:
    """A session for looking; what it loaded stays usable after it is closed. Within ``one_reading`` always the same."""
    shared: Session | None = getattr(_OPEN, "session", None)
    if shared is not None:
        yield shared
        return
    try:
        with Session(engine(), expire_on_commit=False) as session:
            if is_sqlite():
                session.connection().execute(text("BEGIN"))
            yield session
    except OperationalError as error:
        raise _named(error) from error


@contextmanager
def state_of_now() -> Iterator[Session]:
    """A session of its own that sees one state of the database, newer than anything that was read before."""
    try:
        with Session(engine(), expire_on_commit=False) as session:
            if is_sqlite():
                session.connection().execute(text("BEGIN"))
            else:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session
    except OperationalError as error:
        raise _named(error) from error


@contextmanager
def one_reading() -> Iterator[None]:
    """Until the block ends this thread reads one state of the database, in one transaction for however many parts."""
    if getattr(_OPEN, "session", None) is not None:
        yield
        return
    with reading() as session:
        if not is_sqlite():  # which reads one state anyway
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        _OPEN.session = session
        try:
            yield
        finally:
            _OPEN.session = None


@contextmanager
def _no_lock() -> Iterator[None]:
    yield


def ping() -> None:
    """Read one row of a table; raises what went wrong. (A bare ``SELECT 1`` never opens the file.)"""
    with reading() as session:
        session.connection().execute(text("SELECT value FROM revision")).one()


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

"""Another process holds the embedded database for minutes: whoever reads goes on, whoever writes is told in seconds."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from multiprocessing.connection import Connection

import pytest

from reporting import clock
from reporting.errors import StorageBusy
from reporting.records import engine
from reporting.records.engine import FairLock, ping, transaction
from reporting.records.tables import Patient, SignInSession
from reporting.security.tokens import hash_token
from reporting.settings import settings
from reporting.shell.act_sessions import actor_of
from tests.cast import House, house
from tests.conftest import NOW
from tests.forked import forked

MANY = 60
WAITS_MS = 700


def hold(connection: Connection, path: str) -> None:
    """A process that is not ours: it writes and does not end until it is told to."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection.send("held")
    connection.recv()
    other.execute("ROLLBACK")
    connection.send("free")
    connection.recv()


@pytest.fixture
def clinic(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    assert sqlite_database
    monkeypatch.setattr(engine, "BUSY_MS", WAITS_MS)
    monkeypatch.setattr(engine, "_writers", FairLock())
    engine.forget_engine()
    yield house("A")
    engine.forget_engine()


@pytest.fixture
def other(clinic: House) -> Iterator[Connection]:
    with ExitStack() as stack:
        _, end = stack.enter_context(forked(hold, str(settings().data_dir / "reporting.db")))
        assert end.recv() == "held"
        yield end


def write(clinic: House, said: list[str]) -> None:
    try:
        with transaction() as session:
            session.get_one(Patient, clinic.patient_id).language = "es"
        said.append("kept")
    except StorageBusy as problem:
        said.append(problem.code)


def test_sixty_are_told_in_seconds_and_reading_goes_on(clinic: House, other: Connection) -> None:
    said: list[str] = []
    writers = [threading.Thread(target=write, args=(clinic, said)) for _ in range(MANY)]
    began = time.monotonic()
    for each in writers:
        each.start()
    ping()
    read_after = time.monotonic() - began
    for each in writers:
        each.join(10)
    took = time.monotonic() - began
    assert said == ["storage_busy"] * MANY
    assert read_after < took, "nobody who reads waits for those who write"
    assert took < 3 * WAITS_MS / 1000 + 2, "not one after the other"
    other.send("end")
    assert other.recv() == "free"
    again: list[str] = []
    for _ in range(3):
        write(clinic, again)
    assert again == ["kept"] * 3


def test_while_one_tries_the_others_are_told_at_once() -> None:
    lock = FairLock()
    with lock:
        lock.blocked()
        with pytest.raises(StorageBusy), lock:
            raise AssertionError("nobody waits")
        lock.free()
    with lock:
        pass


def test_the_queue_has_an_end_and_nobody_waits_for_ever() -> None:
    lock = FairLock(most_waiting=0)
    with lock, pytest.raises(StorageBusy), lock:
        raise AssertionError("there is no place")
    lock = FairLock(patience_s=0.01)
    with lock, pytest.raises(StorageBusy), lock:
        raise AssertionError("it was too long")
    with lock:
        pass


def test_who_is_signed_in_goes_on_reading(clinic: House, other: Connection) -> None:
    """That they were seen is written now and then: not while nothing can be written."""
    assert other
    other.send("end")
    assert other.recv() == "free"
    with transaction() as session:
        session.add(
            SignInSession(
                token_hash=hash_token("secret"),
                kind="staff",
                clinic_id=clinic.clinic_id,
                staff_id=clinic.staff["clinician"].id,
                created_at=NOW,
                last_seen_at=NOW,
                expires_at=NOW + timedelta(hours=12),
            )
        )
    with forked(hold, str(settings().data_dir / "reporting.db")) as (_, end), clock.fixed(NOW + timedelta(minutes=10)):
        assert end.recv() == "held"
        assert actor_of("secret").id == clinic.staff["clinician"].id

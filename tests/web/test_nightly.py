"""The nightly look: once a night, in a process of its own, tried again after a failure, ended with the application."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reporting import clock
from reporting.app.background import Nightly
from reporting.records.engine import transaction
from reporting.records.tables import Clinic, SignalRun
from reporting.settings import settings
from tests.web.site import log_lines


@pytest.fixture(autouse=True)
def wanted(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REPORTING_NIGHTLY_SIGNALS", "true")
    settings.cache_clear()
    yield
    settings.cache_clear()


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


def ended(nightly: Nightly) -> None:
    """Wait for the process itself to end, then let it be noted."""
    assert nightly._running is not None
    nightly._running.wait(30)
    nightly.tend()


def looked(at: datetime) -> None:
    with transaction() as session:
        session.add(SignalRun(as_of=at.date(), ran_at=at))


def clinics_in(*zones: str) -> None:
    with transaction() as session:
        for number, zone in enumerate(zones):
            session.add(
                Clinic(
                    code=f"C{number}",
                    name="Demo",
                    timezone=zone,
                    telephone="1",
                    opening_hours={},
                    is_synthetic=True,
                    created_at=clock.now(),
                )
            )


def starts() -> bool:
    """Whether a look begins now; it is ended at once."""
    nightly = Nightly(python("import time; time.sleep(600)"))
    nightly.tend()
    begun = nightly._running is not None
    nightly.stop()
    return begun


@pytest.mark.parametrize(
    "zones",
    [("America/Los_Angeles",), ("Europe/Madrid",), ("Pacific/Auckland",), ("America/Los_Angeles", "Europe/Madrid")],
)
def test_it_starts_while_the_clinic_sleeps_and_never_while_it_works(sqlite_database: str, zones: tuple[str]) -> None:
    begin = datetime(2026, 3, 10, tzinfo=UTC)
    clinics_in(*zones)
    looked(begin - timedelta(minutes=1))
    begun = []
    for hour in range(48):
        moment = begin + timedelta(hours=hour)
        with clock.fixed(moment):
            if starts():
                looked(moment)
                begun.append(moment)
    assert [moment - begun[0] for moment in begun[:2]] == [timedelta(), timedelta(days=1)]
    hours = {moment.astimezone(ZoneInfo(zone)).hour for moment in begun for zone in zones}
    assert hours <= ({2} if len(zones) == 1 else {20, 21, 22, 23, 5, 6, 7})


def test_it_starts_when_nobody_has_looked_today(sqlite_database: str, stopped_clock: datetime) -> None:
    looked(stopped_clock - timedelta(days=1))
    nightly = Nightly(python("print('looked')"))
    nightly.tend()
    ended(nightly)
    assert nightly._running is None


def test_it_does_not_look_twice_a_day(sqlite_database: str, stopped_clock: datetime) -> None:
    looked(stopped_clock - timedelta(hours=1))
    nightly = Nightly(python("print('looked')"))
    nightly.tend()
    assert nightly._running is None


def test_a_failure_is_logged_and_tried_again(application: None, sqlite_database: str, stopped_clock: datetime) -> None:
    nightly = Nightly(python("import sys; print('no room'); sys.exit(3)"))
    with log_lines() as lines:
        nightly.tend()
        ended(nightly)
    assert any("no room" in line and "ERROR" in line for line in lines)
    nightly.tend()
    assert nightly._running is not None
    nightly.stop()


def test_stopping_ends_the_look(sqlite_database: str, stopped_clock: datetime) -> None:
    nightly = Nightly(python("import time; time.sleep(600)"))
    nightly.tend()
    process = nightly._running
    assert process is not None
    began = time.monotonic()
    nightly.stop()
    assert process.poll() is not None
    assert time.monotonic() - began < 60

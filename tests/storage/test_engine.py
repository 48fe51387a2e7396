"""Writers queue fairly, transactions are whole, settings refuse what is unsafe."""

import threading

import pytest
from sqlalchemy.exc import IntegrityError

from reporting.errors import UnsafeSettings
from reporting.records.engine import FairLock, engine, forget_engine, is_sqlite, transaction
from reporting.records.migrate import migrate
from reporting.records.tables import Patient, TreatedArea
from reporting.settings import settings
from tests.cast import house


def test_the_queue_serves_in_the_order_of_arrival() -> None:
    lock, order, arrived = FairLock(), [], []
    with lock:
        threads = []
        for number in range(5):
            ready = threading.Event()

            def wait(number: int = number, ready: threading.Event = ready) -> None:
                ready.set()
                with lock:
                    order.append(number)

            thread = threading.Thread(target=wait)
            threads.append(thread)
            thread.start()
            ready.wait()
            while len(lock._waiting) <= number:
                threading.Event().wait(0.001)
            arrived.append(number)
    for thread in threads:
        thread.join()
    assert order == arrived


def test_the_embedded_database_is_durable(sqlite_database: str) -> None:
    """As the application opens it; the other tests wait for no disk (``tests/engines.py``)."""
    connection = engine().raw_connection()
    for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        assert connection.cursor().execute(f"PRAGMA {name}").fetchone()[0] == value, name
    connection.close()
    assert is_sqlite()


@pytest.mark.parametrize("before", [None, 0o644], ids=["new", "of an earlier version"])
def test_nobody_else_on_the_machine_reads_the_embedded_database(sqlite_database: str, before: int | None) -> None:
    file = settings().data_dir / "reporting.db"
    forget_engine()
    if before is None:
        for each in settings().data_dir.glob("reporting.db*"):
            each.unlink()
    else:
        file.chmod(before)
    migrate()
    house("A")
    written = {each.name: each.stat().st_mode & 0o777 for each in settings().data_dir.iterdir() if each.is_file()}
    assert {"reporting.db", "reporting.db-wal"} <= written.keys()
    assert set(written.values()) == {0o600}, written


@pytest.mark.parametrize("values", [{"fitzpatrick": 7}, {"fitzpatrick": 0}, {"year_of_birth": 1800}])
def test_the_database_itself_refuses_impossible_patients(database: str, values: dict[str, int]) -> None:
    clinic = house("A")
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(Patient(clinic_id=clinic.clinic_id, reference="P-2", **values))


@pytest.mark.parametrize("values", [{"fluence_j_cm2": -1}, {"density_pct": 130}, {"passes": 0}])
def test_the_database_itself_refuses_impossible_settings(database: str, values: dict[str, float]) -> None:
    clinic = house("A")
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(TreatedArea(treatment_id=clinic.treatment_id, clinic_id=clinic.clinic_id, area="neck", **values))


def test_a_child_needs_its_parent(database: str) -> None:
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(Patient(clinic_id=4711, reference="P-2"))


def test_the_same_patient_number_twice_in_a_clinic_is_refused(database: str) -> None:
    clinic = house("A")
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(Patient(clinic_id=clinic.clinic_id, reference="P-0001"))


def test_production_refuses_to_start_without_a_key(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTING_ENVIRONMENT", "production")
    settings.cache_clear()
    with pytest.raises(UnsafeSettings, match="REPORTING_ENCRYPTION_KEY"):
        settings()
    monkeypatch.setenv("REPORTING_ENVIRONMENT", "local")
    settings.cache_clear()

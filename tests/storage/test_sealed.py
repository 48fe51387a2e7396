"""What people wrote is unreadable in the database, also what was there before, and whoever has the key reads it."""

from datetime import date
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from reporting import clock
from reporting.errors import UnsafeSettings
from reporting.records import migrate
from reporting.records.engine import engine, is_sqlite, reading, transaction
from reporting.records.sealed import places
from reporting.records.tables import (
    CaseEvent,
    CheckIn,
    ContentChange,
    ContentWithdrawal,
    Device,
    Draft,
    ErasureRequest,
    ImportRun,
    OutboxMessage,
    ServiceEvent,
    Signal,
    SignalEvent,
    TriageCase,
    id_of,
)
from reporting.security.encryption import decrypt, encrypt
from reporting.settings import settings
from tests.cast import House, house

WORDS = "Zwölf Quittengläser für Frau O’Brian"
BEFORE = "0014"


def written(about: House) -> list[tuple[SQLModel, str, Any]]:
    """A row of every kind that holds somebody's words, with the column and what is in it."""
    of: Any = {"clinic_id": about.clinic_id}
    whose: Any = of | {"patient_id": about.patient_id, "treatment_id": about.treatment_id}
    day, now = date(2026, 3, 1), clock.now()
    report = CheckIn(**whose, scheduled_day=3, due_on=day)
    case = TriageCase(**whose, check_in_id=0, level="one_day", due_at=now, complication_term=WORDS, state="closed")
    device = Device(**of, code="D-1", device_class="pdl")
    signal = Signal(
        **of,
        code="s",
        kind="outcome",
        unit_type="device",
        unit_id="1",
        symptom="burning",
        first_flagged_on=day,
        last_seen_on=day,
    )
    with transaction() as session:
        session.add_all([report, device, signal])
        session.flush()
        case.check_in_id = id_of(report)
        session.add(case)
        session.flush()
        rows: list[tuple[SQLModel, str, Any]] = [
            (case, "complication_term", WORDS),
            (CaseEvent(**of, case_id=case.id, kind="note", note=WORDS), "note", WORDS),
            (
                CaseEvent(**of, case_id=case.id, kind="outcome", details={"term": WORDS, "grade": 2}),
                "details",
                {"term": WORDS, "grade": 2},
            ),
            (Draft(**whose, answers={"note": WORDS}, submission_key="k"), "answers", {"note": WORDS}),
            (ErasureRequest(**of, patient_id=about.patient_id, reason=WORDS), "reason", WORDS),
            (ServiceEvent(**of, device_id=device.id, happened_on=day, kind="repair", note=WORDS), "note", WORDS),
            (ContentChange(**of, content_table="t", row_key="r", from_day=day, reason=WORDS), "reason", WORDS),
            (ContentWithdrawal(version="9.9.9", reason=WORDS), "reason", WORDS),
            (SignalEvent(**of, signal_id=signal.id, kind="note", note=WORDS), "note", WORDS),
            (
                OutboxMessage(
                    **of,
                    channel="email",
                    kind="report",
                    idempotency_key="o",
                    next_attempt_at=now,
                    payload={"body": WORDS, "to_encrypted": encrypt("dana@example.org")},
                    status="cancelled",
                ),
                "payload",
                None,
            ),
            (
                ImportRun(
                    **of,
                    kind="devices",
                    file_name=WORDS,
                    file_sha256="0",
                    rows_read=1,
                    rows_imported=0,
                    rows_unchanged=0,
                    rows_refused=1,
                    details={"header": [WORDS]},
                ),
                "file_name",
                WORDS,
            ),
        ]
        session.add_all([row for row, _, _ in rows])
    return rows


def dumped() -> str:
    """Every cell of every table as the database has it."""
    with engine().connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in inspect(connection).get_table_names()
            for row in connection.execute(text(f'SELECT * FROM "{table}"'))
        )


def read_again(rows: list[tuple[SQLModel, str, Any]]) -> None:
    with reading() as session:
        for row, column, value in rows:
            found = getattr(session.get_one(type(row), row.id), column)  # type: ignore[attr-defined]
            assert value is None or found == value


def in_files() -> str:
    found = [path for path in settings().data_dir.iterdir() if path.name.startswith("reporting.db")]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in found)


def test_words_are_nowhere_in_the_database_and_come_back(database: str) -> None:
    rows = written(house("A"))
    assert not any(part in dumped() for part in ("Quittengl", "O’Brian", r"O\u2019Brian", "dana@example"))
    read_again(rows)
    if database == "sqlite":
        assert "Quittengl" not in in_files()
    with reading() as session:
        payload = session.get_one(OutboxMessage, rows[9][0].id).payload  # type: ignore[attr-defined]
        assert (payload["body"], decrypt(payload["to_encrypted"])) == (WORDS, "dana@example.org")


def test_words_of_before_are_sealed_and_can_be_had_back(new_database: str) -> None:
    rows = written(house("A"))
    migrate.to(BEFORE)
    clear = dumped()
    assert clear.count("Quittengl") == len(rows) + 1, "an import has two columns of words"
    migrate.migrate()
    assert not any(part in dumped() for part in ("Quittengl", "O’Brian", r"O\u2019Brian"))
    read_again(rows)
    if is_sqlite():
        assert "Quittengl" not in in_files(), "not in pages that are free, nor in the log"
    assert new_database in ("sqlite", "postgresql")


def test_nothing_is_sealed_with_a_key_that_opens_nothing(new_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    about = house("A")
    written(about)
    with transaction() as session:
        session.connection().execute(text("UPDATE patient SET name_encrypted = :name"), {"name": encrypt("Dana")})
    migrate.to(BEFORE)
    monkeypatch.setenv("REPORTING_ENCRYPTION_KEY", Fernet.generate_key().decode())
    settings.cache_clear()
    with pytest.raises(UnsafeSettings, match="not the one"):
        migrate.migrate()
    monkeypatch.undo()
    settings.cache_clear()
    assert "Quittengl" in dumped(), "nothing was changed"
    assert new_database in ("sqlite", "postgresql")


def test_every_sealed_column_is_one_of_a_table_with_one_number() -> None:
    """So that they can be gone through in batches."""
    assert {tuple(place.table.primary_key.columns.keys()) for place in places()} == {("id",)}

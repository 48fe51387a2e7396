"""A network of synthetic clinics of any size: the demo clinic's history, copied inside the database.

Copies go from table to table without passing through Python, so that ten million check-ins take minutes. Outcome
rows are copied with their check-ins, so they stay what those say.
"""

import os
import time
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import make_url

from reporting import clock
from reporting.demo.fill import fill
from reporting.domain.course import due_days
from reporting.records import engine as storage
from reporting.records.columns import add_rows
from reporting.records.engine import transaction
from reporting.records.migrate import migrate
from reporting.records.outcomes import recompute
from reporting.records.tables import CheckIn
from reporting.settings import settings

TEMPLATE = 2_400
STEP = {"patient": 10_000, "treatment": 10_000, "treated_area": 20_000, "check_in": 100_000, "unit": 100}
"""Ids of a copy are so far from those of the one before."""
BIG = ("patient", "treatment", "treated_area", "check_in", "outcome", "triage_case", "case_event", "audit_event")
HISTORY = "SELECT id FROM treatment WHERE reference NOT LIKE 'DEMO-NOW-%' AND source = 'demo'"


def use(folder: Path, url: str) -> None:
    """Make this process work on that database."""
    storage.forget_engine()
    os.environ |= {"REPORTING_DATA_DIR": str(folder), "REPORTING_DATABASE_URL": url, "REPORTING_DEMO": "0"}
    settings.cache_clear()


def make(folder: Path, url: str, treatments: int, clinics: int) -> str:
    """Fill an empty database; says in words what is in it. One that was filled before is taken as it is."""
    use(folder, url)
    migrate()
    begun = time.perf_counter()
    if not _count("treatment"):
        fill(TEMPLATE)
        if treatments > TEMPLATE:
            _silences()
            storage.forget_engine()
            _multiply(url or f"sqlite:///{folder / 'reporting.db'}", -(-treatments // TEMPLATE) - 1, clinics)
    return (
        f"{_count('treatment'):,} treatments, {_count('check_in'):,} check-ins, {_count('clinic')} clinics "
        f"({time.perf_counter() - begun:.0f} s to fill)"
    )


def _count(table: str) -> int:
    with transaction() as session:
        return int(session.connection().execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one())


def _silences() -> None:
    """Rows for the scheduled days that nobody answered, as a log brings them."""
    with transaction() as session:
        rows = (
            session.connection()
            .execute(
                text(
                    "SELECT id, clinic_id, patient_id, performed_on, procedure_class FROM treatment "
                    f"WHERE id IN ({HISTORY})"
                )
            )
            .all()
        )
        answered = {
            tuple(row) for row in session.connection().execute(text("SELECT treatment_id, scheduled_day FROM check_in"))
        }
        add_rows(
            session,
            CheckIn,
            [
                {
                    "clinic_id": row.clinic_id,
                    "patient_id": row.patient_id,
                    "treatment_id": row.id,
                    "scheduled_day": day,
                    "due_on": date.fromisoformat(str(row.performed_on)) + timedelta(days=day),
                    "answered_at": None,
                    "areas": {},
                    "follow_up": {},
                    "source": "demo",
                    "created_at": clock.now(),
                }
                for row in rows
                for day in due_days(row.procedure_class)
                if (row.id, day) not in answered
            ],
        )
        recompute(session, [row.id for row in rows])


def _multiply(url: str, copies: int, clinics: int) -> None:
    engine = create_engine(make_url(url))
    lite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        for statement in (
            ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-400000")
            if lite
            else ("SET session_replication_role = replica",)
        ):
            connection.execute(text(statement))
        rebuild = _drop_indexes(connection, lite)
        _clinics(connection, clinics)
        for table in BIG[:5]:
            _copy(connection, table, copies, clinics)
        _cases(connection)
        _trails(connection, lite)
        for statement in rebuild:
            connection.execute(text(statement))
        if not lite:
            for table in ("clinic", "operator", "device", *BIG[:4], "triage_case", "case_event"):
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")
                )
        connection.commit()
        connection.execute(text("ANALYZE"))
        connection.commit()
        if lite:
            connection.execute(text("PRAGMA journal_mode=WAL"))
    engine.dispose()


def _drop_indexes(connection: Connection, lite: bool) -> list[str]:
    """Drop the plain indexes of the big tables; returns the statements that make them again."""
    named = ", ".join(f"'{table}'" for table in BIG)
    found = connection.execute(
        text(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({named})"
            if lite
            else f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({named}) AND indexname LIKE 'ix_%'"
        )
    ).all()
    for name, _ in found:
        connection.execute(text(f"DROP INDEX {name}"))
    return [sql for _, sql in found]


def _columns(connection: Connection, table: str) -> list[str]:
    return [column["name"] for column in inspect(connection).get_columns(table)]


def _clinics(connection: Connection, clinics: int) -> None:
    """Further clinics with the operators and devices of the first; nobody signs in to them."""
    for table in ("clinic", "operator", "device"):
        step = 1 if table == "clinic" else STEP["unit"]
        moved = {"id": f"t.id + k * {step}", "clinic_id": "t.clinic_id + k"}
        if table == "clinic":
            moved |= {"code": "t.code || k", "name": "t.name || ' ' || k"}
        _insert(connection, table, moved, clinics - 1)


def _copy(connection: Connection, table: str, copies: int, clinics: int) -> None:
    """Copies 1 to ``copies`` of a table's history, dealt to the clinics in turn."""
    turn = f"(k % {clinics})"
    moved = {
        "clinic_id": f"t.clinic_id + {turn}",
        "patient_id": f"t.patient_id + k * {STEP['patient']}",
        "treatment_id": f"t.treatment_id + k * {STEP['treatment']}",
        "reference": "t.reference || '-' || k",
        "treated_area_id": f"t.treated_area_id + k * {STEP['treated_area']}",
        "operator_id": f"t.operator_id + {turn} * {STEP['unit']}",
        "device_id": f"t.device_id + {turn} * {STEP['unit']}",
        "submission_key": "NULL",
        "phone_hash": "NULL",
    }
    if table in STEP:
        moved["id"] = f"t.id + k * {STEP[table]}"
    own = {"patient": "t.id IN (SELECT patient_id FROM treatment)", "treatment": f"t.id IN ({HISTORY})"}
    where = own.get(table, f"t.treatment_id IN ({HISTORY})")
    _insert(connection, table, moved, copies, where)


def _insert(connection: Connection, table: str, moved: dict[str, str], copies: int, where: str = "1 = 1") -> None:
    names = _columns(connection, table)
    chosen = ", ".join(moved.get(name, f"t.{name}") for name in names)
    connection.execute(
        text(f"""
        INSERT INTO {table} ({", ".join(names)})
        WITH RECURSIVE copies(k) AS (SELECT 1 WHERE {copies} > 0 UNION ALL SELECT k + 1 FROM copies WHERE k < {copies})
        SELECT {chosen} FROM copies CROSS JOIN (SELECT * FROM {table} t WHERE {where}) t
    """)
    )


def _cases(connection: Connection) -> None:
    """A case for every copied answer with a severe symptom; those of the last two weeks are open."""
    recent = f"c.answered_at > '{clock.now() - timedelta(days=14):%Y-%m-%d %H:%M:%S}'"
    severe = " OR ".join(f"c.{name} >= 3" for name in ("burning", "bumps", "swelling", "hyperpigmentation"))
    connection.execute(
        text(f"""
        INSERT INTO triage_case (clinic_id, patient_id, treatment_id, check_in_id, level, rules, reasons, state,
            opened_at, due_at, acknowledged_at, action_taken, confirmation, closed_at, escalations, version)
        SELECT c.clinic_id, c.patient_id, c.treatment_id, c.id, e.level, e.rules, e.reasons,
            CASE WHEN {recent} THEN 'new' ELSE 'closed' END, c.answered_at, c.answered_at,
            CASE WHEN {recent} THEN NULL ELSE c.answered_at END, CASE WHEN {recent} THEN NULL ELSE 'call' END,
            CASE WHEN {recent} THEN NULL ELSE 'confirmed' END, CASE WHEN {recent} THEN NULL ELSE c.answered_at END, 0, 1
        FROM check_in c CROSS JOIN (SELECT level, rules, reasons FROM triage_case ORDER BY id LIMIT 1) e
        WHERE c.answered_at IS NOT NULL AND c.id > {STEP["check_in"]} AND ({severe})
    """)
    )


def _trails(connection: Connection, lite: bool) -> None:
    """What was done about the copied cases, and over a million rows of the audit trail, whose hashes are none."""
    json = "TEXT" if lite else "JSON"
    report = f"""CAST('{{"check_in": ' || check_in_id || ', "rules": ' || CAST(rules AS TEXT) || '}}' AS {json})"""
    nothing = f"CAST('{{}}' AS {json})"
    for kind, details in (("opened", report), ("acknowledged", nothing), ("closed", nothing)):
        connection.execute(
            text(f"""
            INSERT INTO case_event (clinic_id, case_id, at, kind, note, details)
            SELECT clinic_id, id, {kind}_at, '{kind}', '', {details} FROM triage_case
            WHERE check_in_id > {STEP["check_in"]} AND {kind}_at IS NOT NULL ORDER BY {kind}_at
        """)
        )
    connection.execute(
        text(f"""
        INSERT INTO audit_event (sequence, at, clinic_id, actor_kind, actor_id, actor_label, action, record_kind,
            record_id, details, previous_hash, hash)
        SELECT h.sequence + ROW_NUMBER() OVER (ORDER BY c.answered_at, c.id), c.answered_at, c.clinic_id, 'patient',
            c.patient_id, 'patient', 'check_in.submitted', 'check_in', CAST(c.id AS TEXT), {nothing}, h.hash, h.hash
        FROM check_in c CROSS JOIN audit_head h
        WHERE c.answered_at IS NOT NULL AND c.id > {STEP["check_in"]} AND c.id % 6 = 0
    """)
    )
    connection.execute(text("UPDATE audit_head SET sequence = (SELECT MAX(sequence) FROM audit_event)"))

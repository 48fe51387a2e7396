"""The schema: migrations match the tables, and two first starts do not race."""

from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from reporting.domain.corrections import answers_of
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records import check_ins, migrate, outcomes
from reporting.records.engine import reading, transaction
from reporting.records.judged import is_unexpected
from reporting.records.tables import CheckIn, Clinic, Patient, Treatment
from tests.forked import forked


def start(connection: Connection) -> None:
    connection.recv()
    migrate.migrate()
    connection.send("up")


def test_migrations_and_tables_agree(database: str) -> None:
    assert migrate.differences() == []


def test_migrating_again_changes_nothing(database: str) -> None:
    migrate.migrate()
    with reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM audit_head")).scalar() == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_first_starts_at_the_same_time_all_come_up(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environment = {"REPORTING_DATA_DIR": str(tmp_path), "REPORTING_DATABASE_URL": ""}
    if kind == "postgresql":
        address = request.getfixturevalue("postgres_cluster")
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("CREATE DATABASE first_start")
        environment["REPORTING_DATABASE_URL"] = address.replace("/postgres", "/first_start")
    with ExitStack() as started:
        starts = [started.enter_context(forked(start, **environment))[1] for _ in range(3)]
        for each in starts:
            each.send("go")
        assert [each.recv() for each in starts] == ["up"] * 3


ROWS_OF_THE_FIRST_SCHEMA = (
    "INSERT INTO clinic (id, code, name, timezone, telephone, emergency_telephone, opening_hours, is_synthetic,"
    " created_at) VALUES (1, 'A', 'Clinic A', 'UTC', '', '112', '{}', false, '2026-01-01 00:00:00')",
    "INSERT INTO patient (id, clinic_id, reference, language, timezone, created_at)"
    " VALUES (1, 1, 'P-1', 'en', '', '2026-01-01 00:00:00')",
    "INSERT INTO treatment (id, clinic_id, patient_id, reference, performed_on, procedure_class, source, created_at)"
    " VALUES (1, 1, 1, 'T-1', '2026-01-01', 'ablative_fractional', 'form', '2026-01-01 00:00:00')",
    "INSERT INTO check_in (id, clinic_id, patient_id, treatment_id, scheduled_day, due_on, areas, follow_up, worried,"
    " judged_by_source, source, replaced_reason, created_at) VALUES (1, 1, 1, 1, 3, '2026-01-04', '{}', '{}', false,"
    " false, 'patient', '', '2026-01-04 00:00:00')",
)


FINER = {
    ("ablative", "full_field_ablative_co2", "cheeks", "wrinkles"): "full_field_ablative",
    ("ablative", "frac_ablative_co2", "cheeks", "wrinkles"): "ablative",
    ("other", "full_field_ablative_co2", "cheeks", "wrinkles"): "other",
    ("nonablative_fractional", "frac_nonablative_1927", "cheeks", "melasma"): "nonablative_fractional_1927",
    ("qs_pico", "picosecond", "hands", "tattoo"): "tattoo",
    ("qs_pico", "picosecond", "hands", "pigment"): "qs_pico",
    ("hair_removal", "nd_yag_long_pulse", "thighs", "vascular"): "leg_vein",
    ("hair_removal", "nd_yag_long_pulse", "nose", "vascular"): "vascular",
    ("hair_removal", "nd_yag_long_pulse", "thighs", "hair_removal"): "hair_removal",
    ("vascular", "pdl", "lower_legs", "vascular"): "leg_vein",
}
"""Class, device class, area and indication before the finer classes, and the class since."""


def test_treatments_get_the_class_that_device_and_indication_tell(new_database: str) -> None:
    migrate.to("0003")
    with transaction() as session:
        run = session.connection().exec_driver_sql
        run(ROWS_OF_THE_FIRST_SCHEMA[0])
        run(ROWS_OF_THE_FIRST_SCHEMA[1])
        for key, (before, device_class, area, indication) in enumerate(FINER, start=1):
            run(
                "INSERT INTO device (id, clinic_id, code, device_class, manufacturer, model, serial, handpiece,"
                f" is_active) VALUES ({key}, 1, 'D{key}', '{device_class}', '', '', '', '', true)"
            )
            run(
                "INSERT INTO treatment (id, clinic_id, patient_id, reference, performed_on, device_id, procedure_class,"
                f" source, created_at) VALUES ({key}, 1, 1, 'T-{key}', '2026-01-01', {key}, '{before}', 'form',"
                " '2026-01-01 00:00:00')"
            )
            run(
                "INSERT INTO treated_area (treatment_id, clinic_id, area, pass_group, indication, outside_typical)"
                f" VALUES ({key}, 1, '{area}', 1, '{indication}', '[]')"
            )
    migrate.migrate()
    with reading() as session:
        found = session.execute(select(Treatment).order_by(Treatment.id)).scalars()
        assert [row.procedure_class for row in found] == list(FINER.values())
    migrate.to("0003")
    with reading() as session:
        found = session.connection().exec_driver_sql("SELECT procedure_class FROM treatment ORDER BY id").scalars()
        assert set(found) == {"ablative", "other", "nonablative_fractional", "qs_pico", "hair_removal", "vascular"}


def test_what_was_known_of_a_patient_goes_to_the_treatments_and_back(new_database: str) -> None:
    migrate.to("0004")
    with transaction() as session:
        run = session.connection().exec_driver_sql
        for statement in ROWS_OF_THE_FIRST_SCHEMA[:3]:
            run(statement)
        run("UPDATE patient SET is_tanned = true, keloid_history = false, isotretinoin_months_ago = 4")
    migrate.migrate()
    with reading() as session:
        treatment = session.get(Treatment, 1)
        assert treatment is not None
        assert (treatment.is_tanned, treatment.keloid_history, treatment.herpes_history) == (True, False, None)
        assert (treatment.isotretinoin_months_ago, treatment.is_pregnant) == (4, None)
    migrate.to("0004")
    with reading() as session:
        [row] = session.connection().exec_driver_sql(
            "SELECT is_tanned, keloid_history, herpes_history, isotretinoin_months_ago FROM patient"
        )
        assert tuple(row) == (True, False, None, 4)


def test_answers_from_before_now_was_asked_apart_keep_their_meaning(new_database: str) -> None:
    """After ablative treatment burning 3 is more than expected on day 3, but not on the days before."""
    migrate.to("0005")
    with transaction() as session:
        run = session.connection().exec_driver_sql
        for statement in ROWS_OF_THE_FIRST_SCHEMA:
            run(statement.replace("ablative_fractional", "ablative"))
        run(
            "UPDATE check_in SET answered_at = '2026-01-04 09:00:00', recovery_day = 3, can_wait = true, burning = 3,"
            " bumps = 0, swelling = 0, infection = 0, scarring = 0, hyperpigmentation = 0"
        )
    migrate.migrate()
    with transaction() as session:
        outcomes.recompute(session, [1])
        row, about = session.get_one(CheckIn, 1), check_ins.subject(session, 1)
        assert about is not None
        assert [getattr(row, f"now_{symptom}") for symptom in SYMPTOMS] == [None] * len(SYMPTOMS)
        assert (check_ins.now_of(row), check_ins.worst_of(row)["burning"]) == ({}, 3)
        context, done = check_ins.as_it_was(session, about, row)
        assert (done.now, done.grade_now("burning")) == ({}, 3)
        begun = answers_of(done, context)
        assert (begun["symptoms"], begun["severity_burning"], begun["how_soon"]) == (["burning"], "3/3", "wait")
        assert check_ins.context(session, about, datetime(2026, 1, 6, tzinfo=UTC)).previous["burning"] == 3
        assert is_unexpected(row, "burning", "ablative", since_day=None)
        row.now_burning = 1
        assert not is_unexpected(row, "burning", "ablative", since_day=None), "asked apart it would not be"
    migrate.to("0005")
    with reading() as session:
        kept = session.connection().exec_driver_sql("SELECT burning, recovery_day FROM check_in").all()
    assert [tuple(row) for row in kept] == [(3, 3)]


def test_rows_of_the_first_schema_come_through(new_database: str) -> None:
    migrate.to("0001")
    with transaction() as session:
        for statement in ROWS_OF_THE_FIRST_SCHEMA:
            session.connection().execute(text(statement))
    migrate.migrate()
    assert migrate.differences() == []
    with reading() as session:
        clinic, patient, check_in = (session.get(kind, 1) for kind in (Clinic, Patient, CheckIn))
    assert clinic is not None
    assert (clinic.second_factor, clinic.reminders_from, clinic.retention) == ("code", "08:00", {})
    assert patient is not None
    assert patient.erased_at is None
    assert check_in is not None
    assert (check_in.language, check_in.answered_by) == ("en", "")

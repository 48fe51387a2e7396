"""Locks in one order, a fresh beginning after a deadlock, and nothing that hangs on a commit fails the caller."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from starlette.requests import Request

from reporting.app.routes import healthz
from reporting.domain.actors import SYSTEM
from reporting.domain.treatment_record import AreaRecord, PatientRecord, TreatmentRecord
from reporting.errors import Deadlocked, StorageBusy
from reporting.patient.act_check_ins import submit_check_in
from reporting.records import audit, engine
from reporting.records.engine import after_commit, again_when_deadlocked, is_sqlite, reading, transaction
from reporting.records.tables import CheckIn, Patient, Treatment, id_of
from reporting.records.trail import head_file
from reporting.records.trail.findings import Verdict
from reporting.records.trail.standing import settle
from reporting.records.trail.verify import verify
from reporting.settings import settings
from reporting.treatments.act_treatments import record_treatment
from tests.cast import PERFORMED, House, house
from tests.loops import run_apart

THREADS, EACH = 12, 3


def patients(clinic: House, count: int) -> list[tuple[int, int]]:
    """So many patients who never sent anything, each with a treatment: (patient, treatment)."""
    made = []
    with transaction() as session:
        like = session.get_one(Treatment, clinic.treatment_id)
        given = {name: getattr(like, name) for name in Treatment.model_fields if name not in ("id", "reference")}
        for number in range(count):
            patient = Patient(clinic_id=clinic.clinic_id, reference=f"many {number}", year_of_birth=1980)
            session.add(patient)
            session.flush()
            row = Treatment(**{**given, "patient_id": patient.id, "reference": f"many {number}"})
            session.add(row)
            session.flush()
            made.append((id_of(patient), id_of(row)))
    return made


def recorded(clinic: House, number: int) -> None:
    """A clinician records somebody new."""
    record = TreatmentRecord(
        patient=PatientRecord(reference=f"new {number}", year_of_birth=1980),
        device_id=clinic.device_id,
        operator_id=clinic.operator_id,
        performed_on=PERFORMED,
        areas=(AreaRecord(area="cheeks", settings={"pulse_energy_mj": 30}, indication="acne_scars"),),
    )
    record_treatment(by=clinic.staff["clinician"], record=record, submission_key=f"new {number}")


def test_twelve_first_check_ins_at_once_and_a_clinician_beside_them(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A first check-in writes that the patient agreed, its outcome and itself, a second one no consent; nobody is told
    *busy*, and the database never has to end one for another's sake."""
    clinic = house("A")

    def send(patient: int, treatment: int) -> None:
        by = replace(clinic.patient, id=patient, treatment_id=treatment)
        for key in ("first", "second"):
            submit_check_in(
                by=by, treatment_id=treatment, answers={"symptoms": ["none"]}, submission_key=f"{key} {treatment}"
            )

    all_of = patients(clinic, THREADS * EACH)
    with caplog.at_level(logging.WARNING, "reporting.storage"), ThreadPoolExecutor(THREADS + 1) as pool:
        new = [pool.submit(recorded, clinic, number) for number in range(EACH * 2)]
        for done in [*[pool.submit(send, *each) for each in all_of], *new]:
            done.result()
    assert not caplog.records
    with reading() as session:
        assert session.execute(select(func.count()).select_from(CheckIn)).scalar_one() == 2 * THREADS * EACH
    assert verify().ok


def test_the_head_of_the_trail_is_the_last_lock(database: str) -> None:
    """While one has written rows of the trail and not yet committed, others commit theirs."""
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            audit.write(session, SYSTEM, "thing.begun", "thing", 1)
            other = pool.submit(_one_row)
            if not is_sqlite():  # which has one writer at a time
                other.result(timeout=20)
        other.result(timeout=20)
    assert verify() == Verdict(True, 2)


def _one_row() -> None:
    with transaction() as session:
        audit.write(session, SYSTEM, "thing.done", "thing", 2)


def test_rows_of_one_transaction_are_chained_in_their_order(database: str) -> None:
    with transaction() as session:
        for number in range(3):
            audit.write(session, SYSTEM, "thing.done", "thing", number)
    assert verify() == Verdict(True, 3)
    with reading() as session:
        rows = session.connection().execute(text("SELECT record_id FROM audit_event ORDER BY sequence")).scalars()
        assert list(rows) == ["0", "1", "2"]


class _FromDriver(Exception):
    def __init__(self, words: str, state: str | None) -> None:
        self.sqlstate = state
        super().__init__(words)


@pytest.mark.parametrize(
    ("words", "state", "kind"),
    [
        ("deadlock detected: process 1 waits, blocked by process 2", "40P01", Deadlocked),
        ("could not serialize access", "40001", Deadlocked),
        ("canceling statement due to lock timeout", "55P03", StorageBusy),
        ("database is locked", None, StorageBusy),
        ("the server was blocked by a rule", "42501", OperationalError),
    ],
)
def test_busy_is_said_of_locks_only(words: str, state: str | None, kind: type[Exception]) -> None:
    assert type(engine._named(OperationalError("", {}, _FromDriver(words, state)))) is kind


def test_a_deadlock_begins_anew_and_gives_up_in_the_end() -> None:
    tries: list[int] = []

    @again_when_deadlocked
    def action(works_at: int) -> str:
        tries.append(1)
        if len(tries) < works_at:
            raise Deadlocked()
        return "done"

    assert action(2) == "done"
    tries.clear()
    with pytest.raises(Deadlocked):
        action(99)
    assert len(tries) == engine.TRIES


def health() -> dict[str, str]:
    """What ``/healthz`` says; 200 whatever is wrong beside the database."""
    answer = run_apart(healthz(Request({"type": "http"})))
    assert answer.status_code == 200
    said: dict[str, str] = json.loads(bytes(answer.body))
    return said


def test_what_hangs_on_a_commit_fails_nobody(database: str) -> None:
    done: list[int] = []
    with transaction() as session:
        after_commit(lambda: done.append(1 // 0))
        after_commit(lambda: done.append(2))
        audit.write(session, SYSTEM, "thing.done", "thing", 1)
    assert done == [2], "what comes after it is done all the same"
    assert verify() == Verdict(True, 1)
    assert health() == {"status": "impaired", "database": "ok", "after_commit": "ZeroDivisionError"}
    _one_row()
    assert health() == {"status": "ok", "database": "ok"}


@pytest.mark.parametrize("left", ["", '{"sequence": 1, "ha', "[]", "null"])
def test_a_head_file_that_says_nothing_is_written_anew_and_stays_a_finding(database: str, left: str) -> None:
    _one_row()
    path = settings().data_dir / "audit_head.json"
    path.write_text(left)
    assert "head file" in verify().reason
    _one_row()
    kept = head_file.kept_head()
    assert kept is not None
    assert kept[0] == 3, "the row, and the one that says what was found"
    assert (verify().ok, verify().code) == (False, "head_unreadable")
    assert "head file" in health()["audit_trail"]
    assert settle() == 1
    assert verify().ok
    assert health()["status"] == "ok"


def test_a_head_file_that_cannot_be_written_is_told_and_stops_nobody(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reporting.records.trail.head_file.os.fsync", full)
    _one_row()
    assert health() == {"status": "impaired", "database": "ok", head_file.HEAD_FILE: "OSError"}
    assert head_file.kept_head() is None
    monkeypatch.undo()
    _one_row()
    assert health()["status"] == "ok"
    assert verify() == Verdict(True, 2)

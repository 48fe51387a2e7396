"""Sending a check-in: once, whole, by the right person, with everything that follows from it."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import select, text

from reporting import clock
from reporting.domain.actors import Actor
from reporting.errors import InvalidInput, NotAllowed, NotFound, SignInNeeded, StorageBusy, StorageFull
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.read_check_in import check_in_page
from reporting.records import check_ins, outcomes
from reporting.records import engine as storage
from reporting.records.engine import reading, transaction
from reporting.records.outcome_frame import outcome_frame
from reporting.records.tables import AuditEvent, CheckIn, Outcome, TriageCase
from reporting.records.trail.verify import verify
from reporting.settings import settings
from tests.answers import EYES_CLOSING, NO_PROBLEMS, filled
from tests.cast import House, house


def rows(table: type) -> list:
    with reading() as session:
        return list(session.execute(select(table)).scalars())


def test_no_problems_is_kept_and_needs_nobody(clinic: House) -> None:
    receipt = submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="k1"
    )
    assert receipt.advice == "expected"
    assert receipt.case_id is None
    [check_in] = rows(CheckIn)
    assert (check_in.recovery_day, check_in.scheduled_day, check_in.swelling) == (3, 3, 0)
    assert rows(TriageCase) == []


def test_how_it_is_now_is_kept_beside_the_worst_since_the_last_answer(clinic: House) -> None:
    """Burning 3 is as expected on the days before; what counts today, and for the next answer, is how it is now."""
    receipt = submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        answers=filled(clinic.treatment_id, symptoms=["burning"], severity_burning="1/3"),
        submission_key="k1",
    )
    assert (receipt.advice, receipt.case_id) == ("expected", None)
    [row] = rows(CheckIn)
    assert (row.burning, row.now_burning) == (3, 1)
    assert (row.swelling, row.now_swelling) == (0, 0)
    [outcome] = rows(Outcome)
    assert (outcome.worst_burning, outcome.first_burning) == (3, None)
    with reading() as session:
        about = check_ins.subject(session, clinic.treatment_id)
        assert about is not None
        context = check_ins.context(session, about, clock.now())
    assert (context.previous["burning"], context.since_day) == (1, 3)


def test_a_line_that_was_not_sure_is_kept_so_and_needs_the_clinic(clinic: House) -> None:
    receipt = submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        answers=filled(clinic.treatment_id, symptoms=["not_sure"], unsure_symptoms=["swelling_eyes"]),
        submission_key="k1",
    )
    [row] = rows(CheckIn)
    assert row.follow_up == {"swelling_eyes": "not_sure"}
    assert (receipt.advice, [fired.code for fired in receipt.fired]) == ("contact_today", ["R8"])


def test_eyes_closing_opens_a_case_with_the_reason(clinic: House) -> None:
    receipt = submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        answers=filled(clinic.treatment_id, **EYES_CLOSING),
        submission_key="k1",
    )
    assert receipt.advice == "contact_today"
    assert receipt.guidance.phone_first
    [case] = rows(TriageCase)
    assert case.id == receipt.case_id
    assert case.level == "same_day"
    assert any("swollen" in reason.lower() or "eye" in reason.lower() for reason in case.reasons)


def test_the_outcome_row_and_frame_follow(clinic: House) -> None:
    outcome_frame()
    submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        answers=filled(clinic.treatment_id, symptoms=["infection"], severity_infection="2"),
        submission_key="k1",
    )
    [row] = rows(Outcome)
    assert (row.worst_infection, row.first_infection) == (2, 3)
    [in_frame] = outcome_frame().to_dict("records")
    assert (in_frame["worst_infection"], in_frame["first_infection"]) == (2, 3)
    with reading() as session:
        assert outcomes.compare(session) == []


def test_the_same_submission_again_is_the_same_check_in(clinic: House) -> None:
    answers = filled(clinic.treatment_id, **EYES_CLOSING)
    first = submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="k")
    again = submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="k")
    assert again.already_sent
    assert (again.check_in_id, again.advice, again.case_id) == (
        first.check_in_id,
        first.advice,
        first.case_id,
    )
    assert len(rows(CheckIn)) == 1
    assert len(rows(TriageCase)) == 1


def test_twenty_taps_at_once_are_one_check_in(clinic: House) -> None:
    receipts, errors = [], []

    def tap() -> None:
        try:
            receipts.append(
                submit_check_in(
                    by=clinic.patient,
                    treatment_id=clinic.treatment_id,
                    answers=NO_PROBLEMS,
                    submission_key="same",
                )
            )
        except Exception as error:
            errors.append(error)

    taps = [threading.Thread(target=tap) for _ in range(20)]
    for each in taps:
        each.start()
    for each in taps:
        each.join()
    assert errors == []
    assert len({receipt.check_in_id for receipt in receipts}) == 1
    assert sum(not receipt.already_sent for receipt in receipts) == 1
    assert len(rows(CheckIn)) == 1


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"start": "no_problems"},
        {"symptoms": []},
        {"symptoms": ["none", "swelling"]},
        {"symptoms": ["itching"]},
        {"symptoms": ["swelling"], "severity_swelling": "9"},
        {"symptoms": ["swelling"], "severity_swelling": "0/0", "how_soon": "wait"},
        {"symptoms": ["swelling"], "severity_swelling": "3/1", "how_soon": "wait"},
        {"symptoms": ["swelling"], "severity_swelling": ["1", "3"], "how_soon": "wait"},
        {"symptoms": ["not_sure", "none"], "how_soon": "wait"},
        {"symptoms": ["swelling"]},
    ],
)
def test_answers_that_the_form_would_not_allow_are_refused_whole(clinic: House, answers: dict) -> None:
    with pytest.raises(InvalidInput) as refused:
        submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key="k")
    assert refused.value.allowed
    assert rows(CheckIn) == []
    assert rows(AuditEvent) == []


def test_a_patient_cannot_send_for_another(clinic: House) -> None:
    other = house("B")
    with pytest.raises(NotFound):
        submit_check_in(by=clinic.patient, treatment_id=other.treatment_id, answers=NO_PROBLEMS, submission_key="k")
    assert rows(CheckIn) == []


def test_staff_of_another_clinic_cannot_send(clinic: House) -> None:
    other = house("B")
    with pytest.raises((NotFound, NotAllowed)):
        submit_check_in(
            by=other.staff["clinician"],
            treatment_id=clinic.treatment_id,
            answers=NO_PROBLEMS,
            submission_key="k",
            source="proxy",
        )
    assert rows(CheckIn) == []


def test_a_key_cannot_be_used_to_read_anothers_receipt(clinic: House) -> None:
    other = house("B")
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="k")
    with pytest.raises(NotFound):
        submit_check_in(by=other.patient, treatment_id=other.treatment_id, answers=NO_PROBLEMS, submission_key="k")


def test_the_key_of_anothers_no_problems_cannot_be_used_up(clinic: House) -> None:
    other = house("B")
    theirs = check_in_page(clinic.patient).no_problems_key
    with pytest.raises(InvalidInput):
        submit_check_in(by=other.patient, treatment_id=other.treatment_id, answers=NO_PROBLEMS, submission_key=theirs)
    sent = submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key=theirs
    )
    assert not sent.already_sent
    assert check_in_page(clinic.patient).no_problems_key != theirs


def test_every_check_in_is_audited_in_its_transaction(clinic: House) -> None:
    receipt = submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="k"
    )
    [event] = [event for event in rows(AuditEvent) if event.action == "check_in.sent"]
    assert (event.record_id, event.actor_kind) == (str(receipt.check_in_id), "patient")
    assert verify().ok


def test_the_note_is_not_readable_in_the_database(clinic: House) -> None:
    submit_check_in(
        by=clinic.patient,
        treatment_id=clinic.treatment_id,
        submission_key="k",
        answers=filled(clinic.treatment_id, **EYES_CLOSING, note="canary in the coal mine"),
    )
    [check_in] = rows(CheckIn)
    assert check_in.note_encrypted
    assert "canary" not in check_in.note_encrypted


def test_a_locked_database_says_not_sent_and_keeps_nothing(
    sqlite_database: str, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = house("A")
    import sqlite3

    def impatient(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    storage.event.listen(storage.engine(), "connect", impatient)
    storage.engine().dispose()
    blocker = sqlite3.connect(settings().data_dir / "reporting.db", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageBusy) as busy:
        submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="k")
    assert "not saved" in busy.value.message
    blocker.execute("ROLLBACK")
    blocker.close()
    assert rows(CheckIn) == []
    sent = submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="k")
    assert not sent.already_sent


def test_a_full_disk_says_not_sent_and_keeps_nothing(sqlite_database: str, stopped_clock: datetime) -> None:
    clinic = house("A")

    def no_room(connection: object, record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    storage.event.listen(storage.engine(), "connect", no_room)
    storage.engine().dispose()
    answers = filled(clinic.treatment_id, **EYES_CLOSING, note="x" * 400)
    with pytest.raises(StorageFull) as full:
        for number in range(500):
            kept = number
            submit_check_in(
                by=clinic.patient,
                treatment_id=clinic.treatment_id,
                answers=answers,
                submission_key=f"k{number}",
            )
    assert "full" in full.value.message
    assert len(rows(CheckIn)) == kept
    with reading() as session:
        assert session.connection().execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_an_error_halfway_leaves_nothing(clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("reporting.patient.act_check_ins.audit.write", breaks)
    with pytest.raises(RuntimeError):
        submit_check_in(
            by=clinic.patient,
            treatment_id=clinic.treatment_id,
            submission_key="k",
            answers=filled(clinic.treatment_id, **EYES_CLOSING),
        )
    assert rows(CheckIn) == rows(TriageCase) == []
    with transaction():
        pass


def test_a_signed_out_actor_may_send_nothing(clinic: House) -> None:
    nobody = Actor(kind="patient", id=None, clinic_id=None)
    with pytest.raises(SignInNeeded):
        submit_check_in(by=nobody, treatment_id=clinic.treatment_id, answers=NO_PROBLEMS, submission_key="k")

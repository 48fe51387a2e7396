"""Cases that nobody takes are passed on: whom, when, once a step, with a stopped clock and several senders."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from reporting.cases.act_cases import acknowledge, record_contact
from reporting.domain.case_work import told_next
from reporting.messages.act_escalation import escalate
from reporting.records.engine import reading, transaction
from reporting.records.tables import CaseEvent, Clinic, OutboxMessage, StaffAccount, TriageCase
from tests.accounts import trail
from tests.cast import House
from tests.reports import opened

pytestmark = pytest.mark.sqlite_first


def report(clinic: House, level: str, at: datetime) -> int:
    return opened(clinic, level, at, "because").id or 0


def told() -> list[str]:
    """Roles in the order in which they were written to."""
    with reading() as session:
        rows = session.exec(select(OutboxMessage).order_by(OutboxMessage.id)).all()  # type: ignore[arg-type]
        return [session.get_one(StaffAccount, row.staff_id).role for row in rows]


def test_nobody_is_told_before_the_deadline(clinic: House, stopped_clock: datetime) -> None:
    report(clinic, "emergency", stopped_clock)
    assert escalate(stopped_clock + timedelta(minutes=59)) == 0
    assert told() == []


def test_each_step_goes_to_the_next_people_once(clinic: House, stopped_clock: datetime) -> None:
    report(clinic, "emergency", stopped_clock)
    hour = timedelta(hours=1)
    for step in (1, 1.5, 2, 2.01, 3, 4):
        escalate(stopped_clock + step * hour)
    assert told() == ["clinician", "safety_lead", "administrator", "administrator"]
    assert [action for action, _, _ in trail("case.escalated")] == ["case.escalated"] * 4
    with reading() as session:
        kinds = [event.kind for event in session.exec(select(CaseEvent)).all()]
    assert kinds == ["opened", *["escalated"] * 4]


def test_a_case_that_somebody_took_is_left_alone(clinic: House, stopped_clock: datetime) -> None:
    case_id = report(clinic, "emergency", stopped_clock)
    acknowledge(by=clinic.staff["clinician"], case_id=case_id, version=1)
    record_contact(by=clinic.staff["clinician"], case_id=case_id, version=2, action_taken="call")
    assert escalate(stopped_clock + timedelta(days=2)) == 0


def test_a_case_that_was_taken_and_not_contacted_is_passed_on(clinic: House, stopped_clock: datetime) -> None:
    """Taking a case stops the first clock only: the emergency of a forgotten patient is told again and again."""
    case_id = report(clinic, "emergency", stopped_clock)
    acknowledge(by=clinic.staff["clinician"], case_id=case_id, version=1)
    hour = timedelta(hours=1)
    assert [escalate(stopped_clock + step * hour) for step in (1, 1.9, 2, 2.5, 3)] == [0, 0, 1, 0, 1]
    assert told() == ["clinician", "safety_lead"]
    with reading() as session:
        [first, _] = session.exec(select(OutboxMessage)).all()
    assert "no contact is recorded" in first.payload["body"]


def test_the_next_step_waits_for_opening_hours(clinic: House, stopped_clock: datetime) -> None:
    with transaction() as session:
        home = session.get_one(Clinic, clinic.clinic_id)
        home.opening_hours = {"tue": ["08:00", "18:00"], "wed": ["08:00", "18:00"]}
        session.add(home)
    report(clinic, "one_day", stopped_clock)
    evening = stopped_clock + timedelta(
        hours=8
    )  # it has closed: half an hour is left until the patient is to be called
    assert escalate(evening) == 1
    assert escalate(evening + timedelta(hours=13)) == 0
    assert escalate(evening + timedelta(hours=14)) == 1


def test_a_new_report_on_an_escalated_case_starts_a_new_deadline(clinic: House, stopped_clock: datetime) -> None:
    case_id = report(clinic, "emergency", stopped_clock)
    later = stopped_clock + timedelta(hours=1)
    escalate(later)
    acknowledge(by=clinic.staff["clinician"], case_id=case_id, version=1)
    report(clinic, "emergency", later + timedelta(minutes=10))
    assert escalate(later + timedelta(minutes=30)) == 0
    assert escalate(later + timedelta(hours=1, minutes=10)) == 1


def test_a_new_report_on_a_case_that_was_taken_in_time_has_its_own_deadline(
    clinic: House, stopped_clock: datetime
) -> None:
    """Weeks later it is not overdue the moment it comes in: nobody is told that it was left lying."""
    case_id = report(clinic, "emergency", stopped_clock)
    version = acknowledge(by=clinic.staff["clinician"], case_id=case_id, version=1)
    record_contact(by=clinic.staff["clinician"], case_id=case_id, version=version, action_taken="call")
    later = stopped_clock + timedelta(days=9)
    report(clinic, "emergency", later)
    assert escalate(later + timedelta(minutes=59)) == 0
    assert escalate(later + timedelta(hours=1)) == 1
    report(clinic, "emergency", later + timedelta(hours=2))
    with reading() as session:
        assert session.get_one(TriageCase, case_id).due_at == later + timedelta(hours=1), "nobody has taken that one"


def test_the_message_names_no_patient_and_leads_to_the_worklist(clinic: House, stopped_clock: datetime) -> None:
    report(clinic, "emergency", stopped_clock)
    escalate(stopped_clock + timedelta(hours=2))
    with reading() as session:
        [row] = session.exec(select(OutboxMessage)).all()
    words = f"{row.payload['subject']} {row.payload['body']}"
    assert "/worklist" in words
    for secret in ("P-0001", "swelling", "because", "emergency"):
        assert secret not in words


def test_many_at_the_same_moment_tell_once(clinic: House, stopped_clock: datetime) -> None:
    report(clinic, "emergency", stopped_clock)
    at = stopped_clock + timedelta(hours=2)
    done: list[int] = []
    runs = [threading.Thread(target=lambda: done.append(escalate(at))) for _ in range(6)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sum(done) == 1
    assert told() == ["clinician"]


def test_a_failure_between_the_step_and_its_message_leaves_neither(
    clinic: House, stopped_clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = report(clinic, "emergency", stopped_clock)

    def fails(*_: object, **__: object) -> bool:
        raise RuntimeError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr("reporting.messages.act_escalation.outbox.add", fails)
        with pytest.raises(RuntimeError):
            escalate(stopped_clock + timedelta(hours=2))
    with reading() as session:
        assert session.get_one(TriageCase, case_id).escalations == 0
    assert escalate(stopped_clock + timedelta(hours=2)) == 1
    assert told() == ["clinician"]


def test_roles_that_nobody_has_are_passed_over() -> None:
    assert told_next(0, {"safety_lead": [7]}) == (7,)
    assert told_next(9, {"clinician": [1, 2], "administrator": [3]}) == (3,)
    assert told_next(0, {"front_desk": [4]}) == ()

"""Silent for three due check-ins after a concern: one case, opened by the daily look, closed by people only."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from reporting import clock
from reporting.cases import act_cases
from reporting.cases.act_cases import open_silent_cases
from reporting.cases.read_worklist import worklist
from reporting.domain.triage import LastReport, fired, missed_since
from reporting.patient.act_check_ins import submit_check_in
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, TriageCase
from reporting.shell import act_consent
from tests.accounts import together, trail
from tests.answers import NO_PROBLEMS, filled
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first

RULE = "silent_after_concern"
WORRYING: dict[str, Any] = {"symptoms": ["burning"], "severity_burning": "3"}


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    return house("A")  # ablative: due on days 1 2 3 5 7 10 14 …; it is day 3


def report(clinic: House, key: str = "k1", **wanted: Any) -> None:
    answers = filled(clinic.treatment_id, **wanted) if wanted else NO_PROBLEMS
    submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers=answers, submission_key=key)


def look(days: float) -> int:
    with clock.fixed(clock.now() + timedelta(days=days)):
        return open_silent_cases()


def answered_by_the_clinic(clinic: House) -> None:
    """Somebody has spoken to the patient, so that only missed check-ins count."""
    by, [case] = clinic.staff["clinician"], open_cases()
    version = act_cases.acknowledge(by=by, case_id=case.id or 0, version=case.version)
    act_cases.record_contact(by=by, case_id=case.id or 0, version=version, action_taken="call")


def open_cases() -> list[TriageCase]:
    with reading() as session:
        return list(session.execute(select(TriageCase).order_by(TriageCase.id)).scalars())


def test_the_third_missed_day_must_be_over() -> None:
    told = LastReport(1, 1, "ablative", date(2026, 3, 7), 3, True)
    assert [missed_since(told, date(2026, 3, day)) for day in (12, 13, 15, 17, 18, 21, 22)] == [0, 1, 2, 2, 3, 3, 4]
    assert [bool(fired(told, date(2026, 3, day), clock.now())) for day in (17, 18)] == [False, True]
    calm = LastReport(1, 1, "ablative", date(2026, 3, 7), 3, False)
    assert not fired(calm, date(2026, 3, 30), clock.now())


HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "procedure", "day", "hours", "rule"),
    [
        ("emergency", "ipl", 3, 24, "silent_after_urgent"),
        ("contact_today", "ipl", 3, 24, "silent_after_urgent"),
        ("unusual", "ipl", 3, 72, "silent_after_unusual"),
        ("unusual", "ablative", 10, 48, "silent_after_unusual_early"),
        ("unusual", "ablative", 11, 72, "silent_after_unusual"),
    ],
)
def test_silence_is_counted_in_hours_from_what_was_told(
    told: str, procedure: str, day: int, hours: int, rule: str
) -> None:
    last = LastReport(1, 1, procedure, date(2026, 3, 7), day, False, advice=told, answered_at=NOON)
    today = NOON.date()
    assert fired(last, today, NOON + hours * HOUR - timedelta(minutes=1)) == []
    assert [one.code for one in fired(last, today, NOON + hours * HOUR)] == [rule]
    assert [one.code for one in fired(last, today, NOON + timedelta(days=30))] == [rule], "one of them, once"
    assert fired(replace(last, was_contacted=True), today, NOON + timedelta(days=30)) == []
    assert fired(replace(last, advice="expected"), today, NOON + timedelta(days=30)) == []


def test_no_answer_and_no_contact_after_an_urgent_report_becomes_a_case(clinic: House) -> None:
    report(clinic, symptoms=["infection"], severity_infection="3")
    assert [look(0.99), look(1), look(1.1), look(2)] == [0, 1, 0, 0]
    case = open_cases()[-1]
    assert case.rules[-1] == "silent_after_urgent"
    assert case.state == "new"
    assert case.level == "same_day", "it never gets milder"


def test_who_was_spoken_to_or_answers_is_not_silent(clinic: House) -> None:
    report(clinic, symptoms=["infection"], severity_infection="3")
    answered_by_the_clinic(clinic)
    assert look(2) == 0
    with clock.fixed(clock.now() + timedelta(hours=3)):
        report(clinic, "k2", symptoms=["infection"], severity_infection="3")
    with clock.fixed(clock.now() + timedelta(hours=5)):
        report(clinic, "k3")
    assert look(3) == 0


def test_a_second_silence_after_a_contact_is_told_again(clinic: House) -> None:
    report(clinic, symptoms=["infection"], severity_infection="3")
    assert look(1) == 1
    answered_by_the_clinic(clinic)
    with clock.fixed(clock.now() + timedelta(days=2)):
        report(clinic, "k2", symptoms=["infection"], severity_infection="3")
        assert look(1) == 1


def test_a_concern_and_then_silence_is_a_case_once(clinic: House) -> None:
    report(clinic, **WORRYING)
    answered_by_the_clinic(clinic)
    before = len(open_cases())
    assert look(7) == 0
    assert look(8) == 1
    assert look(8) == look(9) == look(20) == 0
    case = open_cases()[-1]
    assert len(open_cases()) == max(before, 1)
    assert case.rules[-1] == RULE
    assert case.reasons[-1].startswith("Three check-ins in a row not answered")
    assert case.state == "new"
    shown = worklist(clinic.staff["clinician"])
    assert any("Three check-ins in a row not answered" in str(one) for one in shown)
    assert [action for action, _, _ in trail("case.silence")] == ["case.silence"]


def test_no_concern_no_case(clinic: House) -> None:
    report(clinic)
    assert look(8) == look(40) == 0
    assert open_cases() == []


def test_an_answer_in_between_ends_the_silence(clinic: House) -> None:
    report(clinic, **WORRYING)
    with clock.fixed(clock.now() + timedelta(days=4)):
        report(clinic, "k2")
    assert look(8) == 0


def test_an_open_case_counts_as_a_concern_and_is_extended(clinic: House) -> None:
    report(clinic)
    with transaction() as session:
        check_in = session.execute(select(CheckIn)).scalar_one()
        session.add(
            TriageCase(
                clinic_id=clinic.clinic_id,
                patient_id=clinic.patient_id,
                check_in_id=check_in.id or 0,
                treatment_id=clinic.treatment_id,
                level="one_week",
                rules=["R0"],
                reasons=["earlier"],
                state="contacted",
                opened_at=clock.now(),
                due_at=clock.now(),
            )
        )
    assert look(8) == 1
    [case] = open_cases()
    assert (case.rules, case.state, case.level) == (["R0", RULE], "new", "one_day")
    assert look(9) == 0


def test_only_staff_close_it_and_it_does_not_come_back_for_the_same_silence(clinic: House) -> None:
    report(clinic, **WORRYING)
    look(8)
    case, by = open_cases()[-1], clinic.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case.id or 0, version=case.version)
    version = act_cases.record_contact(by=by, case_id=case.id or 0, version=version, action_taken="call")
    version = act_cases.record_outcome(by=by, case_id=case.id or 0, version=version, confirmation="expected_course")
    act_cases.close(by=by, case_id=case.id or 0, version=version)
    assert look(12) == look(30) == 0
    assert [one.state for one in open_cases()] == ["closed"]


def test_one_who_asked_us_to_stop_is_not_chased(clinic: House) -> None:
    report(clinic, **WORRYING)
    act_consent.disagree(by=clinic.patient, kind="check_ins")
    assert look(8) == 0


def test_imported_and_demo_silence_says_nothing(clinic: House) -> None:
    report(clinic, **WORRYING)
    for source in ("import", "demo"):
        with transaction() as session:
            session.execute(update(CheckIn).values(source=source))
        assert look(8) == 0


def test_two_that_look_at_once_open_one(clinic: House) -> None:
    report(clinic, **WORRYING)
    answered_by_the_clinic(clinic)
    with clock.fixed(clock.now() + timedelta(days=8)):
        assert sum(together(*([open_silent_cases] * 3))) == 1

"""The alert budget counts alerts, actions and times by hand; the silent are those who missed three in a row."""

from datetime import date, datetime, timedelta

import pytest

from reporting.cases import act_cases
from reporting.cases.read_alert_budget import alert_budget
from reporting.cases.read_worklist import due_and_silent
from reporting.errors import NotAllowed
from reporting.records import cases as stored
from reporting.records.engine import transaction
from reporting.records.tables import CheckIn, Treatment
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first


def answer(
    clinic: House,
    at: datetime,
    day: int = 3,
    rules: tuple[str, ...] = (),
    level: str = "same_day",
    **values: object,
) -> int | None:
    with transaction() as session:
        check_in = CheckIn(
            clinic_id=clinic.clinic_id,
            patient_id=clinic.patient_id,
            treatment_id=clinic.treatment_id,
            scheduled_day=day,
            due_on=at.date(),
            answered_at=at,
            recovery_day=day,
            **values,
        )
        session.add(check_in)
        if not rules:
            return None
        case = stored.open_or_extend(session, check_in=check_in, level=level, rules=rules, reasons=rules, at=at)
        return case.id


def test_it_counts_alerts_actions_and_times(clinic: House, stopped_clock: datetime) -> None:
    by, hour = clinic.staff["clinician"], timedelta(hours=1)
    answer(clinic, stopped_clock - 3 * hour)
    case_id = answer(clinic, stopped_clock - 2 * hour, rules=("R5",), can_wait=False)
    assert case_id is not None
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="call", note="")
    house("B")
    found = alert_budget(by)
    assert (found.check_ins, found.alerts, found.not_taken, found.patient_urgent) == (2, 1, 0, 1)
    assert found.per_100 == 50
    assert found.acted_on_share == 1
    assert found.median_to_acknowledge == found.slow_tenth_to_acknowledge == 2 * hour
    used = {one.code: one for one in found.rules}
    assert (used["R5"].fired, used["R5"].decided, used["R5"].acted_on, used["R5"].confirmed) == (1, 1, 1, 0)
    assert used["R1"].fired == 0
    assert "silent_after_concern" in used


def test_no_contact_needed_is_decided_and_not_acted_on(clinic: House, stopped_clock: datetime) -> None:
    by = clinic.staff["clinician"]
    case_id = answer(clinic, stopped_clock, rules=("R5",), level="one_week")
    assert case_id is not None
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="none_needed", note="")
    found = alert_budget(by)
    assert (found.decided, found.acted_on) == (1, 0)


def test_nothing_yet_is_no_rate(clinic: House) -> None:
    found = alert_budget(clinic.staff["clinician"])
    assert (found.per_100, found.acted_on_share, found.median_to_acknowledge) == (None, None, None)


def test_old_alerts_are_left_out(clinic: House, stopped_clock: datetime) -> None:
    answer(clinic, stopped_clock - timedelta(days=91), rules=("R5",))
    assert alert_budget(clinic.staff["clinician"]).alerts == 0


def test_the_front_desk_sees_neither(clinic: House) -> None:
    for ask in (alert_budget, due_and_silent):
        with pytest.raises(NotAllowed):
            ask(clinic.staff["front_desk"])


def set_day(clinic: House, performed_on: date) -> None:
    with transaction() as session:
        treatment = session.get_one(Treatment, clinic.treatment_id)
        treatment.performed_on = performed_on
        session.add(treatment)


@pytest.mark.parametrize(
    ("days_ago", "answered_day", "missed"),
    [
        (3, None, None),  # days 1 and 2 are over, today is still open
        (4, None, 3),
        (8, 2, 3),
        (6, 3, None),
        (61, None, None),
    ],
)
def test_three_missed_in_a_row_are_silent(
    clinic: House, stopped_clock: datetime, days_ago: int, answered_day: int | None, missed: int | None
) -> None:
    set_day(clinic, stopped_clock.date() - timedelta(days=days_ago))
    if answered_day is not None:
        answer(clinic, stopped_clock - timedelta(days=days_ago - answered_day), day=answered_day)
    found = due_and_silent(clinic.staff["clinician"])
    assert [one.missed for one in found] == ([] if missed is None else [missed])

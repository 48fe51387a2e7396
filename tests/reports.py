"""Reports of patients for stories about cases and timelines, sent through the real action."""

from datetime import datetime
from typing import Any

from reporting.patient.act_check_ins import submit_check_in
from reporting.records import cases
from reporting.records.engine import transaction
from reporting.records.tables import CheckIn, TriageCase
from tests.answers import EYES_CLOSING, filled
from tests.cast import House


def send(house: House, key: str, **wanted: Any) -> int | None:
    """The patient of ``house`` reports ``wanted``; returns the case that it opened or extended."""
    return submit_check_in(
        by=house.patient,
        treatment_id=house.treatment_id,
        answers=filled(house.treatment_id, **wanted),
        submission_key=f"{key}-{house.treatment_id}",
    ).case_id


def eyes_closing(house: House, key: str = "eyes") -> int:
    """Severe swelling with eyes closing: a case for the same day."""
    case_id = send(house, key, **EYES_CLOSING)
    assert case_id is not None
    return case_id


def opened(house: House, level: str, at: datetime, *reasons: str) -> TriageCase:
    """The case of a bare report of day 3 on ``level``, opened or extended without questionnaire and rules."""
    with transaction() as session:
        check_in = CheckIn(
            clinic_id=house.clinic_id,
            patient_id=house.patient_id,
            treatment_id=house.treatment_id,
            scheduled_day=3,
            due_on=at.date(),
            answered_at=at,
            recovery_day=3,
            swelling=3,
        )
        session.add(check_in)
        return cases.open_or_extend(
            session, check_in=check_in, level=level, rules=[f"R{r}" for r in reasons], reasons=reasons, at=at
        )

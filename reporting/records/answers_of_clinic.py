"""Answered check-ins of a clinic with all that the triage rules look at, and what became of the cases they raised."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session, col

from reporting.domain.treatment_record import VISIT_FACTS
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records.check_ins import CHUNK
from reporting.records.tables import CaseEvent, CheckIn, Patient, Treatment, TriageCase

_SEVERITIES = tuple(getattr(CheckIn, name) for symptom in SYMPTOMS for name in (symptom, f"now_{symptom}"))


def newest(session: Session, clinic_id: int, since: datetime, most: int) -> Sequence[Row[Any]]:
    """The newest answered check-ins that count, at most ``most``, oldest first; judged imports are left out."""
    rows = session.execute(
        select(
            col(CheckIn.id),
            col(CheckIn.treatment_id),
            col(CheckIn.answered_at),
            col(CheckIn.recovery_day),
            col(CheckIn.follow_up),
            col(CheckIn.worried),
            col(CheckIn.can_wait),
            *_SEVERITIES,
            col(Treatment.procedure_class),
            col(Treatment.also_classes),
            col(Treatment.performed_on),
            col(Treatment.age_years),
            *(getattr(Treatment, name) for name in VISIT_FACTS),
            col(Patient.year_of_birth),
            col(Patient.fitzpatrick),
            col(Patient.pigmentation_history),
        )
        .join(Treatment, col(Treatment.id) == CheckIn.treatment_id)
        .join(Patient, col(Patient.id) == CheckIn.patient_id)
        .where(
            col(CheckIn.clinic_id) == clinic_id,
            col(CheckIn.answered_at) >= since,
            col(CheckIn.replaced_at).is_(None),
            col(CheckIn.judged_by_source).is_(False),
            col(CheckIn.recovery_day).is_not(None),
        )
        .order_by(col(CheckIn.answered_at).desc(), col(CheckIn.id).desc())
        .limit(most)
    ).all()
    return rows[::-1]


def last_before(session: Session, treatment_ids: Sequence[int], before: datetime) -> dict[int, Row[Any]]:
    """The last check-in of each treatment that was answered before that moment, with its severities."""
    found: dict[int, Row[Any]] = {}
    for start in range(0, len(treatment_ids), CHUNK):
        rows = session.execute(
            select(col(CheckIn.treatment_id), col(CheckIn.recovery_day), *_SEVERITIES)
            .where(
                col(CheckIn.treatment_id).in_(treatment_ids[start : start + CHUNK]),
                col(CheckIn.answered_at) < before,
                col(CheckIn.replaced_at).is_(None),
            )
            .order_by(col(CheckIn.answered_at), col(CheckIn.id))
        )
        found.update({row.treatment_id: row for row in rows})
    return found


def became(session: Session, clinic_id: int, since: datetime) -> dict[int, tuple[str | None, str | None]]:
    """Check-in to the action and the confirmation coded on the case that it opened or extended."""
    rows = session.execute(
        select(col(CaseEvent.details), col(TriageCase.action_taken), col(TriageCase.confirmation))
        .join(TriageCase, col(TriageCase.id) == CaseEvent.case_id)
        .where(
            col(CaseEvent.clinic_id) == clinic_id,
            col(CaseEvent.kind).in_(("opened", "new_report")),
            col(CaseEvent.at) >= since,
        )
        .order_by(col(CaseEvent.id))
    ).all()
    return {
        details["check_in"]: (action, confirmation) for details, action, confirmation in rows if "check_in" in details
    }

"""Statements about treatments whose check-ins are due and not answered."""

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from reporting.storage.tables import CheckIn, Patient, Treatment

MOST = 5_000


def treatments_since(session: Session, clinic_id: int, first_day: date) -> list[Any]:
    """(treatment, patient, day of the last answer or None, its recovery day) since ``first_day``, newest first."""
    answered = (
        select(
            col(CheckIn.treatment_id).label("treatment_id"), func.max(col(CheckIn.answered_at)).label("at"),
            func.max(col(CheckIn.recovery_day)).label("day"),
        )
        .where(col(CheckIn.clinic_id) == clinic_id, col(CheckIn.answered_at).is_not(None),
               col(CheckIn.replaced_at).is_(None))
        .group_by(col(CheckIn.treatment_id))
        .subquery()
    )  # fmt: skip
    statement = (
        select(Treatment, Patient, answered.c.at, answered.c.day)
        .join(Patient, col(Patient.id) == Treatment.patient_id)
        .outerjoin(answered, answered.c.treatment_id == col(Treatment.id))
        .where(col(Treatment.clinic_id) == clinic_id, col(Treatment.performed_on) >= first_day,
               col(Patient.erased_at).is_(None))
        .order_by(col(Treatment.performed_on).desc(), col(Treatment.id).desc())
        .limit(MOST)
    )  # fmt: skip
    return list(session.execute(statement).all())

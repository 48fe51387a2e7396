"""Statements about treatments whose patients are asked: which there are, and when each was answered last."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from reporting.domain.course import of_visit
from reporting.records.tables import CheckIn, Patient, Treatment

MOST = 5_000


class AskedTreatment(NamedTuple):
    """A treatment whose patient is asked; ``day`` is the recovery day of the last answer, None before the first."""

    treatment_id: int
    performed_on: date
    procedure_class: str
    also_classes: str
    patient_id: int
    reference: str
    day: int | None

    @property
    def course(self) -> str:
        """How the visit is expected to heal."""
        return of_visit(self.procedure_class, self.also_classes)


def treatments_since(session: Session, clinic_id: int, first_day: date) -> list[AskedTreatment]:
    """Treatments of a clinic since ``first_day``, newest first, at most ``MOST``."""
    treated = [
        col(Treatment.id).label("treatment_id"),
        col(Treatment.performed_on),
        col(Treatment.procedure_class),
        col(Treatment.also_classes),
        col(Patient.id).label("patient_id"),
        col(Patient.reference),
    ]
    asked = (
        select(*treated)
        .join(Patient, col(Patient.id) == Treatment.patient_id)
        .where(
            col(Treatment.clinic_id) == clinic_id,
            col(Treatment.performed_on) >= first_day,
            col(Patient.clinic_id) == clinic_id,
            col(Patient.erased_at).is_(None),
        )
        .order_by(col(Treatment.performed_on).desc(), col(Treatment.id).desc())
        .limit(MOST)
        .subquery()
    )
    # Only the answers of these treatments are looked at: a clinic of years has a thousand times as many.
    answered = (
        select(col(CheckIn.treatment_id).label("of"), func.max(col(CheckIn.recovery_day)).label("day"))
        .where(
            col(CheckIn.treatment_id).in_(select(asked.c.treatment_id)),
            col(CheckIn.answered_at).is_not(None),
            col(CheckIn.replaced_at).is_(None),
        )
        .group_by(col(CheckIn.treatment_id))
        .subquery()
    )
    statement = (
        select(asked, answered.c.day)
        .outerjoin(answered, answered.c["of"] == asked.c.treatment_id)
        .order_by(asked.c.performed_on.desc(), asked.c.treatment_id.desc())
    )
    return [AskedTreatment(*row) for row in session.connection().execute(statement).fetchall()]


def last_answers(session: Session, treatment_ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these treatments was answered last; those without an answer are not in it."""
    statement = (
        select(col(CheckIn.treatment_id), func.max(col(CheckIn.answered_at)))
        .where(
            col(CheckIn.treatment_id).in_(treatment_ids),
            col(CheckIn.answered_at).is_not(None),
            col(CheckIn.replaced_at).is_(None),
        )
        .group_by(col(CheckIn.treatment_id))
    )
    rows: Sequence[Any] = session.connection().execute(statement).fetchall()
    return {treatment_id: at for treatment_id, at in rows}

"""Answers given so far, one draft per treatment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.storage.check_ins import Subject
from reporting.storage.tables import Draft


def draft_of(session: Session, treatment_id: int) -> Draft | None:
    """The draft of a treatment's next check-in, or nothing."""
    return session.execute(
        select(Draft).where(col(Draft.treatment_id) == treatment_id, col(Draft.kind) == "check_in")
    ).scalar_one_or_none()


def keep(session: Session, about: Subject, answers: Mapping[str, Any], key: str, moment: datetime) -> None:
    """Write the draft anew; the key of the first save stays with it."""
    draft = draft_of(session, about.treatment_id) or Draft(
        clinic_id=about.clinic_id,
        patient_id=about.patient_id,
        treatment_id=about.treatment_id,
        submission_key=key,
    )
    draft.answers, draft.updated_at = dict(answers), moment
    session.add(draft)
    session.flush()

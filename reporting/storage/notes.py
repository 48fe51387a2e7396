"""Statements about what the clinic wrote down about a patient."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from reporting.storage.tables import PatientNote, StaffAccount


def add(session: Session, note: PatientNote) -> int:
    """Keep a note; returns its id."""
    session.add(note)
    session.flush()
    return note.id or 0


def of_patient(session: Session, patient_id: int) -> Sequence[tuple[PatientNote, str]]:
    """(note, who wrote it), oldest first."""
    statement: Any = (
        select(PatientNote, col(StaffAccount.display_name))
        .outerjoin(StaffAccount, col(StaffAccount.id) == col(PatientNote.staff_id))
        .where(col(PatientNote.patient_id) == patient_id)
        .order_by(col(PatientNote.happened_on), col(PatientNote.id))
    )
    return [(row[0], row[1] or "") for row in session.execute(statement)]

"""Statements about what has been kept long enough."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlmodel import Session, col

from reporting.storage.tables import CheckIn, Clinic, Draft, OneTimeCode, Patient, Photo, Treatment, TriageCase


def clinics(session: Session) -> list[Clinic]:
    """Every clinic, by number."""
    return list(session.execute(select(Clinic).order_by(col(Clinic.id))).scalars())


def old_photos(session: Session, clinic_id: int, before: datetime) -> list[Photo]:
    """Photos sent before a moment that are still there."""
    statement = select(Photo).where(
        col(Photo.clinic_id) == clinic_id, col(Photo.taken_at) < before, col(Photo.removed_at).is_(None)
    )
    return list(session.execute(statement.order_by(col(Photo.id))).scalars())


def old_notes(session: Session, clinic_id: int, before: datetime) -> int:
    """How many check-ins sent before a moment still have a note."""
    statement = select(func.count()).select_from(CheckIn).where(*_with_note(clinic_id, before))
    return int(session.execute(statement).scalar_one())


def drop_notes(session: Session, clinic_id: int, before: datetime) -> int:
    """Take the notes out of those check-ins; returns how many there were."""
    done = session.execute(update(CheckIn).where(*_with_note(clinic_id, before)).values(note_encrypted=None))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _with_note(clinic_id: int, before: datetime) -> tuple[Any, ...]:
    return (
        col(CheckIn.clinic_id) == clinic_id, col(CheckIn.answered_at) < before,
        col(CheckIn.note_encrypted).is_not(None),
    )  # fmt: skip


def people_long_gone(session: Session, clinic_id: int, before: datetime) -> list[int]:
    """Patients whose last treatment, answer and case all lie before a moment, with no case open."""
    of = col(Patient.id)
    recent = (
        exists().where(col(Treatment.patient_id) == of, col(Treatment.performed_on) >= before.date()),
        exists().where(col(CheckIn.patient_id) == of, col(CheckIn.answered_at) >= before),
        exists().where(
            col(TriageCase.patient_id) == of,
            or_(col(TriageCase.state) != "closed", col(TriageCase.opened_at) >= before),
        ),
    )
    statement = select(of).where(
        col(Patient.clinic_id) == clinic_id, col(Patient.erased_at).is_(None), col(Patient.created_at) < before,
        *(~each for each in recent),
    )  # fmt: skip
    return [int(key or 0) for key in session.execute(statement.order_by(of)).scalars()]


def drop_old_drafts(session: Session, before: datetime) -> int:
    """Answers that were never sent and not touched since then."""
    done = session.execute(delete(Draft).where(col(Draft.updated_at) < before))
    return int(done.rowcount)  # type: ignore[attr-defined]


def count_old_drafts(session: Session, before: datetime) -> int:
    statement = select(func.count()).select_from(Draft).where(col(Draft.updated_at) < before)
    return int(session.execute(statement).scalar_one())


def drop_old_codes(session: Session, before: datetime) -> None:
    """One-time codes that ended before then."""
    session.execute(delete(OneTimeCode).where(col(OneTimeCode.expires_at) < before))

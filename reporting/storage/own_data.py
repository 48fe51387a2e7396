"""Statements about everything that is kept of one patient beside treatments and answers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from reporting.storage.tables import Draft, ErasureRequest, Invitation, OutboxMessage, Photo, SignInSession


def _of(session: Session, table: type[SQLModel], patient_id: int) -> Sequence[Any]:
    statement = select(table).where(table.patient_id == patient_id).order_by(table.id)  # type: ignore[attr-defined]
    return session.execute(statement).scalars().all()


def invitations(session: Session, patient_id: int) -> Sequence[Invitation]:
    """Links that were made for the patient, oldest first."""
    return _of(session, Invitation, patient_id)


def sign_ins(session: Session, patient_id: int) -> Sequence[SignInSession]:
    """Sessions that the patient's links and codes opened, oldest first."""
    return _of(session, SignInSession, patient_id)


def messages(session: Session, patient_id: int) -> Sequence[OutboxMessage]:
    """Messages to the patient, whatever became of them, oldest first."""
    return _of(session, OutboxMessage, patient_id)


def drafts(session: Session, patient_id: int) -> Sequence[Draft]:
    """Answers that were kept and not sent yet."""
    return [draft for draft in _of(session, Draft, patient_id) if draft.kind != "proxy"]


def photos(session: Session, patient_id: int) -> Sequence[Photo]:
    """Photos that were not removed, oldest first; those not sent yet are among them."""
    statement = select(Photo).where(col(Photo.patient_id) == patient_id, col(Photo.removed_at).is_(None))
    return session.execute(statement.order_by(col(Photo.taken_at), col(Photo.id))).scalars().all()


def requests(session: Session, patient_id: int) -> Sequence[ErasureRequest]:
    """Wishes of the patient to be forgotten, oldest first."""
    return _of(session, ErasureRequest, patient_id)

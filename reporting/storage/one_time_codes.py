"""Statements about one-time codes: the newest of a session counts, and asking for one ends the others."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from reporting.storage.tables import OneTimeCode, OutboxMessage

KIND = "second_factor_code"


def newest(session: Session, session_id: int) -> OneTimeCode | None:
    """The newest code of a sign-in session, whatever became of it."""
    return session.execute(
        select(OneTimeCode)
        .where(col(OneTimeCode.session_id) == session_id)
        .order_by(col(OneTimeCode.id).desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def asked_since(session: Session, patient_id: int, moment: datetime) -> int:
    """How many codes a patient asked for since then, from any session."""
    statement = select(func.count()).where(
        col(OneTimeCode.patient_id) == patient_id, col(OneTimeCode.created_at) > moment
    )
    return int(session.execute(statement).scalar_one())


def end_all_of_patient(session: Session, patient_id: int, moment: datetime) -> None:
    """No code that was sent to this patient works any more, and those not sent yet stay here."""
    session.execute(
        update(OneTimeCode)
        .where(col(OneTimeCode.patient_id) == patient_id, col(OneTimeCode.expires_at) > moment)
        .values(expires_at=moment)
    )
    session.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.patient_id) == patient_id,
            col(OutboxMessage.kind) == KIND,
            col(OutboxMessage.status) == "waiting",
        )
        .values(status="cancelled", payload={})
    )
